// SPDX-License-Identifier: Apache-2.0
// Threads that make, change and end jobs as fast as they can, and count the events of each change themselves,
// in memory that outlives them.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace coroscope::test {

/// What one thread of a storm has done, in a file that the test maps too.
struct alignas(64) Produced {
    /// Before each step, the events it will write are added to `begun`, after it to `done`.
    std::atomic<std::uint64_t> begun, done;
};

class Storm {
public:
    static constexpr unsigned mostThreads = 256;
    /// `file` is of mostThreads * sizeof(Produced) bytes.
    Storm(unsigned threads, const std::string& file);
    ~Storm();
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;

    /// Ends all jobs and threads. Answers how many events there were.
    std::uint64_t calm();

private:
    void run(unsigned number);

    Produced* produced_;
    std::atomic<bool> stop_ = false;
    std::vector<std::thread> threads_;
};

/// A file for a storm's counts, as whoever observes it sees it. Gone from the file system with its owner.
class ProducedFile {
public:
    ProducedFile();
    ~ProducedFile();
    ProducedFile(const ProducedFile&) = delete;
    ProducedFile& operator=(const ProducedFile&) = delete;

    const std::string& path() const { return path_; }
    std::uint64_t begun() const;
    std::uint64_t done() const;
    void clear();

private:
    std::string path_;
    Produced* produced_;
};

} // namespace coroscope::test
