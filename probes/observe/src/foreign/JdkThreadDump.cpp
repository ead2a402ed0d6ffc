// SPDX-License-Identifier: Apache-2.0
#include "foreign/JdkThreadDump.h"

#include "foreign/HashIndex.h"
#include "foreign/JsonKeys.h"
#include "foreign/JsonReader.h"
#include "foreign/JvmThreads.h"
#include "foreign/KnownValues.h"
#include "foreign/KotlinText.h"
#include "foreign/Text.h"

#include "Utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

/// A thread with this stack waits for what it has forked.
bool joinsScope(std::string_view stack) {
    constexpr std::string_view type = ".StructuredTaskScope";
    for (std::size_t at = stack.find(type); at != std::string_view::npos; at = stack.find(type, at + 1))
        if (stack.substr(at, stack.find('(', at) - at).ends_with(".join"))
            return true;
    return false;
}

/// {"threadDump": {.., "threadContainers": [{.., "threads": [{.., "stack": [..]}]}]}}: told value by value,
/// so that nothing but what becomes a job is ever held.
class Handler : public JsonEvents {
public:
    explicit Handler(ForeignDump& dump)
        : dump_(dump)
        , texts_(dump) {}

    void null() override {}
    void truth(bool value) override { scalar(value ? "true" : "false"); }
    void number(std::string_view digits) override { scalar(digits); }
    void text(std::string_view raw, bool escaped) override {
        if (atFrame()) {
            lines_.add(raw); // most are known: they are read only where they are not
            escaped_ = escaped_ || escaped;
        } else {
            scalar(escaped ? unescaped(raw, scratch_) : raw);
        }
    }
    void key(std::string_view name) override { path_.back() = static_cast<Key>(keys_.find(name)); }

    std::size_t expectedKey(std::string_view rest) override {
        const std::size_t size = keys_.expected(rest);
        if (size != 0)
            path_.back() = static_cast<Key>(keys_.last());
        return size;
    }

    void beginObject() override {
        path_.push_back(Key::none);
        if (path_.size() == containerDepth && in(3, Key::threadContainers))
            beginContainer();
        else if (path_.size() == threadDepth && in(3, Key::threadContainers) && in(5, Key::threads))
            beginThread();
    }
    void endObject() override {
        if (path_.size() == threadDepth && thread_ != ForeignDump::none)
            endThread();
        else if (path_.size() == containerDepth && container_ != ForeignDump::none)
            endContainer();
        path_.pop_back();
    }
    void beginArray() override {
        path_.push_back(Key::none);
        if (atFrame()) {
            lines_.clear();
            escaped_ = false;
            stack_.reset();
        }
    }
    void endArray() override {
        if (atFrame()) {
            stack_ = stack();
            knownStacks_.add(*stack_);
        }
        path_.pop_back();
    }

    bool mayBeKnown() override {
        const bool may =
            path_.size() == threadDepth && thread_ != ForeignDump::none && path_.back() == Key::stack;
        if (may)
            knownStacks_.giveUp();
        return may;
    }
    std::size_t knownLately(std::string_view rest) override {
        const auto found = knownStacks_.lately(rest);
        if (found)
            stack_ = found->what;
        return found ? found->size : 0;
    }
    bool known(std::string_view value) override {
        const auto found = knownStacks_.find(value);
        if (found)
            stack_ = found;
        return found.has_value();
    }

    std::span<const std::string_view> marks() const override {
        static constexpr std::string_view keys[] = {R"({"tid")", R"({"container")", R"({"threadDump")"};
        return keys;
    }
    std::string_view resume(int mark) override {
        if (thread_ != ForeignDump::none)
            endThread();
        if (mark != 0 && container_ != ForeignDump::none)
            endContainer();
        knownStacks_.giveUp();
        path_ = {Key::threadDump, Key::threadContainers, Key::none, Key::threads, Key::none};
        if (mark == 2)
            path_.clear();
        else if (mark == 1)
            path_.resize(3);
        constexpr std::string_view brackets = "{{[{[";
        return brackets.substr(0, path_.size());
    }
    void missing(std::string sentence) override { dump_.problem(0, sentence); }

