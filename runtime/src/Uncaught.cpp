// SPDX-License-Identifier: Apache-2.0
#include "Uncaught.h"

#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/Exceptions.h>

#include <cstdio>
#include <mutex>
#include <utility>

namespace coroscope {

namespace {

// Never destroyed: jobs may fail while the process ends.
struct Process {
    std::mutex mutex;
    CoroutineExceptionHandler handler;
};
Process& process() {
    static auto* const p = new Process;
    return *p;
}

void writeToStandardError(const CoroutineContext& context, const std::exception_ptr& e) {
    const std::string job = context.job() ? context.job().toString() : std::string("a coroutine");
    std::fprintf(stderr, "coroscope: uncaught exception in %s: %s\n", job.c_str(), describe(e).c_str());
}

} // namespace

CoroutineExceptionHandler setUncaughtExceptionHandler(CoroutineExceptionHandler handler) {
    std::lock_guard lock(process().mutex);
    return std::exchange(process().handler, std::move(handler));
}

bool detail::reportUncaught(const CoroutineContext& context, const std::exception_ptr& e) noexcept {
    try {
        CoroutineExceptionHandler handler;
        {
            std::lock_guard lock(process().mutex);
            handler = process().handler;
        }
        if (!handler) {
            writeToStandardError(context, e);
            return false;
        }
        try {
            handler(context, e);
        } catch (...) {
            writeToStandardError(context, e);
            writeToStandardError(context, std::current_exception());
        }
    } catch (...) {
        std::fputs("coroscope: an uncaught exception could not be reported\n", stderr);
    }
    return true;
}

std::string detail::incidentText(const std::exception_ptr& e) {
    const std::exception* known = standardExceptionIn(e);
    std::string text = typeName(e) + "\n" + (known ? known->what() : "");
    for (const std::exception_ptr& other : suppressedExceptions(e))
        text += "\n\tsuppressed: " + describe(other);
    return text;
}

} // namespace coroscope
