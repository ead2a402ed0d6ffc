// SPDX-License-Identifier: Apache-2.0
#include "foreign/KotlinText.h"

#include "foreign/Text.h"

#include <coroscope/model/KotlinTypes.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace coroscope::observe {

namespace {

JobKind kindOf(std::string_view type) {
    type = type.substr(0, type.find('('));
    const auto* const found = std::find_if(std::begin(kotlinTypes), std::end(kotlinTypes),
                                           [type](const KotlinType& each) { return each.type == type; });
    return found == std::end(kotlinTypes) ? JobKind::Foreign : found->kind;
}

std::optional<JobState> stateOf(std::string_view word) {
    for (const JobState state : {JobState::New, JobState::Active, JobState::Completing, JobState::Cancelling,
                                 JobState::Completed, JobState::Cancelled})
        if (word == name(state))
            return state;
    return {};
}

bool isTypeCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c == '.';
}

/// A class, perhaps with what it says of itself: "TimeoutCoroutine(timeMillis=100)".
bool isType(std::string_view text) {
    const std::size_t end = std::min(text.find('('), text.size());
    return end > 0 &&
           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), isTypeCharacter) &&
           (end == text.size() || text.back() == ')');
}

/// Frames of the libraries stand above the place that a person wrote.
bool ofTheLibrary(std::string_view frame) {
    for (const std::string_view package : {"kotlinx.coroutines.", "kotlin.coroutines.", "_COROUTINE."})
        if (frame.starts_with(package))
            return true;
    return false;
}

constexpr std::string_view creationMark = "_COROUTINE._CREATION._";

} // namespace

std::optional<KotlinJob> kotlinJob(std::string_view text) {
    KotlinJob job;
    std::string_view rest = text;
    if (rest.starts_with('"')) {
        // A name may hold anything, also what ends it elsewhere: the last such place that leaves a class.
        const std::size_t end = rest.rfind("\":");
        if (end == std::string_view::npos || end == 0)
            return {};
        job.name = rest.substr(1, end - 1);
        rest.remove_prefix(end + 2);
        if (const std::size_t hash = job.name.rfind('#'); hash != std::string_view::npos) {
            if (const auto number = decimal(job.name.substr(hash + 1))) {
                job.number = *number;
                job.name = job.name.substr(0, hash);
            }
        }
    }
    if (constexpr std::string_view word = "supervisor:"; rest.starts_with(word)) {
        job.supervisor = true;
        rest.remove_prefix(word.size());
    }
    if (const std::size_t at = rest.rfind('@');
        at != std::string_view::npos && isHexadecimal(rest.substr(at + 1)))
        rest = rest.substr(0, at);
    const std::size_t open = rest.rfind('{');
    if (open == std::string_view::npos || !rest.ends_with('}'))
        return {};
    const auto state = stateOf(rest.substr(open + 1, rest.size() - open - 2));
    job.type = rest.substr(0, open);
    if (!state || !isType(job.type))
        return {};
    job.state = *state;
    return job;
}

JobRow rowOf(const KotlinJob& job, ForeignTables& tables) {
    JobRow row;
    row.kind = kindOf(job.type);
    row.name = tables.addText(job.name.empty() && row.kind == JobKind::Foreign ? job.type : job.name);
    row.number = job.number;
    row.state = job.state;
    if (job.supervisor || row.kind == JobKind::SupervisorJob || row.kind == JobKind::SupervisorScope)
        row.flags |= JobFlags::supervisor;
    if (job.state == JobState::New)
        row.flags |= JobFlags::lazyStart;
    return row;
}

std::optional<Execution> kotlinExecution(std::string_view word) {
    if (word == "RUNNING")
        return Execution::Running;
    if (word == "SUSPENDED")
        return Execution::Suspended;
    if (word == "CREATED")
        return Execution::Unstarted;
    return {};
}

