// SPDX-License-Identifier: Apache-2.0
// The texts of Kotlin's DebugProbes: a flat list with stacks, and a tree with a line for each job. The words
// are those of the runtime's own DebugProbes, and of kotlinx.coroutines.
#include "export/Exported.h"

#include <coroscope/model/KotlinTypes.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace coroscope::observe {

namespace {

class KotlinWords {
public:
    explicit KotlinWords(const Exported& what)
        : what_(what) {}

    /// `"name#12":StandaloneCoroutine{Active}`
    std::string head(const JobRow& row) const {
        const std::string given = what_.words().text(row.name);
        // A class that is not known here is kept as a job's name.
        const bool named = !given.empty() || row.number != 0;
        const bool byClass = row.kind == JobKind::Foreign && row.number == 0 && isClass(given);
        std::string text;
        if (hasBody(row.kind) ? named && !byClass : !given.empty()) {
            text = '"' + (given.empty() ? "coroutine" : given);
            if (row.number != 0)
                text += '#' + std::to_string(row.number);
            text += "\":";
        }
        if (!what_.ours() && (row.flags & JobFlags::supervisor) != 0 && row.kind != JobKind::SupervisorJob &&
            row.kind != JobKind::SupervisorScope)
            text += "supervisor:";
        text += byClass ? given : kotlinType(row.kind, (row.flags & JobFlags::lazyStart) != 0);
        return text.append("{").append(name(kotlinState(row.state))).append("}");
    }
    /// What Kotlin calls the state of a coroutine; empty where nothing is known of it.
    std::string_view state(const JobRow& row) const {
        if (row.execution == Execution::Running)
            return "RUNNING";
        const bool begun = row.execution == Execution::Suspended ||
                           row.execution == Execution::WaitsForChildren || row.suspendedAt != 0;
        return begun ? "SUSPENDED" : "CREATED";
    }
    /// "Foo::load(Foo.cpp:30)"
    std::string frame(const SiteText& site) const {
        std::string text = what_.ours() ? site.shortFunction() : site.function;
        if (text.empty())
            text = "unknown";
        text += '(' + site.fileName();
        if (site.line != 0)
            text += ':' + std::to_string(site.line);
        return text + ')';
    }

private:
    static JobState kotlinState(JobState state) {
        return state == JobState::Failed ? JobState::Cancelled : state;
    }
    static bool isClass(std::string_view text) {
        return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                   c == '$' || c == '.';
        });
    }

    const Exported& what_;
};

std::string hexadecimal(std::uint64_t value) {
    std::array<char, 17> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return {digits.data(), end.ptr};
}

std::string dateOf(const SourceInfo& info) {
    const std::time_t taken = info.takenWallClock != 0 ? info.takenWallClock : std::time(nullptr);
    std::tm local{};
    std::array<char, 32> text{};
    if (::localtime_r(&taken, &local))
        std::strftime(text.data(), text.size(), "%Y/%m/%d %H:%M:%S", &local);
    return text.data();
}

} // namespace

void writeKotlinText(const Exported& what, TextOutput& out) {
    const KotlinWords words(what);
    Fragments suspensions, callStacks, sites;
    const auto lines = [&](const std::vector<SiteText>& frames) {
        std::string text;
        for (const SiteText& frame : frames)
            text += "\tat " + words.frame(frame) + '\n';
        return text;
    };
    out.text() += "Coroutines dump " + dateOf(what.dump.info) + '\n';
    what.walk([&](Node node, std::size_t) {
        const JobRow& row = what.row(node);
        if (!hasBody(row.kind))
            return out.step();
        const std::string_view state = words.state(row);
        std::string& text = out.text();
        text += "\nCoroutine " + words.head(row) + '@' + hexadecimal(row.id.value);
        text.append(", state: ").append(state);
        if (what.ours() && state == "RUNNING" && row.suspendedAt != 0)
            text += " (Last suspension stacktrace, not an actual stacktrace)";
        text += '\n';
        if (row.suspendedAt != 0)
            text += suspensions.get(row.suspendedAt,
                                    [&] { return lines(what.words().stack(row.suspendedAt).frames); });
        if (what.ours() || row.creationStack != 0 || row.site != 0)
            text += "\tat _COROUTINE._CREATION._(CoroutineDebugging.kt)\n";
        const std::string* const creation =
            row.creationStack == 0 ? nullptr : &callStacks.get(row.creationStack, [&] {
                return lines(what.words().callStack(row.creationStack).frames);
            });
        // The place of the launch is among the call stack's, where there is one.
        if (row.site != 0) {
            const std::string& site =
                sites.get(row.site, [&] { return lines({what.words().site(row.site)}); });
            const std::string_view place = std::string_view(site).substr(site.rfind('('));
            if (creation == nullptr || creation->find(place) == std::string::npos)
                text += site;
        }
        if (creation != nullptr)
            text += *creation;
        return out.step();
    });
}

void writeJobHierarchy(const Exported& what, TextOutput& out) {
    const KotlinWords words(what);
    Fragments places, sites;
    what.walk([&](Node node, std::size_t depth) {
        const JobRow& row = what.row(node);
        std::string& text = out.text();
        text.append(depth, '\t') += words.head(row);
        if (hasBody(row.kind) && row.execution != Execution::WaitsForChildren &&
            (what.ours() || row.execution != Execution::None)) {
            text.append(", continuation is ").append(words.state(row));
            if (row.suspendedAt != 0)
                text += places.get(row.suspendedAt, [&] {
                    const StackText stack = what.words().stack(row.suspendedAt);
                    return stack.frames.empty() ? std::string()
                                                : " at line " + words.frame(stack.frames.front());
                });
            else if (row.site != 0 && what.ours())
                text += sites.get(row.site,
                                  [&] { return " at line " + words.frame(what.words().site(row.site)); });
        }
        text += '\n';
        return out.step();
    });
}

} // namespace coroscope::observe
