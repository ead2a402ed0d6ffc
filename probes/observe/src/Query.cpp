// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Query.h>

#include <algorithm>
#include <array>
#include <limits>

namespace coroscope::observe {

namespace {

using Key = Query::Key;
using Compare = Query::Compare;

bool isBlank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool isLetter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool isDigit(char c) noexcept {
    return c >= '0' && c <= '9';
}
char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
    return result;
}

const QueryKeyInfo* findKey(std::string_view name) {
    // Other words that people try.
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> others{
        {{"size", "subtree"},
         {"on", "dispatcher"},
         {"where", "at"},
         {"wait", "waits"},
         {"instate", "idle"},
         {"in-state", "idle"},
         {"rule", "finding"},
         {"file", "site"}}};
    std::string wanted = lower(name);
    for (const auto& [other, meant] : others)
        if (wanted == other)
            wanted = meant;
    for (const QueryKeyInfo& info : queryKeys())
        if (info.name == wanted)
            return &info;
    return nullptr;
}

std::string listed(const std::vector<std::string_view>& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i)
        text += std::string(i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + std::string(values[i]);
    return text;
}

bool isCount(Key key) noexcept {
    return key == Key::Subtree || key == Key::Children || key == Key::Resumes;
}
bool isDuration(Key key) noexcept {
    return key == Key::Age || key == Key::Idle;
}

/// "30s", "1.5m", "1m30s"; seconds without a unit. Nothing when it is no duration.
std::optional<std::int64_t> duration(std::string_view text) {
    double total = 0;
    bool any = false;
    while (!text.empty()) {
        double value = 0, digit = 1;
        std::size_t used = 0;
        bool point = false;
        for (; used < text.size() && (isDigit(text[used]) || (text[used] == '.' && !point)); ++used) {
            if (text[used] == '.')
                point = true;
            else if (point)
                value += (text[used] - '0') * (digit /= 10);
            else
                value = value * 10 + (text[used] - '0');
        }
        if (used == 0 || (used == 1 && point))
            return std::nullopt;
        text.remove_prefix(used);
        std::size_t letters = 0;
        for (const std::string_view micro : {"\xc2\xb5", "\xce\xbc"}) // the sign, and the Greek letter
            if (text.starts_with(micro))
                letters = micro.size();
        const std::size_t sign = letters;
        while (letters < text.size() && isLetter(text[letters]))
            ++letters;
        const std::string unit = (sign > 0 ? "u" : "") + lower(text.substr(sign, letters - sign));
        text.remove_prefix(letters);
        double nanoseconds = 0;
        if (unit.empty() || unit == "s" || unit == "sec")
            nanoseconds = 1e9;
        else if (unit == "ns")
            nanoseconds = 1;
        else if (unit == "us")
            nanoseconds = 1e3;
        else if (unit == "ms")
            nanoseconds = 1e6;
        else if (unit == "m" || unit == "min")
            nanoseconds = 60e9;
        else if (unit == "h")
            nanoseconds = 3'600e9;
        else if (unit == "d")
            nanoseconds = 86'400e9;
        else
            return std::nullopt;
        if (unit.empty() && !text.empty())
            return std::nullopt;
        total += value * nanoseconds;
        any = true;
    }
    if (!any)
        return std::nullopt;
    constexpr double most = 9e18;
    return static_cast<std::int64_t>(std::min(total, most));
}

std::optional<std::int64_t> count(std::string_view text) {
    if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), isDigit))
        return std::nullopt;
    std::int64_t value = 0;
    for (const char c : text)
        value = value * 10 + (c - '0');
    return value;
}

} // namespace

/// Goes through the text once, from left to right.
class QueryParser {
public:
    QueryParser(std::string_view text, QueryProblem& problem)
        : text_(text)
        , problem_(problem) {}

