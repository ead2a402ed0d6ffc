// SPDX-License-Identifier: Apache-2.0
// The event that LTTng writes in bench_lttng: as wide as one of ours. Included several times, as LTTng wants
// it.
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER coroscope_bench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./lttng_event.h"

#if !defined(COROSCOPE_BENCH_LTTNG_EVENT_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define COROSCOPE_BENCH_LTTNG_EVENT_H
#include <lttng/tracepoint.h>

// clang-format off
LTTNG_UST_TRACEPOINT_EVENT(coroscope_bench, event,
    LTTNG_UST_TP_ARGS(unsigned long, job, unsigned long, version, unsigned long, aux),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(unsigned long, job, job)
        lttng_ust_field_integer(unsigned long, version, version)
        lttng_ust_field_integer(unsigned long, aux, aux)))
// clang-format on
#endif

#include <lttng/tracepoint-event.h>
