// SPDX-License-Identifier: Apache-2.0
// CRC-32 as zip and PNG have it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace coroscope::observe {

namespace detail {
inline constexpr std::array<std::uint32_t, 256> crcTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
    return table;
}();
} // namespace detail

inline std::uint32_t crc32(const void* data, std::size_t size) noexcept {
    const auto* bytes = static_cast<const unsigned char*>(data);
    std::uint32_t crc = ~0u;
    for (std::size_t i = 0; i < size; ++i)
        crc = detail::crcTable[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

} // namespace coroscope::observe
