// SPDX-License-Identifier: Apache-2.0
// The trace-event format, which Perfetto and chrome://tracing open: a track for each job, in the order of the
// tree, with a slice for its life and one within for what it does now.
#include "export/Exported.h"
#include "export/JsonWriter.h"

#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Waits.h>

#include <algorithm>
#include <queue>

namespace coroscope::observe {

namespace {

/// As long is drawn what a foreign dump gives no time of.
constexpr std::int64_t untoldLength = 1'000'000;
/// Deeper ones are not indented further.
constexpr std::size_t deepestIndent = 40;

class Trace {
public:
    Trace(const Exported& what, TextOutput& out)
        : what_(what)
        , out_(out)
        , json_(out.text())
        , leaves_(what.jobs + 1)
        , endedGroup_(what.jobs + 2)
        , firstRoot_(what.jobs + 3)
        , digits_(std::to_string(what.jobs).size())
        , findingsOf_(what.findingsByJob()) {}

    void write() {
        zero_ = what_.now() - untoldLength;
        const auto begins = [&](std::int64_t at) {
            if (at != 0)
                zero_ = std::min(zero_, at);
        };
        what_.walk([&](Node node, std::size_t) {
            begins(what_.row(node).createdAt);
            return true;
        });
        for (const EndedJob& job : what_.dump.ended)
            begins(job.row.createdAt != 0 ? job.row.createdAt : job.at);
        json_.beginObject().key("displayTimeUnit").value("ms").key("otherData").beginObject();
        const SourceInfo& info = what_.dump.info;
        json_.key("writer").value("Coroscope").key("program").value(info.program);
        json_.key("pid").value(info.pid).key("takenAt").value(info.takenWallClock);
        json_.key("clockOfTheFirstMicrosecondNs").value(zero_).endObject();
        json_.line().key("traceEvents").beginArray();
        if (live() && ended())
            incidents();
        json_.line().endArray().endObject();
        out_.text() += '\n';
    }

private:
    static constexpr std::uint64_t lastGroup = 0x7fff'ffff;

    JsonWriter& event(std::string_view phase, std::uint64_t group, std::uint64_t track) {
        return json_.line().beginObject().key("ph").value(phase).key("pid").value(group).key("tid").value(
            track);
    }
    void metadata(std::string_view what, std::uint64_t group, std::uint64_t track, std::string_view text) {
        event("M", group, track).key("name").value(what).key("args").beginObject();
        json_.key("name").value(text).endObject().endObject();
    }
    void order(std::string_view what, std::uint64_t group, std::uint64_t track, std::uint64_t index) {
        event("M", group, track).key("name").value(what).key("args").beginObject();
        json_.key("sort_index").value(index).endObject().endObject();
    }
    /// `args` are written by the caller, who ends both objects.
    JsonWriter& slice(std::string_view title, std::uint64_t group, std::uint64_t track, std::int64_t from,
                      std::int64_t to, std::string_view category) {
        event("X", group, track).key("name").value(title).key("cat").value(category);
        json_.key("ts")
            .microseconds(from - zero_)
            .key("dur")
            .microseconds(std::max<std::int64_t>(to - from, 1));
        return json_.key("args").beginObject();
    }
    void place(std::string_view key, const SiteText& site) {
        if (site.known())
            json_.key(key).value(site.shortFunction() + ' ' + site.file +
                                 (site.line == 0 ? "" : ':' + std::to_string(site.line)));
    }

    bool live() {
        bool anyLeaf = false;
        std::uint64_t roots = 0, track = 0, group = leaves_;
        return what_.walk([&](Node node, std::size_t depth) {
            const JobRow& row = what_.row(node);
            const std::string label = jobLabel(row, what_.words());
            if (depth == 0) {
                // Roots that nothing is below share a group: a flat dump is nothing else.
                group = what_.firstChild(node) == noNode ? leaves_ : firstRoot_ + roots++;
                if (group != leaves_ || !anyLeaf) {
                    metadata("process_name", group, 0,
                             group != leaves_ ? label + (what_.tree.isOrphanRoot(node) ? " (orphan)" : "")
                                              : "Jobs without parent and children");
                    order("process_sort_index", group, 0, group == leaves_ ? lastGroup : group);
                    anyLeaf = anyLeaf || group == leaves_;
                }
            }
            ++track;
            // Perfetto sorts tracks by their names, and shows no blanks in front of them.
            std::string indent = std::to_string(track);
            indent.insert(0, digits_ - std::min(digits_, indent.size()), '0');
            indent += ' ';
            for (std::size_t i = 0; i < std::min(depth, deepestIndent); ++i)
                indent += "· ";
            metadata("thread_name", group, track, indent + label);
            order("thread_sort_index", group, track, track);
            job(node, row, label, group, track);
            return out_.step();
        });
    }

