// SPDX-License-Identifier: Apache-2.0
#include "foreign/Lines.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace coroscope::observe {

Lines::Lines(ByteSource& bytes)
    : bytes_(bytes)
    , buffer_(2 * longest) {}

namespace {
constexpr std::size_t piece = std::size_t{1} << 17;
} // namespace

bool Lines::fill() {
    if (from_ > 0)
        std::memmove(buffer_.data(), buffer_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
    // A little at a time: it is looked at while it is still near the processor.
    const std::size_t got = bytes_.read(buffer_.data() + to_, std::min(piece, buffer_.size() - to_));
    to_ += got;
    return got > 0;
}

bool Lines::next() {
    for (;;) {
        const char* const begin = buffer_.data() + from_;
        const std::size_t here = to_ - from_;
        const auto* const end =
            here == 0 ? nullptr : static_cast<const char*>(std::memchr(begin, '\n', here));
        const std::size_t size = end != nullptr ? static_cast<std::size_t>(end - begin) : here;
        if (skips_) {
            skips_ = end == nullptr;
            from_ += skips_ ? size : size + 1;
            if (skips_ && !fill())
                return false;
            continue;
        }
        if (end == nullptr && size <= longest && fill())
            continue;
        if (end == nullptr && size == 0)
            return false;
        unfinished_ = end == nullptr && size <= longest;
        skips_ = end == nullptr && size > longest;
        from_ += end != nullptr ? size + 1 : size;
        cut_ += size > longest;
        line_ = {begin, std::min(size, longest)};
        if (!line_.empty() && line_.back() == '\r')
            line_.remove_suffix(1);
        ++number_;
        return true;
    }
}

namespace {

/// A text, and what comes behind it.
class RestBytes final : public ByteSource {
public:
    RestBytes(std::string text, ByteSource& bytes)
        : text_(std::move(text))
        , bytes_(bytes) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t first = std::min(size, text_.size() - at_);
        std::memcpy(into, text_.data() + at_, first);
        at_ += first;
        return first + (first < size ? bytes_.read(into + first, size - first) : 0);
    }
    std::string problem() const override { return bytes_.problem(); }
    std::uint64_t taken() const override { return bytes_.taken(); }

private:
    std::string text_;
    std::size_t at_ = 0;
    ByteSource& bytes_;
};

} // namespace

std::unique_ptr<ByteSource> Lines::rest(std::string_view before) {
    const auto* const end = buffer_.data() + to_;
    std::string text(before);
    text.append(line_.data(), static_cast<std::size_t>(end - line_.data()));
    return std::make_unique<RestBytes>(std::move(text), bytes_);
}

} // namespace coroscope::observe
