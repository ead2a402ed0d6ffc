// SPDX-License-Identifier: Apache-2.0
#include "foreign/TextBytes.h"
#include "Utf8.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::string_view utf8Mark = "\xef\xbb\xbf";

class Utf16Bytes final : public ByteSource {
public:
    Utf16Bytes(std::unique_ptr<ByteSource> bytes, bool bigEndian)
        : bytes_(std::move(bytes))
        , bigEndian_(bigEndian)
        , in_(std::size_t{1} << 16) {}

    std::size_t read(char* into, std::size_t size) override {
        std::size_t done = 0;
        while (done < size) {
            if (at_ == out_.size()) {
                convert();
                if (out_.empty())
                    break;
            }
            const std::size_t part = std::min(size - done, out_.size() - at_);
            std::memcpy(into + done, out_.data() + at_, part);
            at_ += part;
            done += part;
        }
        return done;
    }
    std::string problem() const override {
        return bytes_->problem().empty() && odd_ ? "Its last character is cut off." : bytes_->problem();
    }
    std::uint64_t taken() const override { return bytes_->taken(); }

private:
    /// The next piece, not empty before the end.
    void convert() {
        out_.clear();
        at_ = 0;
        while (out_.empty()) {
            const std::size_t size = bytes_->read(in_.data(), in_.size()); // even, but for the end
            for (std::size_t i = 0; i + 1 < size; i += 2) {
                const char32_t first = static_cast<unsigned char>(in_[i]),
                               second = static_cast<unsigned char>(in_[i + 1]);
                take(bigEndian_ ? (first << 8 | second) : (second << 8 | first));
            }
            odd_ = odd_ || size % 2 != 0;
            if (size == 0) {
                if (std::exchange(high_, 0) != 0)
                    appendUtf8(out_, replacement);
                return;
            }
        }
    }

    void take(char32_t unit) {
        const bool low = unit >= 0xdc00 && unit < 0xe000;
        if (high_ != 0) {
            const char32_t high = std::exchange(high_, 0);
            if (low) {
                appendUtf8(out_, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
                return;
            }
            appendUtf8(out_, replacement);
        }
        if (unit >= 0xd800 && unit < 0xdc00)
            high_ = unit;
        else if (unit != 0xfeff) // the mark
            appendUtf8(out_, low ? replacement : unit);
    }

    static constexpr char32_t replacement = 0xfffd;

    std::unique_ptr<ByteSource> bytes_;
    bool bigEndian_;
    bool odd_ = false;
    std::vector<char> in_;
    std::string out_;
    std::size_t at_ = 0;
    char32_t high_ = 0; ///< the first half of a pair whose second comes
};

} // namespace

std::unique_ptr<ByteSource> asUtf8(std::unique_ptr<ByteSource> bytes) {
    auto peeked = std::make_unique<PeekedBytes>(std::move(bytes));
    const std::string_view first = peeked->beginning();
    if (first.starts_with("\xff\xfe") || first.starts_with("\xfe\xff")) {
        const bool bigEndian = first.starts_with("\xfe");
        return std::make_unique<Utf16Bytes>(std::move(peeked), bigEndian);
    }
    if (first.starts_with(utf8Mark)) {
        char mark[utf8Mark.size()];
        peeked->read(mark, sizeof mark);
    }
    return peeked;
}

} // namespace coroscope::observe