    void job(Node node, const JobRow& row, const std::string& label, std::uint64_t group,
             std::uint64_t track) {
        const std::int64_t now = what_.now();
        const bool told = row.createdAt != 0;
        const std::int64_t from = told ? std::min(row.createdAt, now) : now - untoldLength;
        slice(label, group, track, from, now, name(row.kind));
        json_.key("id").value(row.id.value).key("state").value(name(row.state));
        if (const Node parent = what_.tree.parent(node); parent != noNode)
            json_.key("parent").value(jobLabel(what_.row(parent), what_.words()));
        if (row.launcher && row.launcher != row.parent)
            if (const Node launcher = what_.tree.find(row.launcher); launcher != noNode)
                json_.key("launchedBy").value(jobLabel(what_.row(launcher), what_.words()));
        place("createdAt", what_.words().site(row.site));
        const auto [first, last] = findingsOf_.equal_range(row.id);
        if (first != last) {
            json_.key("findings").beginArray();
            for (auto it = first; it != last; ++it)
                json_.value(what_.findings[it->second].rule);
            json_.endArray();
        }
        if (!told)
            json_.key("time").value("not told: when it began is not known");
        json_.endObject().endObject();

        const std::int64_t since = std::max(row.stateSince, row.executionSince);
        slice(stateText(row.state, row.execution), group, track, std::clamp(since, from, now), now, "state");
        if (row.execution == Execution::Suspended || !what_.ours()) {
            json_.key("stack").beginArray();
            for (const SiteText& frame : what_.words().stack(row.suspendedAt).frames)
                json_.value(frame.shortFunction() + ' ' + frame.shortText());
            json_.endArray();
        }
        if (row.execution == Execution::Suspended)
            json_.key("waitsFor")
                .textOrNull(
                    describeWait(what_.tree, row, what_.words(), now).plain(what_.tree, what_.words()));
        json_.endObject().endObject();
    }

    /// Jobs that have ended, on as few tracks as can hold them side by side.
    bool ended() {
        std::vector<const EndedJob*> jobs;
        for (const EndedJob& job : what_.dump.ended)
            if (job.at != 0)
                jobs.push_back(&job);
        if (jobs.empty())
            return true;
        const auto begin = [&](const EndedJob& job) {
            return job.row.createdAt != 0 ? std::min(job.row.createdAt, job.at) : job.at;
        };
        std::sort(jobs.begin(), jobs.end(), [&](const EndedJob* a, const EndedJob* b) {
            return std::pair(begin(*a), a->id) < std::pair(begin(*b), b->id);
        });
        metadata("process_name", endedGroup_, 0, "Ended lately");
        order("process_sort_index", endedGroup_, 0, endedGroup_);
        using Track = std::pair<std::int64_t, std::uint64_t>; // free from, number
        std::priority_queue<Track, std::vector<Track>, std::greater<>> free;
        for (const EndedJob* const job : jobs) {
            std::uint64_t track = free.size() + 1;
            if (!free.empty() && free.top().first <= begin(*job)) {
                track = free.top().second;
                free.pop();
            } else {
                const std::string number = std::to_string(track);
                metadata("thread_name", endedGroup_, track,
                         std::string(5 - std::min<std::size_t>(number.size(), 5), '0') + number);
                order("thread_sort_index", endedGroup_, track, track);
            }
            free.emplace(std::max(job->at, begin(*job) + 1), track);
            const JobRow& row = job->row;
            slice(row.id ? jobLabel(row, what_.words()) : "a job that nothing more is known of", endedGroup_,
                  track, begin(*job), job->at, name(job->finalState));
            json_.key("id").value(job->id.value).key("finalState").value(name(job->finalState));
            if (job->failure != 0)
                json_.key("exception").textOrNull(exceptionText(what_.dump.failureText(*job)));
            place("createdAt", what_.words().site(row.site));
            json_.endObject().endObject();
            if (!out_.step())
                return false;
        }
        return true;
    }

    void incidents() {
        for (const Incident& incident : what_.dump.incidents) {
            if (incident.what != IncidentKind::Commanded || incident.at < zero_)
                continue;
            event("i", endedGroup_, 0).key("s").value("g").key("cat").value("command").key("ts");
            json_.microseconds(incident.at - zero_).key("name");
            json_.value("cancel " + jobLabel(incident.job, what_.words())).key("args").beginObject();
            json_.key("text").value(incident.text).endObject().endObject();
        }
    }

    const Exported& what_;
    TextOutput& out_;
    JsonWriter json_;
    // A group of tracks is a process to the format, a track a thread. One whose numbers are the same would be
    // taken for a main thread.
    std::uint64_t leaves_, endedGroup_, firstRoot_;
    std::size_t digits_; ///< of the last track's number
    std::unordered_multimap<JobId, std::size_t> findingsOf_;
    std::int64_t zero_ = 0;
};

} // namespace

void writeTraceEvents(const Exported& what, TextOutput& out) {
    Trace(what, out).write();
}

} // namespace coroscope::observe
