// SPDX-License-Identifier: Apache-2.0
// coroscopectl: what the window shows and does, in a terminal.
#include "Cancel.h"
#include "Commands.h"
#include "Ended.h"
#include "Filter.h"
#include "Groups.h"
#include "Json.h"
#include "List.h"
#include "Proxy.h"
#include "Save.h"
#include "Show.h"
#include "Tree.h"

#include <coroscope/observe/Labels.h>

#include <CLI/CLI.hpp>

#include <iostream>
#include <string_view>
#include <utility>

#include <clocale>
#include <csignal>
#include <langinfo.h>
#include <unistd.h>

namespace coroscope::ctl {
namespace {

int fail(const std::string& problem) {
    std::cerr << "coroscopectl: " << problem << '\n';
    return failure;
}

/// By the settings of language and letters that a terminal comes with (LC_ALL, LC_CTYPE, LANG).
bool terminalHasUtf8() {
    const locale_t words = ::newlocale(LC_CTYPE_MASK, "", nullptr);
    if (words == nullptr)
        return false;
    const bool has = std::string_view(::nl_langinfo_l(CODESET, words)) == "UTF-8";
    ::freelocale(words);
    return has;
}

/// The command through which the target is reached; empty: it is on this machine.
std::string via;

int ps(bool json) {
    std::vector<observe::Target> targets;
    if (via.empty()) {
        targets = observe::discover();
    } else {
        auto found = observe::discoverThrough(via, remoteOptions());
        if (!found)
            return fail(found.problem());
        targets = *std::move(found);
    }
    if (!json) {
        printTargets(std::cout, targets);
        return success;
    }
    Json all = Json::array();
    for (const observe::Target& target : targets)
        all.push_back(toJson(target));
    std::cout << print(all) << '\n';
    return success;
}

/// As takeSnapshot; also says on the standard error what of a file could not be read, and to a person that a
/// process does not answer.
observe::Result<Snapshot> snapshotOf(const std::string& target) {
    auto snapshot = takeSnapshot(target, via);
    if (!snapshot)
        return snapshot;
    for (const std::string& problem : snapshot->source->info().problems)
        std::cerr << "coroscopectl: " << target << ": " << problem << '\n';
    if (const observe::Contact contact = snapshot->source->contact();
        snapshot->source->info().live && !contact.followsEvents && ::isatty(STDERR_FILENO) != 0)
        std::cerr << "coroscopectl: " << contact.problem << '\n';
    return snapshot;
}

int tree(const std::string& target, const std::string& filter, bool each, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    if (json)
        return printTreeAsJson(std::cout, std::cerr, *snapshot, filter);
    std::vector<bool> shown;
    if (!filter.empty()) {
        auto found = shownBy(*snapshot, filter);
        if (!found)
            return fail(found.problem());
        shown = *std::move(found);
    }
    const observe::SourceInfo& info = snapshot->source->info();
    if (!info.parentsTold && !each)
        printGroups(std::cout, *snapshot, usualGrouping(info), shown);
    else
        printTree(std::cout, *snapshot, shown);
    return success;
}

int groups(const std::string& target, const std::string& by, const std::string& filter, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    // The jobs that match themselves, not what is above them.
    std::vector<bool> shown;
    if (!filter.empty()) {
        auto found = matchedBy(*snapshot, filter);
        if (!found)
            return fail(found.problem());
        shown = *std::move(found);
    }
    const observe::GroupBy grouping =
        observe::groupingOf(by).value_or(usualGrouping(snapshot->source->info()));
    if (json)
        std::cout << print(groupsToJson(*snapshot, grouping, shown)) << '\n';
    else
        printGroups(std::cout, *snapshot, grouping, shown);
    return success;
}

int compare(const std::string& first, const std::string& second, const std::string& by, bool all, bool json) {
    // An earlier state is a file here, wherever the program is.
    const std::string way = std::exchange(via, {});
    auto before = snapshotOf(first);
    if (!before)
        return fail(before.problem());
    via = way;
    auto after = snapshotOf(second);
    if (!after)
        return fail(after.problem());
    const observe::Comparison comparison = compareSnapshots(
        *before, *after, observe::groupingOf(by).value_or(usualGrouping(after->source->info())));
    if (json)
        std::cout << print(comparisonToJson(*before, *after, comparison)) << '\n';
    else
        printComparison(std::cout, *before, *after, comparison, all);
    return success;
}

int show(const std::string& target, const std::string& job, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    auto node = findJob(*snapshot, job);
    if (!node)
        return fail(node.problem());
    if (json)
        std::cout << print(jobToJson(*snapshot, *node)) << '\n';
    else
        printJob(std::cout, *snapshot, *node);
    return success;
}

int sample(const std::string& target, const std::string& job, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    auto node = findJob(*snapshot, job);
    if (!node)
        return fail(node.problem());
    auto taken = snapshot->source->sample(snapshot->tree.row(*node).id);
    if (!taken)
        return fail(taken.problem());
    if (json)
        std::cout << print(toJson(*taken)) << '\n';
    else
        printSample(std::cout, *taken);
    return success;
}

int findings(const std::string& target, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    if (!json) {
        printFindings(std::cout, *snapshot);
        return success;
    }
    Json all = Json::array();
    for (const observe::Finding& finding : snapshot->findings)
        all.push_back(toJson(finding, *snapshot));
    std::cout << print(all) << '\n';
    return success;
}

int ended(const std::string& target, bool onlyFailures, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    if (json)
        std::cout << print(endedToJson(*snapshot, onlyFailures)) << '\n';
    else
        printEnded(std::cout, *snapshot, onlyFailures);
    return success;
}

int commands(const std::string& target, bool json) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    if (json)
        std::cout << print(commandsToJson(*snapshot)) << '\n';
    else
        printCommands(std::cout, *snapshot);
    return success;
}

int dump(const std::string& target, const SaveOptions& options) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    return saveSnapshot(std::cout, std::cerr, *snapshot, options);
}