    /// Once all has been read.
    void finish() {
        if (thread_ != ForeignDump::none)
            endThread();
        if (container_ != ForeignDump::none)
            endContainer();
        texts_.finish();
        for (const auto& [lock, tid] : owners_)
            if (const std::uint32_t owner = threadOf(tid); owner != ForeignDump::none)
                locks_.holds(owner, lock);
        locks_.finish(dump_);
        for (const Container& each : containers_) {
            // A scope belongs to the thread that opened it; a pool to the one it was made in, if any.
            if (const std::uint32_t owner = ownerOf(each); owner != ForeignDump::none)
                dump_.setParent(each.job, owner);
            else if (const auto parent = names_.find(each.parent);
                     !each.parent.empty() && parent != names_.end() && parent->second != each.job)
                dump_.setParent(each.job, parent->second);
        }
        waitForScopes();
    }
    bool foundAny() const noexcept { return !containers_.empty(); }

private:
    // {"threadDump": (1) { "threadContainers": (2) [ (3) { (4) "threads": [ (5) { (6) "stack": [ (7)
    //                                                                          "monitorsOwned": [ (7) { (8)
    //                                                                          "locks": [ (9)
    static constexpr std::size_t dumpDepth = 2, containerDepth = 4, threadDepth = 6, stackDepth = 7,
                                 monitorDepth = 9;

    /// Those that are known, as far as possible in the order in which they are written.
    enum class Key : std::uint8_t {
        threadDump,
        processId,
        runtimeVersion,
        threadContainers,
        container,
        parent,
        owner,
        threads,
        tid,
        time,
        name,
        state,
        isVirtual,
        carrier,
        parkBlocker,
        object,
        blockedOn,
        waitingOn,
        stack,
        monitorsOwned,
        locks,
        other,
        none ///< there is none, or none yet
    };
    static constexpr std::string_view keyNames[] = {
        "threadDump", "processId", "runtimeVersion", "threadContainers",
        "container",  "parent",    "owner",          "threads",
        "tid",        "time",      "name",           "state",
        "virtual",    "carrier",   "parkBlocker",    "object",
        "blockedOn",  "waitingOn", "stack",          "monitorsOwned",
        "locks"};
    static_assert(std::size(keyNames) == static_cast<std::size_t>(Key::other));

    struct Container {
        std::uint32_t job;
        std::string name, parent, owner;
    };

    /// The key under which the level of this number (from 1) lies.
    bool in(std::size_t level, Key name) const { return path_[level - 2] == name; }

    bool atFrame() const {
        return path_.size() == stackDepth && thread_ != ForeignDump::none &&
               path_[threadDepth - 1] == Key::stack;
    }

