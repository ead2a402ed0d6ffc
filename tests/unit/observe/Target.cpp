// SPDX-License-Identifier: Apache-2.0
// A process whose jobs do what its standard input says, a command a line, each answered with a line:
//
// - begin NAME PARENT [flag ...]: PARENT is a name or -; flags: job, supervisor, global, detached, held,
// by=NAME
// - suspend NAME, run NAME, queue NAME, children NAME, state NAME STATE, hold NAME 0/1, rename NAME NEW, end
// NAME STATE [failure]
// - many N PARENT: N jobs at once
// - churn N: N events, on a job that comes and goes
// - storm THREADS FILE: jobs in abundance until "calm", which answers with the count of events (Storm.h)
// - resource NAME KIND CAPACITY, owns NAME JOB, counts NAME COUNT WAITING, gone NAME, waits JOB NAME
// - deaf: cancel commands are carried out without any effect from now on
// - hang: the next cancel command is never through
// - fork: a child that has inherited the record; answers with its pid
// - hang-up: shuts its connections to observers down
// - undumpable: nobody but root may look into it from now on
// - off: why the record is off, and why it has no agent
// - log: what was cancelled since the last time
// - exit, quick-exit, abort, exec (another program), exec-self (this one anew)
//
// A cancel command marks the job cancelling and writes "cancelled NAME CHILDREN-ONLY REASON;" into the log.
#include "Storm.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Resource.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <source_location>
#include <sstream>
#include <string>
#include <utility>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace coroscope;

namespace {

struct Job {
    std::string name;
    record::JobRecord record;
};

std::mutex lock;
std::map<std::string, std::unique_ptr<Job>> jobs;
std::deque<record::JobRecord> crowd;
std::string cancelLog;
std::atomic<bool> deaf = false, hang = false;
std::unique_ptr<test::Storm> storm;

JobState stateOf(const std::string& text) {
    for (int i = 0; i <= static_cast<int>(JobState::Failed); ++i)
        if (name(static_cast<JobState>(i)) == text)
            return static_cast<JobState>(i);
    std::cerr << "no state " << text << '\n';
    std::abort();
}

JobId idOf(const std::string& text) {
    return text == "-" ? JobId{} : jobs.at(text)->record.id();
}

StackId here(const std::source_location& where = std::source_location::current()) {
    return record::internStack({&where, 1});
}

const record::CommandHandler handler{
    [](void*) noexcept { return true; }, [](void*) noexcept {},
    [](void* owner, bool childrenOnly, std::string_view reason) {
        auto* job = static_cast<Job*>(owner);
        while (hang)
            ::pause();
        const std::lock_guard guard(lock);
        cancelLog += "cancelled " + job->name + (childrenOnly ? " 1 " : " 0 ") + std::string(reason) + ';';
        if (!deaf)
            job->record.stateChanges(JobState::Cancelling, JobFlags::cancelledByObserver);
    }};

void begin(std::istream& words) {
    auto job = std::make_unique<Job>();
    std::string parent;
    words >> job->name >> parent;
    record::Birth birth;
    birth.kind = JobKind::Launch;
    birth.parent = birth.launcher = idOf(parent);
    birth.execution = Execution::Queued;
    for (std::string flag; words >> flag;) {
        if (flag == "job" || flag == "supervisor") {
            birth.kind = flag == "job" ? JobKind::Job : JobKind::SupervisorJob;
            birth.execution = Execution::None;
        } else if (flag == "global") {
            birth.flags |= JobFlags::launchedInGlobalScope;
        } else if (flag == "detached") {
            birth.flags |= JobFlags::parentFromContext;
        } else if (flag == "held") {
            birth.flags |= JobFlags::held;
        } else if (flag.starts_with("by=")) {
            birth.launcher = idOf(flag.substr(3));
        }
    }
    birth.site = record::internSite(std::source_location::current());
    birth.name = record::internName(job->name);
    birth.context = record::internContext("Default", "");
    birth.number = record::nextJobNumber();
    birth.owner = job.get();
    job->record.begin(birth);
    jobs[job->name] = std::move(job);
}

std::map<std::string, std::unique_ptr<record::Resource>> resources;

void carryOutForResource(const std::string& command, std::istream& words) {
    std::string who, what;
    words >> who >> what;
    if (command == "resource") {
        record::ResourceBirth birth;
        birth.kind = what == "mutex"       ? WaitKind::Mutex
                     : what == "semaphore" ? WaitKind::Semaphore
                                           : WaitKind::Channel;
        words >> birth.capacity;
        birth.site = record::internSite(std::source_location::current());
        birth.name = record::internText(who);
        auto& resource = resources[who] = std::make_unique<record::Resource>();
        resource->begin(birth);
    } else if (command == "owns") {
        resources.at(who)->owner(idOf(what));
    } else if (command == "counts") {
        std::uint32_t waiting = 0;
        words >> waiting;
        resources.at(who)->count(std::stoull(what));
        resources.at(who)->waiting(waiting);
    } else if (command == "gone") {
        resources.at(who)->end();
    } else {
        jobs.at(who)->record.suspends(here(), WaitKind::Mutex, resources.at(what)->id().value);
    }
}

/// Shuts all connections of this process's sockets down, as a failing agent might.
void hangUp() {
    sockaddr_un peer{};
    socklen_t size = sizeof peer;
    for (int descriptor = 3; descriptor < 256; ++descriptor)
        if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &(size = sizeof peer)) == 0)
            ::shutdown(descriptor, SHUT_RDWR);
}

