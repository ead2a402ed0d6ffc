// SPDX-License-Identifier: Apache-2.0
// The programs behind the expected texts of rules 109 to 111: elements of the context that are bound to a thread.

import kotlinx.coroutines.*
import kotlin.coroutines.*

val first = ThreadLocal.withInitial { "-" }
val second = ThreadLocal.withInitial { "-" }

fun bound() = "${first.get()} ${second.get()}"

/** Tells whenever it is set and restored. */
class Telling(private val o: Lines, private val what: String, override val key: CoroutineContext.Key<Telling>) :
    ThreadContextElement<String> {
    object A : CoroutineContext.Key<Telling>
    object B : CoroutineContext.Key<Telling>

    private val here get() = if (key == A) first else second
    override fun updateThreadContext(context: CoroutineContext): String {
        val before = here.get()
        here.set(what)
        o.say("+$what for ${context[CoroutineName]?.name ?: "nobody"}")
        return before
    }
    override fun restoreThreadContext(context: CoroutineContext, oldState: String) {
        here.set(oldState)
        o.say("-$what")
    }
}

fun a(o: Lines, what: String) = Telling(o, what, Telling.A)
fun b(o: Lines, what: String) = Telling(o, what, Telling.B)

/** Copied for children, who see in its name whose copy it is. */
@OptIn(ExperimentalCoroutinesApi::class, DelicateCoroutinesApi::class)
class Copied(val name: String) : CopyableThreadContextElement<String> {
    companion object Key : CoroutineContext.Key<Copied>
    override val key get() = Key
    override fun updateThreadContext(context: CoroutineContext): String = first.get().also { first.set(name) }
    override fun restoreThreadContext(context: CoroutineContext, oldState: String) { first.set(oldState) }
    override fun copyForChild() = Copied("$name'")
    override fun mergeForChild(overwritingElement: CoroutineContext.Element) =
        Copied("$name+${(overwritingElement as Copied).name}")
}

suspend fun copied() = "${coroutineContext[Copied]?.name} on the thread ${first.get()}"

