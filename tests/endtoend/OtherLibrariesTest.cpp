// SPDX-License-Identifier: Apache-2.0
// Coroutine libraries that are not ours, shown through the record's C interface.
#include "Process.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <string>

using namespace endtoend;
using Json = nlohmann::json;

namespace {

class Target {
public:
    explicit Target(const std::vector<std::string>& command)
        : process_(command, {{"XDG_RUNTIME_DIR", directory_.path()}}, directory_.path() + "/output") {
        EXPECT_TRUE(eventually([this] { return output().find("ready") != std::string::npos; }));
    }
    std::string output() const { return contentsOf(directory_.path() + "/output"); }
    Output ctl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), COROSCOPE_CTL);
        return runCommand(arguments, {{"XDG_RUNTIME_DIR", directory_.path()}});
    }
    std::string pid() const { return std::to_string(process_.pid()); }
    Json tree() const { return Json::parse(ctl({"tree", pid(), "--json"}).text); }
    const Process& process() const { return process_; }

private:
    ScratchDirectory directory_;
    Process process_;
};

Json named(const Json& jobs, const std::string& name) {
    Json found = Json::array();
    for (const Json& job : jobs)
        if (job.at("name") == name)
            found.push_back(job);
    return found;
}

TEST(OtherLibraries, ALibraryInCIsShownWithAllThatItTells) {
    const Target target({COROSCOPE_C_LIBRARY});
    const Json tree = target.tree();
    ASSERT_EQ(tree.at("roots").size(), 1u) << tree;
    const Json engine = tree.at("roots").at(0);
    EXPECT_EQ(engine.at("name"), "engine");
    EXPECT_EQ(engine.at("state"), "Active");
    EXPECT_EQ(engine.at("execution"), "waits for children");
    EXPECT_EQ(engine.at("createdAt").at("file"), "engine.c");
    EXPECT_EQ(engine.at("createdAt").at("function"), "run_engine");
    EXPECT_EQ(engine.at("createdAt").at("line"), 12);
    EXPECT_EQ(engine.at("dispatcher"), "loop");
    ASSERT_EQ(engine.at("children").size(), 2u) << "what was ended is gone";
    const Json worker = engine.at("children").at(0), later = engine.at("children").at(1);
    EXPECT_EQ(worker.at("name"), "worker-1");
    EXPECT_EQ(worker.at("execution"), "suspended");
    const Json& waitsFor = worker.at("waitsFor");
    EXPECT_EQ(waitsFor.at("kind"), "channel");
    EXPECT_EQ(waitsFor.at("name"), "orders");
    EXPECT_EQ(waitsFor.at("createdAt").at("line"), 88);
    EXPECT_EQ(waitsFor.at("capacity"), 8);
    EXPECT_EQ(waitsFor.at("waiting"), 1);
    ASSERT_EQ(worker.at("suspendedAt").size(), 2u);
    EXPECT_EQ(worker.at("suspendedAt").at(0).at("file"), "queue.c");
    EXPECT_EQ(worker.at("suspendedAt").at(1).at("line"), 40);
    EXPECT_EQ(later.at("name"), "later");
    EXPECT_EQ(later.at("state"), "New");
}

TEST(OtherLibraries, ALibraryInCIsCancelledThroughItsHandler) {
    const Target target({COROSCOPE_C_LIBRARY});
    const Output output = target.ctl({"cancel", target.pid(), "worker-1", "--reason", "no need", "--yes"});
    EXPECT_EQ(output.status, 0) << output.text;
    EXPECT_NE(target.output().find("cancelled: no need"), std::string::npos);
    EXPECT_TRUE(named(target.tree().at("roots").at(0).at("children"), "worker-1").empty());
}

#ifdef COROSCOPE_ASIO_ECHO

TEST(OtherLibraries, TheCoroutinesOfAsioAreATreeWithPlacesInTheSource) {
    const Target target({COROSCOPE_ASIO_ECHO, "4"});
    Json roots;
    EXPECT_TRUE(eventually([&] {
        roots = target.tree().at("roots");
        const Json acceptors = named(roots, "acceptor"), clients = named(roots, "client");
        if (acceptors.size() != 1 || clients.size() != 4 || acceptors.at(0).at("children").size() != 4)
            return false;
        // All wait: the sessions for news, the clients for their timers.
        for (const Json& session : acceptors.at(0).at("children"))
            if (session.at("name") != "session" || session.at("execution") != "suspended" ||
                session.at("waitsFor").at("kind") != "event")
                return false;
        for (const Json& client : clients)
            if (client.at("execution") != "suspended" || client.at("waitsFor").at("kind") != "delay")
                return false;
        return true;
    })) << roots;
    const Json session = named(roots, "acceptor").at(0).at("children").at(0);
    EXPECT_NE(session.at("suspendedAt").at(0).at("file").get<std::string>().find("asio_echo/main.cpp"),
              std::string::npos);
    EXPECT_EQ(session.at("suspendedAt").at(0).at("function"), "session");
}

TEST(OtherLibraries, ACancelThatALibraryCannotCarryOutIsRefusedInWords) {
    const Target target({COROSCOPE_ASIO_ECHO, "1"});
    const Output output = target.ctl({"cancel", target.pid(), "acceptor", "--reason", "test", "--yes"});
    EXPECT_EQ(output.status, 3) << output.text;
    EXPECT_NE(output.text.find("does not allow commands"), std::string::npos) << output.text;
}

TEST(OtherLibraries, NoJobOfAsioIsLeftWhenItsCoroutineHasEnded) {
    const Target target({COROSCOPE_ASIO_ECHO, "0"});
    // Other programs come and go: each session lives as long as its connection.
    const std::string text = target.output();
    const std::string port = text.substr(text.find("ready ") + 6, text.find('\n') - text.find("ready ") - 6);
    for (int i = 0; i < 20; ++i) {
        const Output said =
            runCommand({"/bin/bash", "-c",
                        "exec 3<>/dev/tcp/127.0.0.1/" + port + "; echo hi >&3; read -r x <&3; echo $x"},
                       {});
        EXPECT_EQ(said.text, "hi\n");
    }
    Json roots;
    EXPECT_TRUE(eventually([&] {
        roots = target.tree().at("roots");
        return named(roots, "acceptor").size() == 1 && named(roots, "acceptor").at(0).at("children").empty();
    })) << roots;
}

#endif

} // namespace
