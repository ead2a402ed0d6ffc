// SPDX-License-Identifier: Apache-2.0
// What kotlinx.coroutines' DebugProbes.jobToString, printJob and printScope print: jobs below their parents.
#include "foreign/KotlinText.h"
#include "foreign/Section.h"
#include "foreign/Text.h"

#include <string>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::string_view continuation = ", continuation is ";
constexpr std::string_view place = " at line ";

struct Line {
    std::size_t depth = 0;
    KotlinJob job;
    Execution execution = Execution::None;
    std::string_view frame;
};

std::optional<Line> parsed(std::string_view text) {
    Line line;
    line.depth = std::min(text.find_first_not_of('\t'), text.size());
    text.remove_prefix(line.depth);
    if (const std::size_t mark = text.rfind(continuation); mark != std::string_view::npos) {
        std::string_view rest = text.substr(mark + continuation.size());
        text = text.substr(0, mark);
        const std::size_t at = rest.find(place);
        if (at != std::string_view::npos)
            line.frame = rest.substr(at + place.size());
        const auto execution = kotlinExecution(rest.substr(0, at));
        if (!execution)
            return {};
        line.execution = *execution;
    }
    const auto job = kotlinJob(text);
    if (!job)
        return {};
    line.job = *job;
    return line;
}

class JobHierarchySection final : public Section {
public:
    explicit JobHierarchySection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        dump_.startOver(line.number, ForeignDump::Part::Coroutines);
        dump_.describe("Kotlin", "a job hierarchy of Kotlin's DebugProbes", true);
        take(line);
    }

    bool take(const TextLine& line) override {
        const auto found = parsed(line.text);
        if (!found)
            return false;
        if (found->depth > path_.size())
            dump_.problem(
                line.number,
                "it is indented deeper than its parent could be; it is shown below the job above it.");
        path_.resize(std::min(found->depth, path_.size()));
        JobRow row = rowOf(found->job, dump_.tables());
        row.execution = found->execution;
        if (const auto frame = jvmFrame(found->frame)) {
            const SiteId site = siteOf(*frame, dump_.tables());
            if (const ForeignStack* const known = dump_.known(*frame))
                row.suspendedAt = known->suspendedAt;
            else {
                row.suspendedAt = dump_.tables().addStack({&site, 1});
                dump_.remember(*frame, {row.suspendedAt, 0, 0});
            }
        }
        path_.push_back(dump_.add(row, path_.empty() ? ForeignDump::none : path_.back()));
        return true;
    }
    void finish() override {}

private:
    ForeignDump& dump_;
    std::vector<std::uint32_t> path_; ///< the last job of each depth
};

} // namespace

std::unique_ptr<Section> beginJobHierarchy(const TextLine& line, ForeignDump& dump) {
    const auto first = parsed(line.text);
    if (!first || first->depth != 0)
        return nullptr;
    return std::make_unique<JobHierarchySection>(dump);
}

} // namespace coroscope::observe
