// SPDX-License-Identifier: Apache-2.0
// Finds things again by a hash: eight bytes each and one look into memory, where a dump has millions of them.
#pragma once

#include <coroscope/observe/LargeVector.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace coroscope::observe {

/// Two numbers that differ for different texts, as long as nobody makes texts for which they do not.
struct TextHash {
    std::uint64_t first = 0, second = 0;
    friend bool operator==(const TextHash&, const TextHash&) = default;
};

inline TextHash hashOf(std::string_view text) noexcept {
    constexpr std::uint64_t a = 0x9e37'79b9'7f4a'7c15u, b = 0xbf58'476d'1ce4'e5b9u;
    const auto word = [](const char* from, std::size_t size) {
        std::uint64_t value = 0;
        std::memcpy(&value, from, size);
        return value;
    };
    const auto turned = [](std::uint64_t value) { return value << 29 | value >> 35; };
    TextHash hash{text.size() * a, ~text.size() * b};
    const char* at = text.empty() ? "" : text.data();
    std::size_t left = text.size();
    for (; left >= 16; at += 16, left -= 16) {
        hash.first = turned(hash.first ^ word(at, 8)) * a;
        hash.second = turned(hash.second ^ word(at + 8, 8)) * b;
    }
    const std::size_t rest = left < 8 ? left : 8;
    hash.first = turned(hash.first ^ word(at, rest)) * a;
    hash.second = turned(hash.second ^ word(at + rest, left - rest)) * b;
    const std::uint64_t mixed = (hash.first ^ turned(hash.second)) * b;
    hash.second = (hash.second ^ turned(hash.first)) * a;
    hash.first = (mixed ^ mixed >> 32) * a;
    hash.first ^= hash.first >> 29;
    hash.second ^= hash.second >> 32;
    return hash;
}
inline std::uint64_t hashOf(std::uint64_t number) noexcept {
    number = (number ^ number >> 32) * 0x9e37'79b9'7f4a'7c15u;
    return (number ^ number >> 29) * 0xbf58'476d'1ce4'e5b9u;
}

/// Numbers by the hash of what they stand for, which its owner keeps.
class HashIndex {
public:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    /// The number with this hash for which `is` answers true; none where there is no such.
    template <class Is>
    std::uint32_t find(std::uint64_t hash, Is&& is) const {
        if (slots_.empty())
            return none;
        const auto tag = static_cast<std::uint32_t>(hash >> 32);
        for (std::size_t at = placeOf(tag);; at = (at + 1) & mask()) {
            const Slot& slot = slots_[at];
            if (slot.number == none)
                return none;
            if (slot.tag == tag && is(slot.number))
                return slot.number;
        }
    }
    /// Where find() begins is fetched into the processor's caches.
    void expect(std::uint64_t hash) const noexcept {
        if (!slots_.empty())
            __builtin_prefetch(&slots_[placeOf(static_cast<std::uint32_t>(hash >> 32))], 1);
    }
    /// A number that find() will probably ask about; none where there is no such.
    std::uint32_t likely(std::uint64_t hash) const noexcept {
        return find(hash, [](std::uint32_t) { return true; });
    }
    /// One that is not there yet.
    void add(std::uint64_t hash, std::uint32_t number) {
        if (4 * (size_ + 1) > 3 * slots_.size())
            grow();
        put({static_cast<std::uint32_t>(hash >> 32), number});
        ++size_;
    }
    std::size_t size() const noexcept { return size_; }
    void clear() noexcept {
        slots_ = {};
        size_ = 0;
    }

private:
    struct Slot {
        std::uint32_t tag = 0, number = none;
    };
    std::size_t mask() const noexcept { return slots_.size() - 1; }
    std::size_t placeOf(std::uint32_t tag) const noexcept {
        return static_cast<std::size_t>(std::uint64_t{tag} * slots_.size() >> 32);
    }
    void put(Slot slot) {
        std::size_t at = placeOf(slot.tag);
        while (slots_[at].number != none)
            at = (at + 1) & mask();
        slots_[at] = slot;
    }
    void grow() {
        const LargeVector<Slot> before =
            std::exchange(slots_, LargeVector<Slot>(slots_.empty() ? 16 : 2 * slots_.size()));
        for (const Slot& slot : before)
            if (slot.number != none)
                put(slot);
    }

    LargeVector<Slot> slots_; ///< a power of two, at most three of four taken
    std::size_t size_ = 0;
};

} // namespace coroscope::observe
