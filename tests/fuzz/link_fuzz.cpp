// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any bytes from a proxy, to the observer's end of a link. The input is looked at twice:
// as the bytes of a stream, and, past the checksums that keep most of those out, as a row of sections: number
// of the tag (1 byte), size (2 bytes), then the plain bytes.
#include "remote/Frames.h"
#include "remote/Receiver.h"

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/JobTree.h>
#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace {

using namespace coroscope;
namespace tags = wire::link::tags;
namespace dump = wire::dump::tags;

constexpr std::uint32_t known[] = {tags::info,    tags::batchTexts,    tags::batchEnd,  tags::status,
                                   tags::answer,  tags::over,          tags::cannot,    tags::targets,
                                   tags::sampled, tags::callStackMade, dump::texts,     dump::sites,
                                   dump::stacks,  dump::callStacks,    dump::contexts,  dump::jobs,
                                   dump::ended,   dump::incidents,     dump::resources, tags::names};

/// What an observer does with all that has come.
void use(observe::remote::Receiver& received) {
    const auto words = received.dictionary();
    observe::JobTree tree;
    observe::EndedJobs ended;
    observe::TreeChanges changes;
    for (observe::remote::Receiver::Arrived& arrived : received.batches) {
        for (const observe::EndedJob& job : arrived.batch.ended)
            (void)received.failures.find(job.id);
        ended.apply(arrived.batch, tree);
        tree.apply(std::move(arrived.batch), changes);
    }
    for (observe::Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node)) {
            (void)observe::jobLabel(tree.row(node), *words);
            (void)words->stack(tree.row(node).suspendedAt);
            (void)words->context(tree.row(node).context);
        }
    if (received.info)
        (void)received.info->now();
}

void asStream(std::string_view bytes) {
    observe::remote::HelloFinder finder;
    // In two pieces: nothing may depend on how they come.
    const std::size_t half = bytes.size() / 2;
    auto outcome = finder.take(bytes.substr(0, half));
    std::string_view rest = bytes.substr(half);
    if (outcome == observe::remote::HelloFinder::Outcome::More) {
        outcome = finder.take(rest);
        rest = {};
    }
    observe::remote::FrameReader frames;
    if (outcome == observe::remote::HelloFinder::Outcome::Found) {
        frames.add(finder.rest());
        frames.add(rest);
    } else {
        frames.add(bytes);
    }
    observe::remote::Receiver received;
    std::uint32_t tag = 0;
    std::string_view plain;
    while (frames.next(tag, plain) == observe::remote::FrameReader::Outcome::Frame)
        if (received.take(tag, plain, 1'000'000'000))
            return;
    use(received);
}

void asSections(const std::uint8_t* data, std::size_t size) {
    observe::remote::Receiver received;
    received.replies.emplace(1, std::nullopt);
    for (std::size_t at = 0; at + 3 <= size;) {
        const std::uint32_t tag = known[data[at] % std::size(known)];
        const std::size_t length = std::min<std::size_t>(data[at + 1] | data[at + 2] << 8, size - at - 3);
        const std::string_view plain(reinterpret_cast<const char*>(data) + at + 3, length);
        at += 3 + length;
        if (received.take(tag, plain, 1'000'000'000))
            return;
        if (tag == tags::sampled || tag == tags::callStackMade) {
            (void)observe::remote::sampleOf(plain);
            (void)observe::remote::problemOf(plain);
        }
    }
    use(received);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    asStream({reinterpret_cast<const char*>(data), size});
    asSections(data, size);
    return 0;
}
