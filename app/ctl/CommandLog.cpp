// SPDX-License-Identifier: Apache-2.0
#include "CommandLog.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace coroscope::ctl {

namespace {

std::filesystem::path folder() {
    if (const char* state = std::getenv("XDG_STATE_HOME"); state && state[0] == '/')
        return std::filesystem::path(state) / "coroscope";
    const char* const home = std::getenv("HOME");
    return std::filesystem::path(home && home[0] == '/' ? home : "/") / ".local/state/coroscope";
}

std::string now() {
    const std::time_t seconds = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

} // namespace

std::string logCommand(const std::string& what) {
    const std::filesystem::path path = folder() / "coroscopectl.log";
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    std::string line = now() + " user " + std::to_string(::getuid()) + ' ' + what;
    std::replace_if(line.begin(), line.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
    line += '\n';
    // One write, so that lines of several commands at once do not mix.
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const bool written =
        file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    std::string problem;
    if (!written)
        problem = "the command is not logged: " + path.string() + ": " + std::strerror(errno);
    if (file >= 0)
        ::close(file);
    return problem;
}

} // namespace coroscope::ctl
