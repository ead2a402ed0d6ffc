// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all.
#pragma once

#include "Process.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace coroscope::observe {

/// Written under another name in the same directory, mode 0600, and renamed when it is complete. Until then,
/// and if anything goes wrong, an older file of that name stays as it is; nothing is left behind.
class NewFile {
public:
    /// A link is followed: what it points to is replaced.
    explicit NewFile(const std::string& path);
    ~NewFile(); ///< gives up what was not finished
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// After the first failure nothing is written any more.
    void write(const void* data, std::size_t size);
    /// Waits until it is on the disk and gives it its name. False if anything has gone wrong since the
    /// beginning.
    bool finish();

    std::uint64_t size() const noexcept { return size_; }
    /// A sentence; empty while all is well.
    const std::string& problem() const noexcept { return problem_; }

private:
    void fail(int error);

    std::string wanted_;  ///< as the caller named it
    std::string path_;    ///< without links
    std::string written_; ///< the name it has meanwhile
    std::string problem_;
    Descriptor file_;
    std::uint64_t size_ = 0;
};

} // namespace coroscope::observe
