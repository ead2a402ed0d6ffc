// SPDX-License-Identifier: Apache-2.0
// A JVM's threads as text: what jstack, "jcmd PID Thread.print" and a JVM on SIGQUIT print, what IntelliJ's
// platform writes in front of its coroutines, and java.lang.management.ThreadInfo as text.
#include "foreign/JvmThreads.h"
#include "foreign/KotlinText.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include "Utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::string_view fullDump = "Full thread dump ";
constexpr std::string_view stateMark = "java.lang.Thread.State: ";
constexpr std::string_view idMark = "Id=";
constexpr std::size_t mostLocks = 1'000; ///< of one thread
constexpr std::size_t mostDeadlocked = 100'000;

/// Of "3.27s".
std::int64_t nanoseconds(std::string_view seconds) {
    if (!seconds.ends_with('s'))
        return 0;
    seconds.remove_suffix(1);
    const std::size_t point = std::min(seconds.find('.'), seconds.size());
    std::string digits(seconds.substr(point + (point < seconds.size()), 9));
    digits.resize(9, '0');
    const auto whole = decimal(seconds.substr(0, point)), rest = decimal(digits);
    constexpr std::uint64_t most = 3'000'000'000; // s: nothing runs longer
    return whole && rest && *whole < most ? static_cast<std::int64_t>(*whole * 1'000'000'000 + *rest) : 0;
}

/// A lock: "<0x69e> (a java.lang.Object)" or "java.lang.Object@1f", whatever stands behind it.
struct LockText {
    std::string_view key;
    std::string_view type;

    void nameTo(std::string& name) const {
        if (key.starts_with("0x"))
            name.assign(type).append(" <").append(key) += '>';
        else
            name = key;
    }
};
LockText lockOf(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('<')) {
        const std::size_t end = text.find('>');
        if (!text.starts_with("<0x") || end == std::string_view::npos)
            return {};
        LockText lock{text.substr(1, end - 1), {}};
        const std::size_t type = text.find("(a ", end);
        if (type != std::string_view::npos && text.ends_with(')'))
            lock.type = text.substr(type + 3, text.size() - type - 4);
        return lock;
    }
    const std::string_view key = text.substr(0, text.find(' '));
    return {key, key.substr(0, key.find('@'))};
}

/// The thread's name, and what follows it.
struct Head {
    std::string_view name, rest;
};

std::optional<Head> headOf(std::string_view line) {
    if (!line.starts_with('"'))
        return {};
    // A name may hold anything: the first end of one behind which a thread is described.
    for (std::size_t end = line.find("\" ", 1); end != std::string_view::npos;
         end = line.find("\" ", end + 1)) {
        const std::string_view rest = line.substr(end + 2);
        bool begins = false;
        for (const std::string_view word : {"#", "daemon ", "prio=", "os_prio=", "Id=", "- Thread t@"})
            begins = begins || rest.starts_with(word);
        if (begins && (rest.find("tid=0x") != std::string_view::npos ||
                       rest.find(idMark) != std::string_view::npos || rest.starts_with("- Thread t@")))
            return Head{line.substr(1, end - 1), rest};
    }
    return {};
}

/// "#21 ...", "prio=5 Id=21 ...", "- Thread t@21"; 0 where none is told.
std::uint64_t numberOf(std::string_view rest) {
    for (const std::string_view mark : {std::string_view("#"), std::string_view("- Thread t@"), idMark}) {
        const std::size_t at = mark == idMark           ? rest.find(mark)
                               : rest.starts_with(mark) ? 0
                                                        : std::string_view::npos;
        if (at == std::string_view::npos)
            continue;
        const std::string_view number = rest.substr(at + mark.size());
        return decimal(number.substr(0, number.find(' '))).value_or(0);
    }
    return 0;
}

class ThreadSection final : public Section {
public:
    explicit ThreadSection(ForeignDump& dump)
        : dump_(dump)
        , texts_(dump) {}

    void start(const TextLine& line) override { take(line); }

