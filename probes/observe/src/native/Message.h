// SPDX-License-Identifier: Apache-2.0
// What an observer and its helper process say to each other: messages of numbers and texts. Both sides check
// what they read: the helper reads files of strangers, and one of them may have taken it over.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace coroscope::observe::native {

inline constexpr std::uint32_t largestMessage = 16u << 20;

enum class Ask : std::uint32_t {
    Symbols = 1, ///< of addresses in one file
    Sample = 2   ///< the stack of a running thread
};

class MessageWriter {
public:
    void number(std::uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
    void text(std::string_view value) {
        number(value.size());
        bytes_.append(value);
    }
    const std::string& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

/// Behind the end, and behind the first thing that makes no sense, everything reads as 0 or empty.
class MessageReader {
public:
    explicit MessageReader(std::string_view bytes) noexcept
        : rest_(bytes) {}
    bool ok() const noexcept { return ok_; }
    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        if (rest_.size() < sizeof value) {
            fail();
            return 0;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }
    /// A number of things that each take at least eight bytes here.
    std::uint64_t count() noexcept {
        const std::uint64_t value = number();
        if (value <= rest_.size() / sizeof value)
            return value;
        fail();
        return 0;
    }
    std::string text() {
        const std::uint64_t size = number();
        if (size > rest_.size()) {
            fail();
            return {};
        }
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }

private:
    void fail() noexcept {
        ok_ = false;
        rest_ = {};
    }
    std::string_view rest_;
    bool ok_ = true;
};

} // namespace coroscope::observe::native
