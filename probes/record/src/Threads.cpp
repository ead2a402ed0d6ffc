// SPDX-License-Identifier: Apache-2.0
#include "Threads.h"

#include <csignal>

#include <pthread.h>

namespace coroscope::record {

namespace {

void* trampoline(void* body) {
    reinterpret_cast<void (*)()>(body)();
    return nullptr;
}

} // namespace

bool startServiceThread(const char* name, void (*body)()) noexcept {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // inherited by the new thread
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread{};
    const bool started = pthread_create(&thread, &attributes, trampoline, reinterpret_cast<void*>(body)) == 0;
    if (started)
        pthread_setname_np(thread, name);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

} // namespace coroscope::record
