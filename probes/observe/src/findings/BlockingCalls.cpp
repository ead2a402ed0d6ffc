// SPDX-License-Identifier: Apache-2.0
#include "BlockingCalls.h"

#include <algorithm>
#include <string_view>

namespace coroscope::observe {

namespace {

struct Known {
    std::string_view function;
    std::string_view what;
};
/// Of a JVM's library; of nested ones the outermost is told.
constexpr Known calls[] = {
    {"java.lang.Thread.sleep", "Thread.sleep"},
    {"java.lang.Thread.join", "Thread.join"},
    {"java.lang.Object.wait", "Object.wait"},
    {"java.lang.ProcessImpl.waitFor", "Process.waitFor"},
    {"java.lang.Process.waitFor", "Process.waitFor"},
    {"java.util.concurrent.locks.LockSupport.park", "LockSupport.park"},
    {"java.util.concurrent.locks.LockSupport.parkNanos", "LockSupport.parkNanos"},
    {"java.util.concurrent.locks.LockSupport.parkUntil", "LockSupport.parkUntil"},
    {"java.util.concurrent.locks.ReentrantLock.lock", "ReentrantLock.lock"},
    {"java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.await", "Condition.await"},
    {"java.util.concurrent.FutureTask.get", "FutureTask.get"},
    {"java.util.concurrent.CompletableFuture.get", "CompletableFuture.get"},
    {"java.util.concurrent.CompletableFuture.join", "CompletableFuture.join"},
    {"java.util.concurrent.ForkJoinTask.get", "ForkJoinTask.get"},
    {"java.util.concurrent.ForkJoinTask.join", "ForkJoinTask.join"},
    {"java.util.concurrent.CountDownLatch.await", "CountDownLatch.await"},
    {"java.util.concurrent.CyclicBarrier.await", "CyclicBarrier.await"},
    {"java.util.concurrent.Semaphore.acquire", "Semaphore.acquire"},
    {"java.util.concurrent.LinkedBlockingQueue.take", "BlockingQueue.take"},
    {"java.util.concurrent.LinkedBlockingQueue.put", "BlockingQueue.put"},
    {"java.util.concurrent.ArrayBlockingQueue.take", "BlockingQueue.take"},
    {"java.util.concurrent.ArrayBlockingQueue.put", "BlockingQueue.put"},
    {"java.util.concurrent.SynchronousQueue.take", "BlockingQueue.take"},
    {"java.util.concurrent.SynchronousQueue.put", "BlockingQueue.put"},
    {"java.net.Socket.connect", "a socket's connect"},
    {"java.net.Socket$SocketInputStream.read", "a socket's read"},
    {"java.net.SocketInputStream.read", "a socket's read"},
    {"java.net.ServerSocket.accept", "ServerSocket.accept"},
    {"java.net.InetAddress.getAllByName", "the lookup of a host"},
    {"sun.nio.ch.SocketChannelImpl.read", "a socket's read"},
    {"sun.nio.ch.SocketChannelImpl.connect", "a socket's connect"},
    {"sun.nio.ch.SelectorImpl.select", "Selector.select"},
    {"sun.security.ssl.SSLSocketImpl$AppInputStream.read", "a socket's read"},
};
constexpr std::string_view libraries[] = {"java.", "javax.", "jdk.", "sun.", "com.sun."};
/// A user interface's thread waits there for what comes next, also within a dialog.
constexpr std::string_view nextEvent = "java.awt.EventQueue.getNextEvent";
constexpr std::string_view joinBlocking = "kotlinx.coroutines.BlockingCoroutine.joinBlocking";
constexpr std::string_view limitedWorker = "kotlinx.coroutines.internal.LimitedDispatcher$Worker";
constexpr std::string_view resumed = "kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith";

/// Without its module or class loader: "java.base/java.lang.Thread.sleep", "app//AppKt.main".
std::string_view plain(std::string_view function) {
    const std::size_t slash = function.rfind('/');
    return slash == std::string_view::npos || function.substr(0, slash).find('$') != std::string_view::npos
               ? function
               : function.substr(slash + 1);
}

bool ofALibrary(std::string_view function) {
    return std::any_of(std::begin(libraries), std::end(libraries),
                       [function](std::string_view prefix) { return function.starts_with(prefix); });
}

} // namespace

std::optional<BlockingCall> blockingCall(const StackText& stack) {
    const auto function = [&stack](std::size_t i) { return plain(stack.frames[i].function); };
    const std::size_t depth = stack.frames.size();
    BlockingCall found;
    bool blocks = false;
    std::size_t at = 0;
    for (; at < depth && ofALibrary(function(at)); ++at) {
        if (function(at) == nextEvent)
            return {};
        for (const Known& known : calls)
            if (function(at) == known.function) {
                found.what = known.what;
                found.call = at;
                blocks = true;
            }
    }
    // Where nobody but a library has called it, or Kotlin's own, the thread waits for work.
    if (at == depth || (function(at).starts_with("kotlinx.coroutines.") && function(at) != joinBlocking))
        blocks = false;
    found.caller = std::min(at, depth == 0 ? 0 : depth - 1);
    for (std::size_t i = 0; i < depth; ++i) {
        if (function(i) == joinBlocking && !found.runBlocking) {
            found.runBlocking = true;
            found.call = i;
            found.what = "runBlocking";
            found.caller = i;
            while (found.caller + 1 < depth && function(found.caller).starts_with("kotlinx.coroutines."))
                ++found.caller;
        } else if (found.runBlocking && function(i) == resumed) {
            found.insideCoroutine = true;
        }
        found.limited = found.limited || function(i).starts_with(limitedWorker);
    }
    if (!blocks && !found.runBlocking)
        return {};
    return found;
}

} // namespace coroscope::observe
