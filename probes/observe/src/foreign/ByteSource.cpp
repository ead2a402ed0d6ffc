// SPDX-License-Identifier: Apache-2.0
#include "foreign/ByteSource.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

namespace coroscope::observe {

namespace {

constexpr std::size_t packedBuffer = std::size_t{1} << 17;

/// What the system gives, with a look ahead.
class FileBytes final : public ByteSource {
public:
    explicit FileBytes(int file)
        : file_(file) {}

    std::string_view ahead(std::size_t size) {
        while (ahead_.size() < size && !ended_) {
            char bytes[64];
            const std::size_t got = fromFile(bytes, std::min(sizeof bytes, size - ahead_.size()));
            ahead_.append(bytes, got);
        }
        return ahead_;
    }
    std::size_t read(char* into, std::size_t size) override {
        std::size_t got = std::min(size, ahead_.size());
        std::memcpy(into, ahead_.data(), got);
        ahead_.erase(0, got);
        while (got < size && !ended_)
            got += fromFile(into + got, size - got);
        return got;
    }
    std::string problem() const override { return problem_; }
    std::uint64_t taken() const override { return taken_; }

private:
    std::size_t fromFile(char* into, std::size_t size) {
        for (;;) {
            const ssize_t got = ::read(file_, into, size);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                problem_ = std::string("It cannot be read to its end: ") + std::strerror(errno) + '.';
            ended_ = got <= 0;
            taken_ += ended_ ? 0 : static_cast<std::uint64_t>(got);
            return ended_ ? 0 : static_cast<std::size_t>(got);
        }
    }

    int file_;
    std::string ahead_;
    bool ended_ = false;
    std::uint64_t taken_ = 0;
    std::string problem_;
};

std::string damagedAt(const char* what, std::uint64_t byte) {
    return std::string("What it is packed with, ") + what + ", is damaged at byte " + std::to_string(byte) +
           "; what stands before that is shown.";
}
std::string cutOff(const char* what) {
    return std::string("It is packed with ") + what + " and was cut off; what stands before that is shown.";
}

class GzipBytes final : public ByteSource {
public:
    explicit GzipBytes(std::unique_ptr<FileBytes> file)
        : file_(std::move(file))
        , in_(packedBuffer) {
        ended_ = ::inflateInit2(&stream_, 15 + 16) != Z_OK;
    }
    ~GzipBytes() override { ::inflateEnd(&stream_); }
    GzipBytes(const GzipBytes&) = delete;
    GzipBytes& operator=(const GzipBytes&) = delete;

    std::size_t read(char* into, std::size_t size) override {
        stream_.next_out = reinterpret_cast<Bytef*>(into);
        stream_.avail_out = static_cast<uInt>(size);
        while (stream_.avail_out > 0 && !ended_) {
            if (stream_.avail_in == 0) {
                stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
                stream_.avail_in = static_cast<uInt>(file_->read(in_.data(), in_.size()));
                if (stream_.avail_in == 0) {
                    ended_ = true;
                    if (!between_)
                        problem_ = cutOff("gzip");
                    break;
                }
            }
            between_ = false;
            const int answer = ::inflate(&stream_, Z_NO_FLUSH);
            if (answer == Z_STREAM_END) { // more may follow: files of gzip can be joined
                between_ = true;
                ended_ = ::inflateReset(&stream_) != Z_OK;
            } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
                ended_ = true;
                problem_ = damagedAt("gzip", file_->taken() - stream_.avail_in);
            }
        }
        return size - stream_.avail_out;
    }
    std::string problem() const override { return problem_.empty() ? file_->problem() : problem_; }
    std::uint64_t taken() const override { return file_->taken(); }

private:
    std::unique_ptr<FileBytes> file_;
    std::vector<char> in_;
    z_stream stream_{};
    bool ended_ = false, between_ = true;
    std::string problem_;
};

class ZstdBytes final : public ByteSource {
public:
    explicit ZstdBytes(std::unique_ptr<FileBytes> file)
        : file_(std::move(file))
        , buffer_(packedBuffer)
        , stream_(::ZSTD_createDStream()) {}
    ~ZstdBytes() override { ::ZSTD_freeDStream(stream_); }
    ZstdBytes(const ZstdBytes&) = delete;
    ZstdBytes& operator=(const ZstdBytes&) = delete;

