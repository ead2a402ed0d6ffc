// SPDX-License-Identifier: Apache-2.0
#include "Groups.h"
#include "Tree.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace coroscope::ctl {

using observe::Node;

namespace {

constexpr std::size_t columns = 80;
/// Where the words of a group begin, behind its count.
constexpr std::size_t indent = 11;

/// "picker launch #12, picker launch #13 and 1,202 more", in one line.
std::string membersText(const Snapshot& snapshot, const std::vector<Node>& jobs) {
    std::string text;
    std::size_t told = 0;
    for (; told < jobs.size(); ++told) {
        const std::string label = snapshot.label(snapshot.tree.row(jobs[told]));
        constexpr std::size_t more = 20;
        if (told > 0 && indent + text.size() + label.size() + more > columns)
            break;
        text += (told > 0 ? ", " : "") + label;
    }
    if (told < jobs.size())
        text += " and " + observe::countText(jobs.size() - told) + " more";
    return text;
}

void printStack(std::ostream& out, const observe::StackText& stack, const std::string& margin) {
    std::size_t width = 0;
    for (const observe::SiteText& frame : stack.frames)
        width = std::max(width, frame.shortText().size());
    if (stack.frames.size() == 1 && stack.cut == 0)
        return; // all has been said
    width = std::min<std::size_t>(width, 30);
    for (const observe::SiteText& frame : stack.frames) {
        std::string place = frame.shortText();
        place.resize(std::max(place.size(), width), ' ');
        out << margin << place << ' ' << frame.shortFunction() << '\n';
    }
    if (stack.cut > 0)
        out << margin << "and " << stack.cut << " more callers\n";
}

Json stackToJson(const observe::StackText& stack) {
    Json frames = Json::array();
    for (const observe::SiteText& frame : stack.frames)
        frames.push_back(toJson(frame));
    return frames;
}

std::string groupsOf(std::size_t count, observe::GroupBy by) {
    return observe::countText(count) + (count == 1 ? " group by " : " groups by ") + std::string(name(by));
}

/// In lines of at most so many columns; those after the first begin with `margin` blanks.
std::string wrapped(const std::string& text, std::size_t margin) {
    std::string all;
    std::size_t column = 0, from = 0;
    while (from < text.size()) {
        const std::size_t end = std::min(text.find(' ', from), text.size());
        if (column > margin && column + 1 + (end - from) > columns) {
            all += '\n' + std::string(margin, ' ');
            column = margin;
        } else if (from > 0) {
            all += ' ';
            ++column;
        }
        all.append(text, from, end - from);
        column += end - from;
        from = end + 1;
    }
    return all;
}

/// "orders pid 4711  dump of 2026-11-21 08:30:00, 4 m 10 s ago  6,202 jobs"
std::string headline(const Snapshot& snapshot) {
    const observe::SourceInfo& info = snapshot.source->info();
    std::string text = info.format.empty() ? info.program : info.format;
    if (info.pid != 0)
        text += " pid " + std::to_string(info.pid);
    return text + (info.format.empty() || info.pid != 0 ? "  " : " ") + takenText(info) +
           observe::countText(snapshot.tree.size()) + (snapshot.tree.size() == 1 ? " job" : " jobs");
}

Json facts(const Snapshot& snapshot) {
    const observe::SourceInfo& info = snapshot.source->info();
    return {{"pid", info.pid},
            {"program", info.program},
            {"jobs", snapshot.tree.size()},
            {"dump", dumpFacts(info)}};
}

Json numbersOf(const Snapshot& snapshot, const std::vector<JobId>& jobs) {
    Json numbers = Json::array();
    for (const JobId job : jobs)
        if (const Node node = snapshot.tree.find(job); node != observe::noNode)
            numbers.push_back(snapshot.tree.row(node).number);
    return numbers;
}

/// The place of a line that has numbers in front of it: what does not fit goes to lines of its own.
void printPlace(std::ostream& out, const observe::GroupPlace& place, std::size_t at) {
    const std::string label = place.label();
    if (!place.known() || at + label.size() <= columns) {
        out << label << '\n';
        return;
    }
    const observe::SiteText& frame = place.stack.frames[place.own];
    out << frame.shortText() << '\n';
    const std::string function = frame.shortFunction();
    out << std::string(at + function.size() <= columns ? at : indent, ' ') << function << '\n';
}

} // namespace

void printGroups(std::ostream& out, const Snapshot& snapshot, observe::GroupBy by,
                 const std::vector<bool>& shown) {
    observe::Grouping grouping(by, snapshot.source->info(), snapshot.dictionary);
    const std::vector<observe::JobGroup> groups = observe::groupJobs(snapshot.tree, grouping, shown);
    out << wrapped(headline(snapshot), 0) << '\n' << groupsOf(groups.size(), by) << '\n';
    const std::string margin(indent, ' ');
    for (const observe::JobGroup& group : groups) {
        const observe::GroupPlace& place = grouping.place(group.group);
        out << '\n' << std::setw(indent - 2) << observe::countText(group.jobs.size()) << "  ";
        printPlace(out, place, indent);
        out << margin << observe::countsText(group.counts, snapshot.source->info());
        if (group.oldest != 0)
            out << "; oldest " << observe::durationText(snapshot.now - group.oldest);
        out << '\n' << margin << membersText(snapshot, group.jobs) << '\n';
        if (by == observe::GroupBy::Stack && place.known())
            printStack(out, place.stack, margin + "  ");
    }
}

