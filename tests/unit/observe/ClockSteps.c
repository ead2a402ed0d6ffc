// SPDX-License-Identifier: Apache-2.0
// For LD_PRELOAD: a wall clock that somebody sets by ten years, forward and back, each time it is looked at.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* now) {
    static int looks;
    const int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME && result == 0)
        now->tv_sec += (__atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED) % 2 ? 1 : -1) * 315576000L;
    return result;
}
