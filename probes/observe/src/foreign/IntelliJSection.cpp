// SPDX-License-Identifier: Apache-2.0
// The section on coroutines in a thread dump of IntelliJ's platform: jobs below their parents with stacks and
// contexts, subtrees that are alike folded into one with a count.
#include "foreign/KotlinText.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include <coroscope/observe/Labels.h>

#include <string>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::string_view rule = "----------";
constexpr std::string_view circular = "CIRCULAR REFERENCE: ";
constexpr std::string_view stateMark = ", state: ";

bool isHead(std::string_view line) {
    return line.starts_with(rule) && line.find("Coroutine dump") != std::string_view::npos;
}

/// What a line says before the job itself.
struct Dash {
    std::size_t width = 0; ///< of the indentation
    std::uint64_t times = 1;
    std::string_view rest;
};

std::optional<Dash> dashOf(std::string_view line) {
    Dash dash;
    std::size_t at = 0;
    for (; at < line.size() && (line[at] == '\t' || line[at] == ' '); ++at)
        dash.width += line[at] == '\t' ? 4 : 1;
    std::string_view text = line.substr(at);
    if (text.starts_with("- ")) {
        dash.rest = text.substr(2);
        return dash;
    }
    constexpr std::string_view folded = "-[x", of = " of] ";
    const std::size_t end = text.find(of);
    if (!text.starts_with(folded) || end == std::string_view::npos)
        return {};
    const auto times = decimal(text.substr(folded.size(), end - folded.size()));
    if (!times || *times == 0)
        return {};
    dash.times = *times;
    dash.rest = text.substr(end + of.size());
    return dash;
}

struct Header {
    KotlinJob job;
    std::optional<Execution> execution;
    std::string_view context; ///< without its brackets
};

/// `context` is what follows the job and its state, or nothing.
std::optional<Header> headerWith(std::string_view text, std::string_view context) {
    Header header;
    header.context = context;
    if (const std::size_t mark = text.rfind(stateMark); mark != std::string_view::npos) {
        header.execution = kotlinExecution(text.substr(mark + stateMark.size()));
        if (!header.execution)
            return {};
        text = text.substr(0, mark);
    }
    const auto job = kotlinJob(text);
    if (!job)
        return {};
    header.job = *job;
    return header;
}

std::optional<Header> headerOf(std::string_view text) {
    // Names and contexts may both hold brackets: the first one after which the rest makes sense.
    if (text.ends_with(']')) {
        for (std::size_t open = text.find(" ["); open != std::string_view::npos;
             open = text.find(" [", open + 1))
            if (auto header = headerWith(text.substr(0, open), text.substr(open + 2, text.size() - open - 3)))
                return header;
    }
    return headerWith(text, {});
}

/// The element that is a dispatcher: "Dispatchers.Default" of "CoroutineName, Dispatchers.Default".
std::string_view dispatcherIn(std::string_view context) {
    int depth = 0;
    std::size_t from = 0;
    for (std::size_t at = 0; at <= context.size(); ++at) {
        const char c = at < context.size() ? context[at] : ',';
        depth += (c == '[' || c == '(' || c == '{') - (c == ']' || c == ')' || c == '}');
        if (c != ',' || (depth > 0 && at < context.size()))
            continue;
        const std::string_view element = trimmed(context.substr(from, at - from));
        if (element.starts_with("Dispatchers.") || element.find("Dispatcher") != std::string_view::npos ||
            element.find("EventLoop") != std::string_view::npos)
            return element;
        from = at + 1;
    }
    return {};
}

bool isFrame(std::string_view line) {
    return trimmed(line).starts_with("at ") && jvmFrame(line);
}

class IntelliJSection final : public Section {
public:
    explicit IntelliJSection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        dump_.describe("IntelliJ platform", "a coroutine dump of IntelliJ's platform", true, true);
        take(line);
    }

    bool take(const TextLine& line) override {
        if (line.text.starts_with(rule)) {
            finish();
            over_ = !isHead(line.text);
            if (!over_)
                dump_.startOver(line.number, ForeignDump::Part::Coroutines);
            return !over_;
        }
        if (over_)
            return false;
        if (const auto dash = dashOf(line.text)) {
            begin(*dash, line);
            return true;
        }
        if (isFrame(line.text)) {
            lines_.add(line.text);
            return true;
        }
        if (line.text.find("dump") != std::string_view::npos &&
            line.text.find("fail") != std::string_view::npos) {
            dump_.problem(line.number, "the program itself had trouble with this dump: " +
                                           std::string(trimmed(line.text).substr(0, 400)));
            return true;
        }
        return trimmed(line.text).empty();
    }

    LineRun takeRun(std::string_view ahead) override {
        const bool indented = ahead.starts_with('\t') || ahead.starts_with(' ');
        return indented && !over_ ? runs_.take(ahead, isFrame, lines_) : LineRun{};
    }

    void finish() override {
        endFrames();
        popTo(0);
    }

private:
    struct Open {
        std::size_t width;
        std::uint64_t times;
        std::uint32_t job;
    };

    void begin(const Dash& dash, const TextLine& line) {
        endFrames();
        while (!path_.empty() && path_.back().width >= dash.width)
            popTo(path_.size() - 1);
        const std::uint32_t parent = path_.empty() ? ForeignDump::none : path_.back().job;
        if (dash.rest.starts_with(circular)) {
            circle(parent, dash.rest.substr(circular.size()));
            return;
        }
        const auto header = headerOf(dash.rest);
        JobRow row;
        if (header) {
            row = rowOf(header->job, dump_.tables());
            row.execution = header->execution.value_or(Execution::None);
            if (!header->context.empty())
                row.context = dump_.tables().addContext(dispatcherIn(header->context), header->context);
        } else {
            row.name = dump_.tables().addText(dash.rest);
            row.state = JobState::Active;
            dump_.problem(line.number, "this job is not described as usual; its line is shown as its name.");
        }
        job_ = dump_.add(row, parent);
        if (job_ != ForeignDump::none)
            path_.push_back({dash.width, dash.times, job_});
    }

    /// Told by the label of the one above, where that can be found.
    void circle(std::uint32_t job, std::string_view whom) {
        if (const auto header = headerOf(whom)) {
            const JobRow row = rowOf(header->job, dump_.tables());
            for (std::size_t i = path_.size(); i-- > 0;) {
                const JobRow& above = dump_.job(path_[i].job);
                if (above.kind == row.kind && above.name == row.name && above.number == row.number) {
                    dump_.circle(job, jobLabel(above, dump_.tables()));
                    return;
                }
            }
        }
        dump_.circle(job, whom);
    }

    void endFrames() {
        if (job_ != ForeignDump::none)
            dump_.place(job_, kotlinStack(lines_, dump_));
        job_ = ForeignDump::none;
        lines_.clear();
    }

    void popTo(std::size_t depth) {
        for (; path_.size() > depth; path_.pop_back())
            dump_.repeatFrom(path_.back().job, path_.back().times);
    }

    ForeignDump& dump_;
    std::vector<Open> path_;
    std::uint32_t job_ = ForeignDump::none; ///< whose frames are being read
    StackLines lines_;
    FrameRuns runs_;
    bool over_ = false;
};

} // namespace

std::unique_ptr<Section> beginIntelliJ(const TextLine& line, ForeignDump& dump) {
    if (!isHead(line.text))
        return nullptr;
    return std::make_unique<IntelliJSection>(dump);
}

} // namespace coroscope::observe
