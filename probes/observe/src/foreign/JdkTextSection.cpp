// SPDX-License-Identifier: Apache-2.0
// What "jcmd PID Thread.dump_to_file" writes unless JSON is asked for: the threads of a JVM, virtual ones
// too, in a flat list. Since JDK 25 with their states and locks.
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
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::size_t mostLocks = 1'000; ///< of one thread

struct Head {
    std::uint64_t number = 0;
    std::string_view name;
    bool isVirtual = false;
    std::string_view state; ///< empty before JDK 25
};

/// `#22 "name" virtual WAITING 2025-11-22T12:27:24.258476112Z`, or less of it.
std::optional<Head> headOf(std::string_view line) {
    if (!line.starts_with('#'))
        return {};
    const std::size_t open = line.find(" \""), close = line.rfind('"');
    if (open == std::string_view::npos || close < open + 2)
        return {};
    const auto number = decimal(line.substr(1, open - 1));
    if (!number)
        return {};
    Head head{*number, line.substr(open + 2, close - open - 2), false, {}};
    std::string_view rest = unindented(line.substr(close + 1));
    constexpr std::string_view word = "virtual";
    if (rest.starts_with(word)) {
        head.isVirtual = true;
        rest = unindented(rest.substr(word.size()));
    }
    if (rest.empty())
        return head;
    head.state = rest.substr(0, rest.find(' '));
    for (const std::string_view state :
         {"NEW", "RUNNABLE", "BLOCKED", "WAITING", "TIMED_WAITING", "TERMINATED"})
        if (head.state == state)
            return head;
    return {};
}

/// The second of the three lines in front of the threads; the first is the process's number.
bool isMoment(std::string_view line) {
    return line.size() > 19 && line.ends_with('Z') && line[4] == '-' && line[10] == 'T' &&
           line.find_first_not_of("0123456789-:.TZ") == std::string_view::npos;
}

/// "java.lang.Object@1f" of "<java.lang.Object@1f>, owner #30".
std::string_view lockOf(std::string_view text) {
    const std::size_t end = text.find('>');
    return text.starts_with('<') && end != std::string_view::npos ? text.substr(1, end - 1)
                                                                  : std::string_view();
}

class JdkTextSection final : public Section {
public:
    explicit JdkTextSection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        dump_.startOver(line.number);
        dump_.describe("Java", "a thread dump of the JDK", false);
        if (!isMoment(line.text)) {
            take(line);
            return;
        }
        dump_.info().pid =
            static_cast<int>(std::min<std::uint64_t>(decimal(line.before).value_or(0), 0x7fff'ffff));
        dump_.info().takenWallClock =
            wallClock(std::string(line.text.substr(0, 19)) + 'Z', "%Y-%m-%dT%H:%M:%S");
        versionComes_ = true;
    }

    bool take(const TextLine& line) override {
        if (versionComes_) {
            versionComes_ = false;
            if (!line.text.empty() && !line.text.starts_with('#')) {
                dump_.info().runtimeVersion = presentable("Java " + std::string(line.text.substr(0, 200)));
                return true;
            }
        }
        if (const auto head = headOf(line.text)) {
            endThread();
            begin(*head);
            return true;
        }
        if (line.text.empty()) {
            endThread();
            return true;
        }
        const std::string_view text = unindented(line.text);
        if (job_ == ForeignDump::none || text.size() == line.text.size())
            return false;
        if (text.starts_with("- "))
            takeLock(text.substr(2));
        else if (jvmFrame(line.text))
            frames_.add(line.text);
        else
            return false;
        return true;
    }

    void finish() override {
        endThread();
        locks_.finish(dump_);
    }

private:
    void begin(const Head& head) {
        JobRow row;
        row.kind = JobKind::Thread;
        row.state = JobState::Active;
        row.number = head.number;
        row.name = dump_.tables().addText(head.name);
        job_ = dump_.add(row);
        state_ = head.state;
        isVirtual_ = head.isVirtual;
        if (job_ != ForeignDump::none)
            locks_.numbered(job_, head.number);
    }

    void takeLock(std::string_view text) {
        constexpr std::string_view locked = "locked ";
        if (text.starts_with(locked)) {
            const std::string_view lock = lockOf(text.substr(locked.size()));
            // Who waits to be notified has let go of the monitor that it is told to have locked.
            if (!lock.empty() && lock != blocker_ && holds_.size() < mostLocks)
                holds_.emplace_back(lock);
            return;
        }
        for (const std::string_view words : {"waiting to lock ", "parking to wait for ", "waiting on "})
            if (text.starts_with(words)) {
                blocker_ = lockOf(text.substr(words.size()));
                owner_.reset();
                std::erase(holds_, blocker_);
            }
        constexpr std::string_view owned = "owner #";
        if (const std::size_t at = text.rfind(owned); at != std::string_view::npos && !blocker_.empty())
            owner_ = decimal(text.substr(at + owned.size()));
    }

    void endThread() {
        if (job_ == ForeignDump::none)
            return;
        JobRow& row = dump_.job(job_);
        takeJvmState(row, state_, {}, std::string_view(blocker_).substr(0, blocker_.find('@')));
        const bool lock = row.waitKind == WaitKind::Mutex && !blocker_.empty();
        if (lock && state_ != "TIMED_WAITING") // such a wait ends by itself
            locks_.waits(job_, blocker_, blocker_);
        for (const std::string& held : holds_)
            locks_.holds(job_, held);
        if (owner_)
            locks_.holdsByNumber(*owner_, blocker_);
        std::string words = state_;
        if (isVirtual_)
            words += words.empty() ? "virtual" : ", virtual";
        if (!blocker_.empty() && !lock)
            (words += ", waits for ") += blocker_;
        row.context = dump_.tables().addContext({}, words);
        row.suspendedAt = kotlinStack(frames_, dump_).suspendedAt;
        job_ = ForeignDump::none;
        frames_.clear();
        state_.clear();
        blocker_.clear();
        owner_.reset();
        holds_.clear();
    }

    ForeignDump& dump_;
    JvmLocks locks_;
    bool versionComes_ = false;
    // Of the thread that is being read.
    std::uint32_t job_ = ForeignDump::none;
    StackLines frames_;
    std::string state_, blocker_;
    std::optional<std::uint64_t> owner_; ///< of what it waits for
    bool isVirtual_ = false;
    std::vector<std::string> holds_;
};

} // namespace

std::unique_ptr<Section> beginJdkText(const TextLine& line, ForeignDump& dump) {
    // Many a text has a number and something in quotes.
    const auto head = headOf(line.text);
    const bool told = head && !head->state.empty() && line.text.ends_with('Z');
    if (!told && !(isMoment(line.text) && decimal(line.before)))
        return nullptr;
    return std::make_unique<JdkTextSection>(dump);
}

} // namespace coroscope::observe
