// SPDX-License-Identifier: Apache-2.0
// The workloads of bench_peers with kotlinx.coroutines. Prints "name value", nanoseconds for one of n.
import kotlinx.coroutines.*
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.sync.*

fun each(from: Long, n: Int) = (System.nanoTime() - from).toDouble() / n

suspend fun returnsAtOnce(n: Int): Int = if (n < 0) suspendCancellableCoroutine { } else n

fun call(n: Int) = runBlocking {
    val from = System.nanoTime()
    var sum = 0
    repeat(n) { sum += returnsAtOnce(1) }
    check(sum == n)
    each(from, n)
}

fun yields(n: Int) = runBlocking {
    val from = System.nanoTime()
    List(2) { launch { repeat(n / 2) { yield() } } }.joinAll()
    each(from, n)
}

suspend fun spawnAndJoin(n: Int): Double {
    val from = System.nanoTime()
    coroutineScope { repeat(n) { launch { } } }
    return each(from, n)
}

suspend fun skynet(number: Long, leaves: Long): Long {
    if (leaves == 1L) return number
    return coroutineScope { List(10) { async { skynet(number + it * leaves / 10, leaves / 10) } }.sumOf { it.await() } }
}

suspend fun skynetPerLeaf(leaves: Int): Double {
    val from = System.nanoTime()
    check(skynet(0, leaves.toLong()) == leaves.toLong() * (leaves - 1) / 2)
    return each(from, leaves)
}

fun cancel(n: Int) = runBlocking {
    val root = launch {
        repeat(n / 100) { launch { repeat(99) { launch { awaitCancellation() } }; awaitCancellation() } }
        awaitCancellation()
    }
    repeat(4) { yield() }
    val from = System.nanoTime()
    root.cancelAndJoin()
    each(from, n)
}

fun sleeps(n: Int) = runBlocking {
    val from = System.nanoTime()
    coroutineScope { repeat(n) { launch { delay(1) } } }
    each(from, n)
}

fun channel(n: Int) = runBlocking {
    val messages = Channel<Int>()
    val from = System.nanoTime()
    launch { repeat(n) { messages.send(it) }; messages.close() }
    for (message in messages) { }
    each(from, n)
}

fun mutex(n: Int) = runBlocking {
    val lock = Mutex()
    val from = System.nanoTime()
    List(2) { launch { repeat(n / 2) { lock.withLock { yield() } } } }.joinAll()
    each(from, n)
}

fun main(arguments: Array<String>) {
    val quick = arguments.isNotEmpty()
    val n = if (quick) 10_000 else 100_000 // the others' million takes more than a minute here, and tells the same
    fun measure(name: String, run: () -> Double) {
        // More often than the others: the first rounds are slow until they are compiled.
        val values = List(if (quick) 1 else 15) { run() }.takeLast(5).sorted()
        println("$name ${values[values.size / 2]}")
    }
    measure("call_ns") { call(100 * n) }
    measure("yield_ns") { yields(n) }
    measure("spawn_join_1t_ns") { runBlocking { spawnAndJoin(n) } }
    measure("spawn_join_2t_ns") { runBlocking(Dispatchers.Default) { spawnAndJoin(n) } }
    measure("skynet_1t_ns") { runBlocking { skynetPerLeaf(n) } }
    measure("skynet_2t_ns") { runBlocking(Dispatchers.Default) { skynetPerLeaf(n) } }
    measure("cancel_ns") { cancel(n) }
    measure("timer_ns") { sleeps(n) }
    measure("channel_ns") { channel(n) }
    measure("mutex_ns") { mutex(n) }
}
