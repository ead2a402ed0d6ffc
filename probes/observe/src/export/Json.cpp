// SPDX-License-Identifier: Apache-2.0
// The JSON of an export: one line for each job, children within their parents.
#include "export/Exported.h"
#include "export/JsonNames.h"
#include "export/JsonWriter.h"

#include <coroscope/observe/JobJson.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Waits.h>

#include <algorithm>
#include <utility>

namespace coroscope::observe {

namespace {

void place(JsonWriter& json, const SiteText& site) {
    const std::string shortName = site.shortFunction();
    json.beginObject().key("file").value(site.file).key("function").value(shortName);
    json.key("line").value(site.line);
    if (shortName != site.function)
        json.key("signature").value(site.function);
    json.endObject();
}

void placeOrNull(JsonWriter& json, const SiteText& site) {
    if (site.known() || !site.function.empty())
        place(json, site);
    else
        json.null();
}

void frames(JsonWriter& json, const std::vector<SiteText>& all) {
    json.beginArray();
    for (const SiteText& frame : all)
        place(json, frame);
    json.endArray();
}

std::string made(const std::function<void(JsonWriter&)>& write) {
    std::string text;
    JsonWriter json(text);
    write(json);
    return text;
}

/// Writes jobs; remembers what it has made of places and stacks.
class JobWriter {
public:
    JobWriter(const JobTree& tree, const Dictionary& words, std::int64_t now)
        : tree_(tree)
        , words_(words)
        , now_(now) {}

    /// Numbers of the call stacks in the document; null: jobs do not name theirs.
    void setCallStacks(const std::unordered_map<CallStackId, std::uint64_t>* numbers) {
        callStacks_ = numbers;
    }

    /// All but the end of the object and its children.
    template <class Rules>
    void open(JsonWriter& json, const JobRow& row, Node node, Rules&& rules) {
        const bool suspended = row.execution == Execution::Suspended;
        const std::string& stack = row.suspendedAt == 0 ? noFrames_ : stackText(row.suspendedAt);
        json.beginObject().key("id").value(row.id.value).key("number").value(row.number);
        json.key("kind").value(name(row.kind)).key("name").textOrNull(words_.text(row.name));
        json.key("state").value(name(row.state)).key("execution").value(name(row.execution));
        json.key("description").value(stateText(row.state, row.execution)).key("flags").beginArray();
        for (const auto& [flag, word] : json::flags)
            if ((row.flags & flag) != 0)
                json.value(word);
        json.endArray();
        json.key("ageSeconds").seconds(row.age(now_)).key("inStateSeconds").seconds(row.timeInState(now_));
        json.raw(contextText(row.context));
        json.key("createdAt").raw(siteText(row.site));
        json.key("suspendedAt").raw(suspended ? stack : noFrames_);
        json.key("waitsFor");
        waitsFor(json, row);
        json.key("launcher");
        id(json, row.launcher);
        json.key("orphan");
        if (node != noNode && tree_.isOrphanRoot(node))
            json.value(tree_.rootKind(node) == RootKind::Global ? "global" : "island");
        else
            json.null();
        json.key("findings").beginArray();
        rules(json);
        json.endArray();
        json.key("parent");
        id(json, row.parent);
        json.key("held").value(row.held).key("resumes").value(row.resumes);
        json.key("createdNs").value(row.createdAt).key("stateSinceNs").value(row.stateSince);
        json.key("executionSinceNs").value(row.executionSince);
        if (!suspended && row.suspendedAt != 0)
            json.key("lastAt").raw(stack);
        if (const std::uint32_t left = cutOf(row.suspendedAt); left > 0)
            json.key("stackCut").value(left);
        if (row.changing)
            json.key("changing").value(true);
        if (callStacks_ != nullptr && row.creationStack != 0)
            if (const auto number = callStacks_->find(row.creationStack); number != callStacks_->end())
                json.key("callStack").value(number->second);
    }

    void ended(JsonWriter& json, const EndedJob& job, const std::string& failure) {
        const JobRow& row = job.row;
        const bool known = static_cast<bool>(row.id);
        const std::string exception = job.failure != 0 ? exceptionText(failure) : std::string();
        json.beginObject().key("id").value(job.id.value).key("number");
        known ? json.value(row.number) : json.null();
        json.key("kind");
        known ? json.value(name(row.kind)) : json.null();
        json.key("name").textOrNull(words_.text(row.name)).key("finalState").value(name(job.finalState));
        json.key("endedSecondsAgo");
        job.at == 0 ? json.null() : json.seconds(now_ - job.at);
        json.key("livedSeconds");
        known&& row.createdAt != 0 ? json.seconds(job.at - row.createdAt) : json.null();
        json.key("createdAt").raw(siteText(row.site)).key("launcher");
        id(json, row.launcher);
        json.key("exception").textOrNull(exception).key("endedNs").value(job.at).key("job");
        if (known) {
            open(json, row, noNode, [](JsonWriter&) {});
            json.endObject();
        } else {
            json.null();
        }
        json.endObject();
    }

