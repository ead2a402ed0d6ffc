// SPDX-License-Identifier: Apache-2.0
// The language in which people say which jobs they mean: state:suspended age>30s -site:orders "two words".
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace coroscope::observe {

/// What is wrong with a query, where (bytes of its text), and what to do about it.
struct QueryProblem {
    std::size_t at = 0, length = 0;
    std::string sentence;
};

/// A condition or several. All of them must hold, "or" stands between those of which one is enough, "-" or
/// "not" before what must not hold, parentheses group. A condition is a word, which is looked for in all that
/// a row of the tree says; #12 or name#12, a job's exact number; or a key with a value: queryKeys(). Values
/// are told apart by commas (one is enough); quotes keep blanks and signs together. Upper and lower case of
/// A to Z are the same. Never throws but for want of memory; any text is allowed.
class Query {
public:
    enum class Key : std::uint8_t {
        Word,
        Number,
        State,
        Kind,
        Name,
        Site,
        Created,
        At,
        Dispatcher,
        Context,
        Waits,
        Finding,
        Is,
        Age,
        Idle,
        Subtree,
        Children,
        Parent,
        Resumes
    };
    enum class Compare : std::uint8_t { Contains, Equal, Less, AtMost, Greater, AtLeast };
    enum class Fact : std::uint8_t { Orphan, Root, Leaf, Supervisor, Shielded, Lazy, Swallowed };
    struct Condition {
        Key key = Key::Word;
        Compare compare = Compare::Contains;
        std::string text;        ///< a to z in lower case
        std::int64_t number = 0; ///< nanoseconds, a count, a job's number, or a Fact
    };
    struct Term {
        enum class Kind : std::uint8_t { All, Any, Not, Test };
        Kind kind = Kind::All;
        std::vector<Term> terms;   ///< one for Not, none for Test
        std::size_t condition = 0; ///< of Test: index into conditions()
    };

    static constexpr std::size_t mostText = 4'096, mostConditions = 64;
    static constexpr int deepest = 32;

    /// Of a text with a problem there is no query, and `problem` is filled.
    static std::optional<Query> parse(std::string_view text, QueryProblem& problem);

    /// Every job matches.
    bool empty() const noexcept { return conditions_.empty(); }
    /// A job may begin or cease to match while its row stays as it is.
    bool drifts() const noexcept;
    const Term& term() const noexcept { return term_; }
    const std::vector<Condition>& conditions() const noexcept { return conditions_; }

private:
    friend class QueryParser;
    Term term_;
    std::vector<Condition> conditions_;
};

/// Asks jobs whether they match. What depends on an interned number is worked out about once for each number.
/// Threads: one.
class QueryMatcher {
public:
    using SubtreeSize = std::function<std::uint32_t(Node)>;

    /// `tree` must outlive it. `subtreeSize`: a job with all below it.
    QueryMatcher(Query query, const JobTree& tree, std::shared_ptr<const Dictionary> dictionary,
                 SubtreeSize subtreeSize);

    const Query& query() const noexcept { return query_; }
    /// The moment that ages count to, and what holds then. To be called before the first question, and when
    /// either is new.
    void refresh(std::int64_t now, const std::vector<Finding>& findings);
    bool matches(Node node) { return holds(query_.term(), tree_.row(node), node); }
    /// A job that is no longer in the tree: nothing is below it.
    bool matches(const JobRow& row) { return holds(query_.term(), row, noNode); }

private:
    /// Remembers answers by number. Has no room for all: what falls on a place that is taken replaces it.
    class Memo {
    public:
        template <class Work>
        bool answer(std::uint32_t key, Work work) {
            if (entries_.empty())
                entries_.resize(std::size_t{1} << bits);
            Entry& entry = entries_[(key * 0x9e3779b1u) >> (32 - bits)];
            if (entry.key != key || !entry.known)
                entry = {key, true, work()};
            return entry.answer;
        }

    private:
        static constexpr unsigned bits = 13;
        struct Entry {
            std::uint32_t key = 0;
            bool known = false, answer = false;
        };
        std::vector<Entry> entries_;
    };
    struct Memos {
        Memo names, places, sites, states, kinds, contexts;
        std::unordered_set<JobId> jobs; ///< with findings that match
    };

    bool holds(const Query::Term& term, const JobRow& row, Node node);
    bool test(std::size_t index, const JobRow& row, Node node);
    bool testWord(const Query::Condition& wanted, Memos& memos, const JobRow& row);
    bool is(Query::Fact fact, const JobRow& row, Node node) const;

    Query query_;
    const JobTree& tree_;
    std::shared_ptr<const Dictionary> dictionary_;
    SubtreeSize subtreeSize_;
    std::int64_t now_ = 0;
    std::vector<Memos> memos_; ///< by condition
};

/// Which jobs a query leaves, by node: it matches, or what is below it does. All at once: for those who look
/// once. `matcher` is refreshed and knows the sizes of subtrees from subtreeSizes().
std::vector<bool> shownBy(QueryMatcher& matcher, const JobTree& tree);
/// How many jobs a job has with all below it, by node.
std::vector<std::uint32_t> subtreeSizes(const JobTree& tree);

/// A key, for those who type.
struct QueryKeyInfo {
    Query::Key key;
    std::string_view name;
    std::string_view example; ///< "age>30s"
    std::string_view help;    ///< "how long ago it was created"
    bool compares = false;    ///< takes <, <=, > and >=
};
const std::vector<QueryKeyInfo>& queryKeys();
/// The values that this key can have whatever the program; empty where they depend on it.
const std::vector<std::string_view>& queryValues(Query::Key key);

/// What stands at the cursor while somebody types: the part that a completion replaces.
struct QueryPart {
    std::size_t from = 0, length = 0;
    std::optional<Query::Key> key; ///< a value of this key; else a word or the beginning of a key
    std::string text;              ///< what is there up to the cursor, without an opening quote
};
QueryPart queryPartAt(std::string_view text, std::size_t cursor);

/// In quotes where a query would not take it as one value otherwise.
std::string quotedForQuery(std::string_view value);

} // namespace coroscope::observe
