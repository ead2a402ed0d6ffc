// SPDX-License-Identifier: Apache-2.0
// The bytes of a file from its beginning to its end, unpacked if it is packed with gzip or zstd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace coroscope::observe {

class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Up to `size` bytes, fewer only at the end; 0 from then on.
    virtual std::size_t read(char* into, std::size_t size) = 0;
    /// Why it ended before its end, as a sentence; else empty.
    virtual std::string problem() const = 0;
    /// Bytes of the file that were taken, packed as they are.
    virtual std::uint64_t taken() const = 0;
};

/// One whose beginning can be looked at before it is read.
class PeekedBytes final : public ByteSource {
public:
    static constexpr std::size_t most = 65'536;

    explicit PeekedBytes(std::unique_ptr<ByteSource> bytes);
    /// Its first bytes, `most` of them if there are so many. Only before the first read().
    std::string_view beginning() const noexcept { return beginning_; }
    std::size_t read(char* into, std::size_t size) override;
    std::string problem() const override { return bytes_->problem(); }
    std::uint64_t taken() const override { return bytes_->taken(); }

private:
    std::unique_ptr<ByteSource> bytes_;
    std::string beginning_;
    std::size_t at_ = 0;
};

/// Asks before each piece whether to go on, with what was taken so far; ends where the answer is no.
class WatchedBytes final : public ByteSource {
public:
    using GoesOn = std::function<bool(std::uint64_t taken)>;

    WatchedBytes(std::unique_ptr<ByteSource> bytes, GoesOn goesOn);
    std::size_t read(char* into, std::size_t size) override;
    std::string problem() const override { return bytes_->problem(); }
    std::uint64_t taken() const override { return bytes_->taken(); }

private:
    std::unique_ptr<ByteSource> bytes_;
    GoesOn goesOn_;
    bool stopped_ = false;
};

/// Known by its first bytes. `file` may be a pipe, and stays the caller's.
std::unique_ptr<ByteSource> unpacked(int file);

} // namespace coroscope::observe
