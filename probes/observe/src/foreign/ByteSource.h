// SPDX-License-Identifier: Apache-2.0
// The bytes of a file from its beginning to its end, unpacked if it is packed with gzip or zstd.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

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

/// Reads another one ahead, on a thread of its own once it is seen to be long: so reading and unpacking cost
/// no time of the reader's. What was taken is that of what has been given out.
class AheadBytes final : public ByteSource {
public:
    explicit AheadBytes(std::unique_ptr<ByteSource> bytes);
    ~AheadBytes() override;
    AheadBytes(const AheadBytes&) = delete;
    AheadBytes& operator=(const AheadBytes&) = delete;
    std::size_t read(char* into, std::size_t size) override;
    /// Once it has ended.
    std::string problem() const override;
    std::uint64_t taken() const override { return taken_; }

private:
    static constexpr std::size_t pieceSize = std::size_t{1} << 18, pieces = 8;
    struct Piece {
        std::vector<char> bytes;
        std::size_t size = 0;
        std::uint64_t taken = 0;
    };
    void run();

    std::unique_ptr<ByteSource> bytes_; ///< the thread's, while there is one
    std::uint64_t direct_ = 0;          ///< bytes that were read without it
    std::uint64_t taken_ = 0;
    std::array<Piece, pieces> ring_;
    std::size_t at_ = 0; ///< in the piece that is being given out
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t filled_ = 0, emptied_ = 0; ///< pieces, under the mutex
    bool ended_ = false, stop_ = false;      ///< under the mutex
    std::thread thread_;
};

/// Known by its first bytes. `file` may be a pipe, and stays the caller's.
std::unique_ptr<ByteSource> unpacked(int file);

} // namespace coroscope::observe
