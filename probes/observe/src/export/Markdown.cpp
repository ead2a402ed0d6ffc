// SPDX-License-Identifier: Apache-2.0
// A summary to paste into a bug report: what is wrong and why, the tree with what is alike folded, the stacks
// of the jobs that findings are about. Bounded: what is left out is counted.
#include "export/Exported.h"

#include <coroscope/observe/Groups.h>
#include <coroscope/observe/JobLine.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

namespace coroscope::observe {

namespace {

constexpr std::size_t mostLines = 300;   ///< of the tree
constexpr std::size_t mostSiblings = 25; ///< in one place, folded
constexpr std::size_t mostFindings = 20; ///< in full
constexpr std::size_t mostFailures = 10; ///< with their exceptions
constexpr std::size_t mostFrames = 20;   ///< of a stack
constexpr std::size_t longestLine = 400; ///< bytes

/// Fit to stand in a sentence: nothing in it means anything to Markdown or HTML.
std::string escaped(std::string_view text) {
    constexpr std::string_view special = "\\`*_{}[]<>()#+-.!|~&";
    std::string out;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos && c != '.' && c != '-' && c != '(' && c != ')')
            out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

/// Lines between fences that are longer than any run of backticks in them.
std::string block(std::string_view lines) {
    std::size_t run = 0, longest = 2;
    for (const char c : lines) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const std::string fence(longest + 1, '`');
    std::string text = fence + "text\n";
    text += lines;
    return text + fence + '\n';
}

std::string plural(std::uint64_t count, const char* one, const char* many) {
    return countText(count) + ' ' + (count == 1 ? one : many);
}

std::string momentText(const SourceInfo& info) {
    const std::time_t taken = info.takenWallClock;
    std::tm utc{};
    std::array<char, 40> text{};
    if (taken == 0 || !::gmtime_r(&taken, &utc))
        return "at an unknown time";
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
    return text.data();
}

JobCounts countsOf(const Exported& what) {
    JobCounts counts;
    what.walk([&](Node node, std::size_t) {
        const JobRow& row = what.row(node);
        ++counts.jobs;
        counts.cancelling += row.state == JobState::Cancelling;
        counts.running += row.execution == Execution::Running;
        counts.queued += row.execution == Execution::Queued;
        counts.suspended += row.execution == Execution::Suspended;
        counts.waitsForChildren += row.execution == Execution::WaitsForChildren;
        counts.unstarted += row.execution == Execution::Unstarted;
        counts.plain += row.execution == Execution::None;
        return true;
    });
    return counts;
}

/// The tree as lines. What is alike (but for names, numbers and times) stands once, with how many they are.
class Lines {
public:
    explicit Lines(const Exported& what)
        : what_(what)
        , findingsOf_(what.findingsByJob())
        , shapes_(what.tree.endNode())
        , sizes_(what.tree.endNode(), 1) {
        measure();
    }

    std::string text() {
        std::vector<Node> tops;
        for (Node top = what_.firstTop(); top != noNode; top = what_.next(top))
            tops.push_back(top);
        siblings(tops, "", true);
        // Depth first without recursion: what is to be written next is on top.
        while (!open_.empty()) {
            const Open next = std::move(open_.back());
            open_.pop_back();
            if (lines_ >= mostLines) {
                left_ += next.node == noNode ? next.times : next.times * sizes_[next.node];
                continue;
            }
            write(next);
        }
        if (left_ > 0)
            text_ += "... and " + plural(left_, "more job", "more jobs") + ", left out here\n";
        return std::move(text_);
    }

private:
    struct Open {
        Node node;           ///< noNode: a line that says how many are left out
        std::uint64_t times; ///< that are alike; for a line that says so, jobs
        std::string prefix;  ///< of those below
        std::string branch;  ///< of the line itself
    };

    static std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
        hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15u;
        return hash ^ hash >> 29;
    }
    bool found(Node node) const { return findingsOf_.contains(what_.row(node).id); }

    /// Children before parents: what each subtree looks like, and how large it is.
    void measure() {
        what_.walk(
            [&](Node node, std::size_t) {
                const JobRow& row = what_.row(node);
                std::uint64_t hash = 1;
                for (const std::uint64_t part :
                     {std::uint64_t(row.kind), std::uint64_t(row.state), std::uint64_t(row.execution),
                      std::uint64_t(row.waitKind), std::uint64_t{row.site}, std::uint64_t{row.suspendedAt},
                      std::uint64_t{what_.tree.isOrphanRoot(node)},
                      found(node) ? row.id.value : std::uint64_t{0}}) // each finding is worth a line
                    hash = mixed(hash, part);
                shapes_[node] = hash;
                return true;
            },
            [&](Node node) {
                if (node == what_.top)
                    return;
                if (const Node parent = what_.tree.parent(node); parent != noNode) {
                    shapes_[parent] += mixed(shapes_[node], 7); // in whatever order they are
                    sizes_[parent] += sizes_[node];
                }
            });
    }

