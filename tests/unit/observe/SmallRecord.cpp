// SPDX-License-Identifier: Apache-2.0
#include "SmallRecord.h"

#include "Process.h"
#include "RecordReader.h"

#include <coroscope/model/RecordLayout.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <unistd.h>

namespace coroscope::test {

RecordBytes::RecordBytes(std::size_t size)
    : data_(static_cast<std::byte*>(::operator new(size, std::align_val_t{128})))
    , size_(size) {
    std::memset(data_.get(), 0, size);
}

RecordBytes::RecordBytes(const void* bytes, std::size_t size)
    : RecordBytes(size) {
    if (size != 0)
        std::memcpy(data(), bytes, size);
}

void RecordBytes::Free::operator()(std::byte* bytes) const {
    ::operator delete(bytes, std::align_val_t{128});
}

RecordBytes smallRecord(int pid) {
    const observe::HeldRecords held = observe::heldRecords(pid);
    const observe::Descriptor file(held.paths.empty() ? -1
                                                      : ::open(held.paths[0].c_str(), O_RDONLY | O_CLOEXEC));
    layout::Header header{};
    if (::pread(file.get(), &header, sizeof header, 0) != sizeof header)
        std::abort();
    constexpr std::uint64_t threads = 2;
    struct Part {
        layout::Table* table;
        std::uint64_t rows, blocks;
    };
    const Part parts[] = {
        {&header.jobs, 16, 1},      {&header.threads, threads, 1}, {&header.sites, 8, 1},
        {&header.stacks, 8, 1},     {&header.contexts, 4, 1},      {&header.siteCounters, 8, threads},
        {&header.texts, 1024, 1},   {&header.failures, 0, 1},      {&header.rings, 64, threads},
        {&header.incidents, 8, 1},  {&header.resources, 8, 1},     {&header.modules, 8, 1},
        {&header.callStacks, 8, 1}, {&header.names, 16, 1}};
    std::uint64_t size = (sizeof header + 127) / 128 * 128;
    for (const Part& part : parts)
        size += (part.rows * part.blocks * part.table->stride + 127) / 128 * 128;
    RecordBytes small(size);
    std::uint64_t at = (sizeof header + 127) / 128 * 128;
    for (const Part& part : parts) {
        for (std::uint64_t block = 0; block < part.blocks; ++block) {
            const std::uint64_t bytes = part.rows * part.table->stride;
            const std::uint64_t from = part.table->offset + block * part.table->capacity * part.table->stride;
            if (::pread(file.get(), small.data() + at + block * bytes, bytes, static_cast<off_t>(from)) !=
                static_cast<ssize_t>(bytes))
                std::abort();
        }
        part.table->offset = at;
        part.table->capacity = part.rows;
        at += (part.rows * part.blocks * part.table->stride + 127) / 128 * 128;
    }
    header.totalSize = size;
    std::memcpy(small.data(), &header, sizeof header);
    return small;
}

} // namespace coroscope::test
