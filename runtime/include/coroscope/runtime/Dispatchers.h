// SPDX-License-Identifier: Apache-2.0
// The dispatchers that come with the runtime.
#pragma once

#include <coroscope/runtime/Dispatcher.h>

#include <memory>
#include <string>

namespace coroscope {

namespace Dispatchers {

/// For computing: at most max(2, cores) at once (rule 63), on threads named coroscope-w0 and so on, started
/// when needed. What a coroutine launches or resumes here runs soon on the same thread, or on another that
/// has nothing to do. At the end of the process the threads stop after what they are running; jobs that are
/// still there stay unfinished.
const DispatcherPtr& Default();

/// For calls that block: at most max(64, cores) at once (rule 64), on the same threads and as many more as
/// that takes; those end again when there is nothing to do for ten seconds. IO()->limitedParallelism(n) is
/// not bounded by the 64, and takes nothing of them: with n = 100 a hundred calls may block at once beside
/// those of IO (rule 65).
const DispatcherPtr& IO();

/// No thread of its own: starts on the caller and goes on wherever it is resumed. Nested ones take turns in a
/// loop of the thread instead of nesting deeper.
const DispatcherPtr& Unconfined();

} // namespace Dispatchers

/// How many run at once on Dispatchers::Default().
unsigned defaultParallelism() noexcept;
/// How many run at once on Dispatchers::IO().
unsigned ioParallelism() noexcept;

/// A dispatcher with threads of its own.
class CloseableDispatcher : public Dispatcher {
public:
    /// What was dispatched still runs, then the threads end. What is dispatched later is rejected: its job is
    /// cancelled, and cleans up on Dispatchers::IO() (rule 70). What was dispatched to a view of this one
    /// runs there uncancelled. Does not wait. The last context that names the dispatcher closes it too.
    /// Threads: any.
    virtual void close() noexcept = 0;
};

enum class PoolOrder {
    Usual,      ///< one thread runs what is dispatched in that order, as in Kotlin; several as on Default
    NewestFirst ///< one thread, too: a tree of jobs is worked through branch by branch, never is all of it
                ///< alive
};

/// At most `threads` at once, on threads of its own named `name`0, `name`1, ... (fourteen characters of it
/// are shown). Throws std::invalid_argument for less than one.
std::shared_ptr<CloseableDispatcher> newFixedThreadPoolContext(int threads, std::string name,
                                                               PoolOrder order = PoolOrder::Usual);
/// The same with one thread: what runs there is in order.
std::shared_ptr<CloseableDispatcher> newSingleThreadContext(std::string name);

} // namespace coroscope
