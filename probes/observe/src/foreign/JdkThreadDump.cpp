// SPDX-License-Identifier: Apache-2.0
#include "foreign/JdkThreadDump.h"

#include "foreign/JsonBytes.h"
#include "foreign/JvmThreads.h"
#include "foreign/KotlinText.h"
#include "foreign/Text.h"

#include "Utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

using Json = nlohmann::json;

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
class Handler : public nlohmann::json_sax<Json> {
public:
    explicit Handler(ForeignDump& dump)
        : dump_(dump) {}

    bool null() override { return true; }
    bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
    bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
    bool string(string_t& value) override { return scalar(value); }
    bool binary(binary_t&) override { return true; }
    bool key(string_t& name) override {
        if (!path_.empty())
            path_.back() = std::move(name);
        return true;
    }

    bool start_object(std::size_t) override {
        if (!enter())
            return false;
        if (path_.size() == containerDepth && in(3, "threadContainers"))
            beginContainer();
        else if (path_.size() == threadDepth && in(3, "threadContainers") && in(5, "threads"))
            beginThread();
        return true;
    }
    bool end_object() override {
        if (path_.size() == threadDepth && thread_ != ForeignDump::none)
            endThread();
        else if (path_.size() == containerDepth && container_ != ForeignDump::none)
            endContainer();
        path_.pop_back();
        return true;
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override {
        path_.pop_back();
        return true;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        dump_.problem(0, notJsonFrom(position, error.what()));
        return false;
    }

    /// Once all has been read.
    void finish() {
        if (thread_ != ForeignDump::none)
            endThread();
        if (container_ != ForeignDump::none)
            endContainer();
        for (const auto& [lock, tid] : owners_)
            if (const auto owner = threads_.find(tid); owner != threads_.end())
                locks_.holds(owner->second, lock);
        locks_.finish(dump_);
        for (const Container& each : containers_) {
            // A scope belongs to the thread that opened it; a pool to the one it was made in, if any.
            const auto tid = decimal(each.owner);
            if (const auto owner = threads_.find(tid.value_or(0)); tid && owner != threads_.end())
                dump_.setParent(each.job, owner->second);
            else if (const auto parent = names_.find(each.parent);
                     !each.parent.empty() && parent != names_.end() && parent->second != each.job)
                dump_.setParent(each.job, parent->second);
        }
        for (const std::uint32_t thread : joining_)
            waitForScope(thread);
    }
    bool foundAny() const noexcept { return !containers_.empty(); }

private:
    // {"threadDump": (1) { "threadContainers": (2) [ (3) { (4) "threads": [ (5) { (6) "stack": [ (7)
    //                                                                          "monitorsOwned": [ (7) { (8)
    //                                                                          "locks": [ (9)
    static constexpr std::size_t dumpDepth = 2, containerDepth = 4, threadDepth = 6, stackDepth = 7,
                                 monitorDepth = 9;

    struct Container {
        std::uint32_t job;
        std::string name, parent, owner;
    };

    /// The key under which the level of this number (from 1) lies.
    bool in(std::size_t level, std::string_view name) const { return path_[level - 2] == name; }

    bool enter() {
        constexpr std::size_t deepest = 64;
        path_.emplace_back();
        if (path_.size() <= deepest)
            return true;
        dump_.problem(0, "It is nested deeper than such a dump can be: what follows is missing.");
        return false;
    }

    bool scalar(const std::string& value) {
        if (path_.size() == dumpDepth && path_[0] == "threadDump")
            field(path_.back(), value);
        else if (path_.size() == containerDepth && container_ != ForeignDump::none)
            containerField(path_.back(), value);
        else if (path_.size() == threadDepth && thread_ != ForeignDump::none)
            setField(path_.back(), value);
        else if (path_.size() == stackDepth && thread_ != ForeignDump::none &&
                 path_[threadDepth - 1] == "stack") {
            lines_.add(value);
        } else if (path_.size() == stackDepth && thread_ != ForeignDump::none &&
                   path_[threadDepth - 1] == "parkBlocker")
            setParkField(path_.back(), value);
        else if (path_.size() == monitorDepth && thread_ != ForeignDump::none && in(7, "monitorsOwned") &&
                 in(9, "locks") && monitors_.size() < mostMonitors)
            monitors_.push_back(value);
        return true;
    }
    void field(const std::string& name, const std::string& value) {
        if (name == "processId")
            dump_.info().pid =
                static_cast<int>(std::min<std::uint64_t>(decimal(value).value_or(0), 0x7fff'ffff));
        else if (name == "runtimeVersion")
            dump_.info().runtimeVersion = presentable("Java " + value);
        else if (name == "time")
            dump_.info().takenWallClock =
                wallClock(value.ends_with('Z') ? value.substr(0, 19) + 'Z' : value, "%Y-%m-%dT%H:%M:%S");
    }

    static constexpr std::size_t mostMonitors = 1'000; ///< of one thread
    /// What is told of a thread; empty where it is not.
    struct Fields {
        std::string tid, name, state, isVirtual, carrier, blockedOn, waitingOn, parkedOn, parkOwner;
    };
    void setField(std::string_view name, const std::string& value) {
        constexpr std::pair<std::string_view, std::string Fields::*> known[] = {
            {"tid", &Fields::tid},
            {"name", &Fields::name},
            {"state", &Fields::state},
            {"virtual", &Fields::isVirtual},
            {"carrier", &Fields::carrier},
            {"blockedOn", &Fields::blockedOn},
            {"waitingOn", &Fields::waitingOn}};
        for (const auto& [key, field] : known)
            if (key == name)
                fields_.*field = value;
    }
    void setParkField(std::string_view name, const std::string& value) {
        if (name == "object")
            fields_.parkedOn = value;
        else if (name == "owner")
            fields_.parkOwner = value;
    }

    /// A thread that joins waits for the innermost scope that it has opened, which waits for all in it.
    void waitForScope(std::uint32_t thread) {
        std::uint32_t scope = ForeignDump::none;
        for (const Container& each : containers_) {
            const auto owner = threads_.find(decimal(each.owner).value_or(0));
            if (owner == threads_.end() || owner->second != thread)
                continue;
            const auto within = names_.find(each.parent);
            if (scope != ForeignDump::none && (within == names_.end() || within->second != scope))
                return; // it cannot be told which one
            scope = each.job;
        }
        if (scope == ForeignDump::none)
            return;
        dump_.job(thread).waitKind = WaitKind::Scope;
        dump_.job(thread).waitsFor = dump_.job(scope).id.value;
        dump_.job(scope).execution = Execution::WaitsForChildren;
    }

    void beginContainer() {
        JobRow row;
        row.kind = JobKind::ThreadScope;
        row.state = JobState::Active;
        container_ = dump_.add(row);
        if (container_ != ForeignDump::none)
            containers_.push_back({container_, {}, {}, {}});
    }
    void containerField(const std::string& name, const std::string& value) {
        Container& container = containers_.back();
        if (name == "container")
            container.name = value;
        else if (name == "parent")
            container.parent = value;
        else if (name == "owner")
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
        fields_ = {};
        lines_.clear();
        monitors_.clear();
    }
    void endThread() {
        JobRow& row = dump_.job(thread_);
        row.name = dump_.tables().addText(fields_.name);
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
        std::string words = state;
        const auto say = [&words](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
        if (fields_.isVirtual == "true")
            say("virtual");
        if (!fields_.carrier.empty())
            say("carried by thread " + fields_.carrier);
        if (!blocker.empty() && row.waitKind != WaitKind::Mutex)
            say("waits for " + blocker);
        row.context = dump_.tables().addContext({}, words);
        row.suspendedAt = kotlinStack(lines_, dump_).suspendedAt;
        if (row.execution == Execution::Suspended && state != "TIMED_WAITING" &&
            row.waitKind != WaitKind::Mutex && joinsScope(lines_.text()))
            joining_.push_back(thread_);
        if (const auto tid = decimal(fields_.tid))
            threads_.emplace(*tid, thread_);
        thread_ = ForeignDump::none;
    }

    ForeignDump& dump_;
    std::vector<std::string>
        path_; ///< for each open object or array the key that is being read, "" in arrays
    std::vector<Container> containers_;
    std::unordered_map<std::string, std::uint32_t> names_;
    std::unordered_map<std::uint64_t, std::uint32_t> threads_;
    std::uint32_t container_ = ForeignDump::none, thread_ = ForeignDump::none;
    Fields fields_; ///< of the thread that is being read
    StackLines lines_;
    std::vector<std::string> monitors_; ///< that the thread owns
    JvmLocks locks_;
    std::vector<std::uint32_t> joining_;                        ///< threads that wait for a scope of theirs
    std::vector<std::pair<std::string, std::uint64_t>> owners_; ///< of what threads are parked for
};

} // namespace

bool beginsJdkThreadDump(std::string_view beginning) {
    const std::size_t first = beginning.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && beginning[first] == '{' &&
           beginning.find("\"threadDump\"") != std::string_view::npos;
}

void readJdkThreadDump(ByteSource& bytes, ForeignDump& dump) {
    dump.describe("Java", "a thread dump of the JDK", true);
    Handler handler(dump);
    Json::sax_parse(JsonBytes(bytes), JsonBytes(), &handler, nlohmann::detail::input_format_t::json, false);
    handler.finish();
    if (!handler.foundAny())
        dump.problem(0, "It has no \"threadContainers\": nothing in it is known here.");
}

} // namespace coroscope::observe
