// SPDX-License-Identifier: Apache-2.0
#include "TreeText.h"

#include <coroscope/observe/Query.h>

#include <gtest/gtest.h>

#include <random>

namespace coroscope::observe {
namespace {

using test::id;

struct Words : Dictionary {
    std::string text(TextId id) const override {
        return id == 0 ? "" : id == 1 ? "Reader One" : "writer-" + std::to_string(id);
    }
    SiteText site(SiteId id) const override {
        return id == 0 ? SiteText{} : SiteText{"/src/shop/orders.cpp", "Task<int> Orders::load(int)", id};
    }
    StackText stack(StackId id) const override {
        if (id == 0)
            return {};
        return {{{"/src/net.cpp", "Task<> Socket::read()", id}, {"/src/conn.cpp", "Task<> serve()", 7}}, 0};
    }
    ContextText context(std::uint32_t id) const override {
        return id == 0 ? ContextText{} : ContextText{"Dispatchers.IO", "trace=17"};
    }
};

class QueryTest : public testing::Test {
protected:
    QueryTest() {
        Batch news = test::batch("! 1 2<1 3<1 4<2 5<2");
        for (JobRow& row : news.rows) {
            row.number = row.id.index() * 10;
            row.name = row.id.index();
            row.createdAt = 100 * second - row.id.index() * 10 * second; // ages of 10 s, 20 s ...
            row.stateSince = row.executionSince = 99 * second;
            row.state = JobState::Active;
            row.execution = Execution::Suspended;
            row.site = row.id.index();
            row.suspendedAt = row.id.index() + 50;
        }
        const auto at = [&](std::size_t index) -> JobRow& { return news.rows[index - 1]; };
        at(2).state = JobState::Cancelling;
        at(3).execution = Execution::Running;
        at(3).kind = JobKind::Async;
        at(4).context = 1;
        at(4).waitKind = WaitKind::Mutex;
        at(5).resumes = 3;
        at(1).flags = JobFlags::launchedInGlobalScope;
        tree.apply(std::move(news), changes);
        Finding finding;
        finding.rule = "orphan-global";
        finding.chip = "global";
        finding.confidence = Confidence::Proven;
        finding.job = id("1");
        findings.push_back(finding);
    }

    /// The jobs that match, "1 3"; a problem as "?position: sentence".
    std::string found(std::string_view text) {
        QueryProblem problem;
        std::optional<Query> query = Query::parse(text, problem);
        if (!query)
            return "?" + std::to_string(problem.at) + ": " + problem.sentence;
        QueryMatcher matcher(std::move(*query), tree, std::make_shared<Words>(), [this](Node node) {
            return static_cast<std::uint32_t>(tree.counts(node).jobs);
        });
        matcher.refresh(100 * second, findings);
        std::string all;
        for (const char* each : {"1", "2", "3", "4", "5"})
            if (matcher.matches(tree.find(id(each))))
                all += (all.empty() ? "" : " ") + std::string(each);
        return all;
    }

