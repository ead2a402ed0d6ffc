// SPDX-License-Identifier: Apache-2.0
#include "DumpTables.h"
#include "Utf8.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace coroscope::observe {

namespace dump = wire::dump;

DumpTables::DumpTables(const Dictionary& dictionary, Use use)
    : dictionary_(dictionary)
    , use_(use) {
    text({});
    site(SiteText{});
    stacks_.emplace_back();
    callStacks_.emplace_back();
    contexts_.emplace_back();
    names_.emplace(0, 0);
    siteIds_.emplace(0, 0);
    stackIds_.emplace(0, 0);
    callStackIds_.emplace(0, 0);
    contextIds_.emplace(0, 0);
}

std::uint32_t DumpTables::text(std::string text) {
    if (text.size() > dump::longestText)
        text.resize(cutUtf8(text, dump::longestText).size());
    const auto [at, added] =
        textNumbers_.try_emplace(std::move(text), static_cast<std::uint32_t>(texts_.size()));
    if (added)
        texts_.push_back(&at->first);
    return at->second;
}

std::uint32_t DumpTables::name(TextId id) {
    if (isOwnName(id) && use_ == Use::Link)
        return id;
    const auto [at, added] = names_.try_emplace(id, 0);
    if (added)
        at->second = text(dictionary_.text(id));
    return at->second;
}

std::uint32_t DumpTables::site(const SiteText& site) {
    const dump::Site row{text(site.file), text(site.function), site.line};
    std::string key(sizeof row, '\0');
    std::memcpy(key.data(), &row, sizeof row);
    const auto [at, added] =
        siteNumbers_.try_emplace(std::move(key), static_cast<std::uint32_t>(sites_.size()));
    if (added)
        sites_.push_back(row);
    return at->second;
}

std::uint32_t DumpTables::site(SiteId id) {
    const auto [at, added] = siteIds_.try_emplace(id, 0);
    if (added)
        at->second = site(dictionary_.site(id));
    return at->second;
}

template <class Row>
void DumpTables::takeFrames(Row& row, std::uint32_t number, const std::vector<SiteText>& frames,
                            std::uint32_t cut, std::vector<dump::StackRest>& rests) {
    const std::size_t depth = std::min<std::size_t>(frames.size(), Row::depthHere);
    row.depth = static_cast<std::uint32_t>(depth);
    row.cut = cut + static_cast<std::uint32_t>(frames.size() - depth);
    for (std::size_t i = 0; i < depth; ++i)
        row.sites[i] = site(frames[i]);
    for (std::size_t i = depth; i < frames.size(); ++i)
        rests.push_back({number, site(frames[i])});
}

std::uint32_t DumpTables::stack(StackId id) {
    const auto [at, added] = stackIds_.try_emplace(id, 0);
    if (!added)
        return at->second;
    const StackText stack = dictionary_.stack(id);
    dump::Stack row{};
    at->second = static_cast<std::uint32_t>(stacks_.size());
    takeFrames(row, at->second, stack.frames, stack.cut, stackRests_);
    stacks_.push_back(row);
    return at->second;
}

std::uint32_t DumpTables::callStack(CallStackId id) {
    if (use_ != Use::Dump)
        return id;
    const auto [at, added] = callStackIds_.try_emplace(id, 0);
    if (!added)
        return at->second;
    const CallStackText stack = dictionary_.callStack(id);
    dump::CallStack row{};
    at->second = static_cast<std::uint32_t>(callStacks_.size());
    row.note = text(stack.note);
    takeFrames(row, at->second, stack.frames, stack.cut, callStackRests_);
    callStacks_.push_back(row);
    return at->second;
}

std::uint32_t DumpTables::context(std::uint32_t id) {
    const auto [at, added] = contextIds_.try_emplace(id, 0);
    if (!added)
        return at->second;
    const ContextText context = dictionary_.context(id);
    at->second = static_cast<std::uint32_t>(contexts_.size());
    contexts_.push_back({text(context.dispatcher), text(context.elements)});
    return at->second;
}

std::uint32_t DumpTables::failure(const std::string& message) {
    return text(message);
}

dump::Job DumpTables::translate(const JobRow& row) {
    dump::Job job{};
    job.id = row.id.value;
    job.parent = row.parent.value;
    job.launcher = row.launcher.value;
    job.number = row.number;
    job.createdAt = row.createdAt;
    job.stateSince = row.stateSince;
    job.executionSince = row.executionSince;
    job.waitsFor = row.waitsFor;
    job.jobVersion = row.jobVersion;
    job.executionSequence = row.executionSequence;
    job.site = site(row.site);
    job.suspendedAt = stack(row.suspendedAt);
    job.creationStack = callStack(row.creationStack);
    job.name = name(row.name);
    job.context = context(row.context);
    job.resumes = row.resumes;
    job.flags = row.flags;
    job.kind = static_cast<std::uint8_t>(row.kind);
    job.state = static_cast<std::uint8_t>(row.state);
    job.execution = static_cast<std::uint8_t>(row.execution);
    job.waitKind = static_cast<std::uint8_t>(row.waitKind);
    if (row.held)
        job.marks |= dump::JobMarks::held;
    if (row.changing)
        job.marks |= dump::JobMarks::changing;
    return job;
}

dump::Resource DumpTables::translate(const Resource& resource) {
    dump::Resource row{};
    row.id = resource.id.value;
    row.owner = resource.owner.value;
    row.count = resource.count;
    row.capacity = resource.capacity;
    row.waiting = resource.waiting;
    row.name = name(resource.name);
    row.site = site(resource.site);
    row.kind = static_cast<std::uint8_t>(resource.kind);
    return row;
}

dump::Ended DumpTables::translate(const EndedJob& job, std::uint32_t text) {
    dump::Ended row{};
    if (job.row.id) {
        row.job = translate(job.row);
        row.marks |= dump::EndedMarks::known;
    }
    row.job.id = job.id.value;
    row.at = job.at;
    row.finalState = static_cast<std::uint8_t>(job.finalState);
    if (job.failure != 0) {
        row.marks |= dump::EndedMarks::failed;
        row.failure = text;
    }
    return row;
}

dump::Incident DumpTables::translate(const Incident& incident, std::uint32_t text) {
    dump::Incident row{};
    row.job = translate(incident.job);
    row.number = incident.number;
    row.at = incident.at;
    row.text = text;
    row.what = static_cast<std::uint8_t>(incident.what);
    return row;
}

} // namespace coroscope::observe
