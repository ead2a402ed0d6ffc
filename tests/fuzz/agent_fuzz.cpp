// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any messages from an observer, to the agent of this very process. The input is a row of
// messages: size (2 bytes), then the bytes. A job lives through all of it, and the agent must go on
// answering.
#include <coroscope/record/JobRecord.h>
#include <coroscope/wire/Control.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

using namespace coroscope;

const record::CommandHandler handler{[](void*) noexcept { return true; }, [](void*) noexcept {},
                                     [](void*, bool, std::string_view) {}};

struct Target {
    record::JobRecord job;
    std::string directory = "/tmp/coroscope-fuzz-XXXXXX";
    int owner = 0;
    Target() {
        if (::mkdtemp(directory.data()) == nullptr)
            std::abort();
        ::setenv("XDG_RUNTIME_DIR", directory.c_str(), 1);
        record::setCommandHandler(&handler);
        job.begin({.kind = JobKind::Launch, .owner = &owner});
        if (!job.id() || record::socketPath().empty())
            std::abort();
    }
    ~Target() {
        ::unlink(std::string(record::socketPath()).c_str());
        ::rmdir((directory + "/coroscope").c_str());
        ::rmdir(directory.c_str());
    }
};

int connected() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    record::socketPath().copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    wire::Hello hello;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::recv(socket, &hello, sizeof hello, 0) != sizeof hello)
        std::abort();
    return socket;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Target target;
    const int socket = connected();
    for (std::size_t at = 0; at + 2 <= size;) {
        const std::size_t length = std::min<std::size_t>(data[at] | data[at + 1] << 8, size - at - 2);
        ::send(socket, data + at + 2, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        at += 2 + length;
    }
    // A proper one behind it is answered, unless the agent has hung up.
    wire::Cancel command;
    command.request = 99;
    ::send(socket, &command, sizeof command, MSG_NOSIGNAL);
    wire::Answer answer;
    ssize_t got = 0;
    do {
        pollfd waiting{socket, POLLIN, 0};
        if (::poll(&waiting, 1, 10'000) != 1)
            std::abort();
        got = ::recv(socket, &answer, sizeof answer, 0);
    } while (got == sizeof answer && answer.request != 99);
    ::close(socket);
    return 0;
}