    void siblings(const std::vector<Node>& all, const std::string& prefix, bool tops) {
        struct Group {
            Node first;
            std::size_t order;
            std::uint64_t times = 0;
        };
        std::vector<Group> groups;
        std::unordered_map<std::uint64_t, std::size_t> groupOf;
        for (const Node node : all) {
            const auto [at, added] = groupOf.try_emplace(shapes_[node], groups.size());
            if (added)
                groups.push_back({node, groups.size()});
            ++groups[at->second].times;
        }
        // What findings are about is not what is left out.
        if (groups.size() > mostSiblings)
            std::sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
                return std::pair(!found(a.first), a.order) < std::pair(!found(b.first), b.order);
            });
        std::uint64_t left = 0;
        for (std::size_t i = mostSiblings; i < groups.size(); ++i)
            left += groups[i].times * sizes_[groups[i].first];
        groups.resize(std::min(groups.size(), mostSiblings));
        if (left > 0)
            open_.push_back({noNode, left, {}, prefix + (tops ? "" : "└─ ")});
        for (std::size_t i = groups.size(); i-- > 0;) {
            const bool last = i + 1 == groups.size() && left == 0;
            open_.push_back({groups[i].first, groups[i].times,
                             prefix + (tops   ? ""
                                       : last ? "   "
                                              : "│  "),
                             prefix + (tops   ? ""
                                       : last ? "└─ "
                                              : "├─ ")});
        }
    }

    void write(const Open& each) {
        ++lines_;
        text_ += each.branch;
        if (each.node == noNode) {
            text_ += "... and " + plural(each.times, "more job", "more jobs") + " here\n";
            return;
        }
        const JobRow& row = what_.row(each.node);
        if (each.times > 1)
            text_ += countText(each.times) + " x ";
        std::string line = jobLine(what_.tree, each.node, what_.words(), what_.now());
        if (line.size() > longestLine) {
            line.resize(longestLine);
            while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80) != 0)
                line.pop_back();
            line += "...";
        }
        text_ += line;
        const auto [from, to] = findingsOf_.equal_range(row.id);
        for (auto it = from; it != to; ++it)
            text_.append("  [").append(what_.findings[it->second].rule).append("]");
        text_ += '\n';
        std::vector<Node> children;
        for (Node child = what_.firstChild(each.node); child != noNode; child = what_.next(child))
            children.push_back(child);
        siblings(children, each.prefix, false);
    }

    const Exported& what_;
    std::unordered_multimap<JobId, std::size_t> findingsOf_;
    std::vector<std::uint64_t> shapes_;
    std::vector<std::uint64_t> sizes_;
    std::vector<Open> open_;
    std::string text_;
    std::size_t lines_ = 0;
    std::uint64_t left_ = 0;
};

std::string stackLines(const std::vector<SiteText>& frames, std::uint32_t cut) {
    std::string text;
    const std::size_t shown = std::min(frames.size(), mostFrames);
    for (std::size_t i = 0; i < shown; ++i)
        text += "  at " + frames[i].shortFunction() + " (" + frames[i].shortText() + ")\n";
    if (const std::size_t more = frames.size() - shown + cut; more > 0)
        text += "  and " + plural(more, "more caller", "more callers") + '\n';
    return text;
}

