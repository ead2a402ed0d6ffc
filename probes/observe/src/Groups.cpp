// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace coroscope::observe {

namespace {

constexpr std::uint32_t none = ~std::uint32_t{0};
/// Interned numbers below this are looked up in a table.
constexpr std::uint32_t fewNumbers = 1u << 16;

/// FNV-1a with an end mark behind each part.
class Hash {
public:
    void add(std::string_view text) {
        for (const char c : text)
            add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
        add(std::uint64_t{0x1ff});
    }
    void add(std::uint64_t value) { value_ = (value_ ^ value) * 0x100000001b3u; }
    std::uint64_t value() const noexcept { return value_ ^ value_ >> 32; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325u;
};

/// Why a job has no place where it waits, by what it does. The last is for a suspended one.
constexpr std::string_view doing[] = {"jobs without code",         "not started",       "queued", "running",
                                      "suspended, not told where", "waits for children"};

bool startsWithAny(std::string_view text, std::initializer_list<std::string_view> beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view beginning) { return text.starts_with(beginning); });
}

} // namespace

std::string_view name(GroupBy by) noexcept {
    switch (by) {
    case GroupBy::CreationSite:
        return "creation site";
    case GroupBy::SuspensionSite:
        return "suspension site";
    case GroupBy::Stack:
        break;
    }
    return "stack";
}

std::string_view word(GroupBy by) noexcept {
    switch (by) {
    case GroupBy::CreationSite:
        return "site";
    case GroupBy::SuspensionSite:
        return "suspension";
    case GroupBy::Stack:
        break;
    }
    return "stack";
}

std::optional<GroupBy> groupingOf(std::string_view wanted) noexcept {
    for (const GroupBy by : allGroupings)
        if (word(by) == wanted)
            return by;
    return {};
}

GroupBy usualGrouping(const SourceInfo& info) noexcept {
    // Of a flat dump the stacks are most of what it tells.
    return info.parentsTold ? GroupBy::CreationSite : GroupBy::Stack;
}

bool isLibraryFrame(const SiteText& frame) {
    const std::string_view file = frame.file, function = frame.function;
    if (file.ends_with(".go") || file.ends_with(".s"))
        return startsWithAny(function, {"runtime.", "runtime/", "internal/", "sync.", "sync/", "syscall.",
                                        "time.", "os.", "os/", "io.", "bufio.", "net.", "context."});
    // A JVM tells no folders, but perhaps the module: "java.base@25.0.3/Object.java".
    const std::string_view module = file.substr(0, std::min(file.find('/'), file.size()));
    if ((module.size() == file.size() || module.find('@') != std::string_view::npos) &&
        startsWithAny(function,
                      {"kotlinx.coroutines.", "kotlin.", "_COROUTINE.", "java.", "javax.", "jdk.", "sun."}))
        return true;
    return file.find("/include/coroscope/") != std::string_view::npos;
}

std::size_t ownFrame(const StackText& stack) noexcept {
    const auto own = std::find_if_not(stack.frames.begin(), stack.frames.end(), isLibraryFrame);
    return own == stack.frames.end() ? 0 : static_cast<std::size_t>(own - stack.frames.begin());
}

std::string ownPlace(const StackText& stack) {
    if (stack.frames.empty())
        return {};
    const SiteText& frame = stack.frames[ownFrame(stack)];
    return frame.shortText() + ' ' + frame.shortFunction();
}

std::string GroupPlace::label() const {
    if (!known())
        return without;
    const SiteText& frame = stack.frames[own];
    const std::string function = frame.shortFunction();
    return function.empty() ? frame.shortText() : frame.shortText() + ' ' + function;
}

Grouping::Grouping(GroupBy by, const SourceInfo& info, std::shared_ptr<const Dictionary> dictionary)
    : by_(by)
    , ours_(info.format.empty())
    , dictionary_(std::move(dictionary)) {
    std::fill(std::begin(without_), std::end(without_), none);
}

std::uint32_t Grouping::groupOf(const JobRow& row) {
    if (by_ == GroupBy::CreationSite)
        return row.site != 0 ? groupAt(row.site) : groupWithout("not told where created");
    // What of ours is not suspended has left the place that its row names.
    if (row.suspendedAt != 0 && (row.execution == Execution::Suspended || !ours_))
        return groupAt(row.suspendedAt);
    const auto what = std::min<std::size_t>(static_cast<std::size_t>(row.execution), std::size(doing) - 1);
    if (without_[what] == none)
        without_[what] = groupWithout(what == 0 && !ours_ ? "not told where" : doing[what]);
    return without_[what];
}

