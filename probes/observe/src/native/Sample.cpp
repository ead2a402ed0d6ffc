// SPDX-License-Identifier: Apache-2.0
#include "Sample.h"
#include "Frames.h"
#include "Helper.h"
#include "Message.h"
#include "Utf8.h"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace coroscope::observe::native {

namespace {

constexpr std::chrono::seconds patienceToStop{5}, patienceToRead{30};
/// A job that runs in short stretches is not caught each time.
constexpr int tries = 5;

std::string notRunning(const std::string& who) {
    return "No thread of " + who +
           " runs this job now. A suspended job has no thread: its details say where it waits.";
}

} // namespace

Result<ThreadSample> sampleJob(const ProcessFacts& process, const RecordReader& record, JobId job) {
    const std::string who = processLabel(process.program, process.pid);
    for (int i = 0; i < tries; ++i) {
        const auto before = record.threadOf(job);
        if (!before)
            return Problem{notRunning(who)};
        const int tid = hostThread(process, static_cast<int>(before->tid));
        if (tid == 0)
            return Problem{"The thread that ran this job has ended, or cannot be seen from here."};
        Helper helper;
        MessageWriter request;
        request.number(static_cast<std::uint64_t>(Ask::Sample));
        request.number(static_cast<std::uint64_t>(process.pid));
        request.number(static_cast<std::uint64_t>(tid));
        request.text(who);
        const std::optional<std::string> stopped =
            helper.send(request.bytes()) ? helper.receive(patienceToStop) : std::nullopt;
        const auto after = record.threadOf(job);
        if (!stopped)
            return Problem{"The helper process that stops threads does not work here."};
        MessageReader how(*stopped);
        if (std::string problem = how.text(); !problem.empty())
            return Problem{presentable(problem)};
        ThreadSample sample;
        sample.pausedFor = static_cast<std::int64_t>(how.number());
        if (!after || after->tid != before->tid || after->slices != before->slices)
            continue; // it stopped running meanwhile: whose stack that is nobody knows
        sample.tid = tid;
        sample.threadName = before->name;
        sample.wallClock = std::time(nullptr);
        const std::optional<std::string> read = helper.receive(patienceToRead);
        if (!read)
            return Problem{"The stack of the thread could not be read: the debug information of " + who +
                           " makes its reader fail."};
        MessageReader stack(*read);
        sample.stack.note = presentable(stack.text());
        sample.stack.frames = readFrames(stack);
        return sample;
    }
    return Problem{
        "The job runs in stretches too short to catch it: each time it had stopped running before its "
        "thread could be looked at."};
}

} // namespace coroscope::observe::native
