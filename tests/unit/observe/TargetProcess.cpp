// SPDX-License-Identifier: Apache-2.0
#include "TargetProcess.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::test {

std::string targetProgram() {
    return TARGET_PROGRAM;
}

TargetProcess::TargetProcess() {
    start({TARGET_PROGRAM});
    if (readLine() != "ready")
        std::abort();
}

TargetProcess::TargetProcess(const std::vector<std::string>& command) {
    start(command);
}

std::unique_ptr<TargetProcess> TargetProcess::by(std::vector<std::string> words) {
    words.emplace_back(TARGET_PROGRAM);
    auto process = std::make_unique<TargetProcess>(words);
    if (process->readLine() != "ready")
        std::abort();
    return process;
}

void TargetProcess::start(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& word : command)
        arguments.push_back(const_cast<char*>(word.c_str())); // NOLINT: exec's signature
    arguments.push_back(nullptr);
    int toChild[2], fromChild[2];
    if (::pipe2(toChild, O_CLOEXEC) != 0 || ::pipe2(fromChild, O_CLOEXEC) != 0)
        std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(toChild[0], STDIN_FILENO);
        ::dup2(fromChild[1], STDOUT_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(toChild[0]);
    ::close(fromChild[1]);
    in_ = toChild[1];
    out_ = fromChild[0];
}

TargetProcess::~TargetProcess() {
    ::close(in_);
    ::close(out_);
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void TargetProcess::write(const std::string& line) {
    const std::string whole = line + '\n';
    if (::write(in_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()))
        std::cerr << "the target does not listen\n";
}

std::string TargetProcess::readLine() {
    for (;;) {
        if (const std::size_t end = buffered_.find('\n'); end != std::string::npos) {
            std::string line = buffered_.substr(0, end);
            buffered_.erase(0, end + 1);
            return line;
        }
        char bytes[4096];
        const ssize_t size = ::read(out_, bytes, sizeof bytes);
        if (size <= 0)
            return "(the target has closed its output)";
        buffered_.append(bytes, static_cast<std::size_t>(size));
    }
}

std::string TargetProcess::tell(const std::string& line) {
    write(line);
    return readLine();
}

void TargetProcess::signal(int number) {
    ::kill(pid_, number);
}

void TargetProcess::waitForState(char state) {
    eventually([&] {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
        std::string text((std::istreambuf_iterator<char>(file)), {});
        const std::size_t name = text.rfind(')');
        return name != std::string::npos && text.size() > name + 2 && text[name + 2] == state;
    });
}

int TargetProcess::waitForExit() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace coroscope::test