    std::optional<Query> run() {
        if (text_.size() > Query::mostText)
            return fail(Query::mostText, text_.size() - Query::mostText,
                        "This is too long; leave some of it out."),
                   std::nullopt;
        if (!any(query_.term_, 0))
            return std::nullopt;
        return std::move(query_);
    }

private:
    using Term = Query::Term;

    bool fail(std::size_t at, std::size_t length, std::string sentence) {
        problem_ = {at, length, std::move(sentence)};
        return false;
    }
    bool atEnd() const noexcept { return at_ >= text_.size(); }
    void skipBlanks() {
        while (!atEnd() && isBlank(text_[at_]))
            ++at_;
    }
    bool endsWord(std::size_t at, int depth) const noexcept {
        return at >= text_.size() || isBlank(text_[at]) || (depth > 0 && text_[at] == ')');
    }
    /// Takes a bare word if it is the next one.
    bool takeWord(std::string_view word, int depth) {
        if (text_.size() - at_ < word.size() || !endsWord(at_ + word.size(), depth))
            return false;
        const std::string_view found = text_.substr(at_, word.size());
        std::string capitals(word);
        for (char& c : capitals)
            c = static_cast<char>(c - 'a' + 'A');
        if (found != word && found != capitals)
            return false;
        at_ += word.size();
        return true;
    }

    /// all ("or" all)...
    bool any(Term& into, int depth) {
        into.kind = Term::Kind::Any;
        for (;;) {
            into.terms.emplace_back();
            if (!all(into.terms.back(), depth))
                return false;
            const std::size_t from = at_;
            const bool more = !atEnd() && takeWord("or", depth);
            if (!more && into.terms.size() == 1) {
                Term only = std::move(into.terms.front());
                into = std::move(only);
                return true;
            }
            if (into.terms.back().terms.empty())
                return more ? fail(from, 2,
                                   "There is nothing before this “or”; quote it to look for the word.")
                            : fail(lastOr_, 2,
                                   "There is nothing after this “or”; say what else may match, or quote it.");
            if (!more)
                return true;
            lastOr_ = from;
        }
    }

    bool all(Term& into, int depth) {
        into.kind = Term::Kind::All;
        for (;;) {
            skipBlanks();
            if (atEnd() || (depth > 0 && text_[at_] == ')'))
                return true;
            const std::size_t from = at_;
            if (takeWord("or", depth)) {
                at_ = from;
                return true;
            }
            if (takeWord("and", depth))
                continue;
            into.terms.emplace_back();
            if (!one(into.terms.back(), depth))
                return false;
        }
    }

    bool one(Term& into, int depth) {
        bool negated = false;
        const std::size_t from = at_;
        for (;;) {
            if (text_[at_] == '-' && !endsWord(at_ + 1, depth))
                ++at_;
            else if (takeWord("not", depth))
                skipBlanks();
            else
                break;
            negated = !negated;
            if (endsWord(at_, depth))
                return fail(from, at_ - from,
                            "There is nothing after this “not”; say what must not match, or quote it.");
        }
        Term* target = &into;
        if (negated) {
            into.kind = Term::Kind::Not;
            into.terms.emplace_back();
            target = &into.terms.back();
        }
        if (text_[at_] == '(')
            return group(*target, depth);
        return condition(*target, depth);
    }

    bool group(Term& into, int depth) {
        const std::size_t from = at_++;
        if (depth >= Query::deepest)
            return fail(from, 1, "Groups lie too deep in each other here; leave some out.");
        if (!any(into, depth + 1))
            return false;
        if (atEnd())
            return fail(from, 1, "This group is never closed; put a ) behind it, or quote the word.");
        ++at_;
        return true;
    }