    std::size_t read(char* into, std::size_t size) override {
        ZSTD_outBuffer out{into, size, 0};
        while (out.pos < out.size && !ended_) {
            if (in_.pos == in_.size && !full_) {
                in_ = {buffer_.data(), file_->read(buffer_.data(), buffer_.size()), 0};
                if (in_.size == 0) {
                    ended_ = true;
                    if (wanted_ != 0)
                        problem_ = cutOff("zstd");
                    break;
                }
            }
            wanted_ = ::ZSTD_decompressStream(stream_, &out, &in_);
            full_ = out.pos == out.size;
            if (::ZSTD_isError(wanted_) != 0) {
                ended_ = true;
                problem_ = damagedAt("zstd", file_->taken() - (in_.size - in_.pos));
            }
        }
        full_ = full_ && !ended_;
        return out.pos;
    }
    std::string problem() const override { return problem_.empty() ? file_->problem() : problem_; }
    std::uint64_t taken() const override { return file_->taken(); }

private:
    std::unique_ptr<FileBytes> file_;
    std::vector<char> buffer_;
    ZSTD_DStream* stream_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    std::size_t wanted_ = 0; ///< 0 between frames
    bool full_ = false;      ///< more may be waiting in the stream itself
    bool ended_ = false;
    std::string problem_;
};

} // namespace

PeekedBytes::PeekedBytes(std::unique_ptr<ByteSource> bytes)
    : bytes_(std::move(bytes))
    , beginning_(most, '\0') {
    beginning_.resize(bytes_->read(beginning_.data(), beginning_.size()));
}

std::size_t PeekedBytes::read(char* into, std::size_t size) {
    const std::size_t first = std::min(size, beginning_.size() - at_);
    std::memcpy(into, beginning_.data() + at_, first);
    at_ += first;
    return first + (first < size ? bytes_->read(into + first, size - first) : 0);
}

WatchedBytes::WatchedBytes(std::unique_ptr<ByteSource> bytes, GoesOn goesOn)
    : bytes_(std::move(bytes))
    , goesOn_(std::move(goesOn)) {}

std::size_t WatchedBytes::read(char* into, std::size_t size) {
    constexpr std::size_t piece = std::size_t{1} << 18;
    std::size_t got = 0;
    while (got < size && !stopped_) {
        stopped_ = goesOn_ && !goesOn_(bytes_->taken());
        const std::size_t wanted = std::min(piece, size - got);
        const std::size_t more = stopped_ ? 0 : bytes_->read(into + got, wanted);
        got += more;
        if (more < wanted)
            break;
    }
    return got;
}

AheadBytes::AheadBytes(std::unique_ptr<ByteSource> bytes)
    : bytes_(std::move(bytes)) {}

AheadBytes::~AheadBytes() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

std::string AheadBytes::problem() const {
    const std::lock_guard lock(mutex_);
    return !thread_.joinable() || ended_ ? bytes_->problem() : std::string();
}

void AheadBytes::run() {
    for (;;) {
        Piece* piece = nullptr;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stop_ || filled_ - emptied_ < pieces; });
            if (stop_)
                return;
            piece = &ring_[filled_ % pieces];
        }
        piece->bytes.resize(pieceSize);
        piece->size = bytes_->read(piece->bytes.data(), pieceSize);
        piece->taken = bytes_->taken();
        {
            const std::lock_guard lock(mutex_);
            ++filled_;
            ended_ = piece->size < pieceSize;
        }
        changed_.notify_all();
        if (piece->size < pieceSize)
            return;
    }
}

std::size_t AheadBytes::read(char* into, std::size_t size) {
    constexpr std::uint64_t mostDirect = std::uint64_t{2} << 20;
    if (!thread_.joinable() && direct_ < mostDirect) {
        const std::size_t got = bytes_->read(into, size);
        direct_ += got;
        taken_ = bytes_->taken();
        if (got < size)
            direct_ = 0; // it has ended: no thread for nothing
        return got;
    }
    if (!thread_.joinable())
        thread_ = std::thread([this] { run(); });
    std::size_t got = 0;
    while (got < size) {
        Piece* piece = nullptr;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return ended_ || filled_ > emptied_; });
            if (filled_ == emptied_)
                break;
            piece = &ring_[emptied_ % pieces];
        }
        const std::size_t part = std::min(size - got, piece->size - at_);
        std::memcpy(into + got, piece->bytes.data() + at_, part);
        got += part;
        at_ += part;
        taken_ = piece->taken;
        if (at_ < piece->size)
            continue;
        at_ = 0;
        {
            const std::lock_guard lock(mutex_);
            ++emptied_;
        }
        changed_.notify_all();
    }
    return got;
}

std::unique_ptr<ByteSource> unpacked(int file) {
    auto bytes = std::make_unique<FileBytes>(file);
    const std::string_view first = bytes->ahead(4);
    using namespace std::string_view_literals;
    if (first.substr(0, 3) == "\x1f\x8b\x08"sv)
        return std::make_unique<GzipBytes>(std::move(bytes));
    if (first == "\x28\xb5\x2f\xfd"sv)
        return std::make_unique<ZstdBytes>(std::move(bytes));
    return bytes;
}

} // namespace coroscope::observe