    void incident(JsonWriter& json, const Incident& incident) {
        json.beginObject().key("number").value(incident.number).key("what");
        for (const auto& [kind, word] : json::incidents)
            if (kind == incident.what)
                json.value(word);
        json.key("secondsAgo").seconds(now_ - incident.at).key("atNs").value(incident.at);
        json.key("text").textOrNull(incident.text).key("job");
        open(json, incident.job, noNode, [](JsonWriter&) {});
        json.endObject().endObject();
    }

    void resource(JsonWriter& json, const Resource& resource) {
        json.beginObject();
        resourceFields(json, resource, true);
        json.key("kind").value(name(resource.kind)).key("owner");
        id(json, resource.owner);
        json.endObject();
    }

private:
    static void id(JsonWriter& json, JobId job) { job ? json.value(job.value) : json.null(); }

    /// Two members of an object.
    const std::string& contextText(std::uint32_t id) {
        return contexts_.get(id, [&] {
            const ContextText context = words_.context(id);
            return made([&](JsonWriter& json) {
                json.key("dispatcher").value(context.dispatcher);
                json.key("context").textOrNull(context.elements);
            });
        });
    }
    const std::string& siteText(SiteId site) {
        return sites_.get(
            site, [&] { return made([&](JsonWriter& json) { placeOrNull(json, words_.site(site)); }); });
    }
    const std::string& stackText(StackId stack) {
        return stacks_.get(stack, [&] {
            const StackText text = words_.stack(stack);
            cuts_[stack] = text.cut;
            return made([&](JsonWriter& json) { frames(json, text.frames); });
        });
    }
    std::uint32_t cutOf(StackId stack) const {
        const auto cut = cuts_.find(stack);
        return cut == cuts_.end() ? 0 : cut->second;
    }

    void resourceFields(JsonWriter& json, const Resource& resource, bool counts) {
        json.key("id").value(resource.id.value).key("name").textOrNull(words_.text(resource.name));
        json.key("createdAt").raw(siteText(resource.site)).key("waiting").value(resource.waiting);
        if (counts) {
            json.key("count").value(resource.count).key("capacity");
            resource.capacity == Resource::unlimited ? json.null() : json.value(resource.capacity);
        }
    }

    void waitsFor(JsonWriter& json, const JobRow& row) {
        if (row.execution != Execution::Suspended) {
            json.null();
            return;
        }
        json.beginObject().key("kind").value(name(row.waitKind)).key("text");
        json.value(describeWait(tree_, row, words_, now_).plain(tree_, words_));
        if (const JobId job = tree_.waitsForJob(row)) {
            json.key("job").value(job.value);
            if (const Node other = tree_.find(job); other != noNode)
                json.key("number").value(tree_.row(other).number);
        }
        if (const Resource* const resource = tree_.resource(row.resource()))
            resourceFields(json, *resource, resource->kind != WaitKind::Mutex);
        if (row.waitKind == WaitKind::Delay)
            json.key("dueInSeconds").seconds(static_cast<std::int64_t>(row.waitsFor) - now_);
        json.key("value").value(row.waitsFor).endObject();
    }

