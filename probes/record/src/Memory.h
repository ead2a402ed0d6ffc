// SPDX-License-Identifier: Apache-2.0
// The record's shared memory, as the target maps it.
#pragma once

#include <coroscope/model/RecordLayout.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coroscope::record {

namespace capacity {
inline constexpr std::uint32_t threads = 128;
inline constexpr std::uint32_t sites = 16'384;
inline constexpr std::uint32_t stacks = 65'536;
inline constexpr std::uint32_t contexts = 4'096;
inline constexpr std::uint32_t modules = 1'024;
inline constexpr std::uint32_t callStacks = 32'768;
inline constexpr std::uint64_t texts = 8u << 20;
inline constexpr std::uint64_t incidents = 2'048;
inline constexpr std::uint64_t incidentSize = 2'176; // with its text
inline constexpr std::uint32_t resources = 32'768;
inline constexpr std::uint64_t ringEvents = 32'768; // a power of two
inline constexpr std::uint64_t slots = std::uint64_t{1} << JobId::indexBits;
} // namespace capacity

/// Where everything lies in this process. Written once before `base` is published, read-only after that.
struct Memory {
    layout::Header* header = nullptr;
    layout::Slot* slots = nullptr;
    layout::OwnName* names = nullptr; ///< one for each slot
    layout::Thread* threads = nullptr;
    layout::Site* sites = nullptr;
    layout::Stack* stacks = nullptr;
    layout::Context* contexts = nullptr;
    layout::SiteCounter* siteCounters = nullptr;
    char* texts = nullptr;
    layout::Module* modules = nullptr;
    layout::CallStack* callStacks = nullptr;
    std::byte* incidents = nullptr;
    layout::Resource* resources = nullptr;
    layout::Event* rings = nullptr;
    std::uint64_t slotCapacity = 0;
    std::uint64_t ringsOffset = 0;
    std::uint64_t ringsSize = 0;
    std::uint64_t callStacksSize = 0; ///< of both, modules first
    int descriptor = -1;
};
extern Memory memory;

/// An interned text: constant once its number is known. Only while the record is on.
std::string_view internedText(TextId id) noexcept;

/// Creates and maps the memory and fills in the header. Answers a sentence on what went wrong, else empty.
std::string createMemory();

/// Makes slots up to `index` and their names usable and part of core files. Called with the slot pool's lock
/// held. Answers false when the system refuses.
bool growSlots(std::uint64_t index) noexcept;

/// Makes the counters and the ring of one thread entry usable. Answers false when the system refuses.
bool openThreadEntry(std::uint32_t entry) noexcept;

/// Makes the tables of modules and call stacks usable and part of core files. Answers false when the system
/// refuses.
bool openCallStacks() noexcept;

/// Gives the memory of the rings back to the system.
void releaseRings() noexcept;

/// Writes the second point in time that readers without our clock need.
void stampSecondTime() noexcept;

} // namespace coroscope::record
