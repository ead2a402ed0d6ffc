// SPDX-License-Identifier: Apache-2.0
#include "Progress.h"

#include <coroscope/observe/Labels.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include <unistd.h>

namespace coroscope::ctl {

namespace {
constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int64_t patience = 1'000 * millisecond;
constexpr std::int64_t interval = 200 * millisecond;
constexpr const char* clearLine = "\r\x1b[K";
} // namespace

Progress::Progress(std::string name)
    : name_(std::move(name))
    , due_(observe::monotonicNow() + patience) {}

Progress::~Progress() {
    if (told_)
        std::cerr << clearLine << std::flush;
}

observe::OpenOptions Progress::options() {
    if (::isatty(STDERR_FILENO) == 0)
        return {};
    return {.progress = [this](std::uint64_t read, std::uint64_t size) {
        if (const std::int64_t now = observe::monotonicNow(); now >= due_) {
            due_ = now + interval;
            tell(read, size);
        }
        return true;
    }};
}

void Progress::tell(std::uint64_t read, std::uint64_t size) {
    told_ = true;
    std::cerr << clearLine << "reading " << name_ << ": ";
    if (size == 0)
        std::cerr << observe::sizeText(read);
    else
        std::cerr << std::min<std::uint64_t>(read / std::max<std::uint64_t>(size / 100, 1), 100) << " % of "
                  << observe::sizeText(size);
    std::cerr << std::flush;
}

} // namespace coroscope::ctl