    /// What stands in quotes from here on, or up to the end of the word.
    bool value(std::string& into, bool& quoted, bool commasEnd, int depth) {
        quoted = !atEnd() && text_[at_] == '"';
        if (!quoted) {
            while (!endsWord(at_, depth) && !(commasEnd && text_[at_] == ','))
                into += text_[at_++];
            return true;
        }
        const std::size_t from = at_++;
        for (; !atEnd() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size())
                ++at_;
            into += text_[at_];
        }
        if (atEnd())
            return fail(from, 1, "This quote is never closed; put another one at the end.");
        ++at_;
        return true;
    }

    bool add(Term& into, std::size_t from, Query::Condition condition) {
        if (query_.conditions_.size() >= Query::mostConditions)
            return fail(from, at_ - from, "These are too many conditions; leave some out.");
        into.kind = Term::Kind::Test;
        into.condition = query_.conditions_.size();
        query_.conditions_.push_back(std::move(condition));
        return true;
    }

    bool condition(Term& into, int depth) {
        const std::size_t from = at_;
        std::size_t end = at_;
        while (end < text_.size() && (isLetter(text_[end]) || (end > from && text_[end] == '-')))
            ++end;
        if (end > from && end < text_.size()) {
            const std::string_view name = text_.substr(from, end - from);
            const char sign = text_[end];
            const bool scope = text_.substr(end, 2) == "::"; // a C++ name
            const QueryKeyInfo* const info = findKey(name);
            if (sign == ':' && !scope && info == nullptr) {
                std::vector<std::string_view> names;
                for (const QueryKeyInfo& each : queryKeys())
                    names.push_back(each.name);
                return fail(from, end - from,
                            "There is no key “" + std::string(name) + "”. Keys are " + listed(names) +
                                "; quote the word to look for it as it is.");
            }
            if (info != nullptr && !scope && (sign == ':' || sign == '=' || sign == '<' || sign == '>')) {
                at_ = end;
                return keyed(into, *info, from, depth);
            }
        }
        bool quoted = false;
        Query::Condition word;
        if (!value(word.text, quoted, false, depth))
            return false;
        if (word.text.empty())
            return fail(from, at_ - from, "There is nothing between these quotes; write what to look for.");
        if (!quoted) {
            const std::size_t hash = word.text.rfind('#');
            if (hash != std::string::npos) {
                if (const auto number = count(std::string_view(word.text).substr(hash + 1))) {
                    const std::string before = lower(std::string_view(word.text).substr(0, hash));
                    Query::Condition exact{Key::Number, Compare::Equal, {}, *number};
                    if (before.empty())
                        return add(into, from, std::move(exact));
                    into.kind = Term::Kind::All; // what stands before may be its name or its kind
                    into.terms.resize(2);
                    return add(into.terms[0], from, std::move(exact)) &&
                           add(into.terms[1], from, {Key::Word, Compare::Contains, before, 0});
                }
            }
        }
        word.text = lower(word.text);
        return add(into, from, std::move(word));
    }

    bool keyed(Term& into, const QueryKeyInfo& info, std::size_t from, int depth) {
        const std::string example(info.example);
        Compare compare = Compare::Contains;
        if (text_[at_] == ':')
            ++at_;
        if (!atEnd() && (text_[at_] == '<' || text_[at_] == '>' || text_[at_] == '=')) {
            const char sign = text_[at_++];
            const bool orEqual = sign != '=' && !atEnd() && text_[at_] == '=';
            at_ += orEqual;
            compare = sign == '='   ? Compare::Equal
                      : sign == '<' ? (orEqual ? Compare::AtMost : Compare::Less)
                                    : (orEqual ? Compare::AtLeast : Compare::Greater);
        }
        const bool orders = compare != Compare::Contains && compare != Compare::Equal;
        if (orders && !info.compares)
            return fail(from, at_ - from,
                        "“" + std::string(info.name) + "” cannot be larger or smaller; write " + example +
                            ".");
        if (isDuration(info.key) && !orders)
            return fail(from, at_ - from,
                        "“" + std::string(info.name) + "” wants < or > and a time; write " + example + ".");
        into.kind = Term::Kind::Any;
        for (;;) {
            const std::size_t begin = at_;
            bool quoted = false;
            std::string text;
            if (!value(text, quoted, true, depth))
                return false;
            if (text.empty())
                return fail(from, at_ - from,
                            "“" + std::string(info.name) + "” wants a value; write " + example + ".");
            into.terms.emplace_back();
            if (!valued(into.terms.back(), info, compare, std::move(text), begin))
                return false;
            if (!atEnd() && text_[at_] == ',') {
                ++at_;
                continue;
            }
            if (!endsWord(at_, depth))
                return fail(at_, 1,
                            "There is no blank between this and what stands before it; put one there.");
            break;
        }
        if (into.terms.size() == 1) {
            Term only = std::move(into.terms.front());
            into = std::move(only);
        }
        return true;
    }

    bool valued(Term& into, const QueryKeyInfo& info, Compare compare, std::string text, std::size_t begin) {
        Query::Condition made{info.key, compare, lower(text), 0};
        const std::size_t length = at_ - begin;
        if (info.key == Key::Parent && text.starts_with('#'))
            text.erase(0, 1);
        if (isDuration(info.key) || isCount(info.key) || info.key == Key::Parent) {
            const auto number = isDuration(info.key) ? duration(text) : count(text);
            if (!number)
                return fail(begin, length,
                            "“" + text +
                                (isDuration(info.key) ? "” is no time; write 30s, 5m, 2h or 1d."
                                                      : "” is no number; write digits."));
            made.number = *number;
            if (compare == Compare::Contains)
                made.compare = Compare::Equal;
            return add(into, begin, std::move(made));
        }
        const std::vector<std::string_view>& known = queryValues(info.key);
        if (!known.empty() && info.key != Key::Finding) {
            std::size_t found = known.size();
            for (std::size_t i = 0; i < known.size(); ++i) {
                const std::string each = lower(known[i]);
                if (each == made.text) {
                    found = i;
                    break;
                }
                if (found == known.size() && each.starts_with(made.text))
                    found = i;
            }
            if (found == known.size())
                return fail(begin, length,
                            "There is no " + std::string(info.name) + " “" + text + "”; there are " +
                                listed(known) + ".");
            if (info.key == Key::Is)
                made.number = static_cast<std::int64_t>(found);
        }
        return add(into, begin, std::move(made));
    }

    std::string_view text_;
    QueryProblem& problem_;
    Query query_;
    std::size_t at_ = 0;
    std::size_t lastOr_ = 0;
};

