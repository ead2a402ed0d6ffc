// SPDX-License-Identifier: Apache-2.0
// A process whose jobs do what its standard input says, a command a line, each answered with a line:
//   begin NAME PARENT [flag ...]   PARENT: a name or -; flags: job, supervisor, global, detached, held,
//   by=NAME suspend NAME | run NAME | queue NAME | children NAME state NAME STATE | hold NAME 0/1 | end NAME
//   STATE [failure] many N PARENT                  N jobs at once churn N                        N events, on
//   a job that comes and goes deaf                           cancel commands are carried out without any
//   effect from now on fork                           a child that has inherited the record; answers with its
//   pid log                            answers what was cancelled since the last time exit | quick-exit |
//   exec
//   resource NAME KIND CAPACITY | owns NAME JOB | counts NAME COUNT WAITING | gone NAME | waits JOB NAME
// A cancel command marks the job cancelling and writes "cancelled NAME CHILDREN-ONLY REASON;" into the log.
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
std::atomic<bool> deaf = false;

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
    [](void*) noexcept {}, [](void*) noexcept {},
    [](void* owner, bool childrenOnly, std::string_view reason) {
        auto* job = static_cast<Job*>(owner);
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
            birth.held = true;
        } else if (flag.starts_with("by=")) {
            birth.launcher = idOf(flag.substr(3));
        }
    }
    birth.site = record::internSite(std::source_location::current());
    birth.name = record::internText(job->name);
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
    } else if (command == "log") {
        return std::exchange(cancelLog, {});
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
        if (line == "exec")
            ::execlp("sleep", "sleep", "30", nullptr);
        std::cout << carryOut(line) << std::endl;
    }
    return 0;
}
