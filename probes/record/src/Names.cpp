// SPDX-License-Identifier: Apache-2.0
// Which names are worth a place in the table of texts: those of which many jobs have the same. Programs make
// up names like "conn-4711" by the million; each would stay in the table for ever.
#include "Memory.h"
#include "Switch.h"

#include <coroscope/record/Record.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace coroscope::record {

namespace {

/// A name is interned when so many jobs have had it lately.
constexpr std::uint32_t enough = 64;
/// Kept where counts stand instead of a TextId.
constexpr std::uint32_t counting = 1u << 31;
constexpr std::uint64_t tagBits = 0xffff'ffff'0000'0000u;

/// A filter of all names that were seen lately, in sets of four: the upper half of an entry is a part of the
/// name's hash, the lower one its TextId or how often it was seen. Names that are interned stay; the others
/// push each other out.
constexpr std::size_t sets = 2'048, ways = 4;
constinit std::array<std::atomic<std::uint64_t>, sets * ways> seen{};

} // namespace

JobName internName(std::string_view name) noexcept {
    if (!on() || name.empty())
        return {};
    // Made up for one job, as good as always: the look at the filter would be a line from memory.
    if (name.back() >= '0' && name.back() <= '9' && name.size() <= layout::OwnName::longest)
        return {0, name};
    const std::uint64_t hash = std::hash<std::string_view>{}(name);
    const std::uint64_t tag = hash & tagBits;
    std::atomic<std::uint64_t>* const set = &seen[hash % sets * ways];
    for (std::size_t i = 0; i < ways; ++i) {
        std::uint64_t entry = set[i].load(std::memory_order_acquire);
        if (entry == 0 || (entry & tagBits) != tag)
            continue;
        const auto low = static_cast<std::uint32_t>(entry);
        if ((low & counting) == 0)
            return internedText(low) == name ? JobName{low, {}} : JobName{0, name};
        if ((low & ~counting) < enough) {
            set[i].compare_exchange_strong(entry, entry + 1, std::memory_order_relaxed);
            return {0, name};
        }
        const TextId id = internText(name);
        set[i].store(tag | (id ? id : counting), std::memory_order_release);
        return id ? JobName{id, {}} : JobName{0, name};
    }
    for (std::size_t i = 0; i < ways; ++i) {
        std::atomic<std::uint64_t>& way = set[(hash / sets + i) % ways];
        std::uint64_t entry = way.load(std::memory_order_relaxed);
        if (entry != 0 && (entry & counting) == 0)
            continue;
        way.compare_exchange_strong(entry, tag | counting | 1u, std::memory_order_relaxed);
        break;
    }
    return {0, name};
}

} // namespace coroscope::record
