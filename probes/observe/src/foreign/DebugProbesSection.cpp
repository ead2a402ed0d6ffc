// SPDX-License-Identifier: Apache-2.0
// What kotlinx.coroutines' DebugProbes.dumpCoroutines prints: all coroutines with their stacks, without
// parents.
#include "foreign/KotlinText.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include <string>

namespace coroscope::observe {

namespace {

constexpr std::string_view head = "Coroutines dump ";
constexpr std::string_view entry = "Coroutine ";
constexpr std::string_view stateMark = ", state: ";

bool isHead(std::string_view line) {
    return line.starts_with(head) && line.size() > head.size() && line[head.size()] >= '0' &&
           line[head.size()] <= '9';
}
bool isEntry(std::string_view line) {
    return line.starts_with(entry) && line.find(stateMark) != std::string_view::npos;
}
/// What an entry says of its job.
std::string_view jobOf(std::string_view line) {
    return line.substr(entry.size(), line.rfind(stateMark) - entry.size());
}

bool isIndented(std::string_view line) {
    return !line.empty() && (line[0] == '\t' || line[0] == ' ');
}
bool isFrame(std::string_view line) {
    // Their tabs may have been lost on the way.
    return (isIndented(line) || line.starts_with("at ")) && (beginsCreation(line) || jvmFrame(line));
}

class DebugProbesSection final : public Section {
public:
    explicit DebugProbesSection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        if (isEntry(line.text))
            dump_.startOver(line.number, ForeignDump::Part::Coroutines);
        dump_.describe("Kotlin", "a coroutine dump of Kotlin's DebugProbes", false);
        take(line);
    }

    bool take(const TextLine& line) override {
        if (isHead(line.text)) {
            finish();
            dump_.startOver(line.number, ForeignDump::Part::Coroutines);
            dump_.info().takenWallClock = wallClock(line.text.substr(head.size()), "%Y/%m/%d %H:%M:%S");
            return true;
        }
        if (isEntry(line.text)) {
            finish();
            begin(line);
            return true;
        }
        if (beginsCreation(line.text) || isFrame(line.text)) {
            lines_.add(line.text);
            return true;
        }
        return line.text.empty();
    }

    LineRun takeRun(std::string_view ahead) override {
        return isIndented(ahead) ? runs_.take(ahead, isFrame, lines_) : LineRun{};
    }

    void finish() override {
        if (job_ != ForeignDump::none)
            dump_.place(job_, kotlinStack(lines_, dump_));
        job_ = ForeignDump::none;
        lines_.clear();
    }

private:
    void begin(const TextLine& line) {
        std::string_view state = line.text.substr(line.text.rfind(stateMark) + stateMark.size());
        state = state.substr(0, state.find(' ')); // a note on the stack may follow
        const auto job = kotlinJob(jobOf(line.text));
        const auto execution = kotlinExecution(state);
        if (!job || !execution) {
            dump_.problem(
                line.number,
                job ? "\"" + std::string(state.substr(0, 40)) + "\" is no state that is known here."
                    : "this begins as a coroutine, but name, class and state are not told as usual.");
            if (!job)
                return;
        }
        JobRow row = rowOf(*job, dump_.tables());
        row.execution = execution.value_or(Execution::None);
        job_ = dump_.add(row);
    }

    ForeignDump& dump_;
    std::uint32_t job_ = ForeignDump::none;
    StackLines lines_;
    FrameRuns runs_;
};

} // namespace

std::unique_ptr<Section> beginDebugProbes(const TextLine& line, ForeignDump& dump) {
    // A sentence may have such words, too.
    if (!isHead(line.text) && (!isEntry(line.text) || !kotlinJob(jobOf(line.text))))
        return nullptr;
    return std::make_unique<DebugProbesSection>(dump);
}

} // namespace coroscope::observe
