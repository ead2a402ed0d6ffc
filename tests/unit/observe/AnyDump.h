// SPDX-License-Identifier: Apache-2.0
// A dump of a program that was never there: every fact of it at random, the same with each run.
#pragma once

#include <coroscope/observe/Dump.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace coroscope::test {

using namespace observe;

/// Names, places and contexts as a real program has them.
struct Program : observe::Dictionary {
    std::string text(TextId id) const override {
        return id == 0 ? "" : "customer-" + std::to_string(id % 100) + " \xe2\x82\xac";
    }
    SiteText site(SiteId id) const override {
        if (id == 0)
            return {};
        return {"/home/alice/orders/reader" + std::to_string(id % 7) + ".cpp",
                "coroscope::Task<int> orders::Reader::next" + std::to_string(id % 5) + "(Buffer&)", id};
    }
    StackText stack(StackId id) const override {
        StackText stack;
        for (std::uint32_t i = 0; i < id % 17; ++i)
            stack.frames.push_back(site(id + i));
        stack.cut = id % 3;
        return stack;
    }
    CallStackText callStack(CallStackId id) const override {
        CallStackText stack;
        for (std::uint32_t i = 0; i < id % 5; ++i)
            stack.frames.push_back(site(id + i));
        stack.cut = id % 2;
        stack.note = id % 4 == 3 ? "libc.so.6 has no debug information." : "";
        return stack;
    }
    ContextText context(std::uint32_t id) const override {
        if (id == 0)
            return {};
        return {id % 2 ? "Default" : "billing", "tenant=acme" + std::to_string(id % 4)};
    }
};

inline std::string drawn(const StackText& stack) {
    std::string text = std::to_string(stack.cut);
    for (const SiteText& frame : stack.frames)
        text += ';' + frame.file + ':' + std::to_string(frame.line) + ' ' + frame.function;
    return text;
}

/// Every fact of a row, the interned ones in words.
inline std::string drawn(const JobRow& r, const Dictionary& d) {
    std::string text;
    for (const std::uint64_t value :
         {r.id.value, r.parent.value, r.launcher.value, r.number, static_cast<std::uint64_t>(r.createdAt),
          static_cast<std::uint64_t>(r.stateSince), static_cast<std::uint64_t>(r.executionSince), r.waitsFor,
          std::uint64_t{r.jobVersion}, std::uint64_t{r.executionSequence}, std::uint64_t{r.resumes},
          std::uint64_t{r.flags}, std::uint64_t(r.kind), std::uint64_t(r.state), std::uint64_t(r.execution),
          std::uint64_t(r.waitKind), std::uint64_t{r.held}, std::uint64_t{r.changing}})
        text += std::to_string(value) + ' ';
    const SiteText site = d.site(r.site);
    const ContextText context = d.context(r.context);
    return text + '|' + d.text(r.name) + '|' + site.file + ':' + std::to_string(site.line) + ' ' +
           site.function + '|' + drawn(d.stack(r.suspendedAt)) + '|' + context.dispatcher + '|' +
           context.elements;
}

struct AnyDump {
    std::mt19937_64 random{4711};

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }

    JobRow anyRow(std::uint32_t index) {
        JobRow row;
        row.id = JobId::of(index, 1 + below(5));
        row.parent = JobId::of(below(index), 1);
        row.launcher = JobId::of(below(index), 1);
        row.number = random();
        row.createdAt = 1'000'000'000 + below(1'000'000);
        row.stateSince = row.createdAt + below(1'000'000);
        row.executionSince = row.stateSince + below(1'000'000);
        row.jobVersion = below(1'000);
        row.executionSequence = below(1'000);
        row.site = below(40);
        row.suspendedAt = below(40);
        row.name = below(300);
        row.context = below(12);
        row.resumes = below(1'000);
        row.flags = static_cast<std::uint16_t>(below(1u << 16));
        row.kind = static_cast<JobKind>(below(12));
        row.state = static_cast<JobState>(below(7));
        row.execution = static_cast<Execution>(below(6));
        row.waitKind = static_cast<WaitKind>(below(11));
        row.waitsFor = random() >> 2;
        row.held = below(2) != 0;
        row.changing = below(2) != 0;
        return row;
    }

    Dump dump(std::uint32_t jobs, std::uint32_t ended) {
        Dump dump;
        dump.info.program = "orders";
        dump.info.pid = 4711;
        dump.info.processStart = 815;
        dump.info.runtimeVersion = "0.1";
        dump.info.host = "shop3";
        dump.info.takenAt = 5'000'000'000;
        dump.info.takenWallClock = 1'790'000'000;
        dump.followedEvents = true;
        dump.dictionary = std::make_shared<Program>();
        dump.untracked = 3;
        dump.events = 1'000;
        dump.lost = 7;
        for (std::uint32_t i = 1; i <= jobs; ++i)
            dump.jobs.push_back(anyRow(i));
        for (std::uint32_t i = 1; i <= ended; ++i) {
            EndedJob job{JobId::of(100'000 + i, 2), static_cast<JobState>(4 + i % 3), 0, 4'000'000'000 + i};
            if (i % 5 != 0) {
                job.row = anyRow(100'000 + i);
                job.row.id = job.id;
            }
            if (job.finalState == JobState::Failed)
                job.failure = i;
            dump.ended.push_back(job);
        }
        for (std::uint32_t i = 1; i <= ended; i += 3) {
            Incident incident{i, static_cast<IncidentKind>(below(6)), 3'000'000'000 + i, anyRow(i), {}};
            incident.text = "shop::CardError\ncard " + std::to_string(i);
            dump.incidents.push_back(incident);
        }
        for (std::uint32_t i = 1; i <= ended; i += 2)
            dump.resources.push_back({ResourceId::of(i, 1 + below(9)), static_cast<WaitKind>(5 + i % 3),
                                      JobId::of(below(jobs + 1), 1), random(), random(), below(9), below(300),
                                      below(40)});
        dump.failureText = [](const EndedJob& job) {
            return "std::runtime_error: order " + std::to_string(job.failure) +
                   " is lost\n\tsuppressed: shop::CardError: card 4711 0815";
        };
        return dump;
    }
};

} // namespace coroscope::test
