// SPDX-License-Identifier: Apache-2.0
// coroscopectl: what the window shows and does, in a terminal.
#include "Cancel.h"
#include "Json.h"
#include "List.h"
#include "Tree.h"

#include <CLI/CLI.hpp>

#include <iostream>

#include <csignal>
#include <unistd.h>

namespace coroscope::ctl {
namespace {

int fail(const std::string& problem) {
    std::cerr << "coroscopectl: " << problem << '\n';
    return failure;
}

int ps(bool json) {
    const std::vector<observe::Target> targets = observe::discover();
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

int tree(int pid, bool json) {
    auto snapshot = takeSnapshot(pid);
    if (!snapshot)
        return fail(snapshot.problem());
    if (json)
        std::cout << print(treeToJson(*snapshot)) << '\n';
    else
        printTree(std::cout, *snapshot);
    return success;
}

int findings(int pid, bool json) {
    auto snapshot = takeSnapshot(pid);
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

int cancel(int pid, const std::string& job, bool yes, const CancelOptions& options) {
    auto snapshot = takeSnapshot(pid);
    if (!snapshot)
        return fail(snapshot.problem());
    auto node = findJob(*snapshot, job);
    if (!node) {
        fail(node.problem());
        return refused;
    }
    if (!yes && !confirmed(*snapshot, *node, options.childrenOnly)) {
        std::cerr << "nothing was cancelled\n";
        return failure;
    }
    return cancelAndWatch(std::cout, *snapshot, *node, options);
}

} // namespace
} // namespace coroscope::ctl

int main(int count, char** arguments) {
    namespace ctl = coroscope::ctl;
    std::signal(SIGPIPE, SIG_DFL); // `coroscopectl tree PID | head` ends quietly

    CLI::App app("Shows, explains and stops the coroutines of running programs.");
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done; 1 wrong usage or no such target; cancel: 2 some jobs are still there when the\n"
        "time is over, 3 refused, or the job is gone.");
    bool json = false, yes = false;
    int pid = 0;
    std::string job;
    ctl::CancelOptions options;
    auto withPid = [&](CLI::App* command) {
        command->add_option("PID", pid, "The process; see coroscopectl ps")
            ->required()
            ->check(CLI::PositiveNumber);
        command->add_flag("--json", json, "Print JSON, and nothing else, to the standard output");
        return command;
    };
    CLI::App* const ps = app.add_subcommand("ps", "The processes that can be observed");
    ps->add_flag("--json", json, "Print JSON, and nothing else, to the standard output");
    CLI::App* const tree = withPid(app.add_subcommand("tree", "All jobs of a process as a tree"));
    CLI::App* const findings = withPid(app.add_subcommand("findings", "What is wrong with them, and why"));
    CLI::App* const cancel =
        withPid(app.add_subcommand("cancel", "Cancel a job with all below it, and watch"));
    cancel->add_option("JOB", job, "Its number (#4711 or 4711), or its name if no other job has it")
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
    if (*tree)
        return ctl::tree(pid, json);
    if (*findings)
        return ctl::findings(pid, json);
    return ctl::cancel(pid, job, yes, options);
}