    bool take(const TextLine& line) override {
        // Most lines are frames, and need no more than that.
        if (isFrame(line.text) && job_ != ForeignDump::none && !deadlocks_) {
            frames_.add(line.text);
            return true;
        }
        if (line.text.starts_with(fullDump)) {
            finish();
            begin(line);
            dump_.info().takenWallClock = wallClock(line.before, "%Y-%m-%d %H:%M:%S");
            dump_.info().runtimeVersion = presentable(line.text.substr(
                fullDump.size(), std::min(line.text.rfind(':'), fullDump.size() + 200) - fullDump.size()));
            return true;
        }
        if (const auto head = headOf(line.text)) {
            endThread();
            const std::uint64_t number = numberOf(head->rest);
            // Without a head of the whole dump the next one begins with the same thread again.
            if (number != 0 && number == first_.second && head->name == first_.first)
                finish();
            if (!begun_)
                begin(line);
            if (first_.second == 0)
                first_ = {std::string(head->name), number};
            deadlocks_ = false;
            beginThread(*head, number);
            return true;
        }
        if (line.text.starts_with("Found one Java-level deadlock:") ||
            line.text.starts_with("Found a total of")) {
            endThread();
            deadlocks_ = true;
            return true;
        }
        if (deadlocks_)
            return takeDeadlock(line.text);
        if (job_ != ForeignDump::none && takeOfThread(line.text))
            return true;
        if (trimmed(line.text).empty()) {
            return true;
        }
        for (const std::string_view known : {"Threads class SMR info:", "_java_thread_list=",
                                             "_to_delete_list=", "0x", "}", "JNI global ref", "Found "})
            if (line.text.starts_with(known))
                return true;
        return false;
    }

    LineRun takeRun(std::string_view ahead) override {
        if (job_ == ForeignDump::none || deadlocks_ || !isFrame(ahead))
            return {};
        return runs_.take(ahead, isFrame, frames_);
    }

    void finish() override {
        endThread();
        texts_.finish();
        if (!held_.empty())
            takeHeld();
        locks_.finish(dump_);
        numbers_.clear();
        first_ = {};
        begun_ = false;
    }

private:
    struct Held {
        std::string lock, owner;
        std::uint64_t id;
    };
    static bool isFrame(std::string_view line) { return line.starts_with("\tat "); }

    void begin(const TextLine& line) {
        begun_ = true;
        dump_.startOver(line.number, ForeignDump::Part::Threads);
        deadlocks_ = false;
        if (!dump_.has(ForeignDump::Part::Coroutines))
            dump_.describe("Java", "a thread dump of a JVM", false);
    }

    void beginThread(const Head& head, std::uint64_t number) {
        JobRow row;
        row.kind = JobKind::Thread;
        row.state = JobState::Active;
        row.number = number;
        bool ids = false; // its number is the one by which owners are told
        std::string_view rest = head.rest;
        const auto next = [&rest] {
            rest = unindented(rest);
            const std::string_view word = rest.substr(0, rest.find(' '));
            rest.remove_prefix(word.size());
            return word;
        };
        for (std::string_view word = next(); !word.empty(); word = next()) {
            if (word == "daemon")
                say(word);
            else if (word.starts_with("elapsed="))
                row.createdAt = dump_.info().takenAt - nanoseconds(word.substr(8));
            else if (word.starts_with("nid=0x") && word != "nid=0x0")
                say("native " + std::string(word.substr(4)));
            else if (const auto tid = word.starts_with("nid=") ? decimal(word.substr(4)) : std::nullopt;
                     tid && !tid_ && word[4] != '0') {
                say("tid ");
                tid_ = tid;
                tidAt_ = words_.size();
            } else if (word.starts_with(idMark)) { // what follows is the state, and what it waits for
                ids = true;
                state_ = next();
                if (trimmed(rest).starts_with("on "))
                    takeOn(trimmed(rest));
                break;
            }
        }
        if (row.createdAt == dump_.info().takenAt)
            row.createdAt = 0;
        name_ = head.name;
        job_ = dump_.add(row);
        if (job_ == ForeignDump::none)
            return;
        if (ids)
            numbers_.add(hashOf(number), job_);
    }

    static bool isOfThread(std::string_view line) {
        if (line.starts_with("at "))
            return jvmFrame(line).has_value();
        for (const std::string_view words :
             {stateMark, std::string_view("- parking to wait for "), std::string_view("- waiting "),
              std::string_view("- locked "), std::string_view("- blocked on ")})
            if (line.starts_with(words))
                return true;
        return false;
    }

