// SPDX-License-Identifier: Apache-2.0
#include "Process.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace endtoend {

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return condition();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

ScratchDirectory::ScratchDirectory() {
    // Short, because the path of a unix socket may not be longer than 107 bytes.
    std::string name = "/tmp/coroscope-e2e-XXXXXX";
    if (!mkdtemp(name.data()))
        throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Process::Process(const std::vector<std::string>& command, const Environment& environment,
                 const std::string& output, Input input) {
    std::vector<char*> arguments;
    for (const std::string& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    int pipeEnds[2] = {-1, -1};
    if (input == Input::Open) {
        if (pipe2(pipeEnds, O_CLOEXEC) != 0)
            throw std::system_error(errno, std::generic_category(), "pipe2");
        input_ = pipeEnds[1];
    }
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(126);
        for (const auto& [name, value] : environment)
            setenv(name.c_str(), value.c_str(), 1);
        const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        const int from = input == Input::Open ? pipeEnds[0] : open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (file < 0 || from < 0 || dup2(from, 0) < 0 || dup2(file, 1) < 0 || dup2(file, 2) < 0)
            _exit(126);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    if (input == Input::Open)
        close(pipeEnds[0]);
}

Process::~Process() {
    if (isRunning()) {
        signal(SIGKILL);
        wait();
    }
    closeInput();
}

void Process::closeInput() {
    if (input_ >= 0)
        close(input_);
    input_ = -1;
}

void Process::signal(int number) const {
    if (!status_)
        kill(pid_, number);
}

bool Process::stop() const {
    signal(SIGSTOP);
    return eventually([this] {
        return contentsOf("/proc/" + std::to_string(pid_) + "/stat").find(") T ") != std::string::npos;
    });
}

bool Process::isRunning() {
    if (status_)
        return false;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_)
        return true;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return false;
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
    eventually([this] { return !isRunning(); }, limit);
    return status_;
}

Output runCommand(const std::vector<std::string>& command, const Process::Environment& environment) {
    const ScratchDirectory scratch;
    const std::string file = scratch.path() + "/output";
    Process process(command, environment, file);
    const std::optional<int> status = process.wait();
    if (!status)
        throw std::runtime_error(command.front() + " did not end");
    return {*status, contentsOf(file)};
}

std::string contentsOf(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

} // namespace endtoend
