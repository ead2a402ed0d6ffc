// SPDX-License-Identifier: Apache-2.0
// All of the runtime.
#pragma once

#include <coroscope/runtime/AwaitAll.h>
#include <coroscope/runtime/CancellableContinuation.h>
#include <coroscope/runtime/CancellationException.h>
#include <coroscope/runtime/Channel.h>
#include <coroscope/runtime/CoroutineContext.h>
#include <coroscope/runtime/CoroutineExceptionHandler.h>
#include <coroscope/runtime/CoroutineScope.h>
#include <coroscope/runtime/CoroutineStart.h>
#include <coroscope/runtime/Current.h>
#include <coroscope/runtime/DebugProbes.h>
#include <coroscope/runtime/Deferred.h>
#include <coroscope/runtime/Delay.h>
#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/Dispatchers.h>
#include <coroscope/runtime/Exceptions.h>
#include <coroscope/runtime/Job.h>
#include <coroscope/runtime/Mutex.h>
#include <coroscope/runtime/Produce.h>
#include <coroscope/runtime/RunBlocking.h>
#include <coroscope/runtime/RunCatching.h>
#include <coroscope/runtime/RunTest.h>
#include <coroscope/runtime/ScopeFunctions.h>
#include <coroscope/runtime/Select.h>
#include <coroscope/runtime/Semaphore.h>
#include <coroscope/runtime/StopToken.h>
#include <coroscope/runtime/Task.h>
#include <coroscope/runtime/TestScheduler.h>
#include <coroscope/runtime/ThreadContextElement.h>
#include <coroscope/runtime/Timeout.h>
#include <coroscope/runtime/WithCleanup.h>
