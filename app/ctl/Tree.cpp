// SPDX-License-Identifier: Apache-2.0
#include "Tree.h"

#include <coroscope/observe/JobLine.h>
#include <coroscope/observe/Labels.h>

#include <ctime>
#include <ostream>

namespace coroscope::ctl {

using observe::Node;
using observe::noNode;

namespace {

class Printer {
public:
    Printer(std::ostream& out, const Snapshot& snapshot, const std::vector<bool>& shown)
        : out_(out)
        , snapshot_(snapshot)
        , shown_(shown)
        , tree_(snapshot.tree)
        , findingsOf_(snapshot.findingsByJob()) {}

    void print() {
        const observe::SourceInfo& info = snapshot_.source->info();
        const observe::JobCounts& totals = tree_.totals();
        out_ << (info.format.empty() ? info.program : info.format);
        if (info.pid != 0)
            out_ << "  pid " << info.pid;
        out_ << (info.format.empty() || info.pid != 0 ? "  " : " ") << takenText(info) << tree_.size()
             << (tree_.size() == 1 ? " job" : " jobs") << ": " << totals.running << " running, "
             << totals.suspended << " suspended, " << totals.cancelling << " cancelling\n";
        std::vector<Node> owned, orphans;
        for (Node root = shown(tree_.firstRoot()); root != noNode; root = nextShown(root))
            (tree_.isOrphanRoot(root) ? orphans : owned).push_back(root);
        for (const Node root : owned)
            subtree(root, "");
        if (orphans.empty())
            return;
        out_ << "orphans: " << orphans.size() << '\n';
        for (const Node root : orphans)
            subtree(root, "  ");
    }

private:
    /// This one, or the next of its siblings that is to be printed.
    Node shown(Node node) const {
        while (node != noNode && !shown_.empty() && !shown_[node])
            node = tree_.nextSibling(node);
        return node;
    }
    Node nextShown(Node node) const { return shown(tree_.nextSibling(node)); }

    /// A walk with a stack of its own: chains may be deeper than the machine's.
    void subtree(Node root, const std::string& indent) {
        line(root, indent);
        std::string prefix = indent;
        std::vector<std::size_t> widths;
        Node node = root;
        for (;;) {
            if (const Node child = shown(tree_.firstChild(node)); child != noNode) {
                if (node != root) {
                    const std::string more = nextShown(node) != noNode ? "│  " : "   ";
                    prefix += more;
                    widths.push_back(more.size());
                }
                node = child;
            } else {
                while (node != root && nextShown(node) == noNode) {
                    node = tree_.parent(node);
                    if (node != root) {
                        prefix.resize(prefix.size() - widths.back());
                        widths.pop_back();
                    }
                }
                if (node == root)
                    return;
                node = nextShown(node);
            }
            line(node, prefix + (nextShown(node) != noNode ? "├─ " : "└─ "));
        }
    }

    void line(Node node, const std::string& prefix) {
        out_ << prefix << observe::jobLine(tree_, node, *snapshot_.dictionary, snapshot_.now);
        const auto [from, to] = findingsOf_.equal_range(tree_.row(node).id);
        for (auto it = from; it != to; ++it)
            out_ << "  [" << snapshot_.findings[it->second].rule << ", "
                 << name(snapshot_.findings[it->second].confidence) << ']';
        out_ << '\n';
    }

    std::ostream& out_;
    const Snapshot& snapshot_;
    const std::vector<bool>& shown_;
    const observe::JobTree& tree_;
    std::unordered_multimap<JobId, std::size_t> findingsOf_;
};

} // namespace

std::string takenText(const observe::SourceInfo& info) {
    if (info.live)
        return {};
    char when[64] = "an unknown time";
    const std::time_t taken = info.takenWallClock;
    std::tm local{};
    if (taken != 0 && ::localtime_r(&taken, &local))
        std::strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    std::string text = (info.format.empty() ? "dump of " : "of ") + std::string(when);
    if (const std::time_t now = std::time(nullptr); taken != 0 && taken <= now)
        text += now == taken ? ", just now"
                             : ", " + observe::durationText((now - taken) * 1'000'000'000) + " ago";
    if (info.redacted)
        text += ", redacted";
    return text + "  ";
}

void printTree(std::ostream& out, const Snapshot& snapshot, const std::vector<bool>& shown) {
    Printer(out, snapshot, shown).print();
}

void printFindings(std::ostream& out, const Snapshot& snapshot) {
    if (snapshot.findings.empty())
        out << "no findings\n";
    for (const observe::Finding& finding : snapshot.findings) {
        out << finding.rule << " (" << name(finding.confidence) << "), " << finding.jobName
            << (finding.ended ? ", has ended" : "") << '\n'
            << "    " << finding.title << ".\n"
            << "    " << finding.evidence << '\n'
            << "    " << finding.advice << '\n';
    }
}

} // namespace coroscope::ctl
