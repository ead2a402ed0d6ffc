// SPDX-License-Identifier: Apache-2.0
// What a Go program prints on SIGQUIT or a panic, and what runtime/pprof gives with debug=2: goroutines with
// their stacks and, since Go 1.21, who created them.
#include "foreign/KotlinText.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::string_view head = "goroutine ";
constexpr std::string_view createdBy = "created by ";

struct Head {
    std::uint64_t number = 0;
    std::string_view reason;   ///< "chan receive"
    std::string_view words;    ///< all that stands in the brackets
    std::uint64_t minutes = 0; ///< 0: less than one, or not told
    std::string_view thread;   ///< "3" of "m=3"; empty where it is on none, or that is not told
};

std::optional<Head> headOf(std::string_view line) {
    if (!line.starts_with(head) || !line.ends_with("]:"))
        return {};
    const std::size_t open = line.find('[');
    if (open == std::string_view::npos)
        return {};
    // Newer ones tell more before the bracket: "goroutine 1 gp=0xc000006000 m=0 mp=0x56 [running]:".
    std::string_view number = line.substr(head.size(), open - head.size());
    std::string_view thread;
    if (const std::size_t m = number.find(" m="); m != std::string_view::npos)
        thread = number.substr(m + 3, number.find(' ', m + 1) - m - 3);
    number = number.substr(0, number.find(' '));
    const auto value = decimal(number);
    if (!value)
        return {};
    Head found{*value,
               {},
               line.substr(open + 1, line.size() - open - 3),
               0,
               decimal(thread) ? thread : std::string_view()};
    found.reason = found.words.substr(0, found.words.find(','));
    constexpr std::string_view minutes = " minutes";
    if (const std::size_t end = found.words.find(minutes); end != std::string_view::npos) {
        const std::size_t from = found.words.rfind(' ', end - 1);
        if (from != std::string_view::npos)
            found.minutes = decimal(found.words.substr(from + 1, end - from - 1)).value_or(0);
    }
    return found;
}

struct Reason {
    std::string_view begins;
    Execution execution;
    WaitKind wait;
};
constexpr Reason reasons[] = {
    {"running", Execution::Running, WaitKind::Unknown},
    {"runnable", Execution::Queued, WaitKind::Unknown},
    {"syscall", Execution::Running, WaitKind::Unknown},
    {"chan ", Execution::Suspended, WaitKind::Channel},
    {"select", Execution::Suspended, WaitKind::Select},
    {"sleep", Execution::Suspended, WaitKind::Delay},
    {"sync.Mutex", Execution::Suspended, WaitKind::Mutex},
    {"sync.RWMutex", Execution::Suspended, WaitKind::Mutex},
    {"semacquire", Execution::Suspended, WaitKind::Semaphore},
    {"IO wait", Execution::Suspended, WaitKind::Event},
    {"sync.WaitGroup", Execution::Suspended, WaitKind::Event},
    {"sync.Cond", Execution::Suspended, WaitKind::Event},
};

/// "main.work" of "main.work(0x1, {0xc0, 0x2})"; receivers keep their parentheses: "net.(*conn).Read(...)".
std::string_view functionOf(std::string_view call) {
    if (!call.ends_with(')'))
        return call;
    int depth = 0;
    for (std::size_t at = call.size(); at-- > 0;) {
        depth += (call[at] == ')') - (call[at] == '(');
        if (depth == 0)
            return call.substr(0, at);
    }
    return call;
}

/// "/src/a.go:7" of "\t/src/a.go:7 +0x1d fp=0xc000 sp=0xc000 pc=0x47": a tab stands in front, unless it was
/// lost or became blanks on the way.
std::optional<std::string_view> placeOf(std::string_view line) {
    std::string_view place = trimmed(line);
    for (const std::string_view more : {" +0x", " fp=0x"})
        place = place.substr(0, place.find(more));
    const std::size_t colon = place.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !decimal(place.substr(colon + 1)))
        return {};
    // "listening on :8080", which somebody else writes in between, is none.
    const std::string_view file = place.substr(0, colon);
    const bool indented = line.front() == '\t' || line.front() == ' ';
    return indented || file.ends_with(".go") || file.ends_with(".s") ? std::optional(place) : std::nullopt;
}

/// What begins each goroutine, and says nothing of it. GOTRACEBACK=system tells them.
bool ofTheBeginning(std::string_view function) {
    return function == "runtime.goexit" || function == "runtime.main" || function == "runtime.mstart" ||
           function == "runtime.mcall";
}

