// SPDX-License-Identifier: Apache-2.0
// The programs behind tests/conformance/expected: each rule of docs/SEMANTICS.md that is about order, or about who
// sees what, as a Kotlin program. tests/conformance/kotlin/run compiles and runs this against kotlinx.coroutines
// 1.10.2 and rewrites the expected texts; the C++ tests of the same names must print the same lines.

import kotlinx.coroutines.*
import java.io.File
import java.util.concurrent.CancellationException
import kotlin.coroutines.*

class Lines {
    private val lines = mutableListOf<String>()
    fun say(text: Any?) { synchronized(lines) { lines += text.toString() } }
    override fun toString() = lines.joinToString("\n", postfix = "\n")
}

class Boom(message: String) : Exception(message)

fun kind(cause: Throwable?): String = when (cause) {
    null -> "normal"
    is TimeoutCancellationException -> "timeout"
    is CancellationException -> "cancelled: ${cause.message}"
    else -> "failed: ${cause.message}"
}

fun state(job: Job) = buildString {
    append(if (job.isActive) 'T' else 'F')
    append(if (job.isCompleted) 'T' else 'F')
    append(if (job.isCancelled) 'T' else 'F')
}

/** The message of what [block] throws, or "no exception". */
suspend fun thrown(block: suspend () -> Unit): String =
    try { block(); "no exception" } catch (e: Throwable) { kind(e) }

/** Without what kotlinx.coroutines attaches to say in which context it happened. */
fun suppressed(e: Throwable) =
    e.suppressed.filter { it::class.simpleName != "DiagnosticCoroutineContextException" }.joinToString(",") { it.message ?: "?" }

fun silent(lines: Lines) = CoroutineExceptionHandler { _, e ->
    lines.say("handler ${e.message} suppressed=[${suppressed(e)}]")
}