    static constexpr std::int64_t second = 1'000'000'000;
    JobTree tree;
    TreeChanges changes;
    std::vector<Finding> findings;
};

TEST_F(QueryTest, wordsAreLookedForInAllThatARowSays) {
    EXPECT_EQ(found(""), "1 2 3 4 5");
    EXPECT_EQ(found("reader"), "1");
    EXPECT_EQ(found("\"reader one\""), "1");
    EXPECT_EQ(found("WRITER"), "2 3 4 5");
    EXPECT_EQ(found("cancelling writer"), "2");
    EXPECT_EQ(found("async"), "3");
    EXPECT_EQ(found("net.cpp:54 socket::read"), "4");
    EXPECT_EQ(found("orders.cpp:5"), "5");
    EXPECT_EQ(found("mutex"), "4");
    EXPECT_EQ(found("nothing"), "");
}

TEST_F(QueryTest, aNumberSignMeansExactlyThatJob) {
    EXPECT_EQ(found("#10"), "1");
    EXPECT_EQ(found("#1"), "");
    EXPECT_EQ(found("writer-2#20"), "2");
    EXPECT_EQ(found("writer-2#30"), "");
    EXPECT_EQ(found("#20 or #30"), "2 3");
    EXPECT_EQ(found("30"), "3") << "digits alone are a word";
}

TEST_F(QueryTest, keysAskOneThing) {
    EXPECT_EQ(found("state:running"), "3");
    EXPECT_EQ(found("state:suspended"), "1 2 4 5") << "both axes: a cancelling job is one of them";
    EXPECT_EQ(found("state:cancelling,running"), "2 3");
    EXPECT_EQ(found("state:susp"), "1 2 4 5") << "the beginning is enough";
    EXPECT_EQ(found("kind:async"), "3");
    EXPECT_EQ(found("name:one"), "1");
    EXPECT_EQ(found("name=one"), "");
    EXPECT_EQ(found("name=\"reader one\""), "1");
    EXPECT_EQ(found("site:shop/orders.cpp:3"), "3");
    EXPECT_EQ(found("site:serve"), "1 2 4 5") << "callers count, a running job is not suspended";
    EXPECT_EQ(found("created:serve"), "");
    EXPECT_EQ(found("created=orders.cpp:4"), "4");
    EXPECT_EQ(found("at:net.cpp:55"), "5");
    EXPECT_EQ(found("dispatcher=io"), "4");
    EXPECT_EQ(found("context:trace=17"), "4");
    EXPECT_EQ(found("waits:mutex"), "4");
    EXPECT_EQ(found("finding:orphan"), "1");
    EXPECT_EQ(found("finding:proven"), "1");
    EXPECT_EQ(found("finding:any"), "1");
    EXPECT_EQ(found("finding:deadlock"), "");
    EXPECT_EQ(found("is:orphan"), "1");
    EXPECT_EQ(found("is:leaf"), "3 4 5");
    EXPECT_EQ(found("is:root"), "1");
    EXPECT_EQ(found("age>30s"), "4 5");
    EXPECT_EQ(found("age>=30s age<0.7m"), "3 4");
    EXPECT_EQ(found("age>=30000000us age<0.7m"), "3 4");
    EXPECT_EQ(found("age>=30000000µs age<0.7m"), "3 4") << "the sign";
    EXPECT_EQ(found("age>=30000000μs age<0.7m"), "3 4") << "the Greek letter";
    EXPECT_EQ(found("age:>30"), "4 5") << "seconds without a unit";
    EXPECT_EQ(found("age>1m30s"), "");
    EXPECT_EQ(found("idle>500ms"), "1 2 3 4 5");
    EXPECT_EQ(found("idle>2s"), "");
    EXPECT_EQ(found("subtree>2"), "1 2");
    EXPECT_EQ(found("subtree:3"), "2");
    EXPECT_EQ(found("children>=2"), "1 2");
    EXPECT_EQ(found("resumes>0"), "5");
    EXPECT_EQ(found("parent:#20"), "4 5");
    EXPECT_EQ(found("parent:20,10"), "2 3 4 5");
}

TEST_F(QueryTest, conditionsAreJoinedByOrAndNotAndGroups) {
    EXPECT_EQ(found("-state:suspended"), "3");
    EXPECT_EQ(found("not state:suspended"), "3");
    EXPECT_EQ(found("not not state:running"), "3");
    EXPECT_EQ(found("state:running or #10"), "1 3");
    EXPECT_EQ(found("writer state:suspended or reader"), "1 2 4 5") << "or comes last";
    EXPECT_EQ(found("writer (state:running or #50)"), "3 5");
    EXPECT_EQ(found("-(#10 or #20) and writer"), "3 4 5");
    EXPECT_EQ(found("\"or\" net"), "1 2 4 5") << "quoted it is a word; orders.cpp has it";
}

TEST_F(QueryTest, cppNamesAndOperatorsAreWords) {
    EXPECT_EQ(found("Socket::read"), "1 2 4 5") << "of a place where one is suspended";
    EXPECT_EQ(found("vector<int>"), "");
    EXPECT_EQ(found("net.cpp:51"), "1");
    EXPECT_EQ(found("name:a::b"), "");
    EXPECT_EQ(found("\"state:running\""), "");
}

TEST_F(QueryTest, aProblemTellsWhereAndWhatToDo) {
    EXPECT_TRUE(found("reader foo:bar").starts_with("?7: There is no key “foo”. Keys are state, kind"));
    EXPECT_TRUE(found("foo:bar").ends_with("quote the word to look for it as it is."));
    EXPECT_EQ(found("age>soon"), "?4: “soon” is no time; write 30s, 5m, 2h or 1d.");
    EXPECT_EQ(found("age:30s"), "?0: “age” wants < or > and a time; write age>30s.");
    EXPECT_EQ(found("subtree>many"), "?8: “many” is no number; write digits.");
    EXPECT_TRUE(found("state:sleepy").starts_with("?6: There is no state “sleepy”; there are susp"));
    EXPECT_EQ(found("state>running"), "?0: “state” cannot be larger or smaller; write state:suspended.");
    EXPECT_EQ(found("x name:"), "?2: “name” wants a value; write name:reader.");
    EXPECT_EQ(found("a \"b"), "?2: This quote is never closed; put another one at the end.");
    EXPECT_EQ(found("a (b"), "?2: This group is never closed; put a ) behind it, or quote the word.");
    EXPECT_EQ(found("or b").substr(0, 3), "?0:");
    EXPECT_EQ(found("a or"), "?2: There is nothing after this “or”; say what else may match, or quote it.");
    EXPECT_EQ(found("a not").substr(0, 3), "?2:");
}

TEST_F(QueryTest, onlyWhatNeedsItDrifts) {
    QueryProblem problem;
    for (const char* still : {"reader", "state:running", "site:a", "#4", "resumes>2"})
        EXPECT_FALSE(Query::parse(still, problem)->drifts()) << still;
    for (const char* drifting : {"age>3s", "reader or idle>1m", "subtree>2", "finding:any", "is:orphan"})
        EXPECT_TRUE(Query::parse(drifting, problem)->drifts()) << drifting;
}

TEST_F(QueryTest, whoTypesIsToldWhatStandsAtTheCursor) {
    const auto part = [](std::string_view text) {
        const std::size_t cursor = text.find('|');
        const std::string whole = std::string(text.substr(0, cursor)) + std::string(text.substr(cursor + 1));
        const QueryPart at = queryPartAt(whole, cursor);
        return (at.key ? std::to_string(static_cast<int>(*at.key)) : std::string("-")) + " '" + at.text +
               "' " + std::to_string(at.from) + "+" + std::to_string(at.length);
    };
    const auto key = [](Query::Key k) { return std::to_string(static_cast<int>(k)); };
    EXPECT_EQ(part("|"), "- '' 0+0");
    EXPECT_EQ(part("reader sta|"), "- 'sta' 7+3");
    EXPECT_EQ(part("state:su|"), key(Query::Key::State) + " 'su' 6+2");
    EXPECT_EQ(part("state:su|sp x"), key(Query::Key::State) + " 'su' 6+4");
    EXPECT_EQ(part("-state:a,r|"), key(Query::Key::State) + " 'r' 9+1");
    EXPECT_EQ(part("name=\"two wo|"), key(Query::Key::Name) + " 'two wo' 5+7");
    EXPECT_EQ(part("age:>3|"), key(Query::Key::Age) + " '3' 5+1");
    EXPECT_EQ(part("std::ve|"), "- 'std::ve' 0+7");
}

TEST_F(QueryTest, whatIsQuotedComesBackAsOneValue) {
    for (const char* value :
         {"plain", "two words", "a\"b", "back\\slash", "a,b", "(x)", "", "=x", ">", "ä ö"}) {
        QueryProblem problem;
        if (*value == '\0')
            continue;
        const auto query = Query::parse("name=" + quotedForQuery(value), problem);
        ASSERT_TRUE(query) << value << ": " << problem.sentence;
        ASSERT_EQ(query->conditions().size(), 1u) << value;
        EXPECT_EQ(query->conditions()[0].text, value);
    }
}

/// Whatever is typed: an answer or a place within the text, and never more than is allowed.
TEST_F(QueryTest, anyTextIsUnderstoodOrHasAProblemWithinIt) {
    static const char* const pieces[] = {"state:", "age>", "or",    "not",      "-",       "(",     ")",
                                         "\"",     "#12",  "name=", " ",        ",",       "30s",   "reader",
                                         "::",     ">=",   "\\",    "finding:", "is:leaf", "\xff",  "é",
                                         ":",      "=",    "<",     "#",        "and",     "1.5.5m"};
    std::mt19937 random(1);
    int understood = 0, refused = 0;
    for (int round = 0; round < 8'000; ++round) {
        std::string text;
        for (auto left = random() % 12; left > 0; --left)
            text += pieces[random() % std::size(pieces)];
        QueryProblem problem;
        const std::optional<Query> query = Query::parse(text, problem);
        const QueryPart part = queryPartAt(text, random() % (text.size() + 1));
        ASSERT_LE(part.from + part.length, text.size()) << text;
        if (!query) {
            ++refused;
            ASSERT_FALSE(problem.sentence.empty()) << text;
            ASSERT_LE(problem.at + problem.length, text.size()) << text << ": " << problem.sentence;
            continue;
        }
        ++understood;
        ASSERT_TRUE(problem.sentence.empty()) << text;
        // What a text excludes is what its negation finds.
        if (!query->empty() && text.find(')') == std::string::npos) {
            const std::string with = found(text), without = found("-(" + text + ")");
            ASSERT_EQ((with.size() + 1) / 2 + (without.size() + 1) / 2, 5u) << text << ": " << without;
        }
    }
    EXPECT_GT(understood, 500);
    EXPECT_GT(refused, 500);
    std::string deep(5'000, '(');
    EXPECT_EQ(found(deep).substr(0, 1), "?");
    EXPECT_EQ(found(std::string(2'000, '(')).substr(0, 1), "?");
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "a ";
    EXPECT_EQ(found(many).substr(0, 1), "?");
}

} // namespace
} // namespace coroscope::observe