class GoroutineSection final : public Section {
public:
    explicit GoroutineSection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        dump_.startOver(line.number);
        dump_.describe("Go", "a dump of Go's goroutines", true);
        take(line);
    }

    bool take(const TextLine& line) override {
        if (const auto found = headOf(line.text)) {
            endGoroutine();
            // Threads that run none have number 0, each of them.
            if (found->number != 0 && numbers_.count(found->number) != 0) {
                finish();
                start(line);
            } else {
                begin(*found);
            }
            return true;
        }
        if (job_ == ForeignDump::none)
            return line.text.empty();
        if (line.text.empty()) { // one ends with an empty line
            endGoroutine();
            return true;
        }
        if (!function_.empty()) {
            if (const auto place = placeOf(line.text)) {
                function_ += '\t';
                lines_.add(function_, *place);
                function_.clear();
                return true;
            }
        }
        if (line.text.starts_with("...") && line.text.find("frames elided") != std::string_view::npos) {
            lines_.add(line.text);
            return true;
        }
        if (line.text.ends_with("; stack unavailable"))
            return true; // it ran when the others were looked at
        std::string_view call = line.text;
        if (call.starts_with(createdBy)) {
            constexpr std::string_view in = " in goroutine ";
            if (const std::size_t mark = call.rfind(in); mark != std::string_view::npos) {
                if (const auto creator = decimal(call.substr(mark + in.size())))
                    creators_.emplace_back(job_, *creator);
                call = call.substr(0, mark);
            }
            function_ = call;
            return true;
        }
        if (call.ends_with(')') && call.front() != ' ' && call.front() != '\t') {
            function_ = functionOf(call);
            return true;
        }
        return false;
    }

    void finish() override {
        endGoroutine();
        for (const auto& [job, creator] : creators_)
            if (const auto found = numbers_.find(creator); found != numbers_.end() && found->second != job)
                dump_.setParent(job, found->second);
        creators_.clear();
        numbers_.clear();
    }

private:
    void begin(const Head& first) {
        JobRow row;
        row.kind = JobKind::Goroutine;
        row.number = first.number;
        row.state = JobState::Active;
        row.execution = Execution::Suspended;
        const auto* const reason =
            std::find_if(std::begin(reasons), std::end(reasons),
                         [&](const Reason& each) { return first.reason.starts_with(each.begins); });
        if (reason != std::end(reasons)) {
            row.execution = reason->execution;
            row.waitKind = reason->wait;
        }
        std::string words(first.words);
        if (!first.thread.empty())
            words.append(", on thread m").append(first.thread);
        row.context = dump_.tables().addContext({}, words);
        constexpr std::int64_t minute = 60'000'000'000;
        if (first.minutes != 0)
            row.executionSince =
                dump_.info().takenAt -
                static_cast<std::int64_t>(std::min<std::uint64_t>(first.minutes, 5'000'000)) * minute;
        job_ = dump_.add(row);
        if (job_ != ForeignDump::none)
            numbers_.emplace(first.number, job_);
    }

    void endGoroutine() {
        if (job_ != ForeignDump::none) {
            JobRow& row = dump_.job(job_);
            const ForeignStack stack = goStack();
            row.suspendedAt = stack.suspendedAt;
            row.site = stack.site;
            row.name = names_[stack.suspendedAt];
        }
        job_ = ForeignDump::none;
        lines_.clear();
        function_.clear();
    }

    /// Also notes the function that a goroutine with this stack runs.
    ForeignStack goStack() {
        if (const ForeignStack* const known = dump_.known(lines_.text()))
            return *known;
        ForeignTables& tables = dump_.tables();
        std::vector<SiteId> frames;
        ForeignStack stack;
        std::uint32_t cut = lines_.cut();
        TextId name = 0;
        std::string_view rest = lines_.text();
        while (!rest.empty()) {
            const std::string_view line = cutLine(rest);
            const std::size_t tab = line.find('\t');
            if (tab == std::string_view::npos) {
                cut += static_cast<std::uint32_t>(std::min<std::uint64_t>(
                    decimal(line.substr(3, line.find(' ') - 3)).value_or(1), 1'000'000));
                continue;
            }
            std::string_view function = line.substr(0, tab), place = line.substr(tab + 1);
            std::uint32_t number = 0;
            if (const std::size_t colon = place.rfind(':'); colon != std::string_view::npos)
                if (const auto value = decimal(place.substr(colon + 1)); value && *value < 0xffff'ffff) {
                    number = static_cast<std::uint32_t>(*value);
                    place = place.substr(0, colon);
                }
            const bool creation = function.starts_with(createdBy);
            if (creation)
                function.remove_prefix(createdBy.size());
            const SiteId site = tables.addSite(place, function, number);
            if (creation) {
                stack.site = site;
                continue;
            }
            frames.push_back(site);
            if (name == 0 || !ofTheBeginning(function))
                name = tables.addText(function);
        }
        stack.suspendedAt = tables.addStack(frames, cut);
        dump_.remember(lines_.text(), stack);
        names_.emplace(stack.suspendedAt, name);
        return stack;
    }

    ForeignDump& dump_;
    std::uint32_t job_ = ForeignDump::none;
    std::string function_; ///< whose place comes with the next line
    StackLines lines_;     ///< "function\tplace", without arguments: they differ in each
    std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
    std::unordered_map<StackId, TextId> names_; ///< the outermost function of each stack
    std::vector<std::pair<std::uint32_t, std::uint64_t>> creators_;
};

} // namespace

std::unique_ptr<Section> beginGoroutines(const TextLine& line, ForeignDump& dump) {
    if (!headOf(line.text))
        return nullptr;
    return std::make_unique<GoroutineSection>(dump);
}

} // namespace coroscope::observe
