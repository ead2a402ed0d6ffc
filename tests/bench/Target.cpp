// SPDX-License-Identifier: Apache-2.0
#include "Target.h"

#include "Figure.h"

#include <coroscope/model/RecordLayout.h>

#include <cstdio>
#include <filesystem>

#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coroscope::bench {
namespace {

std::string besideMe(const char* program) {
    char path[4096] = {};
    if (::readlink("/proc/self/exe", path, sizeof path - 1) <= 0)
        fail("where this program lies is not known");
    const std::string whole(path);
    return whole.substr(0, whole.rfind('/') + 1) + program;
}

} // namespace

Target::Target(const char* program, const std::vector<std::string>& arguments, const char* record) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
        fail("no pipe");
    const std::string path = besideMe(program);
    std::vector<const char*> words{path.c_str()};
    for (const std::string& argument : arguments)
        words.push_back(argument.c_str());
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(in[0], 0);
        ::dup2(out[1], 1);
        ::setenv("COROSCOPE", record, 1);
        ::execv(path.c_str(), const_cast<char* const*>(words.data())); // NOLINT
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
    line();
}

Target::~Target() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(in_);
    ::close(out_);
}

std::string Target::line() const {
    std::string text;
    for (char c = 0; ::read(out_, &c, 1) == 1;) {
        if (c == '\n')
            return text;
        text += c;
    }
    fail("the target ended before its time");
}

Target::Done Target::ask() const {
    if (::write(in_, "?", 1) != 1)
        fail("the target cannot be asked");
    Done done;
    unsigned long long rounds = 0, events = 0;
    if (std::sscanf(line().c_str(), "%llu %llu %lf", &rounds, &events, &done.seconds) != 3)
        fail("the target does not say what it has done");
    done.rounds = rounds;
    done.events = events;
    return done;
}

void Target::stop() const {
    int status = 0;
    if (::kill(pid_, SIGSTOP) != 0 || ::waitpid(pid_, &status, WUNTRACED) != pid_ || !WIFSTOPPED(status))
        fail("the target cannot be stopped");
}

int Target::record() const {
    const std::string directory = "/proc/" + std::to_string(pid_) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        std::error_code ignored;
        if (std::filesystem::read_symlink(entry, ignored).string().find(layout::memfdName) ==
            std::string::npos)
            continue;
        if (const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC); descriptor >= 0)
            return descriptor;
    }
    fail("the target has no record");
}

double Target::cpuSeconds() const {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
        fail("the target's processor time cannot be read");
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::unique_ptr<observe::Source> attachOrExit(pid_t pid) {
    auto source = observe::attach(pid);
    if (!source)
        fail(source.problem().c_str());
    return *std::move(source);
}

} // namespace coroscope::bench
