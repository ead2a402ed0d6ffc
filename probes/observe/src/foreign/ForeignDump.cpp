// SPDX-License-Identifier: Apache-2.0
#include "foreign/ForeignDump.h"

#include "Utf8.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace coroscope::observe {

namespace {
constexpr std::size_t mostProblems = 50;
} // namespace

ForeignDump::ForeignDump()
    : tables_(std::make_shared<ForeignTables>()) {}

std::uint32_t ForeignDump::add(JobRow row, std::uint32_t parent) {
    if (jobs_.size() >= mostJobs) {
        ++left_;
        return none;
    }
    const std::uint32_t number = size();
    row.id = JobId::of(number, 1);
    if (parent != none)
        row.parent = JobId::of(parent, 1);
    makeRoom(jobs_);
    jobs_.push_back(row);
    return number;
}

void ForeignDump::setParent(std::uint32_t job, std::uint32_t parent) {
    jobs_[job].parent = JobId::of(parent, 1);
}

void ForeignDump::place(std::uint32_t job, const ForeignStack& stack) {
    JobRow& row = jobs_[job];
    row.suspendedAt = stack.suspendedAt;
    row.creationStack = stack.creation;
    row.site = stack.site;
}

void ForeignDump::repeatFrom(std::uint32_t first, std::uint64_t times) {
    const std::uint32_t end = size();
    for (std::uint64_t copy = 1; copy < times && first < end; ++copy) {
        const std::uint64_t more = end - first;
        if (jobs_.size() + more > mostJobs || copies_ + more > mostCopies) {
            left_ += std::min<std::uint64_t>(times - copy, 1'000'000'000) * more;
            return;
        }
        copies_ += static_cast<std::uint32_t>(more);
        const std::uint32_t shift = size() - first;
        for (std::uint32_t i = first; i < end; ++i) {
            const JobRow row = jobs_[i];
            const bool within = row.parent && row.parent.index() >= first;
            add(row, within ? row.parent.index() + shift : row.parent ? row.parent.index() : none);
        }
    }
}

const ForeignStack* ForeignDump::known(std::string_view lines) const {
    const TextHash hash = hashOf(lines);
    const std::uint32_t found =
        stackNumbers_.find(hash.first, [&](std::uint32_t number) { return stacks_[number].first == hash; });
    return found == HashIndex::none ? nullptr : &stacks_[found].second;
}

void ForeignDump::remember(std::string_view lines, const ForeignStack& stack) {
    const TextHash hash = hashOf(lines);
    stackNumbers_.add(hash.first, static_cast<std::uint32_t>(stacks_.size()));
    stacks_.emplace_back(hash, stack);
}

void ForeignDump::problem(std::uint64_t line, const std::string& sentence) {
    if (++problems_ <= mostProblems)
        info_.problems.push_back(line == 0 ? sentence : "Line " + std::to_string(line) + ": " + sentence);
}

void ForeignDump::circle(std::uint32_t job, std::string_view whom) {
    if (job == none)
        return;
    Incident incident;
    incident.number = circles_.size() + 1;
    incident.what = IncidentKind::CircularReference;
    incident.at = info_.takenAt;
    incident.job = jobs_[job];
    incident.text = presentable(cutUtf8(whom, 400));
    circles_.push_back(std::move(incident));
}

void ForeignDump::startOver(std::uint64_t line, Part part) {
    const bool more = part != Part::Whole && !has(part) && !has(Part::Whole); // of the same moment
    parts_ = more && !jobs_.empty() ? parts_ | static_cast<unsigned>(part) : static_cast<unsigned>(part);
    if (jobs_.empty()) {
        begins_ = line;
        return;
    }
    if (more)
        return;
    jobs_.clear();
    resources_.clear();
    circles_.clear();
    left_ = 0;
    copies_ = 0;
    info_.problems.clear(); // of what is not shown
    problems_ = 0;
    ++dumps_;
    begins_ = line;
}

void ForeignDump::describe(std::string_view program, std::string_view format, bool parentsTold,
                           bool rootsTold) {
    info_.program = program;
    info_.format = format;
    info_.parentsTold = parentsTold;
    info_.rootsTold = rootsTold;
}

/// Nothing in it is older than the beginning of time.
void ForeignDump::moveTimes() {
    const auto all = [this](auto&& visit) {
        for (JobRow& row : jobs_)
            for (std::int64_t* const time : {&row.createdAt, &row.stateSince, &row.executionSince})
                if (*time != 0)
                    visit(*time);
    };
    bool before = false;
    all([&](std::int64_t& time) { before = before || time < 0; });
    if (!before)
        return;
    constexpr std::int64_t later = 4'000'000'000'000'000'000; // more than a century
    all([](std::int64_t& time) { time += later; });
    info_.takenAt += later;
    for (Incident& circle : circles_)
        circle.at += later;
}

Dump ForeignDump::finish() {
    moveTimes();
    if (dumps_ > 1)
        info_.problems.insert(info_.problems.begin(), "There are " + std::to_string(dumps_) +
                                                          " dumps in it. This is the last one, from line " +
                                                          std::to_string(begins_) + " on.");
    if (left_ > 0)
        info_.problems.push_back(std::to_string(left_) +
                                 " jobs are left out: " + std::to_string(jobs_.size()) + " are shown.");
    if (problems_ > mostProblems)
        info_.problems.push_back("There are " + std::to_string(problems_ - mostProblems) +
                                 " more such places.");
    if (has(Part::Coroutines) && has(Part::Threads)) {
        info_.format += ", with the threads of its JVM";
        // Coroutines first, wherever the threads stood.
        LargeVector<JobRow> rows;
        rows.reserve(jobs_.size());
        for (const bool threads : {false, true})
            for (const JobRow& row : jobs_)
                if ((row.kind == JobKind::Thread) == threads)
                    rows.push_back(row);
        jobs_ = std::move(rows);
    }
    Dump dump;
    dump.resources = std::move(resources_);
    dump.incidents = std::move(circles_);
    dump.info = std::move(info_);
    dump.dictionary = std::move(tables_);
    dump.failureText = [](const EndedJob&) { return std::string(); };
    // What has ended is no part of a tree of live jobs.
    LargeVector<JobRow> live;
    for (const JobRow& row : jobs_) {
        if (isFinal(row.state))
            dump.ended.push_back({row.id, row.state, 0, 0, row});
    }
    if (!dump.ended.empty()) {
        for (const JobRow& row : jobs_)
            if (!isFinal(row.state))
                live.push_back(row);
        jobs_ = std::move(live);
    }
    dump.jobs = std::move(jobs_);
    return dump;
}

} // namespace coroscope::observe
