// SPDX-License-Identifier: Apache-2.0
#include "Cancel.h"
#include "CommandLog.h"
#include "Json.h"

#include <coroscope/observe/CancelProgress.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Waits.h>

#include <ostream>

namespace coroscope::ctl {

using observe::CancelProgress;
using observe::Node;
using observe::noNode;

namespace {

constexpr std::size_t mostLaggards = 10;

std::string laggardText(const Snapshot& snapshot, JobId id) {
    const Node node = snapshot.tree.find(id);
    if (node == noNode)
        return {};
    const observe::JobRow& row = snapshot.tree.row(node);
    return snapshot.label(row) + ": " +
           observe::activityText(snapshot.tree, row, *snapshot.dictionary, snapshot.now);
}

void printProgress(std::ostream& out, const CancelProgress& progress) {
    out << "requested " << progress.requested() << ", reached " << progress.reached() << ", finished "
        << progress.finished() << '\n'
        << std::flush;
}

Exit sum(std::ostream& out, const Snapshot& snapshot, const CancelProgress& progress, bool json) {
    const Exit exit = !progress.refused().empty() ? refused : progress.done() ? success : notFinished;
    std::vector<std::string> laggards;
    if (exit == notFinished)
        for (const JobId id : progress.laggards(mostLaggards))
            laggards.push_back(laggardText(snapshot, id));
    const std::int64_t took = progress.duration(snapshot.now);
    if (json) {
        const char* const outcomes[] = {"finished", "", "unfinished", "refused"};
        out << print({{"job", progress.job().value},
                      {"requested", progress.requested()},
                      {"reached", progress.reached()},
                      {"finished", progress.finished()},
                      {"seconds", static_cast<double>(took) / 1e9},
                      {"outcome", outcomes[exit]},
                      {"problem", progress.refused().empty() ? Json(nullptr) : Json(progress.refused())},
                      {"laggards", laggards}})
            << '\n';
    } else if (exit == refused) {
        out << progress.refused() << '\n';
    } else if (exit == success) {
        out << "all have ended after " << observe::durationText(took) << '\n';
    } else {
        out << progress.requested() - progress.finished() << " still here after "
            << observe::durationText(took) << ":\n";
        for (const std::string& laggard : laggards)
            out << "  " << laggard << '\n';
    }
    return exit;
}

} // namespace

void printPreview(std::ostream& out, const Snapshot& snapshot, Node node, bool childrenOnly) {
    const observe::CancelPreview preview = observe::previewCancel(snapshot.tree, node, childrenOnly);
    out << snapshot.label(snapshot.tree.row(node)) << (childrenOnly ? ", only what is below it: " : ": ")
        << preview.jobs << (preview.jobs == 1 ? " job" : " jobs") << "\n"
        << "  " << preview.suspended << " suspended, stop at once\n"
        << "  " << preview.running << " running or queued, stop at their next suspension\n"
        << "  " << preview.shielded << " in NonCancellable, finish that first\n"
        << "  " << preview.alreadyCancelling << " cancelling already\n";
    for (const JobId id : preview.waitedForByOutsiders)
        if (const Node outsider = snapshot.tree.find(id); outsider != noNode)
            out << "  " << snapshot.label(snapshot.tree.row(outsider)) << " outside waits for one of them\n";
    if (preview.outsiders > preview.waitedForByOutsiders.size())
        out << "  and " << preview.outsiders - preview.waitedForByOutsiders.size() << " more outside\n";
}

namespace {

/// "conn-3 launch #489 in orders (pid 4711), 12 jobs".
std::string described(const Snapshot& snapshot, Node node, const CancelOptions& options) {
    const observe::SourceInfo& info = snapshot.source->info();
    const std::uint64_t jobs = observe::previewCancel(snapshot.tree, node, options.childrenOnly).jobs;
    return (options.childrenOnly ? "what is below " : "") + snapshot.label(snapshot.tree.row(node)) + " in " +
           info.program + " (pid " + std::to_string(info.pid) + "), " + std::to_string(jobs) +
           (jobs == 1 ? " job" : " jobs");
}

Exit send(std::ostream& out, Snapshot& snapshot, Node node, const CancelOptions& options) {
    const JobId job = snapshot.tree.row(node).id;
    auto sent = snapshot.source->cancel(job, options.childrenOnly, options.reason);
    if (!sent) {
        CancelProgress progress(snapshot.tree, node, options.childrenOnly, 0, options.reason, snapshot.now);
        progress.answered({0, observe::CommandAnswer::Kind::Refused, sent.problem()});
        return sum(out, snapshot, progress, options.json);
    }
    CancelProgress progress(snapshot.tree, node, options.childrenOnly, *sent, options.reason, snapshot.now);
    const std::int64_t deadline = snapshot.now + static_cast<std::int64_t>(options.timeout * 1e9);
    std::uint64_t shown = ~std::uint64_t{0};
    for (;;) {
        snapshot.source->wait(10);
        snapshot.update();
        for (const observe::CommandAnswer& answer : snapshot.source->answers())
            progress.answered(answer);
        progress.update(snapshot.tree, snapshot.now);
        if (!options.json && progress.reached() + progress.finished() != shown) {
            shown = progress.reached() + progress.finished();
            printProgress(out, progress);
        }
        if (progress.done() || !progress.refused().empty() || snapshot.now > deadline ||
            snapshot.source->ended())
            return sum(out, snapshot, progress, options.json);
    }
}

} // namespace

Exit cancelAndWatch(std::ostream& out, std::ostream& problems, Snapshot& snapshot, Node node,
                    const CancelOptions& options) {
    const std::string what = described(snapshot, node, options);
    if (const std::string problem = logCommand("cancels " + what + "; reason: " + options.reason);
        !problem.empty())
        problems << "coroscopectl: " << problem << '\n';
    const Exit exit = send(out, snapshot, node, options);
    const char* const outcomes[] = {"all have ended", "", "some are still there", "refused, or gone already"};
    (void)logCommand("cancelled " + what + ": " + outcomes[exit]);
    return exit;
}

} // namespace coroscope::ctl
