// SPDX-License-Identifier: Apache-2.0
#include "Sample.h"

#include <array>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace endtoend {

namespace {

Process::Environment environmentIn(const ScratchDirectory& directory) {
    return {{"XDG_RUNTIME_DIR", directory.path()},
            {"TMPDIR", directory.path()},
            {"XDG_STATE_HOME", directory.path() + "/state"}};
}

} // namespace

Sample::Sample(int jobs)
    : process_({COROSCOPE_ORDERS, "--jobs", std::to_string(jobs), "--log", directory_.path() + "/log",
                "--control", directory_.path() + "/control"},
               environmentIn(directory_), directory_.path() + "/output") {
    if (!eventually([this] { return !process_.isRunning() || control("faults").starts_with("global="); }) ||
        !process_.isRunning())
        throw std::runtime_error("the sample did not start: " + contentsOf(directory_.path() + "/output"));
}

std::vector<std::string> Sample::log() const {
    return logSince(0);
}

std::vector<std::string> Sample::logSince(std::size_t first) const {
    std::istringstream text(contentsOf(directory_.path() + "/log"));
    std::vector<std::string> lines;
    std::size_t number = 0;
    for (std::string line; std::getline(text, line);)
        if (number++ >= first)
            lines.push_back(line);
    return lines;
}

std::string Sample::control(const std::string& command) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory_.path() + "/control";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string answer;
    const std::string line = command + "\n";
    if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        send(connection, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
        std::array<char, 256> some{};
        while (answer.find('\n') == std::string::npos) {
            const ssize_t count = recv(connection, some.data(), some.size(), 0);
            if (count <= 0)
                break;
            answer.append(some.data(), static_cast<std::size_t>(count));
        }
    }
    close(connection);
    return answer.substr(0, answer.find('\n'));
}

Output Sample::ctl(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{COROSCOPE_CTL};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return runCommand(command, environmentIn(directory_));
}

Json Sample::tree() const {
    const Output output = ctl({"tree", std::to_string(process_.pid()), "--json"});
    if (output.status != 0)
        throw std::runtime_error("coroscopectl tree: " + output.text);
    return Json::parse(output.text);
}

std::vector<const Json*> subtree(const Json& job) {
    std::vector<const Json*> found{&job};
    for (std::size_t i = 0; i < found.size(); ++i)
        for (const Json& child : found[i]->at("children"))
            found.push_back(&child);
    return found;
}

std::vector<const Json*> allJobs(const Json& tree) {
    std::vector<const Json*> found;
    for (const Json& root : tree.at("roots"))
        for (const Json* job : subtree(root))
            found.push_back(job);
    return found;
}

const Json* findByName(const Json& tree, const std::string& name) {
    for (const Json* job : allJobs(tree))
        if (job->at("name") == name)
            return job;
    return nullptr;
}

std::string placeOf(const Json& job) {
    const Json& place = job.at("createdAt");
    if (place.is_null())
        return "?";
    return place.at("file").get<std::string>() + ":" + std::to_string(place.at("line").get<int>());
}

} // namespace endtoend
