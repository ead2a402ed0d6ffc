// SPDX-License-Identifier: Apache-2.0
// The helper process. It lives on its standard input, one request after the other, and ends with it.
#include "Frames.h"
#include "Helper.h"
#include "Message.h"
#include "Symbols.h"
#include "ThreadCopy.h"
#include "Unwind.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILT_WITH_SANITIZER 1
#elif defined(__has_feature)
#define BUILT_WITH_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define BUILT_WITH_SANITIZER 0
#endif

namespace coroscope::observe::native {

namespace {

/// Seconds after which a request has failed, even if nobody is there any more who would end us.
constexpr unsigned longestRequest = 60;

bool readAll(void* into, std::size_t size) noexcept {
    auto* bytes = static_cast<char*>(into);
    while (size > 0) {
        const ssize_t got = ::read(STDIN_FILENO, bytes, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

void answer(const MessageWriter& message) {
    const auto size = static_cast<std::uint32_t>(message.bytes().size());
    std::string whole(reinterpret_cast<const char*>(&size), sizeof size);
    whole += message.bytes();
    for (std::string_view rest = whole; !rest.empty();) {
        const ssize_t sent = ::send(STDIN_FILENO, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            ::_exit(0);
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void answerSymbols(MessageReader& request, Symbols& symbols) {
    const int pid = static_cast<int>(request.number());
    const bool executable = request.number() != 0;
    const std::string path = request.text(), buildId = request.text();
    const Symbols::File& file = symbols.file(pid, path, executable, buildId);
    MessageWriter message;
    message.text(file.note);
    const std::uint64_t count = request.count();
    message.number(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t address = request.number();
        std::vector<SiteText> frames;
        if (file.module != nullptr)
            frames = framesAt(file.module, address - 1, path); // the call, not what comes after it
        if (frames.empty())
            frames.push_back(unknownFrame(path, address));
        writeFrames(message, frames);
    }
    answer(message);
}

/// Two answers: how the thread was stopped, as soon as it runs on; and its stack, when that is understood.
void answerSample(MessageReader& request) {
    const int pid = static_cast<int>(request.number()), tid = static_cast<int>(request.number());
    const std::string who = request.text();
    Unwinder unwinder(pid);
    const ThreadCopy copy = copyThread(pid, tid, who);
    MessageWriter stopped;
    stopped.text(copy.problem);
    stopped.number(copy.pausedFor);
    answer(stopped);
    if (!copy.problem.empty())
        ::_exit(0); // and with us a trace that may still hold the thread
    const CallStackText stack = unwinder.stackOf(tid, copy);
    MessageWriter message;
    message.text(stack.note);
    writeFrames(message, stack.frames);
    answer(message);
}

void serve() {
    Symbols symbols;
    for (;;) {
        std::uint32_t size = 0;
        if (!readAll(&size, sizeof size) || size > largestMessage)
            return;
        std::string bytes(size, '\0');
        if (!readAll(bytes.data(), size))
            return;
        MessageReader request(bytes);
        ::alarm(longestRequest);
        switch (static_cast<Ask>(request.number())) {
        case Ask::Symbols:
            answerSymbols(request, symbols);
            break;
        case Ask::Sample:
            answerSample(request);
            break;
        }
        ::alarm(0);
    }
}

/// Neither a core file of ours nor all of the machine's memory for a file that asks for it.
void limitOurselves() noexcept {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
#if !BUILT_WITH_SANITIZER // sanitizers ask for address space without end
    const rlimit memory{rlim_t{8} << 30, rlim_t{8} << 30};
    ::setrlimit(RLIMIT_AS, &memory);
#endif
}

} // namespace

void serveAsHelper() noexcept {
    limitOurselves();
    try {
        serve();
    } catch (const std::exception&) {
        ::_exit(1); // the observer sees that there is no answer
    }
    ::_exit(0);
}

} // namespace coroscope::observe::native
