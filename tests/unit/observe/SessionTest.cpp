// SPDX-License-Identifier: Apache-2.0
#include "TargetProcess.h"
#include "Texts.h"
#include "TreeText.h"

#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Session.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <set>

namespace coroscope::test {
namespace {

using namespace observe;

/// A source that gives what a test hands it, one batch a read.
class ScriptedSource : public Source {
public:
    struct Script {
        std::mutex lock;
        std::deque<Batch> batches;
        std::optional<SourceEnd> end;
        Contact contact{};
        std::size_t readsSinceLast = 0;
        std::vector<std::string> cancels;
        std::vector<CommandAnswer> answers;

        void give(const std::string& text) { give(batch(text)); }
        void give(Batch next) {
            const std::lock_guard guard(lock);
            batches.push_back(std::move(next));
            batches.back().events = 1;
            readsSinceLast = 0;
        }
        /// All that was given has been read and folded.
        bool consumed() {
            const std::lock_guard guard(lock);
            return batches.empty() && readsSinceLast >= 2;
        }
    };
    explicit ScriptedSource(Script& script, bool live = false)
        : script_(script) {
        info_.live = live;
    }
    const SourceInfo& info() const override { return info_; }
    std::shared_ptr<const Dictionary> dictionary() const override { return texts_; }
    Contact contact() const override {
        const std::lock_guard guard(script_.lock);
        return script_.contact;
    }
    void read(Batch& into) override {
        const std::lock_guard guard(script_.lock);
        ++script_.readsSinceLast;
        if (script_.batches.empty()) {
            ended_ = script_.end;
            return;
        }
        into = std::move(script_.batches.front());
        script_.batches.pop_front();
    }
    void wait(int) override { std::this_thread::yield(); }
    std::optional<SourceEnd> ended() const override { return ended_; }
    Result<std::uint64_t> cancel(JobId job, bool, std::string_view reason) override {
        const std::lock_guard guard(script_.lock);
        if (reason == "impossible")
            return Problem{"it cannot be"};
        script_.cancels.push_back(label(job) + ' ' + std::string(reason));
        script_.answers.push_back({1'000 + script_.cancels.size(), CommandAnswer::Kind::Done, {}});
        return 1'000 + script_.cancels.size();
    }
    std::vector<CommandAnswer> answers() override {
        const std::lock_guard guard(script_.lock);
        return std::exchange(script_.answers, {});
    }
    std::string failureText(const EndedJob&) const override { return "failure"; }
    Result<ThreadSample> sample(JobId) const override { return Problem{"nothing runs"}; }
    std::uint64_t untrackedJobs() const override { return 3; }

private:
    Script& script_;
    SourceInfo info_;
    std::shared_ptr<Texts> texts_ = std::make_shared<Texts>();
    std::optional<SourceEnd> ended_;
};

struct SessionTest : testing::Test {
    ScriptedSource::Script script;
    Session session{std::make_unique<ScriptedSource>(script)};
    JobTree tree;
    Batch batch;
    TreeChanges changes;

    std::string taken() {
        EXPECT_TRUE(eventually([&] { return script.consumed(); }));
        if (session.take(batch))
            tree.apply(batch, changes);
        else
            batch.clear();
        return draw(tree);
    }
};

TEST_F(SessionTest, HandsOnEachIncidentOnceAndOfTooManyTheNewest) {
    auto give = [&](std::uint64_t from, std::uint64_t to) {
        const std::lock_guard guard(script.lock);
        Batch some;
        for (std::uint64_t number = from; number < to; ++number) {
            some.incidents.emplace_back();
            some.incidents.back().number = number;
            some.incidents.back().text = std::to_string(number);
        }
        script.batches.push_back(std::move(some));
        script.readsSinceLast = 0;
    };
    give(1, 2);
    give(2, 3);
    taken();
    ASSERT_EQ(batch.incidents.size(), 2u);
    EXPECT_EQ(batch.incidents[1].text, "2");
    for (std::uint64_t number = 3; number < 10'010;) {
        const std::uint64_t next = std::min<std::uint64_t>(number + 37, 10'010);
        give(number, next);
        number = next;
    }
    taken();
    ASSERT_EQ(batch.incidents.size(), 10'000u);
    EXPECT_EQ(batch.incidents.front().number, 10u);
    EXPECT_EQ(batch.incidents.back().number, 10'009u);
}

TEST_F(SessionTest, FoldsSeveralChangesOfOneJobIntoOneRow) {
    script.give("! 1 2<1");
    script.give("2<1");
    script.give("2<1 3<2");
    EXPECT_EQ(taken(), "1;+2;++3");
    ASSERT_TRUE(batch.tree);
    EXPECT_EQ(draw(*batch.tree), "1;+2") << "the complete state";
    EXPECT_EQ(batch.rows.size(), 2u) << "what came after it";
    EXPECT_EQ(batch.events, 3u);
    EXPECT_FALSE(session.take(batch));
}

TEST_F(SessionTest, HandsOnTheNewestOfTheResources) {
    auto give = [&](std::vector<Resource> resources) {
        Batch news;
        news.resources = std::move(resources);
        script.give(std::move(news));
    };
    const Resource stock{ResourceId::of(1, 1), WaitKind::Mutex, id("1"), 0, 1, 2, 0, 0};
    give({stock});
    give({});
    give({stock, stock});
    script.give("1");
    taken();
    ASSERT_TRUE(batch.resources);
    EXPECT_EQ(batch.resources->size(), 2u);
    give({});
    taken();
    EXPECT_TRUE(tree.resources().empty());
}

TEST_F(SessionTest, DoesNotMentionJobsThatCameAndWentUntaken) {
    script.give("! 1");
    taken();
    for (int i = 0; i < 50; ++i) {
        script.give("2<1 3<1");
        script.give("-2 -3");
    }
    EXPECT_EQ(taken(), "1");
    EXPECT_TRUE(batch.rows.empty());
    EXPECT_EQ(batch.ended.size(), 2u) << "but that they have ended is told: the same two jobs each time";
    EXPECT_EQ(batch.ended[0].row.id, batch.ended[0].id);
    EXPECT_EQ(batch.ended[0].row.parent, id("1"));
}

TEST_F(SessionTest, OfAFloodOfJobsThatCameAndWentItKeepsTheLastAndTheFailedApart) {
    const auto job = [](std::uint32_t index) { return JobId::of(index, 1); };
    script.give("! 1");
    taken();
    Batch flood;
    flood.ended.push_back({job(1'000'000), JobState::Failed, 1, 5});
    for (std::uint32_t i = 0; i < 25'000; ++i)
        flood.ended.push_back({job(1'000 + i), JobState::Completed, 0, 6});
    script.give(flood);
    taken();
    ASSERT_EQ(batch.ended.size(), EndedJobs::mostOfEach + 1);
    EXPECT_EQ(batch.ended[0].id, job(1'000'000));
    std::set<std::uint32_t> kept;
    for (std::size_t i = 1; i < batch.ended.size(); ++i)
        kept.insert(batch.ended[i].id.index());
    EXPECT_EQ(kept.size(), EndedJobs::mostOfEach);
    EXPECT_EQ(*kept.begin(), 1'000 + 15'000u) << "the oldest ones have gone";
}

TEST_F(SessionTest, TellsTheEndOfJobsThatWereTaken) {
    script.give("! 1 2<1");
    taken();
    script.give("2<1");
    script.give("-2");
    script.give("2'<1");
    EXPECT_EQ(taken(), "1;+2'");
    EXPECT_EQ(batch.ended.size(), 1u);
}

TEST_F(SessionTest, ASlotsNextJobThatCameAndWentDoesNotHideTheEndOfTheFirst) {
    script.give("! 1 2<1");
    taken();
    script.give("2'<1");
    script.give("-2'");
    EXPECT_EQ(taken(), "1");
}

TEST_F(SessionTest, AResetReplacesWhatWasNotTaken) {
    script.give("! 1 2");
    script.give("! 3");
    EXPECT_EQ(taken(), "3");
    EXPECT_TRUE(changes.reset);
}

TEST_F(SessionTest, AResetThatNamesASlotTwiceKeepsTheLaterJob) {
    script.give("! 1 2<1 2'<1 1 3<1");
    EXPECT_EQ(taken(), "1;+2';+3");
    ASSERT_TRUE(batch.tree);
    EXPECT_EQ(batch.tree->endNode(), 3u) << "without gaps";
}

TEST_F(SessionTest, TakenInAnyRhythmTheTreeIsTheSame) {
    script.give("!");
    JobTree direct;
    TreeChanges unused;
    std::uint32_t seed = 1;
    auto next = [&](std::uint32_t n) { return (seed = seed * 1'664'525 + 1'013'904'223) / 65'536 % n + 1; };
    std::vector<int> generation(50, 0);
    std::vector<bool> alive(50, false);
    for (int i = 0; i < 2'000; ++i) {
        const std::uint32_t slot = next(49);
        const std::string job =
            std::to_string(slot) + std::string(static_cast<std::size_t>(generation[slot]), '\'');
        std::string text = job;
        if (alive[slot] && next(2) == 1) {
            text = "-" + job;
            alive[slot] = false;
            generation[slot] = (generation[slot] + 1) % 200;
            if (generation[slot] == 0)
                break;
        } else {
            alive[slot] = true;
        }
        script.give(text);
        direct.apply(test::batch(text), unused);
        if (next(20) == 1 && session.take(batch))
            tree.apply(batch, changes);
    }
    taken();
    EXPECT_EQ(tree.size(), direct.size());
    for (Node node = 0; node < direct.endNode(); ++node) {
        if (direct.isLive(node)) {
            EXPECT_NE(tree.find(direct.row(node).id), noNode);
        }
    }
}

TEST_F(SessionTest, SendsCommandsAndBringsBackTheirAnswersUnderTheCallersNumbers) {
    const std::uint64_t first = session.nextRequest(), second = session.nextRequest();
    session.cancel(first, id("4"), false, "because");
    session.cancel(second, id("5"), false, "impossible");
    std::vector<CommandAnswer> answers;
    EXPECT_TRUE(eventually([&] {
        for (CommandAnswer& answer : session.answers())
            answers.push_back(std::move(answer));
        return answers.size() == 2;
    }));
    for (const CommandAnswer& answer : answers) {
        EXPECT_EQ(answer.kind,
                  answer.request == first ? CommandAnswer::Kind::Done : CommandAnswer::Kind::Refused);
        EXPECT_EQ(answer.text, answer.request == first ? "" : "it cannot be");
    }
    EXPECT_THAT(script.cancels, testing::ElementsAre("4 because"));
}

TEST_F(SessionTest, KeepsWhatIsKnownWhenTheSourceEndsAndRefusesCommandsWithItsWords) {
    script.give("! 1 2<1");
    {
        const std::lock_guard guard(script.lock);
        script.end = SourceEnd{1, 2, "orders has exited."};
    }
    EXPECT_TRUE(eventually([&] { return session.status().ended.has_value(); }));
    EXPECT_TRUE(session.take(batch));
    ASSERT_TRUE(batch.tree);
    EXPECT_EQ(batch.tree->size(), 2u);
    session.cancel(session.nextRequest(), id("1"), false, "");
    const auto answers = session.answers();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].text, "orders has exited.");
    EXPECT_EQ(session.status().events, 1u);
    EXPECT_EQ(session.status().untracked, 3u);
    EXPECT_EQ(session.status().lagMilliseconds, 0);
}

/// A session on something that lives, and so has a history.
struct LiveSessionTest : testing::Test {
    ScriptedSource::Script script;
    Session session{std::make_unique<ScriptedSource>(script, true)};
    TimeHistory times;

    bool read() {
        return eventually([&] { return script.consumed(); });
    }
    /// Once the next sample has been taken.
    TimeHistory::Step next() {
        session.timeHistory(times);
        const std::int64_t before = times.latest();
        EXPECT_TRUE(eventually([&] {
            session.timeHistory(times);
            return times.latest() >= before + 2 * TimeHistory::finest;
        }));
        return times.steps(TimeHistory::Scale::Session).back();
    }
    std::uint64_t launched() const {
        std::uint64_t sum = 0;
        for (const TimeHistory::Step& step : times.steps(TimeHistory::Scale::Session))
            sum += step.launched;
        return sum;
    }
    static Batch state(std::uint32_t index, Execution execution, std::int64_t at) {
        Batch news;
        news.rows.push_back({});
        news.rows.back().id = JobId::of(index, 1);
        news.rows.back().state = JobState::Active;
        news.rows.back().execution = execution;
        news.rows.back().createdAt = news.rows.back().executionSince = at;
        return news;
    }
};

TEST_F(LiveSessionTest, CountsWhatIsAliveWhetherAnybodyTakesOrNot) {
    script.give("! 1 2<1 3<1");
    script.give("4<1 5<1");
    script.give("-2 5<1");
    script.give("5'<1"); // the end of 5 was missed
    script.give(state(9, Execution::Running, monotonicNow()));
    Batch passed;
    passed.ended.push_back({JobId::of(70, 1), JobState::Failed, 1, monotonicNow()});
    passed.ended.push_back({JobId::of(71, 1), JobState::Failed, 1, 5}); // before the attach: only remembered
    script.give(passed);
    ASSERT_TRUE(read());
    const TimeHistory::Step step = next();
    EXPECT_EQ(step.jobs(), 5u) << "1 3 4 5' 9";
    EXPECT_EQ(step.live[static_cast<std::size_t>(LiveState::Running)], 1u);
    EXPECT_EQ(launched(), 5u) << "4 5 5' 9 and one that came and went";
    std::uint64_t ended = 0, failed = 0;
    for (const TimeHistory::Step& each : times.steps(TimeHistory::Scale::Session)) {
        ended += each.ended;
        failed += each.failed;
    }
    EXPECT_EQ(ended, 3u) << "2 5 and that one";
    EXPECT_EQ(failed, 1u);
}

TEST_F(LiveSessionTest, TheCountsAreThoseOfTheTree) {
    script.give("!");
    std::uint32_t seed = 1;
    auto random = [&](std::uint32_t n) { return (seed = seed * 1'664'525 + 1'013'904'223) / 65'536 % n; };
    std::vector<std::uint64_t> generation(41, 1);
    std::vector<bool> alive(41, false);
    for (int i = 0; i < 3'000; ++i) {
        const std::uint32_t slot = 1 + random(40);
        if (alive[slot] && random(4) == 0) {
            alive[slot] = false;
            const JobId job = JobId::of(slot, generation[slot]++);
            if (random(3) == 0)
                continue; // nobody heard of that end
            Batch news;
            news.ended.push_back({job, JobState::Completed, 0, monotonicNow()});
            script.give(std::move(news));
            continue;
        }
        alive[slot] = true;
        Batch news = state(slot, static_cast<Execution>(random(6)), monotonicNow());
        news.rows.back().id = JobId::of(slot, generation[slot]);
        if (random(5) == 0)
            news.rows.back().state = JobState::Cancelling;
        script.give(std::move(news));
    }
    ASSERT_TRUE(read());
    const TimeHistory::Step step = next();
    JobTree tree;
    TreeChanges changes;
    Batch batch;
    ASSERT_TRUE(session.take(batch));
    tree.apply(batch, changes);
    LiveCounts expected{};
    for (Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node))
            ++expected[static_cast<std::size_t>(liveState(tree.row(node).state, tree.row(node).execution))];
    EXPECT_EQ(step.live, expected);
    EXPECT_GT(tree.size(), 10u);
}

TEST_F(LiveSessionTest, KnowsWhatAJobDidBeforeAnybodyAsked) {
    const std::int64_t now = monotonicNow() / 1'000 * 1'000;
    script.give("! 1");
    script.give(state(9, Execution::Queued, now + 1'000));
    script.give(state(9, Execution::Running, now + 2'000));
    script.give(state(8, Execution::Running, now + 2'000));
    ASSERT_TRUE(read());
    JobHistory history;
    session.watch(JobId::of(9, 1));
    ASSERT_TRUE(eventually([&] { return session.jobHistory(history); }));
    ASSERT_EQ(history.changes.size(), 2u);
    EXPECT_TRUE(history.fromBirth);
    EXPECT_EQ(history.changes[0].execution, Execution::Queued);
    script.give(state(9, Execution::Suspended, now + 3'000));
    script.give(state(8, Execution::Suspended, now + 3'000));
    ASSERT_TRUE(eventually([&] { return session.jobHistory(history); }));
    EXPECT_EQ(history.changes.size(), 3u);
    EXPECT_FALSE(session.jobHistory(history)) << "nothing new";
    // Also when the program is gone, and of a job that was there from the beginning.
    {
        const std::lock_guard guard(script.lock);
        script.end = SourceEnd{now + 9'000, 0, "gone"};
    }
    ASSERT_TRUE(eventually([&] { return session.status().ended.has_value(); }));
    session.watch(JobId::of(1, 1));
    ASSERT_TRUE(session.jobHistory(history));
    EXPECT_EQ(history.changes.size(), 1u);
    EXPECT_EQ(history.limit, JobHistory::Limit::Attach);
    session.timeHistory(times);
    ASSERT_FALSE(times.turns().empty());
    EXPECT_EQ(times.turns().back().kind, TimeHistory::TurnKind::Ended);
}

TEST_F(LiveSessionTest, LagIsOfNewsThatSomebodyShouldHaveTaken) {
    script.give("! 1");
    ASSERT_TRUE(read());
    next();
    Batch batch;
    session.take(batch);
    session.rest();
    script.give("2");
    ASSERT_TRUE(read());
    next();
    next();
    double resting = 0;
    for (const TimeHistory::Step& step : times.steps(TimeHistory::Scale::Session))
        resting = std::max(resting, step.lag);
    session.take(batch);
    script.give("3");
    ASSERT_TRUE(eventually([&] {
        session.timeHistory(times);
        return times.steps(TimeHistory::Scale::Session).back().lag > 2 * resting + 250;
    }));
}

TEST_F(LiveSessionTest, NotesWhenTheProgramStopsAndGoesOn) {
    script.give("! 1");
    ASSERT_TRUE(read());
    const auto turns = [&](std::size_t count) {
        return eventually([&] {
            session.timeHistory(times);
            return times.turns().size() == count;
        });
    };
    const auto stop = [&](bool stopped) {
        const std::lock_guard guard(script.lock);
        script.contact.stopped = stopped;
    };
    stop(true);
    ASSERT_TRUE(turns(1));
    stop(false);
    ASSERT_TRUE(turns(2));
    EXPECT_EQ(times.turns()[0].kind, TimeHistory::TurnKind::Stopped);
    EXPECT_EQ(times.turns()[1].kind, TimeHistory::TurnKind::WentOn);
}

} // namespace
} // namespace coroscope::test
