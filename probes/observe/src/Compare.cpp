// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Compare.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <tuple>
#include <utility>

namespace coroscope::observe {

namespace {

/// Jobs by which they are recognised in another dump.
struct Known {
    std::uint64_t key;
    std::uint32_t row;
};

/// How jobs of the one dump are recognised in the other.
class Recognition {
public:
    Recognition(const Dump& before, const Dump& after, std::vector<std::string>& notes) {
        const SourceInfo &a = before.info, &b = after.info;
        if (a.format != b.format) {
            notes.push_back("They were written by different programs: jobs are compared by place only.");
            return;
        }
        if (!a.format.empty()) {
            byNumber_ = true;
            notes.push_back(
                "Such dumps do not name their process. Jobs are matched by number, kind and name, "
                "as if both were of the same one.");
            return;
        }
        byId_ = a.pid == b.pid && a.processStart == b.processStart &&
                (a.host == b.host || a.host.empty() || b.host.empty());
        if (!byId_)
            notes.push_back("They are of different processes (" + described(a) + ", " + described(b) +
                            "): jobs are compared by place only.");
        else if (a.takenAt > b.takenAt && b.takenAt != 0)
            notes.push_back("The second one is the older one: what is called new has ended since.");
    }

    bool possible() const noexcept { return byId_ || byNumber_; }

    /// In the order of their keys. `untold` counts those that cannot be recognised.
    std::vector<Known> of(const Dump& dump, bool withSites, std::uint64_t& untold) const {
        std::vector<Known> all;
        all.reserve(dump.jobs.size());
        for (std::size_t i = 0; i < dump.jobs.size(); ++i) {
            const JobRow& row = dump.jobs[i];
            const std::uint64_t key = byId_ ? row.id.value : keyOf(row, *dump.dictionary, withSites);
            if (key == 0)
                ++untold;
            else
                all.push_back({key, static_cast<std::uint32_t>(i)});
        }
        std::sort(all.begin(), all.end(), [](const Known& a, const Known& b) {
            return std::pair(a.key, a.row) < std::pair(b.key, b.row);
        });
        return all;
    }

private:
    static std::string described(const SourceInfo& info) {
        return info.program + ' ' + std::to_string(info.pid) + (info.host.empty() ? "" : " on " + info.host);
    }

    static std::uint64_t keyOf(const JobRow& row, const Dictionary& dictionary, bool withSites) {
        if (row.number == 0)
            return 0;
        std::uint64_t key = (row.number * 64 + static_cast<std::uint64_t>(row.kind)) * 0x9e3779b97f4a7c15u;
        // A goroutine's name is made of its stack.
        if (row.kind != JobKind::Goroutine && row.name != 0)
            key ^= std::hash<std::string>{}(dictionary.text(row.name));
        if (withSites && row.site != 0) {
            const SiteText site = dictionary.site(row.site);
            key ^= std::hash<std::string>{}(site.function + '\n' + site.shortText()) << 1;
        }
        return key | 1;
    }

    bool byId_ = false, byNumber_ = false;
};

bool tellsSites(const Dump& dump) {
    return std::any_of(dump.jobs.begin(), dump.jobs.end(), [](const JobRow& row) { return row.site != 0; });
}

/// The group of each row, as numbers of one Grouping for each dump.
std::vector<std::uint32_t> groupsOf(const Dump& dump, Grouping& grouping) {
    std::vector<std::uint32_t> groups;
    groups.reserve(dump.jobs.size());
    for (const JobRow& row : dump.jobs)
        groups.push_back(grouping.groupOf(row));
    return groups;
}

} // namespace

Comparison compare(const Dump& before, const Dump& after, GroupBy by) {
    Comparison result;
    result.by = by;
    result.before = before.jobs.size();
    result.after = after.jobs.size();
    if (before.info.redacted || after.info.redacted)
        result.notes.push_back("Redacted names and places are pseudonyms, others in each dump: equal places "
                               "may stand apart here.");

    Grouping grouping(by, after.info, after.dictionary), earlier(by, before.info, before.dictionary);
    std::vector<std::uint32_t> groupsBefore = groupsOf(before, earlier);
    const std::vector<std::uint32_t> groupsAfter = groupsOf(after, grouping);
    std::vector<GroupChange> groups(grouping.size());
    for (std::uint32_t group = 0; group < grouping.size(); ++group)
        groups[group].place = grouping.place(group);
    // The groups of the first dump as numbers of the second one's.
    std::vector<std::uint32_t> same(earlier.size());
    for (std::uint32_t group = 0; group < earlier.size(); ++group) {
        const GroupPlace& place = earlier.place(group);
        if (const auto found = grouping.find(place.key)) {
            same[group] = *found;
        } else {
            same[group] = static_cast<std::uint32_t>(groups.size());
            groups.emplace_back().place = place;
        }
    }
    for (std::uint32_t& group : groupsBefore) {
        group = same[group];
        ++groups[group].before;
    }
    for (const std::uint32_t group : groupsAfter)
        ++groups[group].after;

    const Recognition recognition(before, after, result.notes);
    if (recognition.possible()) {
        std::uint64_t untold = 0;
        const bool sites = tellsSites(before) && tellsSites(after);
        const std::vector<Known> was = recognition.of(before, sites, untold),
                                 is = recognition.of(after, sites, untold);
        auto old = was.begin();
        auto now = is.begin();
        while (old != was.end() || now != is.end()) {
            if (now == is.end() || (old != was.end() && old->key < now->key)) {
                groups[groupsBefore[old->row]].gone.push_back(before.jobs[old->row].id);
                ++result.gone;
                ++old;
            } else if (old == was.end() || now->key < old->key) {
                groups[groupsAfter[now->row]].fresh.push_back(after.jobs[now->row].id);
                ++result.fresh;
                ++now;
            } else {
                const std::uint32_t from = groupsBefore[old->row], to = groupsAfter[now->row];
                ++result.stayed;
                if (from == to) {
                    ++groups[to].stayed;
                } else {
                    ++groups[from].left;
                    ++groups[to].came;
                }
                ++old;
                ++now;
            }
        }
        result.matched = !was.empty() || !is.empty();
        if (untold > 0)
            result.notes.push_back(
                (result.matched ? countText(untold) + " jobs have" : std::string("The jobs have")) +
                " no number: they are counted, but not matched.");
        else
            result.matched = true;
    }
    if (by == GroupBy::CreationSite && !(tellsSites(before) && tellsSites(after)))
        result.notes.push_back(tellsSites(before)  ? "The second dump does not tell where jobs were created."
                               : tellsSites(after) ? "The first dump does not tell where jobs were created."
                                                   : "Neither dump tells where jobs were created.");
    std::sort(groups.begin(), groups.end(), [](const GroupChange& a, const GroupChange& b) {
        return std::tuple(-a.change(), -static_cast<std::int64_t>(a.after), a.place.key) <
               std::tuple(-b.change(), -static_cast<std::int64_t>(b.after), b.place.key);
    });
    result.groups = std::move(groups);
    return result;
}

std::string changeText(std::int64_t change) {
    if (change == 0)
        return "0";
    const auto size = static_cast<std::uint64_t>(std::abs(change));
    return (change > 0 ? '+' : '-') + countText(size);
}

} // namespace coroscope::observe
