// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/PackedRows.h>

namespace coroscope::observe {

namespace {
/// Origins that one look-up may pass. A row whose origin would be further away, because somebody made up rows
/// for it, is kept whole.
constexpr int mostInBucket = 32;
constexpr std::size_t fewestBuckets = 64;

template <class T>
constexpr bool within(T value, unsigned bits) noexcept {
    return (static_cast<std::uint64_t>(value) >> bits) == 0;
}
} // namespace

bool PackedRows::fits(const JobRow& row) noexcept {
    const std::uint64_t times = static_cast<std::uint64_t>(row.createdAt) |
                                static_cast<std::uint64_t>(row.stateSince) |
                                static_cast<std::uint64_t>(row.executionSince);
    return within(times, timeBits) && within(row.waitsFor, 56) && within(row.number, numberBits) &&
           within(row.suspendedAt | row.resumes, smallBits) && within(static_cast<unsigned>(row.state), 4) &&
           within(static_cast<unsigned>(row.execution), 3) && within(static_cast<unsigned>(row.waitKind), 5);
}

bool PackedRows::same(const Origin& origin, const Origin& other) noexcept {
    return origin.launcher == other.launcher && origin.site == other.site &&
           origin.context == other.context && origin.creationStack == other.creationStack;
}

std::size_t PackedRows::hash(const Origin& origin) noexcept {
    std::uint64_t mixed = origin.launcher.value * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 29 ^ (std::uint64_t{origin.site} << 32 | origin.context)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 32 ^ origin.creationStack) * 0x94d049bb133111ebu;
    return static_cast<std::size_t>(mixed ^ mixed >> 31);
}

/// 0 when there is no room for it.
std::uint32_t PackedRows::use(const Origin& origin) {
    if (buckets_.empty())
        rehash(fewestBuckets);
    if (lastOrigin_ != 0 && origins_[lastOrigin_].users > 0 && same(origins_[lastOrigin_], origin)) {
        ++origins_[lastOrigin_].users;
        return lastOrigin_;
    }
    const std::size_t bucket = hash(origin) & (buckets_.size() - 1);
    int passed = 0;
    for (std::uint32_t at = buckets_[bucket]; at != 0; at = origins_[at].next) {
        if (same(origins_[at], origin)) {
            ++origins_[at].users;
            return lastOrigin_ = at;
        }
        if (++passed == mostInBucket)
            return 0;
    }
    std::uint32_t at = freeOrigin_;
    if (at != 0) {
        freeOrigin_ = origins_[at].next;
    } else {
        if (!within(origins_.size(), originBits))
            return 0;
        at = static_cast<std::uint32_t>(origins_.size());
        origins_.emplace_back();
    }
    origins_[at] = origin;
    origins_[at].users = 1;
    origins_[at].next = buckets_[bucket];
    buckets_[bucket] = at;
    if (origins_.size() > buckets_.size())
        rehash(2 * buckets_.size());
    return lastOrigin_ = at;
}

void PackedRows::leave(const Packed& row) noexcept {
    const auto origin = static_cast<std::uint32_t>(row.origin);
    if (row.whole || row.plain || --origins_[origin].users > 0)
        return;
    std::uint32_t* at = &buckets_[hash(origins_[origin]) & (buckets_.size() - 1)];
    while (*at != origin)
        at = &origins_[*at].next;
    *at = origins_[origin].next;
    origins_[origin].next = freeOrigin_;
    freeOrigin_ = origin;
}

void PackedRows::rehash(std::size_t buckets) {
    if (origins_.empty())
        origins_.emplace_back();
    buckets_.assign(buckets, 0);
    for (std::uint32_t at = 1; at < origins_.size(); ++at) {
        if (origins_[at].users == 0)
            continue;
        std::uint32_t& first = buckets_[hash(origins_[at]) & (buckets - 1)];
        origins_[at].next = first;
        first = at;
    }
}

PackedRows::Origin PackedRows::originOf(const JobRow& row) noexcept {
    return {.launcher = row.launcher == row.parent ? JobId{} : row.launcher,
            .site = row.site,
            .context = row.context,
            .creationStack = row.creationStack};
}

PackedRows::Kept PackedRows::keep(const JobRow& row, const Origin& origin) {
    if (!fits(row))
        return {.whole = true};
    if (!origin.launcher && origin.site == 0 && origin.creationStack == 0 &&
        within(origin.context, originBits))
        return {.plain = true, .origin = origin.context};
    const std::uint32_t at = use(origin);
    return {.whole = at == 0, .origin = at};
}