    /// What jhsdb tells of a process from outside: "a.B.c(int, long) @bci=14, line=211 (Compiled frame)".
    bool takeAgentFrame(std::string_view line) {
        const std::size_t mark = line.find(" @bci="), open = line.find('(');
        if (mark == std::string_view::npos || open == std::string_view::npos || open > mark)
            return false;
        // It has no file: the class says where a line is.
        const std::string_view function = line.substr(0, open);
        std::string_view type = function.substr(0, std::min(function.rfind('.'), function.size()));
        type = type.substr(type.rfind('.') + 1);
        std::string frame = "\tat ";
        frame.append(function).append("(").append(type);
        constexpr std::string_view at = ", line=";
        if (const std::size_t number = line.find(at, mark); number != std::string_view::npos)
            frame.append(":").append(
                line.substr(number + at.size(), line.find(' ', number + at.size()) - number - at.size()));
        frames_.add(frame, ")");
        return true;
    }

    /// Lines below the head of a thread.
    bool takeOfThread(std::string_view text) {
        std::string_view line = trimmed(text);
        // Blanks in front may have been lost on the way.
        if (line.size() == text.size() && !isOfThread(line))
            return false;
        if (line.starts_with("at ")) {
            frames_.add(text);
            return true;
        }
        if (line.starts_with("- ") && takeAgentFrame(line.substr(2)))
            return true;
        if (line.starts_with(stateMark)) {
            line.remove_prefix(stateMark.size());
            state_ = line.substr(0, line.find(' '));
            if (const std::size_t open = line.find('(');
                open != std::string_view::npos && line.ends_with(')'))
                detail_ = line.substr(open + 1, line.size() - open - 2);
            return true;
        }
        if (line.starts_with("on ")) { // IntelliJ's
            takeOn(line);
            return true;
        }
        if (line.starts_with("Carrying virtual thread")) {
            say("carries virtual thread" + std::string(line.substr(23)));
            return true;
        }
        if (!line.starts_with('-'))
            return true; // "No compile task", "Locked ownable synchronizers:", and what else it says of
                         // itself
        line = trimmed(line.substr(1));
        constexpr std::pair<std::string_view, bool> waits[] = {{"waiting to lock ", true},
                                                               {"waiting to re-lock in wait() ", true},
                                                               {"blocked on ", true},
                                                               {"parking to wait for ", false},
                                                               {"waiting on ", false}};
        for (const auto& [words, always] : waits) {
            if (!line.starts_with(words))
                continue;
            const LockText lock = lockOf(line.substr(words.size()));
            if (always || isJvmLock(lock.type))
                waitsFor_ = lock.key;
            else
                notHeld_ = lock.key; // it comes again, as locked where it was
            blocker_ = lock.type;
            lock.nameTo(lockName_);
            return true;
        }
        if (line.starts_with("waiting on the Class initialization monitor"))
            return true;
        if (line.starts_with("locked "))
            line.remove_prefix(7);
        else if (!line.starts_with("<0x") && line.find('@') == std::string_view::npos)
            return true; // "None", "eliminated ..."
        if (const LockText lock = lockOf(line);
            !lock.key.empty() && lock.key != notHeld_ && lock.key != waitsFor_ && holds_ < mostLocks) {
            locks_.holds(job_, lock.key);
            ++holds_;
        }
        return true;
    }

    /// "on java.lang.Object@1f owned by "teller" Id=21"
    void takeOn(std::string_view text) {
        text.remove_prefix(3);
        const LockText lock = lockOf(text);
        blocker_ = lock.type;
        lockName_ = lock.key;
        constexpr std::string_view owned = " owned by \"";
        const std::size_t mark = text.find(owned), id = text.rfind("\" Id=");
        if (mark == std::string_view::npos || id == std::string_view::npos || id < mark + owned.size())
            return;
        waitsFor_ = lock.key;
        std::string_view number = text.substr(id + 5);
        held_.push_back({std::string(lock.key),
                         std::string(text.substr(mark + owned.size(), id - mark - owned.size())),
                         decimal(number.substr(0, number.find(' '))).value_or(0)});
    }

