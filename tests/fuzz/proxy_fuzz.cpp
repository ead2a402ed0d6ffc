// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any questions and commands of an observer, to the proxy. The input is a row of sections,
// as in link_fuzz.cpp; they are sent with right checksums, or, if the first byte is odd, as they are.
#include "DumpSource.h"
#include "remote/Frames.h"

#include <coroscope/observe/Remote.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace coroscope;
namespace tags = wire::link::tags;

constexpr std::uint32_t known[] = {tags::taken, tags::beat,   tags::cancel,
                                   tags::list,  tags::sample, tags::callStack};

class NoWords : public observe::Dictionary {
public:
    std::string text(TextId) const override { return "name"; }
    observe::SiteText site(SiteId) const override { return {}; }
    observe::StackText stack(StackId) const override { return {}; }
    observe::ContextText context(std::uint32_t) const override { return {}; }
};

observe::Result<std::unique_ptr<observe::Source>> twoJobs() {
    observe::Dump dump;
    dump.dictionary = std::make_shared<NoWords>();
    dump.failureText = [](const observe::EndedJob&) { return std::string("text"); };
    for (std::uint32_t i = 1; i <= 2; ++i) {
        observe::JobRow row;
        row.id = JobId{(std::uint64_t{1} << JobId::indexBits) | i};
        dump.jobs.push_back(row);
    }
    return std::unique_ptr<observe::Source>(std::make_unique<observe::DumpSource>(std::move(dump)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    int ends[2];
    if (size == 0 || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 0;
    const bool asTheyAre = data[0] % 2 != 0;
    observe::remote::FrameWriter said;
    said.hello();
    for (std::size_t at = 1; at + 3 <= size && !asTheyAre;) {
        const std::size_t length = std::min<std::size_t>(data[at + 1] | data[at + 2] << 8, size - at - 3);
        said.sections.add(data + at + 3, length);
        said.sections.write(known[data[at] % std::size(known)]);
        at += 3 + length;
    }
    said.send(ends[1]);
    if (asTheyAre)
        (void)!::write(ends[1], data + 1, size - 1);
    ::shutdown(ends[1], SHUT_WR);
    std::thread reader([socket = ends[1]] {
        char bytes[4'096];
        while (::read(socket, bytes, sizeof bytes) > 0) {
        }
    });
    (void)observe::serveProxy(ends[0], ends[0], &twoJobs);
    ::close(ends[0]);
    reader.join();
    ::close(ends[1]);
    return 0;
}