PackedRows::Packed PackedRows::pack(const JobRow& row, const Kept& kept) noexcept {
    Packed to;
    to.id = row.id.value;
    to.whole = kept.whole;
    to.plain = kept.plain;
    to.origin = kept.origin & ((std::uint32_t{1} << originBits) - 1);
    if (kept.whole)
        return to;
    // Whatever these have more than there is room for was looked at by fits().
    constexpr std::uint64_t longest = (std::uint64_t{1} << timeBits) - 1;
    to.createdAt = static_cast<std::uint64_t>(row.createdAt) & longest;
    to.kind = static_cast<std::uint8_t>(row.kind);
    to.stateSince = static_cast<std::uint64_t>(row.stateSince) & longest;
    to.state = static_cast<std::uint8_t>(row.state) & 0xf;
    to.execution = static_cast<std::uint8_t>(row.execution) & 0x7;
    to.held = row.held;
    to.executionSince = static_cast<std::uint64_t>(row.executionSince) & longest;
    to.waitKind = static_cast<std::uint8_t>(row.waitKind) & 0x1f;
    to.changing = row.changing;
    to.byParent = row.launcher == row.parent;
    to.waitsFor = row.waitsFor & longest;
    to.number = row.number & ((std::uint64_t{1} << numberBits) - 1);
    to.suspendedAt = row.suspendedAt & 0xffffff;
    to.resumes = row.resumes & 0xffffff;
    to.flags = row.flags;
    to.name = row.name;
    return to;
}

void PackedRows::append(const JobRow& row) {
    const Kept kept = keep(row, originOf(row));
    if (kept.whole)
        whole_.insert_or_assign(static_cast<Place>(rows_.size()), row);
    rows_.emplace_back();
    // Not through a temporary: written in parts and read as a whole, it would wait.
    rows_.back() = pack(row, kept);
}

void PackedRows::put(Place at, const JobRow& row) {
    const Origin origin = originOf(row);
    Packed& before = rows_[at];
    Kept kept{.origin = static_cast<std::uint32_t>(before.origin)};
    if (before.whole || before.plain || !fits(row) || !same(origins_[kept.origin], origin)) {
        leave(before);
        kept = keep(row, origin);
    }
    if (kept.whole)
        whole_.insert_or_assign(at, row);
    else if (before.whole)
        whole_.erase(at);
    Packed to = pack(row, kept);
    to.marks = before.marks;
    to.link = before.link;
    before = to;
}

void PackedRows::drop(Place at) {
    Packed& row = rows_[at];
    leave(row);
    if (row.whole)
        whole_.erase(at);
    Packed none;
    none.marks = row.marks;
    none.link = row.link;
    row = none;
}

JobId PackedRows::launcher(Place at, JobId parent) const noexcept {
    const Packed& from = rows_[at];
    if (from.whole)
        return whole(at).launcher;
    if (from.byParent)
        return parent;
    return from.plain ? JobId{} : origins_[from.origin].launcher;
}

JobRow PackedRows::row(Place at, JobId parent) const {
    const Packed& from = rows_[at];
    JobRow row;
    if (from.id == 0)
        return row;
    if (from.whole) {
        row = whole(at);
        row.parent = parent;
        row.jobVersion = row.executionSequence = 0;
        return row;
    }
    Origin origin;
    if (from.plain)
        origin.context = static_cast<std::uint32_t>(from.origin);
    else
        origin = origins_[from.origin];
    row.id = {from.id};
    row.parent = parent;
    row.launcher = from.byParent ? parent : origin.launcher;
    row.number = from.number;
    row.createdAt = static_cast<std::int64_t>(from.createdAt);
    row.stateSince = static_cast<std::int64_t>(from.stateSince);
    row.executionSince = static_cast<std::int64_t>(from.executionSince);
    row.waitsFor = from.waitsFor;
    row.site = origin.site;
    row.suspendedAt = from.suspendedAt;
    row.name = from.name;
    row.context = origin.context;
    row.resumes = from.resumes;
    row.creationStack = origin.creationStack;
    row.flags = static_cast<std::uint16_t>(from.flags);
    row.kind = static_cast<JobKind>(from.kind);
    row.state = static_cast<JobState>(from.state);
    row.execution = static_cast<Execution>(from.execution);
    row.waitKind = static_cast<WaitKind>(from.waitKind);
    row.held = from.held;
    row.changing = from.changing;
    return row;
}

} // namespace coroscope::observe