Json groupsToJson(const Snapshot& snapshot, observe::GroupBy by, const std::vector<bool>& shown) {
    observe::Grouping grouping(by, snapshot.source->info(), snapshot.dictionary);
    Json all = Json::array();
    for (const observe::JobGroup& group : observe::groupJobs(snapshot.tree, grouping, shown)) {
        const observe::GroupPlace& place = grouping.place(group.group);
        const observe::JobCounts& counts = group.counts;
        Json numbers = Json::array();
        for (const Node node : group.jobs)
            numbers.push_back(snapshot.tree.row(node).number);
        all.push_back({{"label", place.label()},
                       {"jobs", counts.jobs},
                       {"suspended", counts.suspended},
                       {"running", counts.running},
                       {"queued", counts.queued},
                       {"waitsForChildren", counts.waitsForChildren},
                       {"unstarted", counts.unstarted},
                       {"plain", counts.plain},
                       {"cancelling", counts.cancelling},
                       {"oldestSeconds",
                        group.oldest == 0 ? Json(nullptr) : Json(seconds(snapshot.now - group.oldest))},
                       {"stack", stackToJson(place.stack)},
                       {"numbers", std::move(numbers)}});
    }
    Json json = facts(snapshot);
    json["by"] = name(by);
    json["groups"] = std::move(all);
    return json;
}

observe::Comparison compareSnapshots(const Snapshot& before, const Snapshot& after, observe::GroupBy by) {
    const auto dump = [](const Snapshot& snapshot) {
        return observe::takeDump(snapshot.source->info(), snapshot.dictionary, snapshot.tree, {},
                                 [](const observe::EndedJob&) { return std::string(); });
    };
    return observe::compare(dump(before), dump(after), by);
}

void printComparison(std::ostream& out, const Snapshot& before, const Snapshot& after,
                     const observe::Comparison& comparison, bool all) {
    out << wrapped("before: " + headline(before), 8) << '\n'
        << wrapped("after:  " + headline(after), 8) << '\n';
    if (comparison.matched)
        out << observe::countText(comparison.fresh) << " new, " << observe::countText(comparison.gone)
            << " gone, " << observe::countText(comparison.stayed) << " still there\n";
    for (const std::string& note : comparison.notes)
        out << wrapped(note, 0) << '\n';
    out << "\n   BEFORE    AFTER   CHANGE";
    if (comparison.matched)
        out << "      NEW     GONE";
    out << "  BY "
        << (comparison.by == observe::GroupBy::CreationSite     ? "CREATION SITE"
            : comparison.by == observe::GroupBy::SuspensionSite ? "SUSPENSION SITE"
                                                                : "STACK")
        << '\n';
    std::uint64_t places = 0, jobs = 0;
    for (const observe::GroupChange& group : comparison.groups) {
        if (!all && group.change() == 0 && group.fresh.empty() && group.gone.empty()) {
            ++places;
            jobs += group.after;
            continue;
        }
        constexpr int number = 9;
        out << std::setw(number) << observe::countText(group.before) << std::setw(number)
            << observe::countText(group.after) << std::setw(number) << observe::changeText(group.change());
        if (comparison.matched)
            out << std::setw(number) << observe::countText(group.fresh.size()) << std::setw(number)
                << observe::countText(group.gone.size());
        out << "  ";
        printPlace(out, group.place, (comparison.matched ? 5 : 3) * std::size_t{number} + 2);
        if (comparison.by == observe::GroupBy::Stack && group.place.known())
            printStack(out, group.place.stack, std::string(indent + 2, ' '));
    }
    if (places > 0)
        out << "nothing has changed at " << observe::countText(places)
            << (places == 1 ? " place with " : " places with ") << observe::countText(jobs)
            << (jobs == 1 ? " job" : " jobs") << "; --all shows them, too\n";
}

Json comparisonToJson(const Snapshot& before, const Snapshot& after, const observe::Comparison& comparison) {
    const auto told = [&](std::uint64_t count) { return comparison.matched ? Json(count) : Json(nullptr); };
    Json groups = Json::array();
    for (const observe::GroupChange& group : comparison.groups)
        groups.push_back(
            {{"label", group.place.label()},
             {"before", group.before},
             {"after", group.after},
             {"change", group.change()},
             {"new", told(group.fresh.size())},
             {"gone", told(group.gone.size())},
             {"stayed", told(group.stayed)},
             {"came", told(group.came)},
             {"left", told(group.left)},
             {"stack", stackToJson(group.place.stack)},
             {"newNumbers", comparison.matched ? numbersOf(after, group.fresh) : Json(nullptr)},
             {"goneNumbers", comparison.matched ? numbersOf(before, group.gone) : Json(nullptr)}});
    return {
        {"by", name(comparison.by)},         {"before", facts(before)},       {"after", facts(after)},
        {"matched", comparison.matched},     {"new", told(comparison.fresh)}, {"gone", told(comparison.gone)},
        {"stayed", told(comparison.stayed)}, {"notes", comparison.notes},     {"groups", std::move(groups)}};
}

} // namespace coroscope::ctl