    const JobTree& tree_;
    const Dictionary& words_;
    std::int64_t now_;
    const std::unordered_map<CallStackId, std::uint64_t>* callStacks_ = nullptr;
    Fragments sites_, stacks_, contexts_;
    std::unordered_map<StackId, std::uint32_t> cuts_;
    const std::string noFrames_ = "[]";
};

void callStack(JsonWriter& json, const CallStackText& stack) {
    json.beginObject().key("frames");
    frames(json, stack.frames);
    json.key("cut").value(stack.cut).key("note").textOrNull(stack.note).endObject();
}

void finding(JsonWriter& json, const Finding& finding, const JobTree& tree) {
    const Node node = tree.find(finding.job);
    json.beginObject().key("rule").value(finding.rule).key("severity").value(name(finding.severity));
    json.key("confidence").value(name(finding.confidence)).key("job").value(finding.job.value);
    json.key("number");
    node == noNode ? json.null() : json.value(tree.row(node).number);
    json.key("name").value(finding.jobName).key("ended").value(finding.ended);
    json.key("title").value(finding.title).key("evidence").value(finding.evidence);
    json.key("advice").value(finding.advice).key("where");
    placeOrNull(json, finding.where);
    json.endObject();
}

void head(JsonWriter& json, const Exported& what) {
    const SourceInfo& info = what.dump.info;
    json.key("schema").value(json::schema).key("version").value(json::version);
    json.key("pid").value(info.pid).key("program").value(info.program);
    json.key("jobs").value(what.tree.size()).key("untracked").value(what.dump.untracked).key("dump");
    if (info.live) {
        json.null();
    } else {
        json.beginObject().key("file").value(info.file).key("takenAt").value(info.takenWallClock);
        json.key("host").value(info.host).key("redacted").value(info.redacted);
        json.key("problems").beginArray();
        for (const std::string& problem : info.problems)
            json.value(problem);
        json.endArray().endObject();
    }
    json.key("shown").value(what.jobs).key("takenAt").value(info.takenWallClock);
    json.key("nowNs").value(info.takenAt).key("host").value(info.host).key("processStart");
    json.value(info.processStart).key("runtimeVersion").value(info.runtimeVersion);
    json.key("redacted").value(info.redacted).key("followedEvents").value(what.dump.followedEvents);
    json.key("events").value(what.dump.events).key("lost").value(what.dump.lost);
    json.key("endedUntold").value(what.dump.endedUntold).key("failedUntold").value(what.dump.failedUntold);
    json.key("endText").textOrNull(what.dump.endText).key("sourceFormat").textOrNull(info.format);
    json.key("parentsTold").value(info.parentsTold).key("rootsTold").value(info.rootsTold);
}

/// The call stacks that jobs name, numbered from 0 in the order in which they appear.
std::unordered_map<CallStackId, std::uint64_t> writeCallStacks(JsonWriter& json, const Exported& what) {
    std::unordered_map<CallStackId, std::uint64_t> numbers;
    json.key("callStacks").beginArray();
    const auto add = [&](CallStackId stack) {
        if (stack == 0 || !numbers.try_emplace(stack, numbers.size()).second)
            return;
        json.line();
        callStack(json, what.words().callStack(stack));
    };
    what.walk([&](Node node, std::size_t) {
        add(what.row(node).creationStack);
        return true;
    });
    for (const EndedJob& job : what.dump.ended)
        add(job.row.creationStack);
    for (const Incident& incident : what.dump.incidents)
        add(incident.job.creationStack);
    json.endArray();
    return numbers;
}

} // namespace

void writeJson(const Exported& what, TextOutput& out) {
    JsonWriter json(out.text());
    JobWriter jobs(what.tree, what.words(), what.now());
    const auto findingsOf = what.findingsByJob();
    json.beginObject();
    head(json, what);
    std::unordered_map<CallStackId, std::uint64_t> callStacks;
    if (!what.onlyTree) {
        callStacks = writeCallStacks(json, what);
        jobs.setCallStacks(&callStacks);
        json.line().key("resources").beginArray();
        for (const Resource& resource : what.tree.resources()) {
            json.line();
            jobs.resource(json, resource);
        }
        json.endArray();
    }
    json.line().key("roots").beginArray();
    const bool whole = what.walk(
        [&](Node node, std::size_t) {
            const JobRow& row = what.row(node);
            json.line();
            jobs.open(json, row, node, [&](JsonWriter& rules) {
                const auto [from, to] = findingsOf.equal_range(row.id);
                for (auto it = from; it != to; ++it)
                    rules.value(what.findings[it->second].rule);
            });
            json.key("children").beginArray();
            return out.step();
        },
        [&](Node) { json.endArray().endObject(); });
    if (!whole)
        return;
    json.line().endArray();
    json.line().key("findings").beginArray();
    for (const Finding& each : what.findings) {
        json.line();
        finding(json, each, what.tree);
    }
    json.endArray();
    if (!what.onlyTree) {
        json.line().key("ended").beginArray();
        for (const EndedJob& job : what.dump.ended) {
            json.line();
            jobs.ended(json, job, job.failure != 0 ? what.dump.failureText(job) : std::string());
            if (!out.step())
                return;
        }
        json.endArray().line().key("incidents").beginArray();
        for (const Incident& incident : what.dump.incidents) {
            json.line();
            jobs.incident(json, incident);
        }
        json.endArray();
    }
    json.line().endObject();
    out.text() += '\n';
}

std::string jobJson(const JobTree& tree, Node node, const Dictionary& words, std::int64_t now,
                    std::span<const std::string_view> rules) {
    return made([&](JsonWriter& json) {
        JobWriter(tree, words, now).open(json, tree.row(node), node, [&](JsonWriter& into) {
            for (const std::string_view rule : rules)
                into.value(rule);
        });
        json.endObject();
    });
}

std::string endedJson(const EndedJob& job, const std::string& failure, const JobTree& tree,
                      const Dictionary& words, std::int64_t now) {
    return made([&](JsonWriter& json) { JobWriter(tree, words, now).ended(json, job, failure); });
}

std::string findingJson(const Finding& each, const JobTree& tree) {
    return made([&](JsonWriter& json) { finding(json, each, tree); });
}

std::string callStackJson(const CallStackText& stack) {
    return made([&](JsonWriter& json) { callStack(json, stack); });
}

} // namespace coroscope::observe
