// SPDX-License-Identifier: Apache-2.0
// Runs a program with pipes to its standard input and output; by default the test target (Target.cpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace coroscope::test {

class TargetProcess {
public:
    TargetProcess(); ///< returns when the target is ready
    /// The test target with these words (of env, setpriv ...) before its name; returns when it is ready.
    static std::unique_ptr<TargetProcess> by(std::vector<std::string> words);
    explicit TargetProcess(const std::vector<std::string>& command);
    ~TargetProcess(); ///< kills it
    TargetProcess(const TargetProcess&) = delete;
    TargetProcess& operator=(const TargetProcess&) = delete;

    pid_t pid() const { return pid_; }
    /// Sends one line and answers the line that comes back.
    std::string tell(const std::string& line);
    void write(const std::string& line);
    std::string readLine();
    void signal(int number);
    /// Waits until the process is in this state ('T': stopped).
    void waitForState(char state);
    int waitForExit();

private:
    void start(const std::vector<std::string>& command);
    pid_t pid_ = -1;
    int in_ = -1, out_ = -1;
    std::string buffered_;
};

/// The file of the test target.
std::string targetProgram();

/// Calls `holds` until it answers true, for at most twenty seconds; answers whether it did.
template <class F>
bool eventually(F&& holds);

} // namespace coroscope::test

#include <chrono>
#include <thread>

template <class F>
bool coroscope::test::eventually(F&& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}