std::optional<std::string_view> jvmFrame(std::string_view line) {
    line = trimmed(line);
    const bool marked = line.starts_with("at ");
    if (marked)
        line.remove_prefix(3);
    // Name and file stand in front of and in parentheses. A name of C++ may hold blanks.
    const std::size_t open = line.rfind('(');
    if (open == std::string_view::npos || open == 0 || !line.ends_with(')') || line[open - 1] == ' ' ||
        (!marked && line.substr(0, open).find(' ') != std::string_view::npos))
        return {};
    return line;
}

SiteId siteOf(std::string_view frame, ForeignTables& tables) {
    const std::size_t open = frame.rfind('(');
    const std::string_view function = frame.substr(0, open);
    std::string_view file = frame.substr(open + 1, frame.size() - open - 2);
    std::uint32_t line = 0;
    if (const std::size_t colon = file.rfind(':'); colon != std::string_view::npos)
        if (const auto number = decimal(file.substr(colon + 1));
            number && *number < (std::uint64_t{1} << 32)) {
            line = static_cast<std::uint32_t>(*number);
            file = file.substr(0, colon);
        }
    return tables.addSite(file, function, line);
}

bool beginsCreation(std::string_view line) {
    line = trimmed(line);
    return line == "(Coroutine creation stacktrace)" ||
           (line.starts_with("at ") && line.substr(3).starts_with(creationMark));
}

namespace {
constexpr std::size_t most = std::size_t{1} << 20; // a thousand frames and more
} // namespace

void StackLines::add(std::string_view line, std::string_view more) {
    if (text_.size() + line.size() + more.size() > most) {
        cut_ += cut_ < 1'000'000'000;
        return;
    }
    text_ += line;
    text_ += more;
    text_ += '\n';
}

bool StackLines::addWhole(std::string_view lines) {
    if (text_.size() + lines.size() > most)
        return false;
    text_ += lines;
    return true;
}

void StackLines::clear() noexcept {
    text_.clear();
    cut_ = 0;
}

namespace {
constexpr std::size_t longestRun = std::size_t{1} << 14; // longer ones come in pieces
} // namespace

LineRun FrameRuns::take(std::string_view ahead, IsFrame isFrame, StackLines& into) {
    if (into.cut() > 0) // the rest of a stack without an end is counted, line by line
        return {};
    if (const auto known = known_.lately(ahead))
        return into.addWhole(ahead.substr(0, known->size)) ? LineRun{known->size, known->what} : LineRun{};
    LineRun run;
    bool ended = false; // by another line
    for (std::string_view rest = ahead;
         !ended && run.size < longestRun && rest.find('\n') != std::string_view::npos;) {
        const std::string_view line = cutLine(rest);
        ended = line.empty() || line.back() == '\r' || !isFrame(line);
        run.size += ended ? 0 : line.size() + 1;
        run.lines += !ended;
    }
    const std::string_view lines = ahead.substr(0, run.size);
    if (run.lines == 0 || !into.addWhole(lines))
        return {};
    if (ended && !known_.find(lines))
        known_.add(static_cast<std::uint32_t>(run.lines));
    return run;
}

ForeignStack kotlinStack(const StackLines& all, ForeignDump& dump) {
    const std::string_view lines = all.text();
    if (lines.empty())
        return {};
    if (const ForeignStack* const known = dump.known(lines))
        return *known;
    ForeignTables& tables = dump.tables();
    std::vector<SiteId> suspended, creation;
    ForeignStack stack;
    bool created = false;
    std::string_view rest = lines;
    while (!rest.empty()) {
        const std::string_view line = cutLine(rest);
        if (beginsCreation(line)) {
            created = true;
            continue;
        }
        const auto frame = jvmFrame(line);
        if (!frame)
            continue;
        const SiteId site = siteOf(*frame, tables);
        (created ? creation : suspended).push_back(site);
        if (created && stack.site == 0 && !ofTheLibrary(*frame))
            stack.site = site;
    }
    if (stack.site == 0 && !creation.empty())
        stack.site = creation.front();
    stack.suspendedAt = tables.addStack(suspended, all.cut());
    stack.creation = tables.addStack(creation);
    dump.remember(lines, stack);
    return stack;
}

} // namespace coroscope::observe
