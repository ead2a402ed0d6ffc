// SPDX-License-Identifier: Apache-2.0
#include "Snapshot.h"
#include "Progress.h"
#include "Proxy.h"

#include <coroscope/observe/Discovery.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_set>

#include <unistd.h>
#include <utility>

namespace coroscope::ctl {

using observe::Node;
using observe::noNode;

namespace {

constexpr std::string_view dumpSuffix = ".coroscope";

/// Calls `visit` for every node of the tree.
template <class F>
void forEach(const observe::JobTree& tree, F&& visit) {
    for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
        for (const Node node : tree.subtree(root))
            visit(node);
}

/// All of `text` as a number.
template <class Number>
bool isNumber(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

} // namespace

observe::Result<std::unique_ptr<observe::Source>> openTarget(const std::string& target) {
    Progress progress(target == "-" ? "standard input" : target);
    if (target == "-")
        return observe::openStream(STDIN_FILENO, "standard input", progress.options());
    if (int pid = 0; isNumber(target, pid))
        return observe::attach(pid);
    // A program often lies in the directory where it is looked at: its name means the process.
    if (target.find('/') != std::string::npos || target.ends_with(dumpSuffix))
        return observe::open(target, progress.options());
    std::vector<int> pids;
    for (const observe::Target& running : observe::discover())
        if (running.program == target)
            pids.push_back(running.pid);
    if (pids.size() == 1)
        return observe::attach(pids.front());
    if (pids.empty())
        return ::access(target.c_str(), F_OK) == 0
                   ? observe::open(target, progress.options())
                   : observe::Result<std::unique_ptr<observe::Source>>(
                         observe::Problem{"neither a program that can be observed nor a file is named " +
                                          target + "; see coroscopectl ps"});
    std::string text = std::to_string(pids.size()) + " processes are named " + target + "; say which by pid:";
    for (std::size_t i = 0; i < std::min<std::size_t>(pids.size(), 5); ++i)
        text += ' ' + std::to_string(pids[i]);
    return observe::Problem{pids.size() > 5 ? text + " ..." : text};
}

void Snapshot::update() {
    observe::Batch batch;
    observe::TreeChanges changes;
    source->read(batch);
    ended.apply(batch, tree);
    tree.apply(std::move(batch), changes);
    events += batch.events;
    lost += batch.lost;
    now = source->info().now();
}

void Snapshot::find() {
    auto found = [this] {
        return observe::findings(tree, ended, *dictionary, now, observe::settingsFor(source->info()));
    };
    if (!source->info().live) {
        findings = found();
        return;
    }
    observe::FindingWatch watch;
    const std::int64_t patience = now + 2 * observe::FindingWatch::confirmAfter;
    findings = watch.confirmed(found(), now);
    while (watch.waiting() && now < patience) {
        source->wait(20);
        update();
        findings = watch.confirmed(found(), now);
    }
}

std::string Snapshot::label(const observe::JobRow& row) const {
    return observe::jobLabel(row, *dictionary);
}

observe::WaiterSearch Snapshot::waitersOf(JobId job) const {
    observe::WaiterSearch search;
    search.start(job);
    search.step(tree, tree.endNode());
    return search;
}

std::unordered_multimap<JobId, std::size_t> Snapshot::findingsByJob() const {
    std::unordered_multimap<JobId, std::size_t> all;
    for (std::size_t i = 0; i < findings.size(); ++i)
        all.emplace(findings[i].job, i);
    return all;
}

observe::Result<Snapshot> takeSnapshot(const std::string& target, const std::string& via) {
    auto source = via.empty() ? openTarget(target) : observe::attachThrough(via, target, remoteOptions());
    if (!source)
        return observe::Problem{source.problem()};
    Snapshot snapshot;
    snapshot.source = *std::move(source);
    snapshot.dictionary = snapshot.source->dictionary();
    snapshot.update();
    snapshot.find();
    return snapshot;
}

observe::Result<Node> findJob(const Snapshot& snapshot, const std::string& wanted) {
    // 4711, #4711, or as logs and dumps have it: name#4711.
    const std::size_t hash = wanted.rfind('#');
    const std::string who = hash == std::string::npos ? "" : wanted.substr(0, hash);
    const std::string digits = hash == std::string::npos ? wanted : wanted.substr(hash + 1);
    std::uint64_t number = 0;
    const bool byNumber = isNumber(digits, number);

    std::vector<Node> found;
    forEach(snapshot.tree, [&](Node node) {
        const observe::JobRow& row = snapshot.tree.row(node);
        const std::string name = snapshot.dictionary->text(row.name);
        const bool isWho = who.empty() || name == who || (name.empty() && who == "coroutine");
        if (byNumber ? row.number == number && isWho : name == wanted)
            found.push_back(node);
    });
    // A scope inside a job inherits the job's name: the outermost one is meant.
    if (!byNumber) {
        const std::unordered_set<Node> all(found.begin(), found.end());
        std::erase_if(found, [&](Node node) {
            const std::vector<Node> path = snapshot.tree.path(node);
            return std::any_of(path.begin(), path.end() - 1, [&](Node above) { return all.contains(above); });
        });
    }
    if (found.size() == 1)
        return found.front();
    if (found.empty())
        return observe::Problem{"no live job " + wanted + " in " + snapshot.source->info().program +
                                " (pid " + std::to_string(snapshot.source->info().pid) +
                                "); it may have ended: see coroscopectl ended"};
    std::string text = std::to_string(found.size()) + " jobs are named " + wanted + "; say which by number:";
    for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 5); ++i)
        text += " #" + std::to_string(snapshot.tree.row(found[i]).number);
    return observe::Problem{found.size() > 5 ? text + " ..." : text};
}

} // namespace coroscope::ctl
