// SPDX-License-Identifier: Apache-2.0
#include "foreign/JsonInput.h"
#include "Utf8.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace coroscope::observe {

namespace {

constexpr std::size_t firstWindow = std::size_t{1} << 20;
/// What is read at a time: it is looked at while it is still near the processor.
constexpr std::size_t piece = std::size_t{1} << 17;

bool isBlank(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

constexpr std::uint64_t each = 0x0101'0101'0101'0101u, high = 0x8080'8080'8080'8080u;

/// Whether one of eight bytes is a quotation mark, a backslash or a control character. It may be wrong about
/// a byte behind one that is.
bool endsPlain(std::uint64_t bytes) noexcept {
    const auto zero = [](std::uint64_t value) { return (value - each) & ~value; };
    return ((zero(bytes ^ each * '"') | zero(bytes ^ each * '\\') | ((bytes - each * 0x20) & ~bytes)) &
            high) != 0;
}

/// The first such byte.
const char* plainEnd(const char* at, const char* end) noexcept {
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                           _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        if (const int found = _mm_movemask_epi8(_mm_or_si128(marks, control)); found != 0)
            return at + std::countr_zero(static_cast<unsigned>(found));
    }
#endif
    for (; end - at >= 8; at += 8) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, at, 8);
        if (endsPlain(bytes))
            break;
    }
    while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20)
        ++at;
    return at;
}

std::uint64_t lineEnds(const char* at, const char* end) noexcept {
    std::uint64_t count = 0;
#ifdef __SSE2__
    const __m128i ends = _mm_set1_epi8('\n'), none = _mm_setzero_si128();
    while (end - at >= 16) {
        // 255 times at most, and no byte of the sum is too large.
        const char* const stop = at + std::min<std::ptrdiff_t>((end - at) / 16, 255) * 16;
        __m128i sums = none;
        for (; at != stop; at += 16)
            sums = _mm_sub_epi8(sums,
                                _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), ends));
        sums = _mm_sad_epu8(sums, none);
        count += static_cast<std::uint64_t>(_mm_cvtsi128_si64(sums)) +
                 static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
    }
#endif
    return count + static_cast<std::uint64_t>(std::count(at, end, '\n'));
}

/// Of "\u20ac"; nothing where four digits do not follow.
bool unit(std::string_view raw, std::uint32_t& value) {
    if (raw.size() < 6 || raw[0] != '\\' || raw[1] != 'u')
        return false;
    value = 0;
    for (const char c : raw.substr(2, 4)) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return false;
        value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    return true;
}

} // namespace

JsonInput::JsonInput(ByteSource& bytes)
    : bytes_(bytes)
    , buffer_(firstWindow)
    , at_(buffer_.data())
    , end_(at_)
    , counted_(at_) {}

bool JsonInput::fill(std::size_t kept) {
    const char* const from = at_ - std::min(kept, static_cast<std::size_t>(at_ - begin()));
    const auto left = static_cast<std::size_t>(end_ - from), back = static_cast<std::size_t>(at_ - from);
    if (counted_ < from) {
        lines_ += lineEnds(counted_, from);
        counted_ = from;
    }
    const auto counted = static_cast<std::size_t>(counted_ - from);
    before_ += static_cast<std::uint64_t>(from - begin());
    if (from != begin())
        std::memmove(buffer_.data(), from, left);
    if (left > buffer_.size() / 2)
        buffer_.resize(2 * buffer_.size()); // what is looked at is long
    const std::size_t got = bytes_.read(buffer_.data() + left, std::min(piece, buffer_.size() - left));
    at_ = buffer_.data() + back;
    end_ = buffer_.data() + left + got;
    counted_ = buffer_.data() + counted;
    return got > 0;
}

std::uint64_t JsonInput::line() noexcept {
    lines_ += lineEnds(std::min(counted_, at_), at_);
    lines_ -= lineEnds(at_, std::max(counted_, at_));
    counted_ = at_;
    return lines_;
}

char JsonInput::peekBehindBlanks() {
    for (;;) {
        constexpr char indent[] = "        ";
        while (end_ - at_ >= 8 && std::memcmp(at_, indent, 8) == 0)
            at_ += 8;
        while (at_ != end_ && isBlank(*at_))
            ++at_;
        if (at_ != end_)
            return *at_;
        if (!fill())
            return 0;
    }
}