void summary(std::string& text, const Exported& what) {
    const SourceInfo& info = what.dump.info;
    text += "# Coroutines of " + escaped(info.format.empty() ? info.program : info.format);
    if (info.pid != 0)
        text += " (pid " + std::to_string(info.pid) + ')';
    text += "\n\nTaken " + momentText(info);
    if (!info.runtimeVersion.empty())
        text += " of a program with runtime " + escaped(info.runtimeVersion);
    if (info.redacted)
        text += "; names and places are pseudonyms";
    text += ".\n\n";
    if (what.jobs < what.tree.size())
        text +=
            "- Of " + plural(what.tree.size(), "job", "jobs") + " these are " + countText(what.jobs) + ".\n";
    const JobCounts counts = countsOf(what);
    const std::pair<std::uint64_t, std::string_view> states[] = {
        {counts.running, "running"},       {counts.queued, "queued"},
        {counts.suspended, "suspended"},   {counts.waitsForChildren, "waiting for children"},
        {counts.unstarted, "not started"}, {counts.plain, plainWord(info)},
        {counts.cancelling, "cancelling"},
    };
    text += "- " + plural(counts.jobs, "live job", "live jobs");
    const char* separator = ": ";
    for (const auto& [count, word] : states) {
        if (count == 0)
            continue;
        text.append(separator).append(countText(count)).append(1, ' ').append(word);
        separator = ", ";
    }
    text += ".\n";
    std::uint64_t failed = what.jobs < what.tree.size() ? 0 : what.dump.failedUntold;
    std::uint64_t ended = what.jobs < what.tree.size() ? 0 : what.dump.endedUntold;
    for (const EndedJob& job : what.dump.ended) {
        failed += job.failed();
        ++ended;
    }
    if (ended > 0)
        text += "- " + plural(ended, "job has", "jobs have") + " ended lately, " + countText(failed) +
                " of them failed.\n";
    if (what.dump.untracked > 0)
        text += "- " + plural(what.dump.untracked, "job is", "jobs are") +
                " missing: the program could not record them.\n";
    if (!what.dump.endText.empty())
        text += "- " + escaped(what.dump.endText) + '\n';
    for (const std::string& problem : info.problems)
        text += "- Not all could be read. " + escaped(problem) + '\n';
}

void findings(std::string& text, const Exported& what) {
    text += "\n## Findings (" + countText(what.findings.size()) + ")\n";
    if (what.findings.empty())
        text += "\nNone.\n";
    for (std::size_t i = 0; i < std::min(what.findings.size(), mostFindings); ++i) {
        const Finding& each = what.findings[i];
        text += "\n### " + std::to_string(i + 1) + ". " + escaped(each.title) + "\n\n";
        text += "`" + std::string(each.rule) + "`, " + std::string(name(each.severity)) + ", " +
                std::string(name(each.confidence)) + ": " + escaped(each.jobName) +
                (each.ended ? ", has ended" : "") + "\n\n";
        text += escaped(each.evidence) + ' ' + escaped(each.advice) + '\n';
        std::string lines;
        if (const Node node = what.tree.find(each.job); node != noNode && !each.ended) {
            const JobRow& row = what.row(node);
            if (const StackText stack = what.words().stack(row.suspendedAt); !stack.frames.empty())
                lines += (row.execution == Execution::Suspended ? "suspended\n" : "stands\n") +
                         stackLines(stack.frames, stack.cut);
            const CallStackText creation =
                row.creationStack == 0 ? CallStackText() : what.words().callStack(row.creationStack);
            if (!creation.frames.empty())
                lines += "created\n" + stackLines(creation.frames, creation.cut);
            else if (const SiteText site = what.words().site(row.site); site.known())
                lines += "created\n" + stackLines({site}, 0);
        } else if (each.where.known()) {
            lines += "created\n" + stackLines({each.where}, 0);
        }
        if (!lines.empty())
            text += '\n' + block(lines);
    }
    if (what.findings.size() > mostFindings)
        text +=
            "\nAnd " + plural(what.findings.size() - mostFindings, "more finding", "more findings") + ".\n";
}

void failures(std::string& text, const Exported& what) {
    std::string lines;
    std::size_t told = 0, all = 0;
    for (auto job = what.dump.ended.rbegin(); job != what.dump.ended.rend(); ++job) {
        if (!job->failed() || !job->row.id)
            continue;
        if (++all > mostFailures)
            continue;
        ++told;
        lines += jobLabel(job->row, what.words()) + "  " + std::string(name(job->finalState)) +
                 (job->at == 0 ? "" : ' ' + durationText(what.now() - job->at) + " ago") + '\n';
        std::string exception = job->failure != 0 ? exceptionText(what.dump.failureText(*job)) : "";
        if (!exception.empty())
            lines += "  " + exception + '\n';
        if (const SiteText site = what.words().site(job->row.site); site.known())
            lines += "  created at " + site.shortText() + '\n';
    }
    if (told == 0)
        return;
    text += "\n## Failures (the last " + countText(told) + " of " + countText(all) + ")\n\n" + block(lines);
}

} // namespace

void writeMarkdown(const Exported& what, TextOutput& out) {
    summary(out.text(), what);
    findings(out.text(), what);
    if (!out.step())
        return;
    out.text() += "\n## Jobs\n\n" + block(Lines(what).text());
    failures(out.text(), what);
}

} // namespace coroscope::observe
