// SPDX-License-Identifier: Apache-2.0
// The sample's own control socket: one line in, one line out. Apart from everything that Coroscope does.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace orders {

class Control {
public:
    /// Answers a line with a line. Runs on the control thread.
    using Answer = std::function<std::string(const std::string& line)>;

    /// Listens on a unix socket at `path` (mode 0600). Throws std::runtime_error with a sentence.
    Control(std::string path, Answer answer);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

private:
    void serve();

    std::string path_;
    Answer answer_;
    int listener_ = -1;
    int stop_[2] = {-1, -1};
    std::thread thread_;
};

} // namespace orders
