// SPDX-License-Identifier: Apache-2.0
#include <coroscope/record/Record.h>

#include "Agent.h"
#include "Atomic.h"
#include "Commands.h"
#include "CreationStacks.h"
#include "Memory.h"
#include "Switch.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include <pthread.h>
#include <sys/auxv.h>
#include <unistd.h>

namespace coroscope::record {

namespace {

enum class Phase { NotStarted, Started, Off };
std::atomic<Phase> phase{Phase::NotStarted};
std::mutex startLock;
char whyOff[256] = ""; ///< written before the phase becomes Off, constant from then on

void sayWhyOff(std::string_view text) noexcept {
    std::snprintf(whyOff, sizeof whyOff, "%.*s", static_cast<int>(text.size()), text.data());
}

/// The environment variable COROSCOPE says so.
bool environmentSays(const char* word) noexcept {
    const char* const text = std::getenv("COROSCOPE");
    return text && std::strcmp(text, word) == 0;
}

void goodbye() {
    if (!on())
        return;
    set(memory.header->ended, 1u, std::memory_order_release);
    removeAgentSocket();
}

void inForkedChild() {
    ::close(memory.descriptor);
    closeAgentInChild();
}

std::string tryStart() {
    if (::getauxval(AT_SECURE) != 0)
        return "a program with raised privileges is not observed";
    if (environmentSays("off") || environmentSays("0"))
        return "switched off by the environment variable COROSCOPE";
    if (std::string problem = createMemory(); !problem.empty())
        return problem;
    prepareCommands();
    set(memory.header->commandsAllowed, commandsAllowed() ? 1u : 0u);
    ::pthread_atfork(nullptr, nullptr, inForkedChild);
    std::atexit(goodbye);
    if (environmentSays("stacks"))
        wantStacks(openCallStacks());
    switchOn();
    startAgent(); // without an agent the record is on all the same
    return {};
}

} // namespace

bool start() noexcept {
    // A forked child inherits the phase but not the switch: it stays off.
    if (phase.load(std::memory_order_acquire) != Phase::NotStarted)
        return on();
    try {
        const std::lock_guard guard(startLock);
        if (phase.load(std::memory_order_relaxed) == Phase::NotStarted) {
            const std::string problem = tryStart();
            if (!problem.empty())
                sayWhyOff(problem);
            phase.store(problem.empty() ? Phase::Started : Phase::Off, std::memory_order_release);
        }
    } catch (const std::exception& e) {
        sayWhyOff(e.what());
        phase.store(Phase::Off, std::memory_order_release);
    }
    return on();
}

bool disable() noexcept {
    const std::lock_guard guard(startLock);
    const Phase now = phase.load(std::memory_order_relaxed);
    if (now == Phase::NotStarted) {
        sayWhyOff("switched off by the program");
        phase.store(Phase::Off, std::memory_order_release);
    }
    return now != Phase::Started;
}

bool isOn() noexcept {
    return on();
}

std::string_view stoppedBecause() noexcept {
    const Phase now =
        phase.load(std::memory_order_acquire); // first: what has started is on, but in a forked child
    if (on())
        return {};
    switch (now) {
    case Phase::NotStarted:
        return "no job has begun yet";
    case Phase::Started:
        return "this is a forked child, which has no record of its own";
    case Phase::Off:
        break;
    }
    return whyOff;
}

int descriptor() noexcept {
    return on() ? memory.descriptor : -1;
}

std::string_view withoutAgentBecause() noexcept {
    return phase.load(std::memory_order_acquire) == Phase::Started && on() ? withoutAgentText()
                                                                           : std::string_view{};
}

std::string_view socketPath() noexcept {
    return on() ? agentSocket() : std::string_view{};
}

std::uint64_t untrackedJobs() noexcept {
    return on() ? get(memory.header->untracked) : 0;
}

} // namespace coroscope::record
