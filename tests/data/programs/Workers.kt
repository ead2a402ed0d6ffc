// SPDX-License-Identifier: Apache-2.0
@file:Suppress("INVISIBLE_MEMBER", "INVISIBLE_REFERENCE")
import kotlinx.coroutines.*
import kotlinx.coroutines.debug.internal.DebugProbesImpl
import java.io.*
import java.net.*
import java.util.concurrent.*

/// Workers that are blocked ("faulty"), and the same done well ("mended").
fun answer(socket: Socket): Int = socket.getInputStream().read()
fun report(future: Future<Int>): Int = future.get()
fun pause() { Thread.sleep(1_000_000) }
suspend fun fetch(): Int { delay(1_000_000); return 1 }
fun fetchNow(): Int = runBlocking { fetch() }

fun main(args: Array<String>) {
    DebugProbesImpl.install()
    val mended = args[0] == "mended"
    val server = ServerSocket(0)
    val socket = Socket("127.0.0.1", server.localPort)
    val never = FutureTask { 1 }
    val app = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    val where = if (mended) Dispatchers.IO else Dispatchers.Default
    app.launch(CoroutineName("reads")) { withContext(where) { answer(socket) } }
    app.launch(CoroutineName("pauses")) { if (mended) delay(1_000_000) else pause() }
    app.launch(CoroutineName("reports")) { withContext(where) { report(never) } }
    app.launch(CoroutineName("fetches")) { if (mended) fetch() else fetchNow() }
    app.launch(CoroutineName("innocent")) { withContext(Dispatchers.IO) { pause() } }
    app.launch(CoroutineName("busy")) { var n = 0L; while (isActive) n++; println(n) }
    app.launch(CoroutineName("waits")) { fetch() }
    val lazy = app.launch(CoroutineName("order")) {
        val parts = List(2) { async(CoroutineName("part"), start = if (mended) CoroutineStart.DEFAULT else CoroutineStart.LAZY) { fetch() } }
        println(parts.size)
    }
    Thread.sleep(1500)
    val out = PrintStream(FileOutputStream(args[1]))
    DebugProbesImpl.dumpCoroutines(out)
    out.println()
    out.write(ProcessBuilder(System.getProperty("java.home") + "/bin/jstack", "-l", "" + ProcessHandle.current().pid()).start().inputStream.readAllBytes())
    out.flush()
    File(args[2]).writeText(DebugProbesImpl.hierarchyToString(lazy))
    Runtime.getRuntime().halt(0)
}
