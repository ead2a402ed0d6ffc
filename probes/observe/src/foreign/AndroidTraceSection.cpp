// SPDX-License-Identifier: Apache-2.0
// What Android writes when an app does not respond (/data/anr/...), or on SIGQUIT: the threads of one process
// after the other.
#include "foreign/JvmThreads.h"
#include "foreign/KotlinText.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include "Utf8.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::size_t mostLocks = 1'000; ///< of one thread

constexpr std::string_view threadsMark = "DALVIK THREADS";
constexpr std::string_view commandMark = "Cmd line: ";

/// "----- pid 12345 at 2024-05-01 12:00:00.123456789+0200 -----"
struct ProcessHead {
    std::uint64_t pid = 0;
    std::string_view time;
};
std::optional<ProcessHead> processOf(std::string_view line) {
    constexpr std::string_view mark = "----- pid ", at = " at ";
    if (!line.starts_with(mark))
        return {};
    line.remove_prefix(mark.size());
    const std::size_t end = line.find(at);
    const auto pid = decimal(line.substr(0, end));
    constexpr std::uint64_t mostPids = std::uint64_t{1} << 22; // Linux has no more
    if (!pid || *pid > mostPids || end == std::string_view::npos)
        return {};
    return ProcessHead{*pid, line.substr(end + at.size())};
}

/// `"DefaultDispatcher-worker-1" daemon prio=5 tid=21 Blocked`
struct Head {
    std::string_view name;
    std::uint64_t tid = 0;
    std::string_view state;
    bool daemon = false;
};
std::optional<Head> headOf(std::string_view line) {
    if (!line.starts_with('"'))
        return {};
    const std::size_t prio = line.rfind("\" prio="), daemon = line.rfind("\" daemon prio="),
                      tid = line.rfind(" tid=");
    const std::size_t end = daemon != std::string_view::npos ? daemon : prio;
    if (end == std::string_view::npos || end == 0 || tid == std::string_view::npos || tid < end)
        return {};
    const std::string_view rest = line.substr(tid + 5);
    const std::size_t blank = rest.find(' ');
    const auto number = decimal(rest.substr(0, blank));
    if (!number || blank == std::string_view::npos)
        return {};
    const std::string_view state = rest.substr(blank + 1);
    return Head{line.substr(1, end - 1), *number, state.substr(0, state.find(' ')),
                daemon != std::string_view::npos};
}

/// In the words of a JVM; as of Android 5 and, in capitals, before.
struct State {
    std::string_view begins, state, detail;
};
constexpr State states[] = {
    {"Runnable", "RUNNABLE", {}},
    {"RUNNABLE", "RUNNABLE", {}},
    {"Native", "RUNNABLE", {}},
    {"NATIVE", "RUNNABLE", {}},
    {"Suspended", "RUNNABLE", {}},
    {"SUSPENDED", "RUNNABLE", {}}, // so that it could be looked at
    {"Blocked", "BLOCKED", {}},
    {"MONITOR", "BLOCKED", {}},
    {"Sleeping", "TIMED_WAITING", "sleeping"},
    {"SLEEPING", "TIMED_WAITING", "sleeping"},
    {"Timed", "TIMED_WAITING", {}},
    {"TIMED", "TIMED_WAITING", {}},
    {"Wait", "WAITING", {}},
    {"WAIT", "WAITING", {}},
    {"VMWAIT", "WAITING", {}},
};

class AndroidTraceSection final : public Section {
public:
    explicit AndroidTraceSection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        begin(line.number);
        take(line);
    }

    bool take(const TextLine& line) override {
        if (const auto process = processOf(line.text)) {
            endProcess();
            // Of the same process: this is another trace of all of them.
            if (!pids_.insert(process->pid).second) {
                pids_ = {process->pid};
                begin(line.number);
            }
            beginProcess(*process);
            return true;
        }
        if (const auto head = headOf(line.text)) {
            endThread();
            beginThread(*head);
            return true;
        }
        if (line.text.starts_with(commandMark) && process_ != ForeignDump::none) {
            const std::string_view command = trimmed(line.text.substr(commandMark.size()));
            dump_.job(process_).name = dump_.tables().addText(command);
            if (pids_.size() == 1) // the one that it is about comes first
                dump_.info().program = presentable(cutUtf8(command, 200));
            return true;
        }
        if (line.text.empty()) {
            endThread();
            return true;
        }
        if (line.text.starts_with(threadsMark) || line.text.starts_with("----- end "))
            return true;
        const std::string_view text = trimmed(line.text);
        if (job_ == ForeignDump::none)
            return process_ != ForeignDump::none &&
                   !threads_; // what stands in front of them describes the process
        if (text.starts_with("at ") && jvmFrame(text))
            frames_.add(line.text);
        else if (text.starts_with("- "))
            takeLock(text.substr(2));
        else
            return text.size() != line.text.size();
        return true;
    }

    void finish() override { endProcess(); }

