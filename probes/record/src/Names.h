// SPDX-License-Identifier: Apache-2.0
// Names that only one job has, in the rows beside the slots. They are copied word by word, because readers do
// not wait for writers.
#pragma once

#include "Atomic.h"

#include <coroscope/model/RecordLayout.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace coroscope::record {

/// Cut where it is too long, but not within a character.
inline layout::OwnName ownName(std::string_view name) noexcept {
    std::size_t size = std::min<std::size_t>(name.size(), layout::OwnName::longest);
    if (size < name.size())
        while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80)
            --size;
    layout::OwnName row{};
    row.size = static_cast<std::uint8_t>(size);
    std::memcpy(row.bytes, name.data(), size);
    return row;
}

inline std::string_view viewOf(const layout::OwnName& name) noexcept {
    return {name.bytes, std::min<std::size_t>(name.size, layout::OwnName::longest)};
}

inline constexpr std::size_t ownNameWords = sizeof(layout::OwnName) / sizeof(std::uint64_t);
using OwnNameWords = std::array<std::uint64_t, ownNameWords>;

inline void storeName(layout::OwnName& row, const layout::OwnName& name) noexcept {
    OwnNameWords words{};
    std::memcpy(words.data(), &name, sizeof name);
    auto* const to = reinterpret_cast<std::uint64_t*>(&row);
    for (std::size_t i = 0; i * sizeof words[0] <= name.size; ++i)
        set(to[i], words[i]);
}

inline layout::OwnName loadName(layout::OwnName& row) noexcept {
    OwnNameWords words{};
    auto* const from = reinterpret_cast<std::uint64_t*>(&row);
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = get(from[i]);
    layout::OwnName name;
    std::memcpy(&name, words.data(), sizeof name);
    return name;
}

} // namespace coroscope::record
