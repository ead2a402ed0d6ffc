// SPDX-License-Identifier: Apache-2.0
// Interning: contents to small numbers, in tables that only grow. A thread first looks by identity (the
// address of a source_location's static data) in its own small table; only the first meeting takes the lock.
#include "Atomic.h"
#include "Memory.h"
#include "Switch.h"
#include "ThreadRecord.h"

#include <coroscope/record/Record.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <string>
#include <type_traits>
#include <unordered_map>

namespace coroscope::record {

namespace {

/// What is in a table, by its bytes there, which never move or change.
using Known = std::unordered_map<std::string_view, std::uint32_t>;

struct Tables {
    std::mutex lock;
    Known texts, sites, stacks, contexts;
};
// Never destroyed: jobs may begin while static objects are being torn down.
Tables& tables() {
    static Tables& t = *new Tables;
    return t;
}

void refused() noexcept {
    std::atomic_ref(memory.header->textsRefused).fetch_add(1, std::memory_order_relaxed);
}

/// What a program makes up while it runs, names above all, must not keep out the places that it comes to
/// later.
constexpr std::uint64_t roomForPlaces = capacity::texts / 4;

/// Texts lie as 32-bit size, bytes, zero; the id is the offset of the first byte.
TextId textLocked(Tables& t, std::string_view text, std::uint64_t keepFree = 0) {
    constexpr std::size_t longest = 1024;
    text = text.substr(0, longest);
    if (text.empty())
        return 0;
    if (const auto known = t.texts.find(text); known != t.texts.end())
        return known->second;
    std::uint64_t& used = memory.header->textsUsed;
    const std::uint64_t at = (get(used) + 3) / 4 * 4;
    const auto size = static_cast<std::uint32_t>(text.size());
    if (at + sizeof size + size + 1 > capacity::texts - keepFree) {
        refused();
        return 0;
    }
    char* const bytes = memory.texts + at + sizeof size;
    const auto id = static_cast<TextId>(at + sizeof size);
    std::memcpy(memory.texts + at, &size, sizeof size);
    std::memcpy(bytes, text.data(), size);
    t.texts.emplace(std::string_view(bytes, size), id);
    set(used, at + sizeof size + size + 1, std::memory_order_release);
    return id;
}

/// Appends `row` to a table unless an equal one is there.
template <class Row>
std::uint32_t rowLocked(Known& known, const Row& row, Row* table, std::uint32_t& used,
                        std::uint32_t capacityOfTable) {
    static_assert(std::has_unique_object_representations_v<Row>, "rows are compared by their bytes");
    const auto bytesOf = [](const Row& r) {
        return std::string_view(reinterpret_cast<const char*>(&r), sizeof r);
    };
    if (const auto found = known.find(bytesOf(row)); found != known.end())
        return found->second;
    const std::uint32_t at = get(used);
    if (at >= capacityOfTable) {
        refused();
        return 0;
    }
    table[at] = row;
    known.emplace(bytesOf(table[at]), at);
    set(used, at + 1, std::memory_order_release);
    return at;
}

SiteId siteLocked(Tables& t, std::string_view file, std::string_view function, std::uint32_t line,
                  std::uint32_t column) {
    if (line == 0)
        return 0;
    const layout::Site row{textLocked(t, file), textLocked(t, function), line, column};
    return rowLocked(t.sites, row, memory.sites, memory.header->sitesUsed, capacity::sites);
}

SiteId siteLocked(Tables& t, const std::source_location& where) {
    return siteLocked(t, where.file_name(), where.function_name(), where.line(), where.column());
}

/// `site` answers the number of the i-th place, innermost first.
template <class F>
StackId stackLocked(Tables& t, std::size_t depth, std::uint32_t cut, F&& site) {
    layout::Stack row{};
    row.depth = static_cast<std::uint16_t>(depth);
    row.cut = static_cast<std::uint16_t>(cut);
    for (std::size_t i = 0; i < depth; ++i)
        row.sites[i] = site(i);
    return rowLocked(t.stacks, row, memory.stacks, memory.header->stacksUsed, capacity::stacks);
}

/// Drops the places that do not fit and counts them.
template <class T>
void cutToFit(std::span<const T>& places, std::uint32_t& cut) noexcept {
    if (places.size() > layout::Stack::maxDepth) {
        cut += static_cast<std::uint32_t>(places.size() - layout::Stack::maxDepth);
        places = places.first(layout::Stack::maxDepth);
    }
    cut = std::min(cut, 0xffffu);
}

/// Identity of a place: libstdc++ keeps one pointer to static data in a source_location.
std::uintptr_t identity(const std::source_location& where) noexcept {
    static_assert(sizeof(std::source_location) == sizeof(std::uintptr_t));
    return std::bit_cast<std::uintptr_t>(where);
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

/// Interning allocates; a job must begin even where there is no memory left for names.
template <class F>
std::uint32_t guarded(F&& f) noexcept {
    try {
        Tables& t = tables();
        const std::lock_guard guard(t.lock);
        return f(t);
    } catch (const std::bad_alloc&) {
        refused();
        return 0;
    }
}

// Apart from what is known, which then needs no frame of its own.
[[gnu::noinline]] SiteId internUnknown(const std::source_location& where) noexcept {
    if (!on())
        return 0;
    ThreadRecord& thread = here();
    SiteId id = thread.sites.find(identity(where));
    if (id == 0) {
        id = guarded([&](Tables& t) { return siteLocked(t, where); });
        thread.sites.keep(identity(where), id);
    }
    return id;
}

/// What a thread knows a stack by: a hash, or the identity of the place where it is only one.
std::uint64_t keyOf(std::span<const std::source_location> places, std::uint32_t cut) noexcept {
    if (places.size() == 1 && cut == 0)
        return identity(places.front());
    std::uint64_t hash = mix(cut + 1, places.size());
    for (const std::source_location& place : places)
        hash = mix(hash, identity(place));
    return hash;
}

[[gnu::noinline]] StackId internUnknown(const std::source_location* innermost, std::size_t depth,
                                        std::uint32_t cut) noexcept {
    if (!on() || depth == 0)
        return 0;
    std::span places(innermost, depth);
    cutToFit(places, cut);
    const std::uint64_t key = keyOf(places, cut);
    ThreadRecord& thread = here();
    StackId id = thread.stacks.find(key);
    if (id == 0) {
        id = guarded([&](Tables& t) {
            return stackLocked(t, places.size(), cut,
                               [&](std::size_t i) { return siteLocked(t, places[i]); });
        });
        thread.stacks.keep(key, id);
    }
    return id;
}

} // namespace

SiteId internSite(const std::source_location& where) noexcept {
    if (ThreadRecord* const thread = plainHere()) [[likely]]
        if (const SiteId id = thread->sites.find(identity(where))) [[likely]]
            return id;
    return internUnknown(where);
}

StackId internStack(const std::source_location& place) noexcept {
    if (ThreadRecord* const thread = plainHere()) [[likely]]
        if (const StackId id = thread->stacks.find(identity(place))) [[likely]]
            return id;
    return internUnknown(&place, 1, 0);
}

StackId internStack(std::span<const std::source_location> places, std::uint32_t cut) noexcept {
    ThreadRecord* const thread = plainHere();
    if (thread && places.size() <= layout::Stack::maxDepth) [[likely]]
        if (const StackId id = thread->stacks.find(keyOf(places, std::min(cut, 0xffffu)))) [[likely]]
            return id;
    return internUnknown(places.data(), places.size(), cut);
}

SiteId internSite(std::string_view file, std::string_view function, std::uint32_t line) noexcept {
    if (!on())
        return 0;
    return guarded([&](Tables& t) { return siteLocked(t, file, function, line, 0); });
}

StackId internStack(std::span<const SiteId> sites, std::uint32_t cut) noexcept {
    if (!on() || sites.empty())
        return 0;
    cutToFit(sites, cut);
    return guarded([&](Tables& t) {
        return stackLocked(t, sites.size(), cut, [&](std::size_t i) { return sites[i]; });
    });
}

TextId internText(std::string_view text) noexcept {
    if (!on() || text.empty())
        return 0;
    return guarded([&](Tables& t) { return textLocked(t, text, roomForPlaces); });
}

std::uint32_t internContext(std::string_view dispatcher, std::string_view elements) noexcept {
    if (!on() || (dispatcher.empty() && elements.empty()))
        return 0;
    ThreadRecord& thread = here();
    const std::uint64_t hash = mix(std::hash<std::string_view>{}(dispatcher), elements.size());
    auto& known = thread.contexts[hash % thread.contexts.size()];
    if (known.id != 0 && internedText(known.row.dispatcher) == dispatcher &&
        internedText(known.row.elements) == elements)
        return known.id;
    known.id = guarded([&](Tables& t) {
        known.row = {textLocked(t, dispatcher, roomForPlaces), textLocked(t, elements, roomForPlaces)};
        return rowLocked(t.contexts, known.row, memory.contexts, memory.header->contextsUsed,
                         capacity::contexts);
    });
    return known.id;
}

} // namespace coroscope::record
