// SPDX-License-Identifier: Apache-2.0
#include "Storm.h"

#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

namespace coroscope::test {

namespace {

constexpr std::size_t size = Storm::mostThreads * sizeof(Produced);

} // namespace

ProducedFile::ProducedFile()
    : path_(std::filesystem::temp_directory_path() / "coroscope-produced-XXXXXX") {
    const int file = ::mkostemp(path_.data(), O_CLOEXEC);
    if (file < 0 || ::ftruncate(file, size) != 0)
        std::abort();
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED)
        std::abort();
    produced_ = static_cast<Produced*>(memory);
}

ProducedFile::~ProducedFile() {
    ::munmap(produced_, size);
    ::unlink(path_.c_str());
}

std::uint64_t ProducedFile::begun() const {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < Storm::mostThreads; ++i)
        sum += produced_[i].begun;
    return sum;
}

std::uint64_t ProducedFile::done() const {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < Storm::mostThreads; ++i)
        sum += produced_[i].done;
    return sum;
}

void ProducedFile::clear() {
    for (unsigned i = 0; i < Storm::mostThreads; ++i)
        produced_[i].begun = produced_[i].done = 0;
}

} // namespace coroscope::test