std::optional<Query> Query::parse(std::string_view text, QueryProblem& problem) {
    problem = {};
    return QueryParser(text, problem).run();
}

bool Query::drifts() const noexcept {
    return std::any_of(conditions_.begin(), conditions_.end(), [](const Condition& condition) {
        return isDuration(condition.key) || condition.key == Key::Subtree || condition.key == Key::Children ||
               condition.key == Key::Finding || condition.key == Key::Is;
    });
}

const std::vector<QueryKeyInfo>& queryKeys() {
    static const std::vector<QueryKeyInfo> keys{
        {Key::State, "state", "state:suspended", "what it is and what its code does", false},
        {Key::Kind, "kind", "kind:launch", "how it was made", false},
        {Key::Name, "name", "name:reader", "its name; name=reader for exactly that", false},
        {Key::Site, "site", "site:orders.cpp", "file, line or function where it was made or waits", false},
        {Key::Created, "created", "created:orders.cpp:88", "where it was made", false},
        {Key::At, "at", "at:Socket::read", "where it is suspended, callers included", false},
        {Key::Dispatcher, "dispatcher", "dispatcher:IO", "where it runs", false},
        {Key::Context, "context", "context:trace=17", "what its context has", false},
        {Key::Waits, "waits", "waits:mutex", "what it waits for", false},
        {Key::Finding, "finding", "finding:orphan", "what Coroscope found; finding:any", false},
        {Key::Is, "is", "is:orphan", "facts about it", false},
        {Key::Age, "age", "age>30s", "how long ago it was made", true},
        {Key::Idle, "idle", "idle>5m", "time since its state changed", true},
        {Key::Subtree, "subtree", "subtree>100", "jobs with all below it", true},
        {Key::Children, "children", "children>10", "jobs right below it", true},
        {Key::Parent, "parent", "parent:#12", "the number of the job right above it", false},
        {Key::Resumes, "resumes", "resumes<2", "how often it went on", true},
    };
    return keys;
}

