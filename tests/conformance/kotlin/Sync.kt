// SPDX-License-Identifier: Apache-2.0
// The programs behind the expected texts of rules 72 to 87: mutexes, semaphores, channels, select.

import kotlinx.coroutines.*
import kotlinx.coroutines.channels.*
import kotlinx.coroutines.selects.*
import kotlinx.coroutines.sync.*
import java.util.concurrent.CancellationException

/** What [block] throws, or its value. */
suspend fun outcome(block: suspend () -> Any?): String = try { "${block()}" } catch (e: Throwable) { kind(e) }
/** What it throws without the message, which names Kotlin's classes. */
suspend fun refused(block: suspend () -> Any?): String =
    try { "${block()}" } catch (e: IllegalStateException) { "refused" } catch (e: IllegalArgumentException) { "refused" }

fun told(result: ChannelResult<*>) = when {
    result.isSuccess -> "success ${if (result.getOrNull() == Unit) "" else result.getOrNull().toString()}".trim()
    result.isClosed -> "closed ${kind(result.exceptionOrNull())}"
    else -> "failure"
}

fun CoroutineScope.now(block: suspend CoroutineScope.() -> Unit) = launch(start = CoroutineStart.UNDISPATCHED, block = block)

@OptIn(ExperimentalCoroutinesApi::class, DelicateCoroutinesApi::class, InternalCoroutinesApi::class)
val syncRules: Map<String, suspend CoroutineScope.(Lines) -> Unit> = linkedMapOf(
    "S072" to { o ->
        val mutex = Mutex()
        o.say("locked ${mutex.isLocked}")
        mutex.lock()
        for (i in 1..3) now { mutex.lock(); o.say("$i has it"); yield(); o.say("$i gives it back"); mutex.unlock() }
        o.say("tryLock ${mutex.tryLock()}")
        mutex.unlock()
        o.say("handed over, locked ${mutex.isLocked}, tryLock ${mutex.tryLock()}")
        now { mutex.lock(); o.say("late one has it"); mutex.unlock() }
        repeat(6) { yield() }
        o.say("locked ${mutex.isLocked}")
    },
    "S072_semaphore" to { o ->
        val semaphore = Semaphore(2)
        for (i in 1..5) now {
            semaphore.acquire()
            o.say("$i in, ${semaphore.availablePermits} left")
            yield()
            o.say("$i out")
            semaphore.release()
        }
        o.say("tryAcquire ${semaphore.tryAcquire()}")
        repeat(8) { yield() }
        o.say("left ${semaphore.availablePermits}, tryAcquire ${semaphore.tryAcquire()}, left ${semaphore.availablePermits}")
    },
    "S072_notReentrant" to { o ->
        val mutex = Mutex()
        val job = now { mutex.lock(); mutex.lock(); o.say("never") }
        yield()
        o.say("active ${job.isActive}")
        job.cancel()
        job.join()
        o.say("locked ${mutex.isLocked}")
    },
    "S073" to { o ->
        val mutex = Mutex()
        o.say("unlock " + refused { mutex.unlock() })
        val a = Any(); val b = Any()
        mutex.lock(a)
        o.say("holds ${mutex.holdsLock(a)} ${mutex.holdsLock(b)}")
        o.say("lock " + refused { mutex.lock(a) })
        o.say("tryLock " + refused { mutex.tryLock(a) } + " " + mutex.tryLock(b))
        o.say("unlock " + refused { mutex.unlock(b); "unlocked" })
        mutex.unlock(a)
        o.say("locked ${mutex.isLocked}")
        mutex.lock(a)
        mutex.unlock()
        o.say("locked ${mutex.isLocked}")
        mutex.lock()
        o.say("unlock " + refused { mutex.unlock(a); "unlocked" })
        mutex.unlock()
        val locked = Mutex(locked = true)
        now { locked.lock(b); o.say("b holds ${locked.holdsLock(b)}") }
        locked.unlock()
        o.say("handed over ${locked.holdsLock(b)}")
        yield()
        o.say(outcome { mutex.withLock { "inside ${mutex.isLocked}" } } + ", after ${mutex.isLocked}")
        o.say(outcome { mutex.withLock { throw Boom("inside") } } + ", after ${mutex.isLocked}")
    },
    "S074" to { o ->
        val mutex = Mutex()
        val job = now {
            try { awaitCancellation() } catch (e: CancellationException) {
                mutex.lock()
                o.say("cancelled and locked")
                o.say(thrown { mutex.lock() }.substringBefore(':'))
                throw e
            }
        }
        job.cancel()
        job.join()
        // The lock has been handed to the first one, which is cancelled before it runs.
        val first = now { o.say("first " + thrown { mutex.lock(); o.say("never") }.substringBefore(':')) }
        val second = now { mutex.lock(); o.say("second has it"); mutex.unlock() }
        mutex.unlock()
        first.cancel()
        joinAll(first, second)
        o.say("locked ${mutex.isLocked}")
        // Cancelled while it waits: the next one moves up.
        mutex.lock()
        val third = now { o.say("third " + thrown { mutex.lock() }.substringBefore(':')) }
        val fourth = now { mutex.lock(); o.say("fourth has it"); mutex.unlock() }
        third.cancel()
        third.join()
        mutex.unlock()
        fourth.join()
        o.say("locked ${mutex.isLocked}")
    },
    "S075" to { o ->
        val semaphore = Semaphore(1)
        o.say("release " + refused { semaphore.release() })
        semaphore.acquire()
        val first = now { o.say("first " + thrown { semaphore.acquire(); o.say("never") }.substringBefore(':')) }
        val second = now { semaphore.acquire(); o.say("second in"); semaphore.release() }
        semaphore.release()
        first.cancel()
        joinAll(first, second)
        o.say("left ${semaphore.availablePermits}")
        o.say("release " + refused { semaphore.release() })
        o.say("none " + refused { Semaphore(0) } + ", too many taken " + refused { Semaphore(2, 3) })
        o.say("left ${Semaphore(3, 1).availablePermits}")
        o.say(outcome { semaphore.withPermit { "inside ${semaphore.availablePermits}" } } + ", after ${semaphore.availablePermits}")
        val waiting = now { o.say("waiting " + thrown { semaphore.acquire(); semaphore.acquire() }.substringBefore(':')) }
        waiting.cancel()
        waiting.join()
        o.say("left ${semaphore.availablePermits}")
    },
    "S076" to { o ->
        suspend fun fill(what: String, channel: Channel<Int>) {
            val results = (1..4).map { told(channel.trySend(it)) }
            o.say("$what $results")
            val got = mutableListOf<Int>()
            while (true) got += channel.tryReceive().getOrNull() ?: break
            o.say("$what $got")
        }
        fill("rendezvous", Channel())
        fill("buffered", Channel(2))
        fill("conflated", Channel(Channel.CONFLATED))
        fill("unlimited", Channel(Channel.UNLIMITED))
        fill("drop oldest", Channel(2, BufferOverflow.DROP_OLDEST))
        fill("drop latest", Channel(2, BufferOverflow.DROP_LATEST))
        fill("rendezvous drop oldest", Channel(Channel.RENDEZVOUS, BufferOverflow.DROP_OLDEST))
        fill("default drop latest", Channel(Channel.BUFFERED, BufferOverflow.DROP_LATEST))
        val default = Channel<Int>(Channel.BUFFERED)
        var n = 0
        while (default.trySend(n).isSuccess) n++
        o.say("default $n")
        o.say("negative " + refused { Channel<Int>(-5) } + ", conflated and dropping " +
            refused { Channel<Int>(Channel.CONFLATED, BufferOverflow.DROP_LATEST) })
    },
    "S076_rendezvous" to { o ->
        val channel = Channel<Int>()
        val sender = now { for (i in 1..3) { o.say("sending $i"); channel.send(i); o.say("sent $i") } }
        for (i in 1..3) { o.say("received ${channel.receive()}") }
        sender.join()
    },
    "S076_buffered" to { o ->
        val channel = Channel<Int>(2)
        val sender = launch { for (i in 1..5) { o.say("sending $i"); channel.send(i); o.say("sent $i") } }
        yield()
        for (i in 1..5) { o.say("received ${channel.receive()}") }
        sender.join()
    },
    "S076_conflated" to { o ->
        val channel = Channel<Int>(Channel.CONFLATED)
        val receiver = now { for (x in channel) o.say("received $x") }
        channel.send(1); channel.send(2); channel.send(3)
        yield()
        channel.send(4)
        channel.close()
        receiver.join()
    },
    "S077" to { o ->
        val channel = Channel<Int>(3)
        channel.send(1); channel.send(2)
        o.say("close ${channel.close()} ${channel.close()} ${channel.close(Boom("late"))}")
        o.say("for send ${channel.isClosedForSend}, for receive ${channel.isClosedForReceive}, empty ${channel.isEmpty}")
        o.say("received ${channel.receive()} ${channel.receive()}")
        o.say("for receive ${channel.isClosedForReceive}")
        o.say("receive " + outcome { channel.receive() })
        o.say("receiveCatching " + told(channel.receiveCatching()))
        val cancelled = Channel<Int>(3)
        cancelled.send(1)
        cancelled.cancel()
        o.say("cancelled: close ${cancelled.close()}, for receive ${cancelled.isClosedForReceive}, empty ${cancelled.isEmpty}")
        o.say("receive " + outcome { cancelled.receive() })
        o.say("send " + outcome { cancelled.send(1) })
        val both = Channel<Int>(3)
        both.send(1)
        both.close(Boom("closed first"))
        both.cancel()
        o.say("receive " + outcome { both.receive() })
    },
    "S077_waiting" to { o ->
        val channel = Channel<Int>()
        val senders = (1..2).map { now { o.say("sender $it: " + outcome { channel.send(it); "sent" }) } }
        channel.close()
        o.say("late " + outcome { channel.send(3) })
        o.say("for receive ${channel.isClosedForReceive}")
        o.say("received ${channel.receive()} ${channel.receive()}")
        senders.joinAll()
        o.say("for receive ${channel.isClosedForReceive}")
        val other = Channel<Int>()
        val receivers = (1..3).map { now { o.say("receiver $it: " + outcome { other.receive() }) } }
        other.close(Boom("over"))
        receivers.joinAll()
        val third = Channel<Int>(1)
        val blocked = (1..3).map { now { o.say("sender $it: " + outcome { third.send(it); "sent" }) } }
        third.cancel(CancellationException("enough"))
        blocked.joinAll()
    },
    "S077_onClose" to { o ->
        val channel = Channel<Int>()
        channel.invokeOnClose { o.say("closed ${kind(it)}") }
        o.say("twice " + refused { channel.invokeOnClose { } })
        val receiver = now { o.say("receiver " + outcome { channel.receive() }) }
        channel.close(Boom("why"))
        channel.close()
        receiver.join()
        val done = Channel<Int>()
        done.close()
        done.invokeOnClose { o.say("at once ${kind(it)}") }
    },
    "S078" to { o ->
        val channel = Channel<Int>()
        channel.close(Boom("why"))
        o.say("send " + outcome { channel.send(1) })
        o.say("receive " + outcome { channel.receive() })
        o.say("trySend " + told(channel.trySend(1)))
        o.say("tryReceive " + told(channel.tryReceive()))
        o.say("receiveCatching " + told(channel.receiveCatching()))
        o.say("loop " + outcome { for (x in channel) o.say(x); "ended" })
        val plain = Channel<Int>()
        plain.close()
        o.say("send " + outcome { plain.send(1) })
        o.say("receive " + outcome { plain.receive() })
        o.say("trySend " + told(plain.trySend(1)))
        o.say("loop " + outcome { for (x in plain) o.say(x); "ended" })
        val job = launch { plain.receive() }
        o.say("cancels nobody " + job.isCancelled)
        val cancelled = Channel<Int>()
        cancelled.cancel(CancellationException("stop"))
        val silent = launch { cancelled.receive() }
        silent.join()
        o.say(state(silent))
    },
    "S079" to { o ->
        fun channel(capacity: Int, overflow: BufferOverflow = BufferOverflow.SUSPEND) =
            Channel<Int>(capacity, overflow) { o.say("undelivered $it") }
        o.say("cancelled:")
        val buffered = channel(3)
        for (i in 1..3) buffered.send(i)
        val waiting = now { o.say("sender " + outcome { buffered.send(4) }.substringBefore(':')) }
        buffered.cancel()
        waiting.join()
        o.say("closed:")
        val closed = channel(3)
        closed.send(1)
        closed.close()
        o.say("send " + outcome { closed.send(2) })
        o.say("trySend " + told(closed.trySend(3)))
        o.say("received ${closed.receive()}")
        o.say("a cancelled sender:")
        val rendezvous = channel(0)
        val sender = now { o.say("sender " + outcome { rendezvous.send(1) }.substringBefore(':')) }
        sender.cancel()
        sender.join()
        o.say("a receiver cancelled after it was resumed:")
        val receiver = now { o.say("receiver " + outcome { rendezvous.receive() }.substringBefore(':')) }
        o.say("trySend " + told(rendezvous.trySend(7)))
        receiver.cancel()
        receiver.join()
        o.say("a sender cancelled after it was resumed:")
        val resumed = now { o.say("sender " + outcome { rendezvous.send(8); "sent" }.substringBefore(':')) }
        o.say("received ${rendezvous.receive()}")
        resumed.cancel()
        resumed.join()
        o.say("conflated:")
        val conflated = channel(Channel.CONFLATED)
        for (i in 1..3) conflated.send(i)
        o.say("received ${conflated.receive()}")
        o.say("drop latest:")
        val latest = channel(1, BufferOverflow.DROP_LATEST)
        latest.send(1); latest.send(2)
        o.say("trySend " + told(latest.trySend(3)))
        o.say("failed trySend " + told(rendezvous.trySend(9)))
    },
    "S079_throwing" to { o ->
        val channel = Channel<Int>(3) { throw Boom("undelivered $it") }
        channel.send(1); channel.send(2)
        o.say("cancel " + try { channel.cancel(); "returned" } catch (e: Throwable) { "threw ${e.cause?.message}" })
        val closed = Channel<Int> { throw Boom("undelivered $it") }
        closed.close()
        o.say("send " + try { closed.send(1); "returned" } catch (e: Throwable) { "threw ${e.cause?.message} suppressed=[${suppressed(e)}]" })
    },
    "S080" to { o ->
        val channel = Channel<Int>()
        o.say("trySend " + told(channel.trySend(1)))
        o.say("tryReceive " + told(channel.tryReceive()))
        val receiver = now { o.say("received ${channel.receive()}") }
        o.say("trySend " + told(channel.trySend(2)) + " " + told(channel.trySend(3)))
        receiver.join()
        val sender = now { channel.send(4); o.say("sent") }
        o.say("tryReceive " + told(channel.tryReceive()) + " " + told(channel.tryReceive()))
        sender.join()
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            try { awaitCancellation() } catch (e: CancellationException) {
                o.say("cancelled: " + told(Channel<Int>(1).trySend(1)))
                val ready = Channel<Int>(1)
                ready.send(5)
                o.say("cancelled: received ${ready.receive()}")
                o.say("cancelled: " + outcome { ready.receive() }.substringBefore(':'))
            }
        }
        job.cancelAndJoin()
    },
    "S081" to { o ->
        val channel = Channel<Int>()
        val receivers = (1..3).map { now { o.say("receiver $it got ${channel.receive()}") } }
        for (i in 1..3) o.say(told(channel.trySend(i)))
        receivers.joinAll()
        val senders = (1..4).map { now { channel.send(it); o.say("sender $it is through") } }
        senders[1].cancel()
        for (i in 1..3) o.say("received ${channel.receive()}")
        senders.joinAll()
        val buffered = Channel<Int>(2)
        val more = (1..5).map { now { buffered.send(it); o.say("sender $it is through") } }
        o.say("received ${buffered.receive()}")
        o.say("received ${buffered.receive()}")
        yield()
        for (i in 3..5) o.say("received ${buffered.receive()}")
        more.joinAll()
    },
    "S082" to { o ->
        val numbers = produce { for (i in 1..3) { send(i); o.say("sent $i") } }
        for (n in numbers) o.say("received $n")
        o.say("closed ${numbers.isClosedForReceive}")
        supervisorScope {
            val failing = produce { send(1); throw Boom("source") }
            o.say("received ${failing.receive()}")
            o.say("receive " + outcome { failing.receive() })
        }
        val endless = produce {
            try { var i = 0; while (true) send(i++) } catch (e: CancellationException) { o.say("producer ${kind(e)}"); throw e }
        }
        o.say("received ${endless.receive()}")
        endless.cancel(CancellationException("had enough"))
        yield()
        o.say("receive " + outcome { endless.receive() })
        val job = Job()
        val cancelled = produce<Int>(job) { awaitCancellation() }
        val receiver = now { o.say("receiver " + outcome { cancelled.receive() }) }
        yield()
        job.cancel(CancellationException("from above"))
        receiver.join()
        o.say("buffered " + produce(capacity = 3) { for (i in 1..3) send(i); o.say("all sent") }.toList())
    },
    "S082_children" to { o ->
        val numbers = produce {
            launch { delay(10); send(2) }
            send(1)
            o.say("body is done")
        }
        for (n in numbers) o.say("received $n")
    },
    "S083" to { o ->
        val a = Channel<Int>(1); val b = Channel<String>(1)
        a.send(1); b.send("one")
        suspend fun choose() = select<String> {
            a.onReceive { "a $it" }
            b.onReceive { "b $it" }
        }
        o.say(choose()); o.say(choose())
        a.send(2); b.send("two")
        o.say(select<String> { b.onReceive { "b $it" }; a.onReceive { "a $it" } })
        o.say(choose())
        val first = mutableSetOf<String>()
        repeat(200) {
            a.send(it); b.send("$it")
            first += selectUnbiased<String> { a.onReceive { "a" }; b.onReceive { "b" } }
            a.tryReceive(); b.tryReceive()
        }
        o.say("unbiased ${first.sorted()}")
        val waiting = now { o.say("selected " + choose()) }
        b.send("three")
        waiting.join()
    },
    "S084" to { o ->
        val a = Channel<Int>(); val b = Channel<Int>()
        val chooser = now {
            o.say("chose " + select<String> {
                a.onReceive { o.say("handler: b ${told(b.trySend(1))}, a ${told(a.trySend(1))}"); "a $it" }
                b.onReceive { "b $it" }
            })
        }
        o.say("a ${told(a.trySend(5))}, b ${told(b.trySend(6))}")
        chooser.join()
        val senders = now {
            o.say("sent to " + select<String> { a.onSend(1) { "a" }; b.onSend(2) { "b" } })
        }
        o.say("received ${b.receive()}, a ${told(a.tryReceive())}")
        senders.join()
        // Two selects meet.
        val one = now { o.say("one " + select<String> { a.onSend(7) { "sent" }; b.onReceive { "got $it" } }) }
        val other = now { o.say("other " + select<String> { b.onSend(8) { "sent" }; a.onReceive { "got $it" } }) }
        joinAll(one, other)
        o.say("a ${told(a.tryReceive())}, b ${told(b.tryReceive())}")
        val mutex = Mutex(locked = true)
        val locker = now { o.say(select<String> { mutex.onLock { "locked" }; a.onReceive { "a $it" } }) }
        a.send(9)
        locker.join()
        mutex.unlock()
        o.say("locked ${mutex.isLocked}")
        o.say(select<String> { mutex.onLock { "locked at once" } } + " ${mutex.isLocked}")
    },
    "S084_cancelled" to { o ->
        val a = Channel<Int> { o.say("undelivered $it") }
        val b = Channel<Int>()
        suspend fun choose(send: Int) = select<String> { a.onSend(send) { "sent" }; b.onReceive { "got $it" } }
        val waiting = now { o.say("waiting " + outcome { choose(1) }.substringBefore(':')) }
        waiting.cancel()
        waiting.join()
        val other = now { o.say("other " + outcome { choose(2) }) }
        b.send(3)
        other.join()
        val resumed = now { o.say("resumed " + outcome { select<String> { a.onReceive { "got $it" } } }.substringBefore(':')) }
        o.say(told(a.trySend(4)))
        resumed.cancel()
        resumed.join()
        val mutex = Mutex(locked = true)
        val locker = now { o.say("locker " + outcome { select<String> { mutex.onLock { "locked" } } }.substringBefore(':')) }
        mutex.unlock()
        locker.cancel()
        locker.join()
        o.say("locked ${mutex.isLocked}")
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            try { awaitCancellation() } catch (e: CancellationException) {
                val ready = Channel<Int>(1)
                ready.trySend(1)
                o.say("cancelled, ready: " + outcome { select<String> { ready.onReceive { "got $it" } } })
                o.say("cancelled, not ready: " + outcome { select<String> { ready.onReceive { "got $it" } } }.substringBefore(':'))
            }
        }
        job.cancelAndJoin()
    },
    "S085" to { o ->
        val channel = Channel<Int>(1)
        suspend fun choose(time: Long) = select<String> { onTimeout(time) { "timeout" }; channel.onReceive { "got $it" } }
        o.say(choose(0)); o.say(choose(-1)); o.say(choose(10))
        channel.send(1)
        o.say(choose(0)); o.say(choose(10))
        channel.send(2)
        o.say(select<String> { channel.onReceive { "got $it" }; onTimeout(0) { "timeout" } })
        val late = launch { delay(20); channel.send(3) }
        o.say(choose(50))
        late.join()
        o.say(select<String> { onTimeout(30) { "30" }; onTimeout(10) { "10" } })
    },
    "S086" to { o ->
        val lazyJob = launch(start = CoroutineStart.LAZY) { o.say("job runs") }
        o.say(select<String> { lazyJob.onJoin { "joined" } })
        val lazy = async(start = CoroutineStart.LAZY) { o.say("async runs"); 7 }
        o.say(select<String> { lazy.onAwait { "awaited $it" } })
        o.say(select<String> { lazyJob.onJoin { "joined again" }; lazy.onAwait { "awaited" } })
        val unstarted = launch(start = CoroutineStart.LAZY) { o.say("never runs") }
        o.say(select<String> { lazyJob.onJoin { "first" }; unstarted.onJoin { "second" } } + " " + state(unstarted))
        unstarted.cancel()
        supervisorScope {
            val failing = async { throw Boom("async"); @Suppress("UNREACHABLE_CODE") 1 }
            o.say("failing " + outcome { select<String> { failing.onAwait { "awaited $it" } } })
            val failed = launch(silent(o)) { throw Boom("launch") }
            o.say("failed " + outcome { select<String> { failed.onJoin { "joined" } } })
        }
        val slow = async { delay(20); "slow" }
        val quick = async { delay(10); "quick" }
        o.say(select<String> { slow.onAwait { it }; quick.onAwait { it } })
        o.say(slow.await())
    },
    "S087" to { o ->
        val closed = Channel<Int>()
        closed.close(Boom("why"))
        val plain = Channel<Int>()
        plain.close()
        o.say(outcome { select<String> { closed.onReceive { "got $it" } } })
        o.say(outcome { select<String> { closed.onReceiveCatching { told(it) } } })
        o.say(outcome { select<String> { plain.onReceive { "got $it" } } })
        o.say(outcome { select<String> { plain.onReceiveCatching { told(it) } } })
        o.say(outcome { select<String> { closed.onSend(1) { "sent" } } })
        val later = Channel<Int>(); val other = Channel<Int>()
        val waiting = (1..2).map {
            now {
                o.say("waiting " + outcome {
                    select<String> {
                        if (it == 1) later.onReceive { "got $it" } else later.onReceiveCatching { told(it) }
                        other.onReceive { "other $it" }
                    }
                })
            }
        }
        later.close()
        waiting.joinAll()
        val sender = now { o.say("sender " + outcome { select<String> { other.onSend(1) { "sent" } } }) }
        other.cancel()
        sender.join()
        o.say(outcome { select<String> { plain.onReceiveCatching { throw Boom("handler") } } })
    },
)
