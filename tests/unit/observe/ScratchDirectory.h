// SPDX-License-Identifier: Apache-2.0
// A directory for one test.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <stdlib.h>

namespace coroscope::test {

class ScratchDirectory {
public:
    ScratchDirectory() { ::mkdtemp(path_.data()); }
    ~ScratchDirectory() { std::filesystem::remove_all(path_); }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    const std::string& path() const { return path_; }
    /// Of the files in it, in order.
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(path_))
            all.push_back(entry.path().filename().string());
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    std::string path_ = std::filesystem::temp_directory_path() / "coroscope-XXXXXX";
};

} // namespace coroscope::test
