// SPDX-License-Identifier: Apache-2.0
// What one event of LTTng-UST costs, beside ours. ./run starts the daemon and a session that keeps the newest
// events in memory, as our rings do.
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_event.h"

#include "Figure.h"

#include <vector>

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    const bool small = quick(count, arguments);
    if (!lttng_ust_tracepoint_enabled(coroscope_bench, event))
        fail("no session of LTTng has enabled the event");
    std::vector<double> turns;
    for (int i = 0; i < (small ? 1 : 15); ++i)
        turns.push_back(nanosecondsEach(small ? 1000 : 500'000, [](std::size_t n) {
            lttng_ust_tracepoint(coroscope_bench, event, n, n, n);
        }));
    print("peer.lttng_event_ns", median(turns), "ns", noGoal);
}
