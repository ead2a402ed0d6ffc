// SPDX-License-Identifier: Apache-2.0
// throttle RATE DAMAGE COMMAND...: runs a command and lets so many bytes of its output through in a second,
// as a slow line does; after DAMAGE bytes, if that is not 0, they come through changed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

int main(int count, char** arguments) {
    if (count < 4)
        return 2;
    const double perSecond = std::atof(arguments[1]);
    const std::size_t damage = std::strtoul(arguments[2], nullptr, 10);
    std::size_t passed = 0;
    int ends[2];
    if (::pipe(ends) != 0)
        return 2;
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::execvp(arguments[3], arguments + 3);
        ::_exit(127);
    }
    ::close(ends[1]);
    std::vector<char> bytes(static_cast<std::size_t>(perSecond / 50) + 1);
    // By the clock: who is woken late on a busy machine catches up.
    auto due = std::chrono::steady_clock::now();
    for (;;) {
        const ssize_t got = ::read(ends[0], bytes.data(), bytes.size());
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; ++i)
            if (damage != 0 && passed++ >= damage)
                bytes[static_cast<std::size_t>(i)] ^= 0x55;
        for (ssize_t sent = 0; sent < got;) {
            const ssize_t wrote =
                ::write(STDOUT_FILENO, bytes.data() + sent, static_cast<std::size_t>(got - sent));
            if (wrote <= 0)
                return 1;
            sent += wrote;
        }
        due +=
            std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(got) * 1e9 / perSecond));
        due = std::max(due,
                       std::chrono::steady_clock::now() - std::chrono::seconds(1)); // a line keeps no credit
        std::this_thread::sleep_until(due);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
