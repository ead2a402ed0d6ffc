// SPDX-License-Identifier: Apache-2.0
// Reads the tables that dumps and links have in common, and is the dictionary made of them. Whatever comes is
// treated as hostile.
#pragma once

#include "Sections.h"

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobRow.h>
#include <coroscope/wire/DumpFormat.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::observe {

inline constexpr std::uint64_t mostTableRows = std::uint64_t{1} << JobId::indexBits; ///< of each table

/// A table whose rows may be spread over several sections, some of which may be missing.
template <class Part>
class Spread {
public:
    void add(std::uint32_t first, Part part) {
        if (part.size() == 0)
            return;
        if (!parts_.empty()) {
            Piece& last = parts_.back();
            // A link brings a few rows at a time.
            if (last.part.size() < 4'096 && last.first + last.part.size() == first) {
                last.part.append(part);
                return;
            }
            if (last.first > first)
                sorted_ = false;
        }
        parts_.push_back({first, std::move(part)});
    }
    void finish() {
        if (!sorted_)
            std::sort(parts_.begin(), parts_.end(),
                      [](const Piece& a, const Piece& b) { return a.first < b.first; });
    }
    /// The part that has this row, and the row's number there.
    std::pair<const Part*, std::size_t> find(std::uint32_t row) const noexcept {
        auto after =
            std::upper_bound(parts_.begin(), parts_.end(), row,
                             [](std::uint32_t wanted, const Piece& piece) { return wanted < piece.first; });
        if (after == parts_.begin())
            return {nullptr, 0};
        const Piece& piece = *--after;
        const std::size_t at = row - piece.first;
        return at < piece.part.size() ? std::pair{&piece.part, at}
                                      : std::pair{static_cast<const Part*>(nullptr), at};
    }

private:
    struct Piece {
        std::uint32_t first;
        Part part;
    };
    std::vector<Piece> parts_;
    bool sorted_ = true;
};

/// Rows of one section.
template <class Row>
struct Rows : std::vector<Row> {
    void append(const Rows& more) { this->insert(this->end(), more.begin(), more.end()); }
};

/// Texts of one section in one piece of memory.
struct Texts {
    std::vector<std::uint32_t> ends; ///< in `bytes`
    std::string bytes;

    std::size_t size() const noexcept { return ends.size(); }
    std::string_view at(std::size_t i) const noexcept {
        const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
        return std::string_view(bytes).substr(begin, ends[i] - begin);
    }
    void append(const Texts& more) {
        const auto begin = static_cast<std::uint32_t>(bytes.size());
        for (const std::uint32_t end : more.ends)
            ends.push_back(begin + end);
        bytes += more.bytes;
    }
};

/// Numbers that mean nothing, or are lost, give empty answers.
class TableDictionary : public Dictionary {
public:
    std::string text(TextId id) const override;
    std::string failure(TextId id) const; ///< a text that may have lines
    SiteText site(SiteId id) const override;
    StackText stack(StackId id) const override;
    CallStackText callStack(CallStackId id) const override;
    ContextText context(std::uint32_t id) const override;

private:
    friend class TableReader;
    // With the lock held.
    std::string_view raw(TextId id) const noexcept;
    SiteText siteOf(SiteId id) const;

    mutable std::shared_mutex lock_; ///< of a link, tables grow while they are read
    Spread<Texts> texts_;
    Spread<Rows<wire::dump::Site>> sites_;
    Spread<Rows<wire::dump::Stack>> stacks_;
    Spread<Rows<wire::dump::CallStack>> callStacks_;
    Spread<Rows<wire::dump::Context>> contexts_;
    /// Of deep stacks, by stack: complete only after finish().
    using Rests = std::vector<wire::dump::StackRest>;
    Rests stackRests_, callStackRests_;
    void addRest(const Rests& rests, std::uint32_t stack, std::vector<SiteText>& frames,
                 std::uint32_t& cut) const;
};

/// The rows of a section, `bytes` each at least; nothing when the section is too small for them, or there are
/// too many.
std::optional<wire::dump::TableHead> tableOf(std::string_view plain, std::size_t bytes,
                                             std::uint64_t& rowsSoFar);
template <class Row>
Row rowAt(std::string_view plain, const wire::dump::TableHead& table, std::size_t i) noexcept {
    return valueAt<Row>(plain.data() + sizeof table + i * table.stride);
}
/// The texts of a section; nothing when it makes no sense.
std::optional<Texts> textsOf(std::string_view plain, std::uint64_t& rowsSoFar);

/// `namesResources`: what a job waits for may be a row of the resources (not in dumps before version 1.1).
JobRow rowOf(const wire::dump::Job& job, bool namesResources) noexcept;
/// Without its failure. Its id is zero when the row is none.
EndedJob endedOf(const wire::dump::Ended& row, bool namesResources) noexcept;
/// Without its text.
Incident incidentOf(const wire::dump::Incident& row, bool namesResources) noexcept;
/// Its id is zero when the row is none.
Resource resourceOf(const wire::dump::Resource& row) noexcept;
/// No moment is so late that one could not count with it.
std::int64_t saneTime(std::int64_t value) noexcept;

/// Fills a dictionary from sections.
class TableReader {
public:
    TableReader();
    std::shared_ptr<TableDictionary> dictionary() const { return dictionary_; }

    /// One of the dictionary's tables.
    static bool knows(std::uint32_t tag) noexcept;
    /// Null when all is well, else what is wrong, to follow the section's name.
    const char* take(std::uint32_t tag, std::string_view plain);
    /// After sections that may have come in any order.
    void finish();

private:
    template <class Row>
    const char* takeRows(std::string_view plain, Spread<Rows<Row>>& into, std::uint64_t& rowsSoFar);

    std::shared_ptr<TableDictionary> dictionary_;
    const char* takeRests(std::string_view plain, TableDictionary::Rests& into);

    std::uint64_t rests_ = 0, texts_ = 0, sites_ = 0, stacks_ = 0, callStacks_ = 0, contexts_ = 0,
                  textBytes_ = 0;
};

} // namespace coroscope::observe
