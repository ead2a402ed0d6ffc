// SPDX-License-Identifier: Apache-2.0
// A record of some kilobytes, made from the first rows of each table of a real one: small enough to be
// damaged tens of thousands of times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace coroscope::test {

/// Bytes that begin where a record may begin (128-aligned).
class RecordBytes {
public:
    explicit RecordBytes(std::size_t size); ///< zeros
    RecordBytes(const void* bytes, std::size_t size);
    std::byte* data() { return data_.get(); }
    const std::byte* data() const { return data_.get(); }
    std::size_t size() const { return size_; }

private:
    struct Free {
        void operator()(std::byte* bytes) const;
    };
    std::unique_ptr<std::byte, Free> data_;
    std::size_t size_;
};

/// Of the record that this process holds open.
RecordBytes smallRecord(int pid);

/// Reads all there is to read, as a source does, and folds it into a tree. Returns when it is through; what
/// it must not do is crash or hang.
void readEverything(const void* memory, std::size_t size);

} // namespace coroscope::test
