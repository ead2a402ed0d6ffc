// SPDX-License-Identifier: Apache-2.0
// The jobs of this process as text, from within: for logs, signal files and tests. To look from outside use
// coroscopectl or the window.
#pragma once

#include <coroscope/model/Ids.h>

#include <iosfwd>
#include <string>
#include <vector>

namespace coroscope {

class CoroutineScope;
class Job;

/// Kotlin's DebugProbes, with its text formats. Nothing needs to be installed: what is read is the record,
/// which is always on. With the record off (COROSCOPE=off) a dump says so, and jobToString shows jobs without
/// what they do.
///
/// Threads: any, while jobs run. Each job is shown as it was at one moment, but the jobs are looked at one
/// after another: the whole is not a picture of one instant. A job that ended meanwhile may be missing while
/// its child is there; that one then stands at the left margin.
namespace DebugProbes {

/// All coroutines, the eldest first: `Coroutine "name#1":StandaloneCoroutine{Active}@id, state: SUSPENDED`,
/// then where each one is suspended, innermost first, and where it was created. CREATED, RUNNING and
/// SUSPENDED as in Kotlin; what is queued, or waits for its children, counts as suspended. Jobs without code
/// are left out, as in Kotlin: printJob shows them.
void dumpCoroutines(std::ostream& stream);

/// The job and all below it, a line each, a tab a level:
/// `"foo#3":DeferredCoroutine{Active}, continuation is SUSPENDED at line Foo::load(Foo.cpp:30)`.
std::string jobToString(const Job& job);
void printJob(const Job& job, std::ostream& stream);
/// The scope's job and all below it. Throws std::logic_error for GlobalScope, which has no job.
void printScope(const CoroutineScope& scope, std::ostream& stream);

/// As jobToString, for those of the jobs with these ids that are still alive, each below its parent where
/// that is among them.
std::string jobsToString(const std::vector<JobId>& ids);

/// `name#number` of the job that runs on this thread, as it stands in dumps, in the window and in its search;
/// `coroutine#number` for a job without a name; empty where no job runs.
std::string currentJobName();

} // namespace DebugProbes

} // namespace coroscope
