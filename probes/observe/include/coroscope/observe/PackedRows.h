// SPDX-License-Identifier: Apache-2.0
// The rows of a JobTree in 64 bytes each: a million jobs are common, and each byte of a row is a megabyte
// then.
#pragma once

#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/LargeVector.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

/// Rows by a small number, their place. What nearly all jobs have in common with many others (where, by whom
/// and in which context they were launched) is kept once; times, numbers and the rest in as many bits as real
/// programs need. A row that has more is kept whole, aside: it costs more, but nothing is ever lost. Two
/// things are not kept: the parent, which a tree knows by its links, and the versions, which mean something
/// only to the source of the rows.
///
/// Each row also has room for two small things of the owner's: a place and a byte. Threads: one.
class PackedRows {
public:
    using Place = std::uint32_t;

    std::size_t size() const noexcept { return rows_.size(); }
    /// Appends so many without a job.
    void grow(std::size_t count) { rows_.resize(rows_.size() + count); }
    void reserve(std::size_t count) { reserveWithRoom(rows_, count); }

    /// No id: there is no job.
    JobId id(Place at) const noexcept { return {rows_[at].id}; }
    JobState state(Place at) const noexcept {
        return rows_[at].whole ? whole(at).state : static_cast<JobState>(rows_[at].state);
    }
    Execution execution(Place at) const noexcept {
        return rows_[at].whole ? whole(at).execution : static_cast<Execution>(rows_[at].execution);
    }
    JobKind kind(Place at) const noexcept {
        return rows_[at].whole ? whole(at).kind : static_cast<JobKind>(rows_[at].kind);
    }
    std::int64_t createdAt(Place at) const noexcept {
        return rows_[at].whole ? whole(at).createdAt : static_cast<std::int64_t>(rows_[at].createdAt);
    }
    std::uint16_t flags(Place at) const noexcept {
        return rows_[at].whole ? whole(at).flags : static_cast<std::uint16_t>(rows_[at].flags);
    }
    std::uint64_t number(Place at) const noexcept {
        return rows_[at].whole ? whole(at).number : std::uint64_t{rows_[at].number};
    }
    /// `parent`: its job's parent, as told when it was put there.
    JobId launcher(Place at, JobId parent) const noexcept;
    JobRow row(Place at, JobId parent) const;

    /// At a new place behind all others, with no link and no marks.
    void append(const JobRow& row);
    /// The owner's own survives.
    void put(Place at, const JobRow& row);
    /// Takes the job away, and leaves what is the owner's.
    void drop(Place at);

    /// What is the owner's. Places are told by 32 bits, marks by 8.
    Place link(Place at) const noexcept { return rows_[at].link; }
    void setLink(Place at, Place link) noexcept { rows_[at].link = link; }
    std::uint8_t marks(Place at) const noexcept { return static_cast<std::uint8_t>(rows_[at].marks); }
    void setMarks(Place at, std::uint8_t marks) noexcept { rows_[at].marks = marks; }

    /// Has what is known of a place fetched into the processor's caches, soon.
    void prefetch(Place at) const noexcept { __builtin_prefetch(&rows_[at], 1); }

private:
    static constexpr unsigned timeBits = 56, numberBits = 39, originBits = 24, smallBits = 24;

    struct Packed {
        std::uint64_t id = 0;
        std::uint64_t createdAt : timeBits = 0;
        std::uint64_t kind : 8 = 0;
        std::uint64_t stateSince : timeBits = 0;
        std::uint64_t state : 4 = 0;
        std::uint64_t execution : 3 = 0;
        std::uint64_t held : 1 = 0;
        std::uint64_t executionSince : timeBits = 0;
        std::uint64_t waitKind : 5 = 0;
        std::uint64_t changing : 1 = 0;
        std::uint64_t byParent : 1 = 0; ///< its parent launched it; its origin does not say so
        std::uint64_t whole : 1 = 0;    ///< see whole_; of what is here only the id and the owner's are true
        std::uint64_t waitsFor : 56 = 0;
        std::uint64_t marks : 8 = 0;
        std::uint64_t number : numberBits = 0;
        std::uint64_t plain : 1 = 1;           ///< of its origin nothing is known but the context
        std::uint64_t origin : originBits = 0; ///< in origins_, or, if plain, the context
        std::uint64_t suspendedAt : smallBits = 0;
        std::uint64_t resumes : smallBits = 0;
        std::uint64_t flags : 16 = 0;
        TextId name = 0;
        Place link = 0xffffffff;
    };
    static_assert(sizeof(Packed) == 64);

    /// What jobs that were launched alike have in common.
    struct Origin {
        JobId launcher;
        SiteId site = 0;
        std::uint32_t context = 0;
        CallStackId creationStack = 0;
        std::uint32_t users = 0;
        std::uint32_t next = 0; ///< in the same bucket, or of those that are free
    };

    /// How a row is kept.
    struct Kept {
        bool whole = false, plain = false;
        std::uint32_t origin = 0; ///< as in Packed
    };

    const JobRow& whole(Place at) const noexcept { return whole_.find(at)->second; }
    static bool fits(const JobRow& row) noexcept;
    static Origin originOf(const JobRow& row) noexcept;
    Kept keep(const JobRow& row, const Origin& origin);
    static Packed pack(const JobRow& row, const Kept& kept) noexcept;
    static bool same(const Origin& origin, const Origin& other) noexcept;
    static std::size_t hash(const Origin& origin) noexcept;
    std::uint32_t use(const Origin& origin);
    void leave(const Packed& row) noexcept;
    void rehash(std::size_t buckets);

    LargeVector<Packed> rows_;
    std::unordered_map<Place, JobRow> whole_;
    std::vector<Origin> origins_;        ///< the first one stands for none
    std::vector<std::uint32_t> buckets_; ///< first of each, in origins_; 0 for none
    std::uint32_t freeOrigin_ = 0;
    std::uint32_t lastOrigin_ = 0; ///< that was asked for: the next job mostly has the same
};

} // namespace coroscope::observe
