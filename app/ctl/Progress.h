// SPDX-License-Identifier: Apache-2.0
// How far a file has been read, told to a person while it takes long.
#pragma once

#include <coroscope/observe/Source.h>

#include <string>

namespace coroscope::ctl {

/// Writes one line to the standard error over and over, where that is a terminal, and removes it at the end.
class Progress {
public:
    explicit Progress(std::string name);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    /// For observe::open; may be used as long as this lives.
    observe::OpenOptions options();

private:
    void tell(std::uint64_t read, std::uint64_t size);

    std::string name_;
    std::int64_t due_;
    bool told_ = false;
};

} // namespace coroscope::ctl
