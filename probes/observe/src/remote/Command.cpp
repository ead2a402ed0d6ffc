// SPDX-License-Identifier: Apache-2.0
#include "remote/Command.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::observe::remote {

namespace {

constexpr int graceMilliseconds = 300, step = 5;

struct Pipe {
    Descriptor read, write;
};

bool open(Pipe& pipe) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pipe.read = Descriptor(ends[0]);
    pipe.write = Descriptor(ends[1]);
    return true;
}

void neverBlock(const Descriptor& descriptor) {
    ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

} // namespace

Result<Command> Command::start(const std::vector<std::string>& words, bool useTerminal) {
    Pipe in, out, errors;
    if (!open(in) || !open(out) || !open(errors))
        return Problem{std::string("No pipe could be made: ") + std::strerror(errno) + "."};
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in.read.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, out.write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, errors.write.get(), STDERR_FILENO);
    posix_spawnattr_t how;
    ::posix_spawnattr_init(&how);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGCHLD})
        sigaddset(&usual, number);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setsigdefault(&how, &usual);
    ::posix_spawnattr_setflags(&how, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                        (useTerminal ? 0 : POSIX_SPAWN_SETSID)));
    std::vector<char*> arguments;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str())); // what posix_spawn asks for; it changes nothing
    arguments.push_back(nullptr);
    Command command;
    const int error = ::posix_spawnp(&command.pid_, arguments[0], &files, &how, arguments.data(), environ);
    ::posix_spawnattr_destroy(&how);
    ::posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        command.pid_ = -1;
        return Problem{error == ENOENT ? "There is no program " + words[0] + " on this machine."
                                       : words[0] + " cannot be run: " + std::strerror(error) + "."};
    }
    command.ownGroup_ = !useTerminal;
    command.input_ = std::move(in.write);
    command.output_ = std::move(out.read);
    command.errors_ = std::move(errors.read);
    for (const Descriptor* each : {&command.input_, &command.output_, &command.errors_})
        neverBlock(*each);
    return command;
}

Command::Command(Command&& other) noexcept
    : pid_(std::exchange(other.pid_, -1))
    , ownGroup_(other.ownGroup_)
    , input_(std::move(other.input_))
    , output_(std::move(other.output_))
    , errors_(std::move(other.errors_))
    , status_(other.status_) {}

void Command::end() noexcept {
    if (pid_ < 0 || !input_)
        return;
    input_ = {};
    output_ = {};
    errors_ = {};
    // Its helpers may still be there when it has ended itself.
    signal(SIGTERM);
    signal(SIGCONT);
    if (!status(graceMilliseconds)) {
        signal(SIGKILL);
        status(graceMilliseconds);
    }
}

void Command::signal(int number) const noexcept {
    if (ownGroup_)
        ::kill(-pid_, number);
    else if (!status_)
        ::kill(pid_, number);
}

std::optional<int> Command::status(int waitMilliseconds) {
    for (int waited = 0; !status_ && pid_ > 0; waited += step) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_)
            status_ = status;
        else if (waited >= waitMilliseconds)
            break;
        else
            ::poll(nullptr, 0, step);
    }
    return status_;
}

std::string statusText(int status) {
    return WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                               : "exit status " + std::to_string(WEXITSTATUS(status));
}

} // namespace coroscope::observe::remote
