// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any messages from an agent, to the observer's end. The input is a row of messages: size
// (2 bytes), how many descriptors come along (1 byte), then the bytes.
#include "AgentLink.h"

#include <coroscope/wire/Control.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace coroscope;

void sendPiece(int socket, const std::uint8_t* bytes, std::size_t size, std::size_t descriptors) {
    static const int something = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    iovec part{const_cast<std::uint8_t*>(bytes), size}; // NOLINT: sendmsg's signature
    std::vector<char> control(CMSG_SPACE(descriptors * sizeof(int)));
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptors > 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
        const std::vector<int> all(descriptors, something);
        std::memcpy(CMSG_DATA(head), all.data(), descriptors * sizeof(int));
    }
    ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        std::abort();
    observe::ProcessFacts facts;
    facts.pid = facts.innermostPid = 4711;
    facts.start = 815;
    facts.program = "orders";
    observe::AgentLink link = observe::AgentLink::over(facts, observe::Descriptor(ends[0]));
    std::vector<observe::CommandAnswer> answers;
    std::uint64_t asked = 0;
    for (std::size_t at = 0; at + 3 <= size;) {
        const std::size_t length = std::min<std::size_t>(data[at] | data[at + 1] << 8, size - at - 3);
        sendPiece(ends[1], data + at + 3, length, data[at + 2]);
        at += 3 + length;
        if (link.called()) {
            if (auto greeted = link.greeted(); !greeted && greeted.problem().empty())
                std::abort();
            const observe::Descriptor record = link.takeRecord();
            asked += link.connected() && link.cancel(JobId{1}, false, "why not");
        } else if (link.connected()) {
            link.receive(answers);
        }
    }
    link.close("the end", answers);
    // Whatever was said: each question has one last answer.
    std::uint64_t last = 0;
    for (const observe::CommandAnswer& answer : answers)
        last += answer.kind != observe::CommandAnswer::Kind::Queued;
    if (last != asked)
        std::abort();
    ::close(ends[1]);
    return 0;
}
