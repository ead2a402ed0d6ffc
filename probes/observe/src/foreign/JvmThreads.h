// SPDX-License-Identifier: Apache-2.0
// Threads of a JVM, as several formats tell them: what a thread does, and what it holds and waits for.
#pragma once

#include "foreign/ForeignDump.h"
#include "foreign/HashIndex.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// What a java.lang.Thread.State means for a row. `detail`: "sleeping", "parking" or nothing; `blocker`: the
/// class of what the thread waits for, or nothing.
void takeJvmState(JobRow& row, std::string_view state, std::string_view detail, std::string_view blocker);

/// Whether one thread holds a lock of this class and others wait for that one.
bool isJvmLock(std::string_view type);

/// Threads of which no state is told, as before JDK 25, are suspended where their innermost frame is one that
/// only waits. Once, when all have their stacks.
void findParked(ForeignDump& dump);

/// Who holds which lock, and who waits for it: told in pieces that come in any order. Locks are known by
/// whatever the dump calls them.
class JvmLocks {
public:
    /// Without it a thread that waits for a lock would wait for nobody.
    void holds(std::uint32_t thread, std::string_view lock);
    /// The same, where a dump names a holder by its number: of which thread that is may be told later.
    void holdsByNumber(std::uint64_t number, std::string_view lock);
    void numbered(std::uint32_t thread, std::uint64_t number);
    /// `thread` goes on only when it has this lock.
    void waits(std::uint32_t thread, std::string_view lock, std::string_view name);
    /// The rows that wait get what they wait for, the dump its resources.
    void finish(ForeignDump& dump);

private:
    struct Wait {
        std::uint64_t lock; ///< its key, or its place in locks_
        std::uint32_t thread;
    };
    struct Lock {
        std::uint64_t key; ///< in the end the resource that it has become
        std::string name;
        std::uint32_t owner = ForeignDump::none, waiters = 0;
    };
    // Locks are told by a hash of their names. There may be very many that nobody waits for.
    LargeVector<Wait> holds_;
    std::vector<Wait> waits_;
    std::vector<Lock> locks_;                                    ///< that somebody waits for
    HashIndex numbers_;                                          ///< of these
    std::vector<std::pair<std::uint64_t, std::string>> holders_; ///< told by their numbers
    HashIndex threads_;                                          ///< by these
};

/// Gives threads their names and contexts, some threads after they were read: what is looked up for these
/// texts is fetched in the meantime.
class ThreadTexts {
public:
    explicit ThreadTexts(ForeignDump& dump)
        : dump_(dump) {}
    /// Takes the two texts and leaves others. `number`: as ForeignTables::addNumberedContext, at this place
    /// of `context`.
    void add(std::uint32_t thread, std::string& name, std::string& context,
             std::optional<std::uint64_t> number = {}, std::size_t numberAt = 0);
    /// All that were added have theirs now.
    void finish();

private:
    struct Thread {
        std::uint32_t job = ForeignDump::none;
        std::string name, context;
        std::optional<std::uint64_t> number;
        std::size_t numberAt = 0;
        std::array<std::uint64_t, 2> hashes{}; ///< of the name, and of what is behind the number

        std::string_view behind() const noexcept {
            return std::string_view(context).substr(number ? numberAt : 0);
        }
    };
    void keep(Thread& thread);

    ForeignDump& dump_;
    std::array<Thread, 3> last_;
    std::size_t oldest_ = 0; ///< of these
};

/// "worker @orders#7" runs the coroutine with the number 7: the thread becomes a child of that, which gets
/// its stack. The other threads stand below a root of their own, if there are coroutines at all. Once, before
/// the dump is finished.
void joinThreads(ForeignDump& dump);

} // namespace coroscope::observe