@OptIn(ExperimentalCoroutinesApi::class, DelicateCoroutinesApi::class, InternalCoroutinesApi::class)
val rules: Map<String, suspend CoroutineScope.(Lines) -> Unit> = linkedMapOf(
    "S001" to { o ->
        val lazy = launch(start = CoroutineStart.LAZY) { delay(10) }
        o.say("new ${state(lazy)}")
        lazy.start()
        o.say("active ${state(lazy)}")
        lazy.join()
        o.say("completed ${state(lazy)}")
        val parent = launch { launch { delay(20) } }
        yield(); yield()
        o.say("completing ${state(parent)}")
        val stubborn = launch { withContext(NonCancellable) { delay(20) } }
        yield()
        stubborn.cancel()
        o.say("cancelling ${state(stubborn)}")
        stubborn.join()
        o.say("cancelled ${state(stubborn)}")
    },
    "S002" to { o ->
        val job = launch(start = CoroutineStart.LAZY) { }
        o.say(job.start()); o.say(job.start())
        job.join()
        o.say(job.start())
        val active = launch { }
        o.say(active.start())
    },
    "S003" to { o ->
        val job = launch(start = CoroutineStart.LAZY) { o.say("body") }
        job.invokeOnCompletion { o.say("completion ${kind(it)}") }
        job.cancel(CancellationException("never mind"))
        o.say(state(job))
    },
    "S004" to { o ->
        val job = launch {
            try { awaitCancellation() } catch (e: CancellationException) { o.say(e.message); throw e }
        }
        yield()
        job.cancel(CancellationException("first"))
        job.cancel(CancellationException("second"))
        job.join()
        job.invokeOnCompletion { o.say(kind(it)) }
    },
    "S005" to { o ->
        val parent = launch { launch { delay(20); o.say("first child") } }
        yield(); yield()
        o.say("completing ${state(parent)}")
        launch(parent) { delay(40); o.say("late child") }
        parent.join()
        o.say("joined ${state(parent)}")
    },
    "S006" to { o ->
        val parent = launch { withContext(NonCancellable) { delay(20) } }
        yield()
        parent.cancel()
        val child = launch(parent) { o.say("body") }
        child.invokeOnCompletion { o.say("child ${kind(it)}") }
        o.say("child ${state(child)}")
        parent.join()
    },
    "S007" to { o ->
        val job = Job()
        val child = launch(job) { }
        o.say("children ${job.children.count()}")
        child.join()
        o.say("children ${job.children.count()}")
        job.complete()
    },
    "S008" to { o ->
        val job = Job()
        o.say(thrown { job.getCancellationException() }.substringBefore(':'))
        job.complete()
        o.say(kind(job.getCancellationException()).substringBefore(':'))
        val failed = CompletableDeferred<Int>()
        failed.completeExceptionally(Boom("broken"))
        val e = failed.getCancellationException()
        o.say("${kind(e).substringBefore(':')} cause ${e.cause?.message}")
    },
    "S009" to { o ->
        val parent = Job()
        val job = Job(parent)
        parent.invokeOnCompletion(onCancelling = true) { o.say("parent told ${kind(it)}") }
        job.invokeOnCompletion(onCancelling = true) { o.say("handler 1") }
        val a = launch(job, start = CoroutineStart.UNDISPATCHED) { awaitCancellation() }
        a.invokeOnCompletion(onCancelling = true) { o.say("child a") }
        job.invokeOnCompletion(onCancelling = true) { o.say("handler 2") }
        val b = launch(job, start = CoroutineStart.UNDISPATCHED) { awaitCancellation() }
        b.invokeOnCompletion(onCancelling = true) { o.say("child b") }
        job.invokeOnCompletion(onCancelling = true) { o.say("handler 3") }
        job.completeExceptionally(Boom("x"))
        job.join()
        parent.cancel()
    },
    "S010" to { o ->
        val scope = CoroutineScope(SupervisorJob() + coroutineContext[ContinuationInterceptor]!! +
            CoroutineExceptionHandler { c, e -> o.say("exception handler ${e.message}, completed=${c[Job]!!.isCompleted}") })
        val job = scope.launch { throw Boom("x") }
        job.invokeOnCompletion { o.say("completion 1") }
        job.invokeOnCompletion { o.say("completion 2") }
        val waiter = launch { job.join(); o.say("joined") }
        waiter.join()
        o.say("children ${scope.coroutineContext[Job]!!.children.count()}")
        scope.cancel()
    },
    "S012" to { o ->
        val job = launch { delay(10); o.say("body") }
        job.invokeOnCompletion { o.say("1") }
        job.invokeOnCompletion { o.say("2") }
        job.invokeOnCompletion { o.say("3") }
        job.join()
        o.say("joined")
        job.invokeOnCompletion { o.say("at once") }
        o.say("after")
    },
    "S013" to { o ->
        val normal = launch { }
        normal.invokeOnCompletion { o.say(kind(it)) }
        normal.join()
        val cancelled = launch { awaitCancellation() }
        cancelled.invokeOnCompletion { o.say(kind(it)) }
        yield()
        cancelled.cancel(CancellationException("enough"))
        cancelled.join()
        supervisorScope {
            val failed = launch(CoroutineExceptionHandler { _, _ -> }) { throw Boom("x") }
            failed.invokeOnCompletion { o.say(kind(it)) }
            failed.join()
        }
    },
    "S014" to { o ->
        val a = launch { awaitCancellation() }
        a.invokeOnCompletion(onCancelling = true) { o.say("cancelling a ${kind(it)}") }
        yield()
        a.cancel(CancellationException("stop"))
        o.say("after cancel")
        a.join()
        val b = launch { }
        b.invokeOnCompletion(onCancelling = true) { o.say("normal b ${kind(it)}") }
        b.join()
    },
    "S015" to { o ->
        val job = Job()
        var second: DisposableHandle? = null
        job.invokeOnCompletion { o.say("first disposes of second"); second!!.dispose() }
        second = job.invokeOnCompletion { o.say("second") }
        job.invokeOnCompletion { o.say("third") }
        job.complete()
    },
    "S017" to { o ->
        val job = launch { o.say("body") }
        job.invokeOnCompletion { o.say("completion ${kind(it)}") }
        o.say("launched")
        job.cancel(CancellationException("no"))
        o.say(state(job))
        job.join()
        o.say(state(job))
    },
    "S018" to { o ->
        val a = launch(start = CoroutineStart.LAZY) { o.say("a by start") }
        val b = launch(start = CoroutineStart.LAZY) { o.say("b by join") }
        val c = async(start = CoroutineStart.LAZY) { o.say("c by await"); 1 }
        yield()
        o.say("nothing yet")
        a.start(); yield()
        b.join()
        c.await()
        val parent = launch { launch(start = CoroutineStart.LAZY) { o.say("lazy child") } }
        delay(20)
        o.say("parent ${state(parent)}")
        parent.children.first().start()
        parent.join()
        o.say("parent ${state(parent)}")
    },
    "S019" to { o ->
        val job = launch(start = CoroutineStart.ATOMIC) {
            o.say("before suspension")
            try { yield(); o.say("never") } catch (e: CancellationException) { o.say("cancelled at suspension"); throw e }
        }
        job.cancel()
        job.join()
        o.say(state(job))
    },
    "S020" to { o ->
        o.say("1")
        val job = launch(start = CoroutineStart.UNDISPATCHED) { o.say("2"); yield(); o.say("4") }
        o.say("3")
        job.join()
        o.say("5")
    },
    "S021" to { o ->
        val parent = Job()
        parent.cancel(CancellationException("dead"))
        val job = launch(parent) { o.say("body") }
        job.invokeOnCompletion { o.say("completion ${kind(it)}") }
        o.say(state(job))
        yield()
    },
    "S022" to { o ->
        val parent = launch(start = CoroutineStart.LAZY) { o.say("parent body") }
        val child = launch(parent) { o.say("child body") }
        o.say("parent ${state(parent)}")
        parent.join()
        o.say("${state(parent)} ${state(child)}")
    },
    "S023" to { o ->
        val job = launch { launch { launch { delay(20); o.say("grandchild") }; o.say("child body") }; o.say("body") }
        job.join()
        o.say("joined")
    },
    "S024" to { o ->
        val all = mutableListOf<Job>()
        val top = launch { all += launch { all += launch { awaitCancellation() }; awaitCancellation() }; awaitCancellation() }
        delay(10)
        top.cancel()
        o.say((listOf(top) + all).joinToString(" ") { state(it) })
        top.join()
    },
    "S025" to { o ->
        val parent = launch {
            val child = launch { awaitCancellation() }
            yield()
            child.cancelAndJoin()
            o.say("parent goes on ${state(coroutineContext[Job]!!)}")
        }
        parent.join()
        o.say(state(parent))
    },
    "S026" to { o ->
        supervisorScope {
            val parent = launch(CoroutineExceptionHandler { _, e -> o.say("handler ${e.message}") }) {
                launch { try { awaitCancellation() } finally { o.say("sibling stops") } }
                val failing = launch {
                    try { awaitCancellation() } finally { }
                }
                val bad = launch { yield(); throw Boom("x") }
                bad.invokeOnCompletion { o.say("failing child done, parent ${state(this@launch.coroutineContext[Job]!!)}") }
                failing.invokeOnCompletion { o.say("other sibling ${kind(it).substringBefore(':')}") }
                try { awaitCancellation() } finally { o.say("parent body stops") }
            }
            parent.join()
        }
    },
    "S027" to { o ->
        val job = async { try { awaitCancellation() } catch (e: CancellationException) { } ; 42 }
        yield()
        job.cancel(CancellationException("told to stop"))
        job.join()
        o.say(state(job))
        o.say(thrown { job.await() })
    },
    "S028" to { o ->
        val a = Job()
        a.cancel(); o.say("cancelled ${state(a)}")
        val b = Job()
        val child = launch(b) { delay(20); o.say("child") }
        o.say(b.complete()); o.say(b.complete())
        o.say("completing ${state(b)}")
        b.join(); o.say("completed ${state(b)}")
        val parent = Job()
        val c = Job(parent)
        o.say(c.completeExceptionally(Boom("x")))
        o.say("parent ${state(parent)}")
        child.join()
    },
    "S029" to { o ->
        val job = Job()
        val scope = CoroutineScope(job + coroutineContext[ContinuationInterceptor]!! + silent(o))
        val child = scope.launch { throw Boom("x") }
        child.join()
        o.say("job ${state(job)}")
    },
    "S030" to { o ->
        val job = SupervisorJob()
        val scope = CoroutineScope(job + coroutineContext[ContinuationInterceptor]!! + silent(o))
        val good = scope.launch { try { awaitCancellation() } finally { o.say("good stops") } }
        val bad = scope.launch { throw Boom("x") }
        bad.join()
        o.say("supervisor ${state(job)} good ${state(good)}")
        job.cancel()
        good.join()
        o.say("supervisor ${state(job)}")
    },
    "S031" to { o ->
        val d = CompletableDeferred<Int>()
        o.say(d.complete(1)); o.say(d.complete(2)); o.say(d.completeExceptionally(Boom("x")))
        o.say(d.await())
        val parent = Job()
        val e = CompletableDeferred<Int>(parent)
        e.completeExceptionally(Boom("x"))
        o.say("parent ${state(parent)}")
    },
    "S032" to { o ->
        val job = Job()
        val a = launch(job) { awaitCancellation() }
        yield()
        job.cancelChildren(CancellationException("children only"))
        a.join()
        o.say("job ${state(job)} child ${state(a)}")
        val b = launch(job) { o.say("usable") }
        b.join()
        job.cancel()
    },
    "S034" to { o ->
        val outer = launch {
            withContext(NonCancellable) {
                o.say("active ${coroutineContext[Job]!!.isActive}")
                delay(10)
                o.say("still here, active ${isActive}")
            }
        }
        yield()
        outer.cancelAndJoin()
        val cut = launch(NonCancellable) { delay(10); o.say("cut loose") }
        o.say("children ${NonCancellable.children.count()}")
        cut.join()
    },
    "S036" to { o ->
        supervisorScope {
            val job = launch(silent(o)) {
                launch { try { awaitCancellation() } finally { throw Boom("second") } }
                launch { try { awaitCancellation() } finally { throw Boom("third") } }
                launch { yield(); throw Boom("first") }
            }
            job.join()
        }
    },
    "S037" to { o ->
        supervisorScope {
            val same = Boom("same")
            val job = launch(silent(o)) {
                launch { try { awaitCancellation() } finally { throw same } }
                launch { try { awaitCancellation() } finally { throw CancellationException("not listed") } }
                launch { yield(); throw same }
            }
            job.join()
        }
    },
    "S038" to { o ->
        supervisorScope {
            val job = launch(silent(o)) { try { awaitCancellation() } finally { throw Boom("cleanup") } }
            yield()
            job.cancel()
            job.invokeOnCompletion { o.say(kind(it)) }
            job.join()
        }
    },
    "S039" to { o ->
        val scope = CoroutineScope(SupervisorJob() + coroutineContext[ContinuationInterceptor]!! + silent(o))
        val root = scope.launch(CoroutineName("root")) {
            launch { try { awaitCancellation() } finally { withContext(NonCancellable) { delay(10) }; o.say("slow child done") } }
            launch { yield(); throw Boom("x") }
        }
        root.join()
        o.say("joined")
    },
    "S040" to { o ->
        supervisorScope {
            val outer = launch(CoroutineExceptionHandler { _, e -> o.say("outer ${e.message}") }) {
                launch(CoroutineExceptionHandler { _, e -> o.say("nested ${e.message}") }) { throw Boom("x") }
            }
            outer.join()
            launch(CoroutineExceptionHandler { _, e -> o.say("under supervisor ${e.message}") }) { throw Boom("y") }.join()
        }
    },
    "S041" to { o ->
        supervisorScope {
            val d = async(silent(o)) { throw Boom("x") }
            d.join()
            o.say(thrown { d.await() })
            val parent = launch(silent(o)) { async { throw Boom("y") }; awaitCancellation() }
            parent.join()
            o.say("parent ${state(parent)}")
        }
    },
    "S042" to { o ->
        supervisorScope {
            launch(silent(o)) { throw CancellationException("quiet") }.join()
            o.say("no handler")
        }
    },
    "S045" to { o ->
        o.say(thrown {
            coroutineScope {
                launch { try { awaitCancellation() } finally { o.say("sibling stops") } }
                launch { yield(); throw Boom("x") }
                o.say("body done")
            }
        })
        o.say("outer active $isActive")
        coroutineScope { launch { delay(10); o.say("child") } ; o.say("body") }
        o.say("scope done")
    },
    "S046" to { o ->
        val handled = silent(o)
        supervisorScope {
            launch(handled) { throw Boom("child") }
            yield(); yield()
            o.say("body goes on")
        }
        o.say(thrown { supervisorScope { launch { try { awaitCancellation() } finally { o.say("child stops") } }; yield(); throw Boom("body") } })
    },
    "S047" to { o ->
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            try { awaitCancellation() } catch (e: CancellationException) { }
            o.say(thrown { coroutineScope { o.say("coroutineScope body"); yield() } }.substringBefore(':'))
            o.say(thrown { supervisorScope { o.say("supervisorScope body"); yield() } }.substringBefore(':'))
            o.say(thrown { withTimeout(1000) { o.say("withTimeout body"); yield() } }.substringBefore(':'))
            o.say(thrown { withContext(Dispatchers.Default) { o.say("withContext body") } }.substringBefore(':'))
        }
        job.cancel()
        job.join()
    },
    "S048" to { o ->
        val job = launch { o.say("other") }
        withContext(CoroutineName("same dispatcher")) { o.say("inside") }
        o.say("back")
        job.join()
    },
    "S050" to { o ->
        val job = launch {
            o.say(thrown {
                coroutineScope {
                    launch { try { awaitCancellation() } finally { throw Boom("child") } }
                    yield()
                    coroutineContext[Job]!!.cancel(CancellationException("scope"))
                }
            })
        }
        job.join()
    },
    "S051" to { o ->
        supervisorScope {
            val job = launch(silent(o)) { withTimeout(10) { awaitCancellation() } }
            job.invokeOnCompletion { o.say(kind(it)) }
            job.join()
            o.say(state(job))
        }
    },
    "S052" to { o ->
        o.say(thrown { withTimeout(0) { o.say("body") } })
        o.say(withTimeoutOrNull(-1) { o.say("body"); 1 })
    },
    "S053" to { o ->
        o.say(withTimeoutOrNull(10) { awaitCancellation() })
        o.say(thrown { withTimeoutOrNull(1000) { withTimeout(10) { awaitCancellation() } } })
        o.say(withTimeoutOrNull(1000) { "value" })
    },
    "S054" to { o ->
        o.say(thrown { withTimeout(10) { try { awaitCancellation() } catch (e: CancellationException) { o.say("swallowed") } } })
        o.say(thrown { withTimeout(10) { try { awaitCancellation() } catch (e: CancellationException) { throw Boom("own") } } })
        o.say(withTimeout(10) { Thread.sleep(30); "never suspended" })
    },
    "S056" to { o ->
        val d = CompletableDeferred<String>()
        val job = launch(start = CoroutineStart.UNDISPATCHED) { o.say(thrown { o.say(d.await()) }.substringBefore(':')) }
        d.complete("value")
        job.cancel()
        job.join()
    },
    "S057" to { o ->
        val done = launch { }
        done.join()
        val value = CompletableDeferred(7)
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            try { awaitCancellation() } catch (e: CancellationException) { }
            o.say("await ${value.await()}")
            o.say(thrown { done.join() }.substringBefore(':'))
        }
        job.cancel()
        job.join()
    },
    "S059" to { o ->
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            o.say("1"); yield(); o.say("3")
            try { awaitCancellation() } catch (e: CancellationException) { }
            o.say(thrown { yield() }.substringBefore(':'))
        }
        launch { o.say("4") }
        o.say("2")
        yield()
        job.cancelAndJoin()
    },
    "S060" to { o ->
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            try { awaitCancellation() } catch (e: CancellationException) { }
            delay(0); o.say("delay(0) returns")
            delay(-5); o.say("delay(-5) returns")
            o.say(thrown { delay(1) }.substringBefore(':'))
        }
        job.cancelAndJoin()
    },
    "S061" to { o ->
        var kept: CancellableContinuation<Int>? = null
        val job = launch(start = CoroutineStart.UNDISPATCHED) { o.say(suspendCancellableCoroutine<Int> { kept = it }) }
        kept!!.resume(1)
        o.say(try { kept!!.resume(2); "accepted" } catch (e: IllegalStateException) { "error" })
        job.join()
        val cancelled = launch(start = CoroutineStart.UNDISPATCHED) { suspendCancellableCoroutine<Int> { kept = it } }
        cancelled.cancel()
        o.say(try { kept!!.resume(3); "ignored" } catch (e: IllegalStateException) { "error" })
        cancelled.join()
    },
    "S062" to { o ->
        o.say(EmptyCoroutineContext.isActive)
        o.say(GlobalScope.isActive)
    },

    "S011" to { o ->
        fun show(job: Any?) = o.say(job.toString().replace(Regex("@[0-9a-f]+"), "@address").replace(Regex("#[0-9]+"), "#id").replace(Regex("\\(timeMillis=[0-9]+\\)"), ""))
        val named = launch(CoroutineName("worker")) { awaitCancellation() }
        val unnamed = async { 1 }
        val lazy = launch(start = CoroutineStart.LAZY) { }
        val lazyAsync = async(start = CoroutineStart.LAZY) { 1 }
        show(named); show(unnamed); show(lazy); show(lazyAsync)
        yield()
        named.cancel(); show(named)
        named.join(); show(named)
        show(unnamed)
        lazy.cancel(); lazyAsync.cancel()
        val parent = Job()
        val child = launch(parent) { delay(10) }
        show(parent); parent.complete(); show(parent)
        child.join(); show(parent)
        show(SupervisorJob()); show(CompletableDeferred<Int>()); show(NonCancellable)
        coroutineScope { show(coroutineContext[Job]) }
        supervisorScope { show(coroutineContext[Job]) }
        withTimeout(1000) { show(coroutineContext[Job]) }
        withContext(CoroutineName("inner")) { show(coroutineContext[Job]) }
        withContext(Dispatchers.Unconfined) { show(coroutineContext[Job]) }
    },
    "S016" to { o ->
        fun reported(e: Throwable) = o.say("reported ${(e.cause ?: e).message} suppressed=[${suppressed(e)}]")
        supervisorScope {
            val job = launch(CoroutineExceptionHandler { _, e -> reported(e) }) { }
            job.invokeOnCompletion { o.say("first"); throw Boom("1") }
            job.invokeOnCompletion { o.say("second") }
            job.invokeOnCompletion { o.say("third"); throw Boom("3") }
            job.join()
            o.say("joined ${state(job)}")
            val cancelled = launch(CoroutineExceptionHandler { _, e -> reported(e) }) { awaitCancellation() }
            cancelled.invokeOnCompletion(onCancelling = true) { throw Boom("on cancelling") }
            cancelled.invokeOnCompletion(onCancelling = true) { o.say("the next one hears of it") }
            yield()
            cancelled.cancelAndJoin()
            o.say("joined ${state(cancelled)}")
        }
    },
    "S033" to { o ->
        val job = launch { try { awaitCancellation() } finally { withContext(NonCancellable) { delay(10) }; o.say("cleaned up") } }
        yield()
        job.cancelAndJoin()
        o.say("joined ${state(job)}")
        job.cancelAndJoin()
        o.say("again ${state(job)}")
        val other = launch { awaitCancellation() }
        val caller = launch(start = CoroutineStart.UNDISPATCHED) {
            try { awaitCancellation() } catch (e: CancellationException) { }
            o.say(thrown { other.cancelAndJoin() }.substringBefore(':'))
        }
        caller.cancelAndJoin()
        o.say("other ${state(other)}")
    },
    "S035" to { o ->
        val orphans = mutableListOf<Job>()
        val outer = launch {
            val dispatcher = coroutineContext[ContinuationInterceptor]!!
            orphans += GlobalScope.launch(dispatcher) { delay(10); o.say("global goes on") }
            orphans += launch(Job()) { delay(20); o.say("detached goes on") }
            o.say("children ${coroutineContext[Job]!!.children.count()}")
            awaitCancellation()
        }
        yield()
        outer.cancelAndJoin()
        o.say("outer ${state(outer)}")
        o.say(orphans.joinToString(" ") { "${state(it)} root=${it.parent == null}" })
        orphans.joinAll()
    },
    "S043" to { o ->
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, e ->
            o.say("process ${(e.cause ?: e).message} suppressed=[${suppressed(e)}]")
        }
        supervisorScope {
            launch(CoroutineExceptionHandler { _, e -> o.say("handler ${e.message}"); throw Boom("from the handler") }) { throw Boom("x") }.join()
        }
        Thread.setDefaultUncaughtExceptionHandler(before)
        o.say("alive")
    },
    "S044" to { o ->
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, e -> o.say("process ${e.message}") }
        supervisorScope {
            launch { throw Boom("x") }.join()
            launch { throw CancellationException("never") }.join()
            async { throw Boom("kept") }.join()
        }
        GlobalScope.launch(coroutineContext[ContinuationInterceptor]!!) { launch { throw Boom("y") } }.join()
        Thread.setDefaultUncaughtExceptionHandler(before)
        o.say("alive")
    },
    "S049" to { o ->
        val d = CompletableDeferred<String>()
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            o.say(thrown { o.say(withContext(Dispatchers.Unconfined) { d.await().also { o.say("block has $it") } }) }.substringBefore(':'))
        }
        d.complete("value")
        job.cancel()
        job.join()
    },
    "S049_same" to { o ->
        val d = CompletableDeferred<String>()
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            o.say(thrown { o.say(withContext(CoroutineName("same dispatcher")) { val v = d.await(); o.say("block has $v"); coroutineContext[Job]!!.parent!!.cancel(); v }) }.substringBefore(':'))
        }
        d.complete("value")
        job.join()
    },
    "S049_atOnce" to { o ->
        val other = launch { o.say("other") }
        o.say(withContext(Dispatchers.Unconfined) { o.say("inside"); "back" })
        other.join()
    },
    "S055" to { o ->
        val own = coroutineContext[ContinuationInterceptor] as CoroutineDispatcher
        class Clock : CoroutineDispatcher(), Delay {
            override fun dispatch(context: CoroutineContext, block: Runnable) = own.dispatch(context, block)
            override fun scheduleResumeAfterDelay(timeMillis: Long, continuation: CancellableContinuation<Unit>) = o.say("delay $timeMillis")
            override fun invokeOnTimeout(timeMillis: Long, block: Runnable, context: CoroutineContext): DisposableHandle {
                o.say("timer $timeMillis set")
                return DisposableHandle { o.say("timer disposed") }
            }
        }
        withContext(Clock()) {
            withTimeout(1000) { o.say("block"); yield() }
            o.say("after")
            o.say(thrown { withTimeout(500) { yield(); throw Boom("x") } })
        }
    },
    "S058" to { o ->
        val d = CompletableDeferred<String>()
        val job = launch(start = CoroutineStart.UNDISPATCHED) { o.say(thrown { d.await() }) }
        d.completeExceptionally(Boom("own"))
        job.cancel()
        job.join()
        val waiting = launch(start = CoroutineStart.UNDISPATCHED) { o.say(thrown { CompletableDeferred<Int>().await() }.substringBefore(':')) }
        waiting.cancel()
        waiting.join()
        val gone = CompletableDeferred<Int>()
        gone.cancel(CancellationException("the deferred's"))
        o.say(thrown { gone.await() })
        o.say("caller active $isActive")
    },

    // Corners of the rules of order.
    "S009_body" to { o ->
        val job = launch {
            launch { try { awaitCancellation() } finally { o.say("child before") } }
            yield()
            launch { try { awaitCancellation() } finally { o.say("child before, too") } }
            yield()
            try { awaitCancellation() } finally { o.say("body") }
        }
        yield(); yield(); yield()
        launch(job) { try { awaitCancellation() } finally { o.say("child after") } }
        yield()
        job.cancelAndJoin()
    },
    "S009_failure" to { o ->
        val grandparent = Job()
        val parent = Job(grandparent)
        fun watch(name: String, job: Job) = job.invokeOnCompletion(onCancelling = true) { o.say("$name ${kind(it)}") }
        watch("grandparent", grandparent)
        watch("parent", parent)
        val elder = CompletableDeferred<Int>(parent); watch("elder", elder)
        val failing = CompletableDeferred<Int>(parent); watch("failing", failing)
        val nephew = Job(elder); watch("nephew", nephew)
        val younger = CompletableDeferred<Int>(parent); watch("younger", younger)
        val uncle = Job(grandparent); watch("uncle", uncle)
        failing.completeExceptionally(Boom("x"))
        o.say(listOf(grandparent, parent, elder, failing, nephew, younger, uncle).joinToString(" ") { state(it) })
    },
    "S010_failingChild" to { o ->
        supervisorScope {
            val parent = launch(CoroutineExceptionHandler { _, e -> o.say("exception handler ${e.message}") }) {
                val own = coroutineContext[Job]!!
                val child = launch { throw Boom("x") }
                child.invokeOnCompletion { o.say("child completed, parent has ${own.children.count()} children and is ${state(own)}") }
                own.invokeOnCompletion(onCancelling = true) { o.say("parent cancelling, child ${state(child)}") }
                own.invokeOnCompletion { o.say("parent completed ${kind(it)}") }
            }
            parent.join()
            o.say("joined")
        }
    },
    "S010_detached" to { o ->
        val parent = Job()
        val job = launch(parent) { }
        job.invokeOnCompletion { o.say("handler: ${state(job)} parent=${job.parent != null} children=${parent.children.count()}") }
        job.join()
        parent.cancel()
    },
    "S010_waiters" to { o ->
        val job = Job()
        job.invokeOnCompletion { o.say("handler 1") }
        launch(Dispatchers.Unconfined) { job.join(); o.say("unconfined waiter") }
        launch(start = CoroutineStart.UNDISPATCHED) { job.join(); o.say("dispatched waiter") }
        job.invokeOnCompletion { o.say("handler 2") }
        job.complete()
        o.say("complete returns")
        yield()
    },
    "S012_both" to { o ->
        val job = launch { awaitCancellation() }
        job.invokeOnCompletion { o.say("completion 1") }
        job.invokeOnCompletion(onCancelling = true) { o.say("cancelling 1") }
        job.invokeOnCompletion { o.say("completion 2") }
        job.invokeOnCompletion(onCancelling = true) { o.say("cancelling 2") }
        yield()
        job.cancel()
        o.say("cancel returns")
        job.join()
    },
    "S014_late" to { o ->
        val job = launch { try { awaitCancellation() } finally { withContext(NonCancellable) { delay(10) } } }
        yield()
        job.cancel(CancellationException("stop"))
        job.invokeOnCompletion(onCancelling = true) { o.say("late ${kind(it)}") }
        o.say("registered")
        job.join()
        job.invokeOnCompletion(onCancelling = true) { o.say("very late ${kind(it)}") }
        o.say("registered")
    },
    "S014_failure" to { o ->
        supervisorScope {
            val parent = launch(CoroutineExceptionHandler { _, _ -> }) {
                launch { yield(); throw Boom("x") }
                val sibling = launch { awaitCancellation() }
                sibling.invokeOnCompletion(onCancelling = true) { o.say("sibling ${kind(it).substringBefore(';')}") }
                awaitCancellation()
            }
            parent.invokeOnCompletion(onCancelling = true) { o.say("parent ${kind(it)}") }
            parent.join()
        }
    },
    "S015_itself" to { o ->
        val job = Job()
        var first: DisposableHandle? = null
        first = job.invokeOnCompletion { o.say("disposes of itself"); first!!.dispose() }
        val second = job.invokeOnCompletion { o.say("never") }
        job.invokeOnCompletion { o.say("last"); first!!.dispose() }
        second.dispose(); second.dispose()
        job.complete()
        first!!.dispose()
    },
    "S015_cancelling" to { o ->
        val job = launch { awaitCancellation() }
        var second: DisposableHandle? = null
        job.invokeOnCompletion(onCancelling = true) { o.say("first disposes of second"); second!!.dispose() }
        second = job.invokeOnCompletion(onCancelling = true) { o.say("second") }
        job.invokeOnCompletion(onCancelling = true) { o.say("third registers"); job.invokeOnCompletion(onCancelling = true) { o.say("nested") } }
        job.invokeOnCompletion(onCancelling = true) { o.say("fourth") }
        yield()
        job.cancel()
        job.join()
    },
    "S022_chain" to { o ->
        val top = launch(start = CoroutineStart.LAZY) { o.say("top body") }
        val middle = launch(top, start = CoroutineStart.LAZY) { o.say("middle body") }
        o.say("${state(top)} ${state(middle)}")
        val bottom = launch(middle) { o.say("bottom body") }
        o.say("${state(top)} ${state(middle)} ${state(bottom)}")
        top.join()
        val cancelled = launch(start = CoroutineStart.LAZY) { o.say("never") }
        cancelled.cancel()
        val late = launch(cancelled) { o.say("never") }
        o.say("${state(cancelled)} ${state(late)}")
        late.join()
    },
    "S031_more" to { o ->
        val d = CompletableDeferred<Int>()
        d.cancel(CancellationException("no"))
        o.say("${d.complete(1)} ${state(d)} ${kind(d.getCompletionExceptionOrNull())}")
        val e = CompletableDeferred<Int>()
        val child = launch(e) { try { awaitCancellation() } finally { o.say("child stops") } }
        yield()
        e.completeExceptionally(Boom("x"))
        o.say("waits ${state(e)}")
        child.join()
        o.say("${state(e)} ${kind(e.getCompletionExceptionOrNull())}")
        val f = CompletableDeferred<Int>()
        val worker = launch(f) { delay(10) }
        o.say("${f.complete(5)} ${state(f)} ${f.complete(6)}")
        o.say(f.await())
        worker.join()
    },
    "S034_itself" to { o ->
        NonCancellable.cancel()
        o.say(state(NonCancellable))
        o.say("start ${NonCancellable.start()}")
        NonCancellable.invokeOnCompletion { o.say("never") }.dispose()
        o.say("parent ${NonCancellable.parent != null}")
        o.say(try { NonCancellable.getCancellationException(); "none" } catch (e: IllegalStateException) { "error" })
        o.say(try { NonCancellable.join(); "joined" } catch (e: UnsupportedOperationException) { "error" })
        val job = Job(NonCancellable)
        o.say("child's parent ${job.parent != null}")
        job.cancel()
        o.say(state(NonCancellable))
    },
    "S036_cancellations" to { o ->
        suspend fun timeout(ms: Long) = try { withTimeout(ms) { awaitCancellation() } } catch (e: TimeoutCancellationException) { e }
        val t1 = timeout(1)
        val t2 = timeout(2)
        suspend fun ends(first: CancellationException, then: Throwable) {
            val job = CoroutineScope(SupervisorJob() + coroutineContext[ContinuationInterceptor]!!).async { try { awaitCancellation() } finally { throw then } }
            yield()
            job.cancel(first)
            job.join()
            val e = job.getCompletionExceptionOrNull()!!
            o.say("${e.message} suppressed=[${suppressed(e)}]")
        }
        ends(CancellationException("a"), CancellationException("b"))
        ends(CancellationException("a"), t1)
        ends(t1, CancellationException("b"))
        ends(t1, t2)
        ends(CancellationException("a"), Boom("x"))
        ends(t1, Boom("x"))
    },
    "S036_root" to { o ->
        supervisorScope {
            val job = launch(silent(o)) {
                launch { try { awaitCancellation() } finally { throw CancellationException("quiet") } }
                launch { try { awaitCancellation() } finally { throw Boom("child, later") } }
                try { awaitCancellation() } finally { throw Boom("body, later") }
            }
            yield(); yield()
            job.cancel(CancellationException("asked to"))
            job.join()
        }
    },
    "S037_levels" to { o ->
        supervisorScope {
            val job = launch(silent(o)) {
                launch {
                    launch { try { awaitCancellation() } finally { throw Boom("grandchild 1") } }
                    launch { try { awaitCancellation() } finally { throw Boom("grandchild 2") } }
                    awaitCancellation()
                }
                launch { yield(); yield(); throw Boom("root cause") }
            }
            job.join()
        }
        val shared = Boom("shared")
        supervisorScope {
            val job = launch(silent(o)) {
                launch { try { awaitCancellation() } finally { throw shared } }
                launch { try { awaitCancellation() } finally { throw shared } }
                launch { yield(); throw Boom("winner") }
            }
            job.join()
        }
    },
    "S050_bodyFirst" to { o ->
        o.say(try {
            coroutineScope {
                launch { try { awaitCancellation() } finally { throw Boom("child") } }
                yield()
                throw Boom("body")
            }
            "nothing"
        } catch (e: Boom) { "${e.message} suppressed=[${suppressed(e)}]" })
        val job = launch {
            o.say(thrown { coroutineScope { launch { try { awaitCancellation() } finally { throw Boom("child") } }; awaitCancellation() } })
            o.say("the job itself ${state(coroutineContext[Job]!!)}")
        }
        yield(); yield()
        job.cancelAndJoin()
    },
    "S053_nested" to { o ->
        o.say(withTimeoutOrNull(10) { withTimeoutOrNull(1000) { awaitCancellation() }; o.say("never"); 1 })
        o.say(withTimeoutOrNull(1000) { val inner = withTimeoutOrNull(10) { awaitCancellation() }; o.say("inner $inner"); 2 })
        o.say(thrown { withTimeoutOrNull(1000) { throw Boom("own") } })
        val job = launch { o.say(thrown { withTimeoutOrNull(1000) { awaitCancellation() } }.substringBefore(':')) }
        yield()
        job.cancelAndJoin()
    },
    "S054_more" to { o ->
        o.say(withTimeoutOrNull(10) { try { awaitCancellation() } catch (e: CancellationException) { o.say("swallowed") }; "value" })
        o.say(thrown { withTimeout(10) { launch { delay(50) }; "body is done at once" } })
        o.say(thrown { withTimeout(10) { launch { try { awaitCancellation() } finally { throw Boom("child") } }; awaitCancellation() } })
        o.say(withTimeout(100) { delay(10); "in time" })
    },
    "S056_callback" to { o ->
        var kept: CancellableContinuation<String>? = null
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            o.say(thrown { o.say(suspendCancellableCoroutine<String> { c -> kept = c; c.invokeOnCancellation { o.say("on cancellation") } }) }.substringBefore(':'))
        }
        o.say("active ${kept!!.isActive}")
        kept!!.resume("value")
        o.say("resumed, active ${kept!!.isActive}")
        job.cancel()
        job.join()
        val failing = launch(start = CoroutineStart.UNDISPATCHED) {
            o.say(thrown { suspendCancellableCoroutine<String> { kept = it } })
        }
        kept!!.resumeWithException(Boom("own"))
        failing.cancel()
        failing.join()
    },
    "S056_join" to { o ->
        val done = Job()
        val job = launch(start = CoroutineStart.UNDISPATCHED) { o.say(thrown { done.join(); o.say("never") }.substringBefore(':')) }
        done.complete()
        job.cancel()
        job.join()
        val deferred = CompletableDeferred<Int>()
        val all = launch(start = CoroutineStart.UNDISPATCHED) { o.say(thrown { o.say(awaitAll(deferred)) }.substringBefore(':')) }
        deferred.complete(1)
        all.cancel()
        all.join()
    },
    "S061_afterCancel" to { o ->
        var kept: CancellableContinuation<Int>? = null
        fun attempt(what: String, block: () -> Unit) = o.say(try { block(); "$what accepted" } catch (e: IllegalStateException) { "$what error" })
        val job = launch(start = CoroutineStart.UNDISPATCHED) { suspendCancellableCoroutine<Int> { kept = it } }
        job.cancel()
        attempt("first") { kept!!.resume(1) }
        attempt("second") { kept!!.resume(2) }
        job.join()
        val failed = launch(start = CoroutineStart.UNDISPATCHED) { o.say(thrown { suspendCancellableCoroutine<Int> { kept = it } }) }
        attempt("exception") { kept!!.resumeWithException(Boom("x")) }
        attempt("value") { kept!!.resume(2) }
        failed.join()
        o.say(suspendCancellableCoroutine<Int> { c -> c.resume(7); attempt("inside") { c.resume(8) } })
        attempt("after the end") { kept!!.resume(9) }
    },
    "S065" to { o ->
        o.say(Dispatchers.Default.limitedParallelism(1000) === Dispatchers.Default)
        o.say(Dispatchers.IO.limitedParallelism(1000) === Dispatchers.IO)
    },
    "S066" to { o ->
        newSingleThreadContext("one").use { one ->
            val view = one.limitedParallelism(1)
            withContext(one) {
                repeat(60) { launch(view) { if (it % 10 == 9) o.say("view $it") } }
                launch { o.say("another") }
                launch { yield(); o.say("another after yield") }
            }
        }
    },
    "S067" to { o ->
        for (n in listOf(0, -1)) {
            for (dispatcher in listOf(Dispatchers.Default, Dispatchers.IO, Dispatchers.IO.limitedParallelism(3)))
                try { dispatcher.limitedParallelism(n); o.say("a view") } catch (e: IllegalArgumentException) { o.say(e.message) }
        }
        try { Dispatchers.Unconfined.limitedParallelism(2); o.say("a view") } catch (e: UnsupportedOperationException) { o.say(e.message) }
    },
    "S068" to { o ->
        val outer = launch(Dispatchers.Unconfined) {
            o.say("outer")
            launch { o.say("first nested"); launch { o.say("nested in it") }; o.say("first nested ends") }
            launch { o.say("second nested") }
            o.say("outer goes on")
            yield()
            o.say("outer after yield")
        }
        o.say("caller ${state(outer)}")
        val gate = CompletableDeferred<Int>()
        launch(Dispatchers.Unconfined) { o.say("got ${gate.await()}") }
        o.say("waits")
        gate.complete(1)
        o.say("completed")
    },
    "S070" to { o ->
        val one = newSingleThreadContext("one")
        val gate = CompletableDeferred<Unit>()
        val job = launch(one, CoroutineStart.UNDISPATCHED) {
            try {
                gate.await()
                o.say("never")
            } catch (e: CancellationException) {
                o.say(kind(e))
                throw e
            } finally {
                o.say("cleanup")
            }
        }
        one.close()
        o.say("closed ${state(job)}")
        gate.complete(Unit)
        job.join()
        o.say(state(job))
        job.invokeOnCompletion { o.say(kind(it)) }
        val late = launch(one) { o.say("never") }
        late.join()
        o.say("late ${state(late)}")
        val view = launch(one.limitedParallelism(1)) { o.say("never") }
        view.join()
        o.say("view ${state(view)}")
        val there = async { o.say(thrown { withContext(one) { o.say("never") } }) }
        there.join()
        o.say("caller ${state(there)}")
    },
    "S071" to { o ->
        withContext(Dispatchers.IO) {
            runBlocking {
                launch { o.say("launched outside") }
                runBlocking {
                    launch { o.say("launched inside") }
                    o.say("inner")
                    yield()
                    o.say("inner ends")
                }
                o.say("outer")
                launch { o.say("launched last") }
            }
            o.say("after both")
        }
    },
)

fun main(arguments: Array<String>) {
    val directory = File(arguments[0])
    for ((name, rule) in rules + syncRules + contextRules) {
        val lines = Lines()
        runBlocking { withTimeout(20_000) { supervisorScope { rule(lines) } } }
        File(directory, "$name.txt").writeText(lines.toString())
    }
}