JsonInput::Text JsonInput::text() {
    Text text;
    std::size_t size = 1; // of what is known to be of it, with the first mark
    for (;;) {
        const char* const stop = plainEnd(at_ + size, end_);
        size = static_cast<std::size_t>(stop - at_);
        if (size > longestText) {
            text.problem = "a text is longer than four million bytes";
            break;
        }
        if (stop == end_ || (*stop == '\\' && end_ - stop < 2)) {
            if (fill())
                continue;
            text.problem = "it ends within a text";
            break;
        }
        if (*stop == '"') {
            text.raw = {at_ + 1, size - 1};
            at_ += size + 1;
            return text;
        }
        if (*stop != '\\') {
            text.problem = "a control character stands in a text";
            break;
        }
        text.escaped = true;
        size += 2;
    }
    at_ += std::min(size, static_cast<std::size_t>(end_ - at_));
    return text;
}

std::string_view JsonInput::word() {
    static constexpr auto ofWords = [] {
        std::array<bool, 256> of{};
        for (const char c :
             std::string_view("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+."))
            of[static_cast<unsigned char>(c)] = true;
        return of;
    }();
    const auto isOf = [](char c) { return ofWords[static_cast<unsigned char>(c)]; };
    constexpr std::size_t longest = 400;
    std::size_t size = 0;
    for (;;) {
        while (at_ + size != end_ && size < longest && isOf(at_[size]))
            ++size;
        if (at_ + size != end_ || size >= longest || !fill())
            break;
    }
    const std::string_view word(at_, size);
    at_ += size;
    return word;
}

std::size_t JsonInput::extent() {
    constexpr std::size_t longest = std::size_t{1} << 13, mostInVain = 1'000;
    if (triedExtents_ >= mostInVain) // somebody wishes that it takes long
        return 0;
    ++triedExtents_;
    if (end_ - at_ < static_cast<std::ptrdiff_t>(longest))
        fill();
    const char* const limit = at_ + std::min<std::size_t>(longest, static_cast<std::size_t>(end_ - at_));
    int depth = 0;
    for (const char* at = at_; at != limit; ++at) {
        if (*at == '"') {
            ++at;
            while ((at = plainEnd(at, limit)) != limit && *at == '\\' && limit - at > 2)
                at += 2;
            if (at == limit || *at != '"')
                return 0;
        } else if (*at == '[' || *at == '{') {
            ++depth;
        } else if ((*at == ']' || *at == '}') && --depth == 0) {
            --triedExtents_;
            return static_cast<std::size_t>(at - at_) + 1;
        }
    }
    return 0;
}

int JsonInput::find(std::span<const std::string_view> keys) {
    constexpr std::size_t around = 1'000; // blanks in front of a key
    constexpr std::ptrdiff_t longestKey = 40;
    for (;;) {
        const auto* mark =
            static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
        if (mark == nullptr || end_ - mark < longestKey) {
            at_ = mark == nullptr ? end_ : mark;
            if (fill(around))
                continue;
            if (mark == nullptr)
                return -1;
            mark = at_; // it has moved
        }
        const std::string_view here(mark, static_cast<std::size_t>(end_ - mark));
        at_ = mark;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (!here.starts_with(keys[i].substr(1)))
                continue;
            const char* before = mark;
            while (before != begin() && isBlank(before[-1]))
                --before;
            if (before == begin() || before[-1] != keys[i][0])
                continue;
            if (before[-1] == '{')
                at_ = before - 1;
            return static_cast<int>(i);
        }
        ++at_;
    }
}

std::string_view unescaped(std::string_view raw, std::string& into) {
    into.clear();
    while (!raw.empty()) {
        const std::size_t plain = std::min(raw.find('\\'), raw.size());
        into += raw.substr(0, plain);
        raw.remove_prefix(plain);
        if (raw.size() < 2) {
            into += raw;
            break;
        }
        std::size_t size = 2;
        std::uint32_t code = 0, second = 0;
        switch (raw[1]) {
        case 'n':
            into += '\n';
            break;
        case 't':
            into += '\t';
            break;
        case 'r':
            into += '\r';
            break;
        case 'b':
            into += '\b';
            break;
        case 'f':
            into += '\f';
            break;
        case 'u':
            if (!unit(raw, code)) {
                into += "\\u";
                break;
            }
            size = 6;
            if (code >= 0xd800 && code < 0xdc00 && unit(raw.substr(6), second) && second >= 0xdc00 &&
                second < 0xe000) {
                size = 12;
                code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
            }
            appendUtf8(into, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
            break;
        default:
            into += raw[1];
        }
        raw.remove_prefix(size);
    }
    return into;
}

} // namespace coroscope::observe
