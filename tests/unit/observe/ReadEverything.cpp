// SPDX-License-Identifier: Apache-2.0
#include "SmallRecord.h"

#include "LiveSource.h"
#include "RecordReader.h"

#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Waits.h>

#include <unistd.h>

namespace coroscope::test {

void readEverything(const void* memory, std::size_t size) {
    auto opened = observe::RecordReader::over(memory, size);
    if (!opened) {
        if (opened.problem().empty())
            std::abort();
        return;
    }
    const std::shared_ptr<const observe::RecordReader> reader = *opened;
    observe::ProcessFacts self;
    self.pid = ::getpid();
    self.program =
        reader->program() + reader->runtimeVersion() + reader->socketAddress() + reader->noAgentBecause();
    // Without a pidfd and with a start time that is not ours the source thinks that its process has gone: one
    // read is its first and its last, with every scan there is.
    observe::LiveSource source(self, observe::Descriptor(), reader, observe::AgentLink(), "");
    observe::JobTree tree;
    observe::Batch batch;
    observe::TreeChanges changes;
    source.read(batch);
    observe::EndedJobs ended;
    ended.apply(batch, tree);
    tree.apply(batch, changes);
    const auto dictionary = source.dictionary();
    (void)observe::findings(tree, ended, *dictionary, observe::monotonicNow());
    for (observe::Node node = 0; node < tree.endNode(); ++node) {
        const observe::JobRow& row = tree.row(node);
        (void)observe::jobLabel(row, *dictionary);
        (void)tree.waitsForJob(row);
        (void)dictionary->stack(row.suspendedAt);
        (void)reader->callStack(row.creationStack);
        (void)reader->threadOf(row.id);
        (void)observe::describeWait(tree, row, *dictionary, 0).plain(tree, *dictionary);
        (void)dictionary->context(row.context);
        (void)dictionary->site(row.site).shortFunction();
        (void)source.failureText({row.id, row.state, row.waitsFor, 0});
    }
    for (const observe::Resource& resource : tree.resources())
        (void)dictionary->site(resource.site).shortFunction();
    for (std::uint32_t thread = 0; thread < std::min(reader->threadsHighWater(), 8u); ++thread) {
        std::vector<layout::Event> events;
        const std::uint64_t head = reader->ringHead(thread), capacity = reader->ringCapacity();
        const std::uint64_t lost = reader->readEvents(thread, head - capacity, head, events);
        if (lost + events.size() != capacity)
            std::abort();
        for (const layout::Event& event : events)
            (void)reader->failureText(JobId{event.job}, event.aux);
    }
    (void)reader->countJobs();
}

} // namespace coroscope::test