    /// What the JVM itself says of deadlocks: it knows holders that are told nowhere else.
    bool takeDeadlock(std::string_view text) {
        const std::string_view line = trimmed(text);
        if (line.starts_with("waiting to lock monitor ")) {
            const std::size_t object = line.find("(object "), end = line.find(',');
            deadlocked_ = object != std::string_view::npos && end != std::string_view::npos && end > object
                              ? line.substr(object + 8, end - object - 8)
                              : std::string_view();
        } else if (constexpr std::string_view words = "waiting for ownable synchronizer ";
                   line.starts_with(words)) {
            deadlocked_ = line.substr(words.size(), line.find(',') - words.size());
        } else if (constexpr std::string_view by = "which is held by \"";
                   line.starts_with(by) && line.rfind('"') >= by.size() && !deadlocked_.empty() &&
                   held_.size() < mostDeadlocked) {
            held_.push_back(
                {deadlocked_, std::string(line.substr(by.size(), line.rfind('"') - by.size())), 0});
            deadlocked_.clear();
        }
        // The stacks of its threads are told once more: they are known.
        return line.empty() || line.size() != text.size() || line.starts_with("==") ||
               line.ends_with("\":") || line.starts_with("Java stack information") ||
               line.starts_with("Found ");
    }

    void endThread() {
        if (job_ != ForeignDump::none) {
            JobRow& row = dump_.job(job_);
            takeJvmState(row, state_, detail_, blocker_);
            std::string& all = all_;
            all = state_;
            if (!detail_.empty())
                (all += " (").append(detail_) += ')';
            if (!words_.empty())
                all += all.empty() ? "" : ", ";
            const std::size_t tidAt = all.size() + tidAt_;
            all += words_;
            if (!waitsFor_.empty() && state_ != "TIMED_WAITING") { // such a wait ends by itself
                if (row.execution == Execution::Suspended)
                    locks_.waits(job_, waitsFor_, lockName_);
            } else if (row.execution == Execution::Suspended && !lockName_.empty()) {
                (all += ", waits for ").append(lockName_);
            }
            texts_.add(job_, name_, all_, tid_, tidAt);
            row.suspendedAt = kotlinStack(frames_, dump_).suspendedAt;
        }
        job_ = ForeignDump::none;
        frames_.clear();
        tid_.reset();
        for (std::string* const text :
             {&words_, &state_, &detail_, &blocker_, &waitsFor_, &lockName_, &notHeld_})
            text->clear();
        holds_ = 0;
    }

    /// Who holds what others wait for, by number or name; nobody where two have that name.
    void takeHeld() {
        std::unordered_map<TextId, std::uint32_t> owners;
        for (const Held& held : held_)
            owners.emplace(dump_.tables().addText(held.owner), ForeignDump::none);
        constexpr std::uint32_t several = ForeignDump::none - 1;
        for (std::uint32_t i = 0; i < dump_.size(); ++i)
            if (dump_.job(i).kind == JobKind::Thread)
                if (const auto owner = owners.find(dump_.job(i).name); owner != owners.end())
                    owner->second = owner->second == ForeignDump::none ? i : several;
        for (const Held& held : held_) {
            std::uint32_t owner =
                held.id == 0 ? ForeignDump::none : numbers_.find(hashOf(held.id), [&](std::uint32_t job) {
                    return dump_.job(job).number == held.id;
                });
            if (owner == ForeignDump::none)
                owner = owners[dump_.tables().addText(held.owner)];
            if (owner < several)
                locks_.holds(owner, held.lock);
        }
        held_.clear();
    }
    void say(std::string_view more) {
        words_ += words_.empty() ? "" : ", ";
        words_ += more;
    }

    ForeignDump& dump_;
    JvmLocks locks_;
    ThreadTexts texts_;
    std::vector<Held> held_;                      ///< told by the name of the holder
    HashIndex numbers_;                           ///< those that owners are told by
    std::pair<std::string, std::uint64_t> first_; ///< thread of this dump
    bool begun_ = false, deadlocks_ = false;
    std::string deadlocked_; ///< the lock that the last lines were about
    // Of the thread that is being read.
    std::uint32_t job_ = ForeignDump::none;
    StackLines frames_;
    FrameRuns runs_;
    std::string name_, words_, state_, detail_, blocker_, waitsFor_, lockName_, notHeld_;
    std::optional<std::uint64_t> tid_;
    std::size_t tidAt_ = 0; ///< in words_
    std::string all_;       ///< kept for its room
    std::size_t holds_ = 0; ///< locks
};

} // namespace

std::unique_ptr<Section> beginThreads(const TextLine& line, ForeignDump& dump) {
    if (!line.text.starts_with(fullDump) && !headOf(line.text))
        return nullptr;
    return std::make_unique<ThreadSection>(dump);
}

} // namespace coroscope::observe