const std::vector<std::string_view>& queryValues(Key key) {
    static const std::vector<std::string_view> none;
    static const std::vector<std::string_view> states{
        "suspended",  "running",   "queued", "waits",  "cancelling", "new",      "active",
        "completing", "unstarted", "plain",  "failed", "cancelled",  "completed"};
    static const std::vector<std::string_view> kinds = [] {
        std::vector<std::string_view> names;
        for (int i = 0; i <= static_cast<int>(JobKind::ThreadScope); ++i)
            names.push_back(name(static_cast<JobKind>(i)));
        return names;
    }();
    static const std::vector<std::string_view> waits{"delay",     "job",     "scope", "callback", "mutex",
                                                     "semaphore", "channel", "event", "yield",    "select"};
    static const std::vector<std::string_view> findings{"any",
                                                        "proven",
                                                        "suspected",
                                                        "orphan",
                                                        "scope-dropped",
                                                        "swallowed-cancellation",
                                                        "slow-cancellation",
                                                        "silent-supervisor-failure",
                                                        "deadlock",
                                                        "blocking-in-coroutine",
                                                        "blocked-worker",
                                                        "lazy-never-started",
                                                        "circular-reference",
                                                        "leak-by-growth"};
    static const std::vector<std::string_view> facts{"orphan",   "root", "leaf",     "supervisor",
                                                     "shielded", "lazy", "swallowed"}; // as Query::Fact
    switch (key) {
    case Key::State:
        return states;
    case Key::Kind:
        return kinds;
    case Key::Waits:
        return waits;
    case Key::Finding:
        return findings;
    case Key::Is:
        return facts;
    default:
        return none;
    }
}

QueryPart queryPartAt(std::string_view text, std::size_t cursor) {
    cursor = std::min(cursor, text.size());
    // To the beginning of the word that the cursor is in: quotes may have blanks.
    std::size_t from = 0, value = 0;
    bool quoted = false, begins = true;
    QueryPart part;
    for (std::size_t at = 0; at < cursor; ++at) {
        const char c = text[at];
        if (quoted && c == '\\') {
            ++at;
        } else if (c == '"' && (quoted || begins)) {
            quoted = !quoted;
            begins = false;
        } else if (!quoted && (isBlank(c) || (begins && (c == '(' || c == '-')))) {
            from = value = at + 1;
            part.key.reset();
            begins = true;
        } else if (!quoted && !part.key && (c == ':' || c == '=' || c == '<' || c == '>')) {
            if (const QueryKeyInfo* info = findKey(text.substr(from, at - from))) {
                part.key = info->key;
                value = at + 1;
                begins = true;
            }
        } else if (!quoted && part.key && value == at && (c == '=' || c == '<' || c == '>')) {
            value = at + 1;
        } else if (!quoted && part.key && c == ',') {
            value = at + 1;
            begins = true;
        } else {
            begins = false;
        }
    }
    from = value;
    part.from = from;
    std::size_t end = cursor;
    while (end < text.size() && !isBlank(text[end]) && text[end] != ',' && text[end] != ')')
        ++end;
    part.length = end - from;
    std::string_view typed = text.substr(from, cursor - std::min(cursor, from));
    if (typed.starts_with('"'))
        typed.remove_prefix(1);
    part.text = typed;
    return part;
}

std::string quotedForQuery(std::string_view value) {
    const bool plain =
        !value.empty() &&
        std::none_of(value.begin(), value.end(),
                     [](char c) { return isBlank(c) || c == '"' || c == ',' || c == '(' || c == ')'; }) &&
        value.front() != '=' && value.front() != '<' && value.front() != '>';
    if (plain)
        return std::string(value);
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text + '"';
}

} // namespace coroscope::observe