private:
    void begin(std::uint64_t line) {
        dump_.startOver(line);
        dump_.describe("Android", "a trace of Android's threads", true);
        process_ = ForeignDump::none;
    }

    void beginProcess(const ProcessHead& head) {
        JobRow row;
        row.kind = JobKind::ThreadScope;
        row.state = JobState::Active;
        row.name = dump_.tables().addText("process " + std::to_string(head.pid));
        row.number = head.pid;
        process_ = dump_.add(row);
        if (pids_.size() > 1)
            return;
        dump_.info().pid = static_cast<int>(std::min<std::uint64_t>(head.pid, 0x7fff'ffff));
        dump_.info().takenWallClock = wallClock(head.time.substr(0, 19), "%Y-%m-%d %H:%M:%S");
    }
    void endProcess() {
        endThread();
        locks_.finish(dump_);
        threads_ = false;
    }

    void beginThread(const Head& head) {
        JobRow row;
        row.kind = JobKind::Thread;
        row.state = JobState::Active;
        row.number = head.tid;
        row.name = dump_.tables().addText(head.name);
        job_ = dump_.add(row, process_);
        threads_ = true;
        state_ = head.state;
        daemon_ = head.daemon;
        if (job_ != ForeignDump::none)
            locks_.numbered(job_, head.tid);
    }

    /// "waiting to lock <0x0a1b> (a com.example.Store) held by thread 21"
    void takeLock(std::string_view text) {
        const std::size_t open = text.find('<'), close = text.find('>');
        if (open == std::string_view::npos || close == std::string_view::npos || close < open)
            return;
        const std::string_view lock = text.substr(open + 1, close - open - 1);
        if (text.starts_with("locked ")) {
            // Who waits to be notified has let go of the monitor that it is told to have locked.
            if (lock != blocker_ && holds_.size() < mostLocks)
                holds_.emplace_back(lock);
            return;
        }
        blocker_ = lock;
        owner_.reset();
        lockName_.clear();
        std::string_view rest = text.substr(close + 1);
        if (constexpr std::string_view a = " (a "; rest.starts_with(a))
            lockName_ = rest.substr(a.size(), rest.find(')') - a.size());
        lockName_.append(lockName_.empty() ? "<" : " <").append(lock).append(">");
        for (const std::string_view words : {" held by thread ", " held by tid="})
            if (const std::size_t at = rest.find(words); at != std::string_view::npos) {
                rest.remove_prefix(at + words.size());
                owner_ = decimal(rest.substr(0, rest.find(' ')));
            }
    }

    void endThread() {
        if (job_ == ForeignDump::none)
            return;
        JobRow& row = dump_.job(job_);
        const auto* const state =
            std::find_if(std::begin(states), std::end(states), [this](const State& each) {
                return std::string_view(state_).starts_with(each.begins);
            });
        if (state != std::end(states))
            takeJvmState(row, state->state, state->detail, blocker_);
        if (state != std::end(states) && state->state == "BLOCKED" && !blocker_.empty())
            locks_.waits(job_, blocker_, lockName_);
        else if (!lockName_.empty())
            (state_ += ", waits for ") += lockName_;
        for (const std::string& held : holds_)
            locks_.holds(job_, held);
        if (owner_)
            locks_.holdsByNumber(*owner_, blocker_);
        if (daemon_)
            state_ += ", daemon";
        row.context = dump_.tables().addContext({}, state_);
        row.suspendedAt = kotlinStack(frames_, dump_).suspendedAt;
        job_ = ForeignDump::none;
        frames_.clear();
        owner_.reset();
        for (std::string* const text : {&state_, &blocker_, &lockName_})
            text->clear();
        holds_.clear();
    }

    ForeignDump& dump_;
    std::unordered_set<std::uint64_t> pids_; ///< of the processes of this trace
    std::uint32_t process_ = ForeignDump::none;
    bool threads_ = false; ///< of that process, some have come
    JvmLocks locks_;       ///< of the present process: numbers and locks are its own
    // Of the thread that is being read.
    std::uint32_t job_ = ForeignDump::none;
    StackLines frames_;
    std::string state_, blocker_, lockName_;
    std::optional<std::uint64_t> owner_; ///< of what it waits for
    bool daemon_ = false;
    std::vector<std::string> holds_;
};

} // namespace

std::unique_ptr<Section> beginAndroidTrace(const TextLine& line, ForeignDump& dump) {
    if (!processOf(line.text) && !headOf(line.text) && !line.text.starts_with(threadsMark))
        return nullptr;
    return std::make_unique<AndroidTraceSection>(dump);
}

} // namespace coroscope::observe
