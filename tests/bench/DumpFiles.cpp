// SPDX-License-Identifier: Apache-2.0
#include "DumpFiles.h"

#include "Figure.h"

#include <cstdint>
#include <fstream>

namespace coroscope::bench {

namespace {

/// A number for each entry that looks like chance.
std::uint64_t scattered(std::size_t number) {
    std::uint64_t x = number + 0x9e37'79b9'7f4a'7c15u;
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9u;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebu;
    return x ^ (x >> 31);
}

std::string decimals(std::uint64_t value) {
    return std::to_string(value);
}
std::string hexadecimals(std::uint64_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (auto at = text.rbegin(); at != text.rend(); ++at, value >>= 4)
        *at = "0123456789abcdef"[value & 15];
    return text;
}

/// Which of some hundred stacks an entry has: most stand at the same few places, some at rare ones.
std::uint64_t stackOf(std::size_t number) {
    const std::uint64_t chance = scattered(number);
    return chance % 10 != 0 ? chance / 10 % 8 : chance / 10 % 400;
}

std::size_t depthOf(std::size_t number) {
    const std::size_t below = number % 1'000;
    return below == 0 ? 0 : 1 + (below - 1) % 3;
}

constexpr std::string_view layers[] = {"orders.Gateway.await", "orders.Payment$charge$2.invokeSuspend",
                                       "orders.Warehouse.reserve", "orders.Shipping$plan$1.invokeSuspend"};

/// The frames of the program itself, innermost first, each as `frame` writes it.
template <class Frame>
void frames(std::uint64_t stack, std::size_t depth, Frame&& frame) {
    for (std::size_t i = 0; i < depth; ++i)
        frame("com.example." + std::string(layers[(stack + i) % 4]), "Service" + decimals(i) + ".kt",
              20 + stack % 400 + i);
}

void coroutineHead(std::string& text, std::size_t number) {
    text += '"' + std::string(number % 3 == 0 ? "reader-" : "connection ") +
            decimals(scattered(number) % 50'000) + '#' + decimals(number + 1) +
            "\":" + (number % 5 == 0 ? "DeferredCoroutine" : "StandaloneCoroutine") +
            (number % 50 == 0 ? "{Cancelling}" : "{Active}");
}

void debugProbes(std::string& text, std::size_t number) {
    text += "Coroutine ";
    coroutineHead(text, number);
    text += '@' + hexadecimals(scattered(number), 8) +
            ", state: " + (number % 1'000 == 0 ? "RUNNING" : "SUSPENDED") + '\n';
    const auto line = [&](const std::string& function, const std::string& file, std::uint64_t at) {
        text += "\tat " + function + '(' + file + ':' + decimals(at) + ")\n";
    };
    frames(stackOf(number), 4, line);
    text += "\tat _COROUTINE._CREATION._(CoroutineDebugging.kt:30)\n"
            "\tat "
            "kotlin.coroutines.intrinsics.IntrinsicsKt__IntrinsicsJvmKt.createCoroutineUnintercepted("
            "IntrinsicsJvm.kt:161)\n"
            "\tat kotlinx.coroutines.intrinsics.CancellableKt.startCoroutineCancellable(Cancellable.kt:26)\n";
    frames(stackOf(number) / 2, 2, line);
    text += '\n';
}

void hierarchy(std::string& text, std::size_t number) {
    text.append(depthOf(number), '\t');
    coroutineHead(text, number);
    text += ", continuation is SUSPENDED at line ";
    frames(stackOf(number), 1, [&](const std::string& function, const std::string& file, std::uint64_t at) {
        text += function + '(' + file + ':' + decimals(at) + ")\n";
    });
}

void intelliJ(std::string& text, std::size_t number) {
    const std::string indent(depthOf(number), '\t');
    text += indent + "- ";
    coroutineHead(text, number);
    text += ", state: SUSPENDED [CoroutineName(reader), ModalityState.NON_MODAL, Element(a=[1, 2]), "
            "Dispatchers.Default]\n";
    frames(stackOf(number), 4, [&](const std::string& function, const std::string& file, std::uint64_t at) {
        text += indent + "\tat " + function + '(' + file + ':' + decimals(at) + ")\n";
    });
}

void jstack(std::string& text, std::size_t number) {
    const std::uint64_t address = scattered(number);
    text +=
        "\"pool-" + decimals(address % 900) + "-thread-" + decimals(number) + "\" #" + decimals(number + 30) +
        " [" + decimals(number + 5'000) + "] prio=5 os_prio=0 cpu=" + decimals(address % 900) +
        ".46ms elapsed=" + decimals(address % 90'000) + ".03s tid=0x" + hexadecimals(address, 16) +
        " nid=" + decimals(number + 5'000) + " waiting on condition  [0x" + hexadecimals(address >> 8, 16) +
        "]\n   java.lang.Thread.State: WAITING (parking)\n"
        "\tat jdk.internal.misc.Unsafe.park(java.base@25.0.3/Native Method)\n"
        "\t- parking to wait for  <0x" +
        hexadecimals(address % 50'000, 16) +
        "> (a java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject)\n"
        "\tat java.util.concurrent.locks.LockSupport.park(java.base@25.0.3/LockSupport.java:369)\n"
        "\tat java.util.concurrent.ForkJoinPool.managedBlock(java.base@25.0.3/ForkJoinPool.java:4310)\n";
    frames(stackOf(number), 5, [&](const std::string& function, const std::string& file, std::uint64_t at) {
        text += "\tat " + function + '(' + file + ':' + decimals(at) + ")\n";
    });
    if (number % 4 == 0)
        text += "\t- locked <0x" + hexadecimals(address, 16) + "> (a com.example.orders.Ledger)\n";
    text += '\n';
}

void jdkThread(std::string& text, std::size_t number) {
    const std::uint64_t address = scattered(number);
    text +=
        std::string(number == 0 ? "" : ",") + "\n          {\n            \"tid\": \"" +
        decimals(number + 30) +
        "\",\n            \"time\": \"2026-11-21T18:18:09.386434616Z\",\n            \"name\": \"" +
        (number % 2 == 0 ? "" : "reader-" + decimals(address % 50'000)) +
        "\",\n            \"state\": \"WAITING\",\n            \"virtual\": true,\n            "
        "\"parkBlocker\": {\n"
        "              \"object\": \"java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject@" +
        hexadecimals(address % 50'000, 8) + "\"\n            },\n            \"stack\": [\n";
    text +=
        "              \"java.base\\/java.lang.VirtualThread.park(VirtualThread.java:738)\",\n"
        "              \"java.base\\/java.util.concurrent.locks.LockSupport.park(LockSupport.java:369)\",\n";
    frames(stackOf(number), 5, [&](const std::string& function, const std::string& file, std::uint64_t at) {
        text += "              \"app\\/" + function + '(' + file + ':' + decimals(at) + ")\",\n";
    });
    text += "              \"java.base\\/java.lang.VirtualThread.run(VirtualThread.java:456)\"\n            "
            "]\n          }";
}

void goroutine(std::string& text, std::size_t number) {
    const std::uint64_t address = 0xc000000000 + scattered(number) % 0xffffffff;
    constexpr std::string_view reasons[] = {"chan receive", "select", "IO wait, 3 minutes",
                                            "sync.Mutex.Lock"};
    text += "goroutine " + decimals(number + 1) + " [" + std::string(reasons[scattered(number) % 4]) +
            "]:\n" + "internal/sync.runtime_SemacquireMutex(0x" + hexadecimals(address, 10) +
            "?, 0x0?, 0x0?)\n\t/usr/local/go/src/runtime/sema.go:95 +0x25\n";
    frames(stackOf(number), 5, [&](const std::string& function, const std::string& file, std::uint64_t at) {
        text += function + "(0x" + hexadecimals(address, 10) + ", {0x" + hexadecimals(address >> 4, 10) +
                ", 0x3})\n\t/src/intake/" + file + ':' + decimals(at) + " +0x4b\n";
    });
    text += "created by main.(*intake).accept in goroutine " + decimals(number / 100 + 1) +
            "\n\t/src/intake/main.go:34 +0x98\n\n";
}

constexpr DumpFile files[] = {
    {"debugprobes", "Coroutines dump 2026/11/21 18:18:51\n\n", "", debugProbes},
    {"hierarchy", "", "", hierarchy},
    {"intellij", "---------- Coroutine dump ----------\n\n", "", intelliJ},
    {"jstack",
     "2026-11-21 21:33:46\nFull thread dump OpenJDK 64-Bit Server VM (25.0.3+9-LTS mixed mode, sharing):\n\n",
     "JNI global refs: 20, weak refs: 0\n", jstack},
    {"jdkjson",
     "{\n  \"threadDump\": {\n    \"processId\": \"6714\",\n    \"threadContainers\": [\n      {\n        "
     "\"container\": \"<root>\",\n"
     "        \"parent\": null,\n        \"owner\": null,\n        \"threads\": [",
     "\n        ],\n        \"threadCount\": \"1\"\n      }\n    ]\n  }\n}\n", jdkThread},
    {"go", "", "", goroutine},
};

} // namespace

std::span<const DumpFile> dumpFiles() {
    return files;
}

void writeDumpFile(const DumpFile& kind, std::size_t entries, const std::string& path) {
    std::ofstream file(path, std::ios::binary);
    std::string text(kind.begin);
    for (std::size_t i = 0; i < entries; ++i) {
        kind.entry(text, i);
        if (text.size() > std::size_t{1} << 20) {
            file << text;
            text.clear();
        }
    }
    file << text << kind.end;
    file.close();
    if (!file)
        fail("no room for a large dump");
}

} // namespace coroscope::bench
