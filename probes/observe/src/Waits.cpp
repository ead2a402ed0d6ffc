// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Waits.h>

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace coroscope::observe {

namespace {

std::string childrenText(std::uint32_t count) {
    return count == 1 ? "its child" : "its " + countText(count) + " children";
}

WaitText delayText(std::uint64_t due, std::int64_t now) {
    if (due == 0)
        return {"a delay", {}, {}};
    // A damaged record may tell any time.
    constexpr std::uint64_t latest = std::numeric_limits<std::int64_t>::max() / 2;
    const std::int64_t left = static_cast<std::int64_t>(std::min(due, latest)) - now;
    if (left < 0)
        return {"a delay that was due " + durationText(-left) + " ago", {}, {}};
    return {"a delay, due in " + durationText(left), {}, {}};
}

/// "mutex accounts", "mutex made at pool.cpp:12", "a mutex".
std::string resourceName(const Resource* resource, WaitKind kind, const Dictionary& dictionary) {
    const std::string what(name(kind));
    if (resource == nullptr)
        return "a " + what;
    if (const std::string given = dictionary.text(resource->name); !given.empty())
        return what + ' ' + given;
    const SiteText site = dictionary.site(resource->site);
    return site.known() ? what + " made at " + site.shortText() : "a " + what;
}

WaitText resourceText(const JobTree& tree, const JobRow& row, const Dictionary& dictionary) {
    const Resource* const resource = tree.resource(row.resource());
    WaitText text{resourceName(resource, row.waitKind, dictionary), {}, {}};
    if (resource == nullptr)
        return text;
    switch (row.waitKind) {
    case WaitKind::Mutex:
        text.job = resource->owner;
        if (text.job)
            text.before += ", held by ";
        break;
    case WaitKind::Semaphore:
        text.before += ", " + countText(resource->count) + " of " + countText(resource->capacity) + " free";
        break;
    default:
        if (resource->capacity == 0)
            text.before += ", which has no buffer";
        else if (resource->capacity == Resource::unlimited)
            text.before += ", " + countText(resource->count) + " buffered";
        else
            text.before +=
                ", " + countText(resource->count) + " of " + countText(resource->capacity) + " buffered";
        break;
    }
    if (resource->waiting > 1)
        text.after = " (" + countText(resource->waiting) + " wait)";
    return text;
}

} // namespace

std::string WaitText::plain(const JobTree& tree, const Dictionary& dictionary) const {
    if (!job)
        return before + after;
    const Node node = tree.find(job);
    return before + (node == noNode ? "a job that has ended" : jobLabel(tree.row(node), dictionary)) + after;
}

WaitText describeWait(const JobTree& tree, const JobRow& row, const Dictionary& dictionary,
                      std::int64_t now) {
    if (row.execution == Execution::WaitsForChildren) {
        const Node node = tree.find(row.id);
        return {node == noNode ? "its children" : childrenText(tree.childCount(node)), {}, {}};
    }
    if (row.execution == Execution::Queued) {
        const std::string dispatcher = dictionary.context(row.context).dispatcher;
        return {"a thread" + (dispatcher.empty() ? dispatcher : " of " + dispatcher), {}, {}};
    }
    if (row.execution != Execution::Suspended)
        return {};
    const JobId job = tree.waitsForJob(row);
    switch (row.waitKind) {
    case WaitKind::Delay:
        return delayText(row.waitsFor, now);
    case WaitKind::Job:
        return {"the end of ", job, {}};
    case WaitKind::Scope:
        return {"the end of its scope ", job, {}};
    case WaitKind::Callback:
        return {"a callback", {}, {}};
    case WaitKind::Mutex:
    case WaitKind::Semaphore:
    case WaitKind::Channel:
        return resourceText(tree, row, dictionary);
    case WaitKind::Event:
        return {"an event", {}, {}};
    case WaitKind::Yield:
        return {"its next turn, having given way to others", {}, {}};
    case WaitKind::Select:
        return {"one of several things (select)", {}, {}};
    case WaitKind::Unknown:
        break;
    }
    return {"something that the program does not tell", {}, {}};
}

std::string activityText(const JobTree& tree, const JobRow& row, const Dictionary& dictionary,
                         std::int64_t now) {
    std::string text = stateText(row.state, row.execution);
    if (row.execution == Execution::Suspended)
        if (const StackText stack = dictionary.stack(row.suspendedAt); !stack.frames.empty())
            text += " at " + stack.frames[ownFrame(stack)].shortText();
    // That it waits for children, or is queued, the state has said.
    if (row.execution == Execution::Suspended && row.waitKind != WaitKind::Unknown)
        text += ", waits for " + describeWait(tree, row, dictionary, now).plain(tree, dictionary);
    if ((row.flags & JobFlags::shielded) != 0)
        text += ", in NonCancellable";
    if ((row.flags & JobFlags::swallowedCancellation) != 0)
        text += ", has swallowed its cancellation";
    return text;
}

void WaiterSearch::start(JobId job) {
    if (job == job_)
        return;
    *this = WaiterSearch{};
    job_ = job;
}

bool WaiterSearch::step(const JobTree& tree, std::size_t nodes) {
    if (!job_)
        return false;
    const Node end = tree.endNode();
    at_ = std::min(at_, end);
    const Node to = at_ + static_cast<Node>(std::min<std::size_t>(nodes, end - at_));
    for (; at_ < to; ++at_) {
        const JobRow& row = tree.row(at_);
        if (!row.id || tree.waitsForJob(row) != job_)
            continue;
        ++foundCount_;
        if (found_.size() < mostNamed)
            found_.push_back(row.id);
    }
    return at_ == end && finishRound(tree);
}

bool WaiterSearch::finishRound(const JobTree& tree) {
    // A parent whose own code is through waits for each of its children.
    if (const Node node = tree.find(job_); node != noNode && tree.parent(node) != noNode) {
        const JobRow& parent = tree.row(tree.parent(node));
        if (parent.execution == Execution::WaitsForChildren) {
            ++foundCount_;
            found_.insert(found_.begin(), parent.id);
        }
    }
    const bool changed = !known_ || foundCount_ != count_ || found_ != waiters_;
    known_ = true;
    waiters_ = std::exchange(found_, {});
    count_ = std::exchange(foundCount_, 0);
    at_ = 0;
    return changed;
}

} // namespace coroscope::observe