    void scalar(std::string_view value) {
        if (path_.size() == dumpDepth && path_[0] == Key::threadDump)
            field(path_.back(), value);
        else if (path_.size() == containerDepth && container_ != ForeignDump::none)
            containerField(path_.back(), value);
        else if (path_.size() == threadDepth && thread_ != ForeignDump::none)
            setField(path_.back(), value);
        else if (path_.size() == stackDepth && thread_ != ForeignDump::none &&
                 path_[threadDepth - 1] == Key::parkBlocker)
            setParkField(path_.back(), value);
        else if (path_.size() == monitorDepth && thread_ != ForeignDump::none && in(7, Key::monitorsOwned) &&
                 in(9, Key::locks) && monitors_.size() < mostMonitors)
            monitors_.emplace_back(value);
    }
    void field(Key name, std::string_view value) {
        if (name == Key::processId)
            dump_.info().pid =
                static_cast<int>(std::min<std::uint64_t>(decimal(value).value_or(0), 0x7fff'ffff));
        else if (name == Key::runtimeVersion)
            dump_.info().runtimeVersion = presentable("Java " + std::string(value.substr(0, 200)));
        else if (name == Key::time)
            dump_.info().takenWallClock =
                wallClock(value.ends_with('Z') ? std::string(value.substr(0, 19)) + 'Z' : std::string(value),
                          "%Y-%m-%dT%H:%M:%S");
    }

    static constexpr std::size_t mostMonitors = 1'000; ///< of one thread
    static constexpr std::size_t longestField = 10'000;
    /// What is told of a thread; empty where it is not.
    struct Fields {
        std::string tid, name, state, isVirtual, carrier, blockedOn, waitingOn, parkedOn, parkOwner;
    };
    static constexpr std::pair<Key, std::string Fields::*> fieldNames[] = {
        {Key::tid, &Fields::tid},
        {Key::name, &Fields::name},
        {Key::state, &Fields::state},
        {Key::isVirtual, &Fields::isVirtual},
        {Key::carrier, &Fields::carrier},
        {Key::blockedOn, &Fields::blockedOn},
        {Key::waitingOn, &Fields::waitingOn}};
    void setField(Key name, std::string_view value) {
        for (const auto& [key, field] : fieldNames)
            if (key == name) {
                fields_.*field = value.substr(0, longestField);
                return;
            }
    }
    void setParkField(Key name, std::string_view value) {
        if (name == Key::object)
            fields_.parkedOn = value;
        else if (name == Key::owner)
            fields_.parkOwner = value;
    }

    std::uint32_t threadOf(std::uint64_t tid) const {
        return threads_.find(hashOf(tid), [&](std::uint32_t job) { return dump_.job(job).number == tid; });
    }
    std::uint32_t ownerOf(const Container& container) const {
        const auto tid = decimal(container.owner);
        return tid ? threadOf(*tid) : ForeignDump::none;
    }

    /// A thread that joins waits for the innermost scope that it has opened, which waits for all in it.
    void waitForScopes() {
        std::unordered_map<std::uint32_t, std::uint32_t>
            scopes; // of each owner; none: it cannot be told which
        for (const Container& each : containers_) {
            const std::uint32_t owner = ownerOf(each);
            const auto [scope, first] = scopes.try_emplace(owner, each.job);
            if (first || scope->second == ForeignDump::none)
                continue;
            const auto within = names_.find(each.parent);
            scope->second =
                within != names_.end() && within->second == scope->second ? each.job : ForeignDump::none;
        }
        for (const std::uint32_t thread : joining_) {
            const auto scope = scopes.find(thread);
            if (scope == scopes.end() || scope->second == ForeignDump::none)
                continue;
            dump_.job(thread).waitKind = WaitKind::Scope;
            dump_.job(thread).waitsFor = dump_.job(scope->second).id.value;
            dump_.job(scope->second).execution = Execution::WaitsForChildren;
        }
    }

    void beginContainer() {
        JobRow row;
        row.kind = JobKind::ThreadScope;
        row.state = JobState::Active;
        container_ = dump_.add(row);
        if (container_ != ForeignDump::none)
            containers_.push_back({container_, {}, {}, {}});
    }
    void containerField(Key name, std::string_view value) {
        Container& container = containers_.back();
        if (name == Key::container)
            container.name = value;
        else if (name == Key::parent)
            container.parent = value;
        else if (name == Key::owner)
            container.owner = value;
    }
    void endContainer() {
        const Container& container = containers_.back();
        dump_.job(container_).name = dump_.tables().addText(container.name);
        names_.emplace(container.name, container_);
        container_ = ForeignDump::none;
    }

    void beginThread() {
        JobRow row;
        row.kind = JobKind::Thread;
        row.state = JobState::Active;
        thread_ = dump_.add(row, container_);
        for (const auto& [key, field] : fieldNames)
            (fields_.*field).clear();
        fields_.parkedOn.clear();
        fields_.parkOwner.clear();
        escaped_ = false;
        lines_.clear();
        stack_.reset();
        monitors_.clear();
    }
    void endThread() {
        JobRow& row = dump_.job(thread_);
        row.number = decimal(fields_.tid).value_or(0);
        const std::string& state = fields_.state;
        const std::string &blockedOn = fields_.blockedOn, &waitingOn = fields_.waitingOn,
                          &parkedOn = fields_.parkedOn;
        const std::string& blocker = !blockedOn.empty()   ? blockedOn
                                     : !waitingOn.empty() ? waitingOn
                                                          : parkedOn;
        takeJvmState(row, state, {}, std::string_view(blocker).substr(0, blocker.find('@')));
        if (row.waitKind == WaitKind::Mutex && state != "TIMED_WAITING" && !blocker.empty())
            locks_.waits(thread_, blocker, blocker);
        // Who waits to be notified has let go of the monitor that it is told to own.
        for (const std::string& monitor : monitors_)
            if (monitor != waitingOn && monitor != blockedOn)
                locks_.holds(thread_, monitor);
        if (const auto owner = decimal(fields_.parkOwner))
            owners_.emplace_back(parkedOn, *owner);
        std::string& words = words_;
        words = state;
        const auto say = [&words](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
        if (fields_.isVirtual == "true")
            say("virtual");
        if (!fields_.carrier.empty())
            say("carried by thread " + fields_.carrier);
        if (!blocker.empty() && row.waitKind != WaitKind::Mutex)
            say("waits for " + blocker);
        texts_.add(thread_, fields_.name, words);
        row.suspendedAt = stack_ ? *stack_ : stack(); // it may have been cut off
        if (row.execution == Execution::Suspended && state != "TIMED_WAITING" &&
            row.waitKind != WaitKind::Mutex && joins_[row.suspendedAt])
            joining_.push_back(thread_);
        if (const auto tid = decimal(fields_.tid); tid && threadOf(*tid) == ForeignDump::none)
            threads_.add(hashOf(*tid), thread_);
        thread_ = ForeignDump::none;
    }

    /// Of the lines of the present thread. Also notes whether one who stands there joins a scope.
    StackId stack() {
        const ForeignStack* const known = dump_.known(lines_.text());
        if (known != nullptr)
            return known->suspendedAt;
        const StackLines* lines = &lines_;
        StackLines plain;
        if (escaped_) {
            for (std::string_view rest = lines_.text(); !rest.empty();)
                plain.add(unescaped(cutLine(rest), scratch_));
            lines = &plain;
        }
        const ForeignStack stack = kotlinStack(*lines, dump_);
        if (escaped_)
            dump_.remember(lines_.text(), stack);
        joins_.resize(std::max<std::size_t>(joins_.size(), stack.suspendedAt + 1));
        joins_[stack.suspendedAt] = joinsScope(lines->text());
        return stack.suspendedAt;
    }

    ForeignDump& dump_;
    std::vector<Key> path_; ///< for each open object or array the key that is being read
    JsonKeys keys_{keyNames};
    KnownValues knownStacks_;
    std::vector<Container> containers_;
    std::unordered_map<std::string, std::uint32_t> names_;
    HashIndex threads_; ///< by their tid
    std::uint32_t container_ = ForeignDump::none, thread_ = ForeignDump::none;
    Fields fields_;                ///< of the thread that is being read
    std::string words_;            ///< kept for its room
    StackLines lines_;             ///< as they stand there
    bool escaped_ = false;         ///< some of them
    std::optional<StackId> stack_; ///< of that thread, once it is known
    std::string scratch_;
    std::vector<bool> joins_ = {false}; ///< by stack
    std::vector<std::string> monitors_; ///< that the thread owns
    JvmLocks locks_;
    ThreadTexts texts_;
    std::vector<std::uint32_t> joining_;                        ///< threads that wait for a scope of theirs
    std::vector<std::pair<std::string, std::uint64_t>> owners_; ///< of what threads are parked for
};

} // namespace

bool beginsJdkThreadDump(std::string_view beginning) {
    const std::size_t first = beginning.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && beginning[first] == '{' &&
           beginning.find("\"threadDump\"") != std::string_view::npos;
}

bool mentionsJdkThreadDump(std::string_view line) {
    const std::size_t at = line.find("\"threadDump\"");
    if (at == std::string_view::npos)
        return false;
    const std::string_view before = trimmed(line.substr(0, at)), behind = trimmed(line.substr(at + 12));
    return behind.starts_with(':') && (before.empty() || before.ends_with('{'));
}

void readJdkThreadDump(ByteSource& bytes, ForeignDump& dump) {
    dump.describe("Java", "a thread dump of the JDK", true);
    Handler handler(dump);
    constexpr std::size_t deepest = 64;
    readJson(bytes, handler, deepest);
    handler.finish();
    if (!handler.foundAny())
        dump.problem(0, "It has no \"threadContainers\": nothing in it is known here.");
}

} // namespace coroscope::observe