std::optional<std::uint32_t> Grouping::find(std::uint64_t key) const {
    const auto found = groups_.find(key);
    return found == groups_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t Grouping::groupWithout(std::string_view why) {
    GroupPlace place;
    place.without = why;
    return add(std::move(place));
}

std::uint32_t Grouping::groupAt(std::uint32_t number) {
    if (number < fewNumbers) {
        if (number >= few_.size())
            few_.resize(std::max<std::size_t>(std::size_t{number} + 1, few_.size() * 2), none);
        if (few_[number] != none)
            return few_[number];
    } else if (const auto found = numbered_.find(number); found != numbered_.end()) {
        return found->second;
    }
    GroupPlace place;
    if (by_ == GroupBy::CreationSite)
        place.stack.frames.push_back(dictionary_->site(number));
    else
        place.stack = dictionary_->stack(number);
    std::vector<SiteText>& frames = place.stack.frames;
    place.own = ownFrame(place.stack);
    if (by_ == GroupBy::SuspensionSite && !frames.empty()) {
        SiteText site = std::move(frames[place.own]);
        place.stack = {{std::move(site)}, 0};
        place.own = 0;
    }
    if (std::none_of(frames.begin(), frames.end(),
                     [](const SiteText& frame) { return frame.known() || !frame.function.empty(); })) {
        frames.clear();
        place.without = by_ == GroupBy::CreationSite ? "not told where created" : "not told where";
    }
    const std::uint32_t group = add(std::move(place));
    if (number < fewNumbers)
        few_[number] = group;
    else
        numbered_.emplace(number, group);
    return group;
}

std::uint32_t Grouping::add(GroupPlace place) {
    Hash hash;
    hash.add(place.without);
    for (const SiteText& frame : place.stack.frames) {
        // A file's folder differs from machine to machine.
        hash.add(frame.fileName());
        hash.add(frame.function);
        hash.add(std::uint64_t{frame.line});
    }
    hash.add(std::uint64_t{place.stack.cut});
    place.key = hash.value();
    const auto [at, added] = groups_.try_emplace(place.key, size());
    if (added)
        places_.push_back(std::move(place));
    return at->second;
}

std::vector<JobGroup> groupJobs(const JobTree& tree, Grouping& grouping, const std::vector<bool>& shown) {
    std::vector<JobGroup> groups;
    for (Node node = 0; node < tree.endNode(); ++node) {
        if (!tree.isLive(node) || (!shown.empty() && !shown[node]))
            continue;
        const JobRow& row = tree.row(node);
        const std::uint32_t group = grouping.groupOf(row);
        if (group >= groups.size())
            groups.resize(grouping.size());
        JobGroup& all = groups[group];
        all.group = group;
        addTo(all.counts, row.execution, row.state, 1);
        if (row.createdAt != 0 && (all.oldest == 0 || row.createdAt < all.oldest))
            all.oldest = row.createdAt;
        all.jobs.push_back(node);
    }
    std::erase_if(groups, [](const JobGroup& group) { return group.jobs.empty(); });
    std::sort(groups.begin(), groups.end(), [](const JobGroup& a, const JobGroup& b) {
        return a.jobs.size() != b.jobs.size() ? a.jobs.size() > b.jobs.size() : a.jobs[0] < b.jobs[0];
    });
    return groups;
}

std::string_view plainWord(const SourceInfo& info) noexcept {
    return info.format.empty() ? "without code" : "not told";
}

std::string countsText(const JobCounts& counts, const SourceInfo& info) {
    std::pair<std::uint64_t, std::string_view> parts[] = {
        {counts.suspended, "suspended"},   {counts.running, "running"},
        {counts.queued, "queued"},         {counts.waitsForChildren, "waiting for children"},
        {counts.unstarted, "not started"}, {counts.plain, plainWord(info)},
    };
    std::sort(std::begin(parts), std::end(parts), std::greater<>());
    std::string text;
    for (const auto& [count, what] : parts)
        if (count > 0)
            text += (text.empty() ? "" : ", ") + countText(count).append(1, ' ').append(what);
    if (counts.cancelling > 0)
        text += "; " + countText(counts.cancelling) + " of them cancelling";
    return text;
}

} // namespace coroscope::observe
