// SPDX-License-Identifier: Apache-2.0
// Names of things inside one record: jobs, resources, sites, interned texts.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace coroscope {

/// Names one entry of one process for ever: the lower 24 bits are its index, the upper 40 bits count how
/// often that was used. Ids do not come back, so an old id can be answered "gone" but never mistaken. Zero is
/// none.
template <class Tag>
struct IdOf {
    static constexpr unsigned indexBits = 24;
    static constexpr std::uint64_t indexMask = (std::uint64_t{1} << indexBits) - 1;

    std::uint64_t value = 0;

    static constexpr IdOf of(std::uint32_t index, std::uint64_t generation) noexcept {
        return {generation << indexBits | index};
    }
    constexpr std::uint32_t index() const noexcept { return static_cast<std::uint32_t>(value & indexMask); }
    constexpr std::uint64_t generation() const noexcept { return value >> indexBits; }
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr auto operator<=>(IdOf, IdOf) noexcept = default;
};

/// A job; the index is that of its slot in the slab.
using JobId = IdOf<struct JobTag>;
/// What jobs wait for that is no job: a mutex, semaphore or channel. The index is that of its row.
using ResourceId = IdOf<struct ResourceTag>;

/// Index into the table of sites; 0 is "unknown".
using SiteId = std::uint32_t;
/// Index into the table of stacks (chains of awaiting callers); 0 is "none".
using StackId = std::uint32_t;
/// Index into the table of native call stacks; 0 is "none".
using CallStackId = std::uint32_t;
/// Offset of an interned text in the text area; 0 is the empty text. With ownNameBit: the name of one job
/// alone, which is kept with that job instead.
using TextId = std::uint32_t;
inline constexpr TextId ownNameBit = TextId{1} << 31;
constexpr bool isOwnName(TextId id) noexcept {
    return (id & ownNameBit) != 0;
}

} // namespace coroscope

template <class Tag>
struct std::hash<coroscope::IdOf<Tag>> {
    std::size_t operator()(coroscope::IdOf<Tag> id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value);
    }
};