int exportTo(const std::string& target, const ExportOptions& options) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    return exportSnapshot(std::cout, std::cerr, *snapshot, options);
}

/// Asks only a person: a script has said what it wants.
bool confirmed(const Snapshot& snapshot, observe::Node node, bool childrenOnly) {
    if (::isatty(STDIN_FILENO) == 0)
        return true;
    printPreview(std::cerr, snapshot, node, childrenOnly);
    std::cerr << "Cancel? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

int cancel(const std::string& target, const std::string& job, bool yes, const CancelOptions& options) {
    auto snapshot = snapshotOf(target);
    if (!snapshot)
        return fail(snapshot.problem());
    if (!snapshot->source->info().live) {
        fail(snapshot->source->contact().problem);
        return refused;
    }
    auto node = findJob(*snapshot, job);
    if (!node) {
        fail(node.problem());
        return refused;
    }
    if (!yes && !confirmed(*snapshot, *node, options.childrenOnly)) {
        std::cerr << "nothing was cancelled\n";
        return failure;
    }
    return cancelAndWatch(std::cout, std::cerr, *snapshot, *node, options);
}

} // namespace
} // namespace coroscope::ctl

int main(int count, char** arguments) {
    namespace ctl = coroscope::ctl;
    std::signal(SIGPIPE, SIG_DFL); // `coroscopectl tree PID | head` ends quietly
    coroscope::observe::writeMicrosAsAscii(!ctl::terminalHasUtf8());

    CLI::App app("Shows, explains and stops the coroutines of running programs.");
    app.set_version_flag("--version", "coroscopectl " COROSCOPE_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done; 1 wrong usage, no such target, or nothing saved; cancel: 2 some jobs are still\n"
        "there when the time is over, 3 refused, or the job is gone.");
    app.fallthrough();
    app.add_option(
        "--via", ctl::via,
        "A command that leads to another machine or into a container, where coroscopectl is installed\n"
        "too: 'ssh host', 'docker exec -i NAME', 'kubectl exec -i POD --', 'sudo'");
    bool json = false, yes = false, onlyFailures = false, readOnly = false;
    bool each = false, unchanged = false;
    std::string target, job, filter, by, before;
    ctl::CancelOptions options;
    ctl::SaveOptions saveOptions;
    auto withTarget = [&](CLI::App* command) {
        command
            ->add_option("TARGET", target,
                         "The process: its pid, or the program's name if it runs once; or the file of a dump")
            ->required();
        command->add_flag("--json", json, "Print JSON, and nothing else, to the standard output");
        return command;
    };
    CLI::App* const ps = app.add_subcommand("ps", "The processes that can be observed");
    ps->add_flag("--json", json, "Print JSON, and nothing else, to the standard output");
    CLI::App* const tree = withTarget(app.add_subcommand("tree", "All jobs as a tree"));
    tree->add_option(
        "--filter", filter,
        "Only the jobs that match, and what is above them: 'state:suspended age>30s site:orders'");
    tree->add_flag("--each", each,
                   "Each job on a line of its own, too, where a dump does not say who is whose child");
    CLI::App* const groups = withTarget(
        app.add_subcommand("groups", "The jobs by what they have in common, the largest group first"));
    groups->add_option("--filter", filter, "Only the jobs that match: 'state:suspended age>30s'");
    CLI::App* const compare = app.add_subcommand(
        "compare", "Two dumps, or a dump and a process: what is new, gone, still there; growth first");
    compare->add_option("BEFORE", before, "The first one, as TARGET; with --via still one of this machine")
        ->required();
    compare->add_option("AFTER", target, "The second one, as TARGET")->required();
    compare->add_flag("--all", unchanged, "Places where nothing has changed, too");
    compare->add_flag("--json", json, "Print JSON, and nothing else, to the standard output");
    for (CLI::App* const command : {groups, compare})
        command
            ->add_option("--by", by,
                         "What they have in common: 'site' where they were created, 'suspension' where they\n"
                         "are suspended, 'stack'. Without it 'site', or 'stack' for a flat dump")
            ->check(CLI::IsMember({"site", "suspension", "stack"}));
    CLI::App* const show = withTarget(app.add_subcommand("show", "All that is known of one job"));
    CLI::App* const findings = withTarget(app.add_subcommand("findings", "What is wrong with them, and why"));
    CLI::App* const ended = withTarget(
        app.add_subcommand("ended", "The jobs that have ended, those that failed with their exception"));
    ended->add_flag("--failed", onlyFailures, "Only those that failed");
    CLI::App* const commands =
        withTarget(app.add_subcommand("commands", "Who has cancelled what from outside, and why"));
    CLI::App* const dump = withTarget(app.add_subcommand("dump", "Save all that is known to a file"));
    dump->add_option("-o,--output", saveOptions.file,
                     "The file; without it one named for program, pid and time, here");
    dump->add_flag("--redact", saveOptions.redact,
                   "Replace names, files, functions and messages by pseudonyms");
    CLI::App* const exporting = withTarget(app.add_subcommand(
        "export", "Write the jobs, or some of them, in a format that other tools and people read"));
    ctl::ExportOptions exportOptions;
    std::string format;
    std::vector<std::string> formats;
    for (const coroscope::observe::ExportFormatInfo& known : coroscope::observe::exportFormats())
        formats.emplace_back(known.name);
    exporting
        ->add_option("--format", format,
                     "The format; without it that of the file's ending. Graphviz reads dot, Perfetto trace")
        ->check(CLI::IsMember(formats));
    exporting->add_option("--filter", exportOptions.filter,
                          "Only the jobs that match, and what is above them, as for tree");
    exporting->add_option("--job", exportOptions.job, "Only this job and all below it, as for show");
    exporting->add_option(
        "-o,--output", exportOptions.file,
        "The file, or - for the standard output; without it one named for program, pid and\n"
        "time, here");
    exporting->add_flag("--redact", exportOptions.redact,
                        "Replace names, files, functions and messages by pseudonyms");
    CLI::App* const cancel =
        withTarget(app.add_subcommand("cancel", "Cancel a job with all below it, and watch"));
    CLI::App* const sample = withTarget(app.add_subcommand(
        "sample", "The native stack of the thread that runs a job; it is stopped for a moment"));
    CLI::App* const proxy = app.add_subcommand(
        "proxy", "The far end of --via and of the window's attaching through a command; not for people");
    std::string proxied;
    proxy->add_option(
        "TARGET", proxied,
        "The process: its pid, or the program's name if it runs once; without it only the list");
    proxy->add_flag("--read-only", readOnly, "Refuse to cancel");
    for (CLI::App* const command : {show, sample, cancel})
        command
            ->add_option(
                "JOB", job,
                "Its number (#4711, 4711, or name#4711 as in logs), or its name if no other job has it")
            ->required();
    cancel->add_option("--reason", options.reason, "For the log, and the message of the exception")
        ->required();
    cancel->add_flag("--children-only", options.childrenOnly, "Spare the job itself");
    cancel->add_option("--timeout", options.timeout, "Watch for so many seconds (default 30)");
    cancel->add_flag("--yes", yes, "Do not ask, even at a terminal");
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? ctl::success : ctl::failure;
    }
    options.json = json;
    if (*ps)
        return ctl::ps(json);
    if (*proxy)
        return ctl::proxy(proxied, readOnly);
    if (*tree)
        return ctl::tree(target, filter, each, json);
    if (*groups)
        return ctl::groups(target, by, filter, json);
    if (*compare)
        return ctl::compare(before, target, by, unchanged, json);
    if (*show)
        return ctl::show(target, job, json);
    if (*sample)
        return ctl::sample(target, job, json);
    if (*findings)
        return ctl::findings(target, json);
    if (*ended)
        return ctl::ended(target, onlyFailures, json);
    if (*commands)
        return ctl::commands(target, json);
    if (*dump) {
        saveOptions.json = json;
        return ctl::dump(target, saveOptions);
    }
    if (*exporting) {
        exportOptions.json = json;
        exportOptions.format = coroscope::observe::exportFormatNamed(format);
        return ctl::exportTo(target, exportOptions);
    }
    return ctl::cancel(target, job, yes, options);
}