std::string carryOut(const std::string& line) {
    std::istringstream words(line);
    std::string command, who, what;
    words >> command;
    const std::lock_guard guard(lock);
    if (command == "begin") {
        begin(words);
    } else if (command == "many") {
        std::size_t count = 0;
        words >> count >> who;
        for (std::size_t i = 0; i < count; ++i)
            crowd.emplace_back().begin(
                {.kind = JobKind::Launch, .parent = idOf(who), .number = record::nextJobNumber()});
    } else if (command == "churn") {
        std::size_t count = 0;
        words >> count;
        record::JobRecord job;
        job.begin({.kind = JobKind::Launch, .number = record::nextJobNumber()});
        for (std::size_t i = 0; i + 2 < count; ++i)
            job.queued();
        job.end(JobState::Completed);
    } else if (command == "deaf") {
        deaf = true;
    } else if (command == "hang") {
        hang = true;
    } else if (command == "storm") {
        unsigned threads = 0;
        std::string file;
        words >> threads >> file;
        storm = std::make_unique<test::Storm>(threads, file);
    } else if (command == "calm") {
        const std::uint64_t produced = storm->calm();
        storm.reset();
        return std::to_string(produced);
    } else if (command == "undumpable") {
        ::prctl(PR_SET_DUMPABLE, 0);
    } else if (command == "off") {
        return std::string(record::stoppedBecause()) + '|' + std::string(record::withoutAgentBecause());
    } else if (command == "log") {
        return std::exchange(cancelLog, {});
    } else if (command == "hang-up") {
        hangUp();
    } else if (command == "fork") {
        const pid_t child = ::fork();
        if (child == 0)
            for (;;)
                ::pause();
        return std::to_string(child);
    } else if (command == "resource" || command == "owns" || command == "counts" || command == "gone" ||
               command == "waits") {
        carryOutForResource(command, words);
    } else {
        words >> who;
        record::JobRecord& job = jobs.at(who)->record;
        if (command == "suspend") {
            job.suspends(here(), WaitKind::Delay, 0);
        } else if (command == "run") {
            job.runs();
        } else if (command == "queue") {
            job.queued();
        } else if (command == "children") {
            job.waitsForChildren();
        } else if (command == "hold") {
            words >> what;
            job.held(what == "1");
        } else if (command == "rename") {
            words >> what;
            job.renamed(record::internName(what));
        } else if (command == "incident") {
            int kind = 0;
            words >> kind;
            std::string text;
            std::getline(words >> std::ws, text);
            record::tellIncident(static_cast<IncidentKind>(kind), job.facts(), text);
        } else if (command == "incidents") {
            int count = 0;
            words >> count;
            for (int i = 0; i < count; ++i)
                record::tellIncident(IncidentKind::Failed, job.facts(), std::to_string(i));
        } else if (command == "state") {
            words >> what;
            job.stateChanges(stateOf(what));
        } else if (command == "end") {
            words >> what;
            std::string failure;
            std::getline(words >> std::ws, failure);
            job.end(stateOf(what), failure);
        } else {
            return "what?";
        }
    }
    return "ok";
}

} // namespace

int main() {
    record::setCommandHandler(&handler);
    if (!record::start())
        std::cerr << record::stoppedBecause() << '\n';
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "exit")
            return 0;
        if (line == "quick-exit")
            ::_exit(0);
        if (line == "abort")
            std::abort();
        if (line == "exec-self")
            ::execl("/proc/self/exe", "observe_test_target", nullptr);
        if (line == "exec")
            ::execlp("sleep", "sleep", "30", nullptr);
        std::cout << carryOut(line) << std::endl;
    }
    return 0;
}
