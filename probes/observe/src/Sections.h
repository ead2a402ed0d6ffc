// SPDX-License-Identifier: Apache-2.0
// Sections as a dump's file and a link's stream have them: made in memory, compressed, handed on; and opened
// again, checked like all that comes from strangers.
#pragma once

#include <coroscope/wire/DumpFormat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

typedef struct ZSTD_CCtx_s ZSTD_CCtx;
typedef struct ZSTD_DCtx_s ZSTD_DCtx;

namespace coroscope::observe {

/// So many bytes of rows go into one section: what is lost with a damaged one.
inline constexpr std::size_t sectionSize = 128u << 10;

template <class T>
T valueAt(const char* bytes) noexcept {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

class SectionWriter {
public:
    /// `sink` gets each section as two pieces, its head and its bytes.
    explicit SectionWriter(std::function<void(const void*, std::size_t)> sink);

    void add(const void* data, std::size_t size) {
        const auto* bytes = static_cast<const char*>(data);
        plain_.insert(plain_.end(), bytes, bytes + size);
    }
    template <class T>
    void add(const T& value) {
        add(&value, sizeof value);
    }
    std::uint32_t sections() const noexcept { return index_; }

    /// Ends the section made of what was added.
    void write(std::uint32_t tag);

private:
    std::function<void(const void*, std::size_t)> sink_;
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> compressor_;
    std::vector<char> plain_, packed_;
    std::uint32_t index_ = 0;
};

/// One section with the rows from `first` on, as many as go into one; answers the number of the row after
/// them. `row(i)` gives them.
template <class Row>
std::size_t writeRowSection(SectionWriter& writer, std::uint32_t tag, std::size_t first, std::size_t count,
                            Row&& row) {
    using Value = decltype(row(std::size_t{0}));
    constexpr std::size_t most = sectionSize / sizeof(Value);
    const std::size_t here = std::min(most, count - first);
    writer.add(wire::dump::TableHead{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(here),
                                     sizeof(Value), 0});
    for (std::size_t i = first; i < first + here; ++i)
        writer.add(row(i));
    writer.write(tag);
    return first + here;
}

/// The same for texts, which `text(i)` gives as string views.
template <class Text>
std::size_t writeTextSection(SectionWriter& writer, std::uint32_t tag, std::size_t first, std::size_t count,
                             Text&& text) {
    std::size_t here = 0, bytes = 0;
    while (first + here < count && bytes < sectionSize)
        bytes += sizeof(std::uint32_t) + std::string_view(text(first + here++)).size();
    writer.add(wire::dump::TableHead{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(here),
                                     sizeof(std::uint32_t), 0});
    for (std::size_t i = first; i < first + here; ++i)
        writer.add(static_cast<std::uint32_t>(std::string_view(text(i)).size()));
    for (std::size_t i = first; i < first + here; ++i) {
        const std::string_view each = text(i);
        writer.add(each.data(), each.size());
    }
    writer.write(tag);
    return first + here;
}

/// Facts in a section: a key, a size, then a text or a number.
template <class Key>
class Fields {
public:
    explicit Fields(SectionWriter& writer)
        : writer_(writer) {}
    Fields& text(Key key, std::string_view value) {
        writer_.add(
            wire::dump::Field{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(value.size())});
        writer_.add(value.data(), value.size());
        return *this;
    }
    Fields& number(Key key, std::uint64_t value) {
        writer_.add(wire::dump::Field{static_cast<std::uint32_t>(key), sizeof value});
        writer_.add(value);
        return *this;
    }

private:
    SectionWriter& writer_;
};

/// Calls `visit(key, number, bytes)` for each field; the number is 0 where the bytes are none. False when the
/// section makes no sense.
template <class Key, class Visit>
bool readFields(std::string_view plain, Visit&& visit) {
    while (plain.size() >= sizeof(wire::dump::Field)) {
        const auto field = valueAt<wire::dump::Field>(plain.data());
        plain.remove_prefix(sizeof field);
        if (field.size > plain.size())
            return false;
        const std::string_view bytes = plain.substr(0, field.size);
        plain.remove_prefix(field.size);
        visit(static_cast<Key>(field.key), bytes.size() == 8 ? valueAt<std::uint64_t>(bytes.data()) : 0,
              bytes);
    }
    return true;
}

/// The head is one, and undamaged.
bool isSectionHead(const wire::dump::SectionHead& head) noexcept;

class SectionOpener {
public:
    SectionOpener();
    /// False before any memory is asked for: no section may be so large.
    static bool mayBe(const wire::dump::SectionHead& head) noexcept;
    /// The plain bytes of the section whose stored ones these are; they may be swapped away. False when they
    /// are damaged.
    bool open(const wire::dump::SectionHead& head, std::vector<char>& stored, std::vector<char>& plain);

private:
    std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> decompressor_;
};

} // namespace coroscope::observe