@OptIn(ExperimentalCoroutinesApi::class, DelicateCoroutinesApi::class)
val contextRules: Map<String, suspend CoroutineScope.(Lines) -> Unit> = linkedMapOf(
    "S109" to { o ->
        launch(first.asContextElement("one")) {
            o.say("begins ${bound()}")
            yield()
            o.say("after a yield ${bound()}")
            first.set("changed")
            o.say(bound())
            delay(1)
            o.say("after a delay ${bound()}")
            withContext(Dispatchers.Default) { o.say("elsewhere ${bound()}") }
            o.say("back ${bound()}")
            coroutineScope { yield(); o.say("in a scope ${bound()}") }
            launch { o.say("child ${bound()}") }.join()
        }.join()
        o.say("outside ${bound()}")
    },
    "S109_undispatched" to { o ->
        val job = launch(first.asContextElement("one"), CoroutineStart.UNDISPATCHED) {
            o.say("begins ${bound()}")
            yield()
            o.say("goes on ${bound()}")
        }
        o.say("outside ${bound()}")
        job.join()
        o.say("outside ${bound()}")
    },
    "S109_unconfined" to { o ->
        val gate = CompletableDeferred<Unit>()
        val job = launch(Dispatchers.Unconfined + first.asContextElement("one")) {
            o.say("begins ${bound()}")
            gate.await()
            o.say("goes on ${bound()}")
        }
        o.say("outside ${bound()}")
        withContext(first.asContextElement("resumer")) {
            gate.complete(Unit)
            o.say("resumer ${bound()}")
        }
        job.join()
        o.say("outside ${bound()}")
    },
    "S109_withContext" to { o ->
        withContext(first.asContextElement("one")) {
            o.say("in ${bound()}")
            withContext(first.asContextElement("two")) {
                o.say("nested ${bound()}")
                yield()
                o.say("still nested ${bound()}")
            }
            o.say("back ${bound()}")
            withContext(second.asContextElement("three")) { o.say("both ${bound()}") }
            o.say("back ${bound()}")
            yield()
            o.say("later ${bound()}")
            val what = thrown { withContext(first.asContextElement("four")) { o.say(bound()); throw Boom("inside") } }
            o.say("$what ${bound()}")
            withContext(Dispatchers.Default + first.asContextElement("five")) { o.say("elsewhere ${bound()}") }
            o.say("back ${bound()}")
        }
        o.say("outside ${bound()}")
    },
    "S109_runBlocking" to { o ->
        withContext(Dispatchers.IO + first.asContextElement("outer")) {
            runBlocking { o.say("nested, nothing given ${bound()}"); yield(); o.say("and later ${bound()}") }
            runBlocking(first.asContextElement("inner")) {
                o.say("nested ${bound()}")
                yield()
                o.say("and later ${bound()}")
            }
            o.say("after both ${bound()}")
        }
    },
    "S109_cancelled" to { o ->
        val job = launch(first.asContextElement("one")) {
            try { awaitCancellation() } finally {
                o.say("cleanup ${bound()}")
                withContext(NonCancellable) { yield(); o.say("suspends in cleanup ${bound()}") }
            }
        }
        yield()
        job.cancelAndJoin()
        o.say("outside ${bound()}")
    },
    "S110" to { o ->
        launch(a(o, "a") + b(o, "b") + CoroutineName("job")) {
            o.say("begins ${bound()}")
            yield()
            o.say("goes on ${bound()}")
        }.join()
        launch(b(o, "b") + a(o, "a")) { o.say("begins ${bound()}") }.join()
        o.say("outside ${bound()}")
    },
    "S110_nested" to { o ->
        launch(a(o, "a") + b(o, "b") + CoroutineName("job")) {
            o.say("in")
            withContext(a(o, "a2")) { o.say("at once ${bound()}") }
            o.say("back ${bound()}")
            withContext(b(o, "b2") + CoroutineName("inner")) {
                o.say("nested ${bound()}")
                yield()
                o.say("resumed ${bound()}")
            }
            o.say("back ${bound()}")
            withContext(CoroutineName("renamed")) { o.say("the same ones ${bound()}") }
            coroutineScope { o.say("nothing new ${bound()}"); yield() }
            o.say("ends")
        }.join()
        o.say("outside ${bound()}")
    },
    "S110_undispatched" to { o ->
        launch(a(o, "a") + CoroutineName("job")) {
            o.say("in")
            val child = launch(b(o, "b") + CoroutineName("child"), CoroutineStart.UNDISPATCHED) {
                o.say("child ${bound()}")
                yield()
                o.say("child goes on ${bound()}")
            }
            o.say("launched ${bound()}")
            child.join()
            o.say("joined ${bound()}")
        }.join()
    },
    "S110_merged" to { o ->
        val scope = this + a(o, "a") + b(o, "b")
        scope.launch(a(o, "a2")) { o.say("child ${bound()}") }.join()
        scope.launch { o.say("child ${bound()}") }.join()
    },
    "S111" to { o ->
        launch(Copied("x")) {
            o.say("launched " + copied())
            launch { o.say("child " + copied()); launch { o.say("grandchild " + copied()) } }.join()
            o.say("async " + async { copied() }.await())
            launch(Copied("y")) { o.say("overridden " + copied()) }.join()
            coroutineScope { o.say("scope " + copied()) }
            withContext(CoroutineName("named")) { o.say("withContext " + copied()) }
            withContext(Copied("z")) { o.say("withContext overrides " + copied()) }
            withContext(Dispatchers.Default) { o.say("elsewhere " + copied()) }
            launch(first.asContextElement("other key")) { o.say("beside another " + copied()) }.join()
            o.say("parent " + copied())
        }.join()
        runBlocking(Dispatchers.IO + Copied("r")) { o.say("runBlocking " + copied()) }
        o.say("outside " + copied())
    },
)
