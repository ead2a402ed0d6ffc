// SPDX-License-Identifier: Apache-2.0
#include "Metrics.h"
#include "Chance.h"
#include "Log.h"

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

constexpr int mostForgotten = 6;

}

Metrics::Metrics(const Job& shop, const Faults& faults)
    : part_(shop, "metrics")
    , faults_(faults) {}

void Metrics::start() {
    part_.scope().launch(CoroutineName("minute-report"), [this] { return reportEveryMinute(); });
}

void Metrics::orderDone() {
    const long count = ++done_;
    if (count % 20 != 0)
        return;
    if (faults_.on(Fault::Global)) {
        // The fault: "just a quick task", which nobody owns.
        if (forgotten_ < mostForgotten) {
            ++forgotten_;
            GlobalScope.launch(CoroutineName("metrics-flush"), [this] { return flushForEver(); });
        }
    } else {
        part_.scope().launch(CoroutineName("metrics-flush"), [this, count] { return flush(count); });
    }
}

Task<> Metrics::reportEveryMinute() {
    for (;;) {
        co_await delay(60s);
        log("metrics", std::to_string(done_.load()) + " orders done");
    }
}

Task<> Metrics::flush(long count) {
    co_await delay(between(200ms, 900ms));
    log("metrics-flush", "flushed at " + std::to_string(count));
}

Task<> Metrics::flushForEver() {
    log("metrics-flush", "launched in GlobalScope");
    std::exception_ptr how;
    try {
        while (faults_.on(Fault::Global))
            co_await delay(250ms);
    } catch (...) {
        how = std::current_exception();
    }
    --forgotten_;
    log("metrics-flush", how ? "cancelled" : "ended");
    if (how)
        std::rethrow_exception(how);
}

} // namespace orders
