// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/Groups.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Query.h>

#include <algorithm>

namespace coroscope::observe {

namespace {

using Key = Query::Key;
using Compare = Query::Compare;

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool fits(const Query::Condition& wanted, std::string text) {
    const std::string found = lower(std::move(text));
    return wanted.compare == Compare::Equal ? found == wanted.text
                                            : found.find(wanted.text) != std::string::npos;
}

bool fits(const Query::Condition& wanted, const SiteText& site) {
    if (!site.known())
        return false;
    if (wanted.compare == Compare::Equal)
        return fits(wanted, site.shortText());
    return fits(wanted, site.file + (site.line == 0 ? std::string() : ':' + std::to_string(site.line)) + ' ' +
                            site.shortFunction());
}

bool fits(Compare compare, std::int64_t value, std::int64_t wanted) {
    switch (compare) {
    case Compare::Less:
        return value < wanted;
    case Compare::AtMost:
        return value <= wanted;
    case Compare::Greater:
        return value > wanted;
    case Compare::AtLeast:
        return value >= wanted;
    case Compare::Contains:
    case Compare::Equal:
        break;
    }
    return value == wanted;
}

/// Both axes in one word each, as queryValues() has them.
bool isInState(const std::string& wanted, const JobRow& row) {
    const auto begins = [&](std::string_view each) { return each.starts_with(wanted); };
    if (begins(lower(std::string(name(row.state)))))
        return true;
    switch (row.execution) {
    case Execution::None:
        return begins("plain");
    case Execution::Unstarted:
        return begins("unstarted");
    case Execution::Queued:
        return begins("queued");
    case Execution::Running:
        return begins("running");
    case Execution::Suspended:
        return begins("suspended");
    case Execution::WaitsForChildren:
        return begins("waits");
    }
    return false;
}

std::uint32_t stateKey(const JobRow& row) {
    return static_cast<std::uint32_t>(row.state) << 16 | static_cast<std::uint32_t>(row.execution) << 8 |
           static_cast<std::uint32_t>(row.waitKind);
}

std::string dispatcherText(const ContextText& context) {
    constexpr std::string_view family = "Dispatchers.";
    return context.dispatcher.starts_with(family) ? context.dispatcher.substr(family.size())
                                                  : context.dispatcher;
}

bool found(const Query::Condition& wanted, const Finding& finding) {
    if (wanted.text == "any")
        return true;
    if (wanted.text == name(finding.confidence))
        return true;
    return fits(wanted, std::string(finding.rule)) || fits(wanted, std::string(finding.chip));
}

} // namespace

QueryMatcher::QueryMatcher(Query query, const JobTree& tree, std::shared_ptr<const Dictionary> dictionary,
                           SubtreeSize subtreeSize)
    : query_(std::move(query))
    , tree_(tree)
    , dictionary_(std::move(dictionary))
    , subtreeSize_(std::move(subtreeSize))
    , memos_(query_.conditions().size()) {}

void QueryMatcher::refresh(std::int64_t now, const std::vector<Finding>& findings) {
    now_ = now;
    for (std::size_t i = 0; i < memos_.size(); ++i) {
        const Query::Condition& wanted = query_.conditions()[i];
        if (wanted.key != Key::Finding)
            continue;
        memos_[i].jobs.clear();
        for (const Finding& finding : findings)
            if (found(wanted, finding))
                memos_[i].jobs.insert(finding.job);
    }
}

bool QueryMatcher::holds(const Query::Term& term, const JobRow& row, Node node) {
    switch (term.kind) {
    case Query::Term::Kind::Test:
        return test(term.condition, row, node);
    case Query::Term::Kind::Not:
        return !holds(term.terms.front(), row, node);
    case Query::Term::Kind::Any:
        return std::any_of(term.terms.begin(), term.terms.end(),
                           [&](const Query::Term& each) { return holds(each, row, node); });
    case Query::Term::Kind::All:
        break;
    }
    return std::all_of(term.terms.begin(), term.terms.end(),
                       [&](const Query::Term& each) { return holds(each, row, node); });
}

bool QueryMatcher::testWord(const Query::Condition& wanted, Memos& memos, const JobRow& row) {
    if (row.name != 0 &&
        memos.names.answer(row.name, [&] { return fits(wanted, dictionary_->text(row.name)); }))
        return true;
    if (memos.kinds.answer(static_cast<std::uint32_t>(row.kind),
                           [&] { return fits(wanted, std::string(name(row.kind))); }))
        return true;
    if (memos.states.answer(stateKey(row), [&] {
            std::string text = stateText(row.state, row.execution);
            if (row.execution == Execution::Suspended && row.waitKind != WaitKind::Unknown)
                text += ' ' + std::string(row.waitKind == WaitKind::Job ? "join" : name(row.waitKind));
            return fits(wanted, std::move(text));
        }))
        return true;
    if (row.suspendedAt != 0 && row.execution == Execution::Suspended &&
        memos.places.answer(row.suspendedAt, [&] {
            const StackText stack = dictionary_->stack(row.suspendedAt);
            return !stack.frames.empty() &&
                   (fits(wanted, stack.frames[0].shortText() + ' ' + stack.frames[0].shortFunction()) ||
                    fits(wanted, ownPlace(stack)));
        }))
        return true;
    if (row.site != 0 && memos.sites.answer(row.site, [&] {
            const SiteText site = dictionary_->site(row.site);
            return site.known() && fits(wanted, site.shortText());
        }))
        return true;
    const bool digits =
        std::all_of(wanted.text.begin(), wanted.text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits && std::to_string(row.number).find(wanted.text) != std::string::npos;
}

bool QueryMatcher::test(std::size_t index, const JobRow& row, Node node) {
    const Query::Condition& wanted = query_.conditions()[index];
    Memos& memos = memos_[index];
    const auto created = [&] {
        return row.site != 0 &&
               memos.sites.answer(row.site, [&] { return fits(wanted, dictionary_->site(row.site)); });
    };
    const auto suspended = [&] {
        return row.suspendedAt != 0 && row.execution == Execution::Suspended &&
               memos.places.answer(row.suspendedAt, [&] {
                   const StackText stack = dictionary_->stack(row.suspendedAt);
                   return std::any_of(stack.frames.begin(), stack.frames.end(),
                                      [&](const SiteText& frame) { return fits(wanted, frame); });
               });
    };
    switch (wanted.key) {
    case Key::Word:
        return testWord(wanted, memos, row);
    case Key::Number:
        return row.number == static_cast<std::uint64_t>(wanted.number);
    case Key::State:
        return memos.states.answer(stateKey(row), [&] { return isInState(wanted.text, row); });
    case Key::Kind:
        return memos.kinds.answer(static_cast<std::uint32_t>(row.kind), [&] {
            const std::string kind = lower(std::string(name(row.kind)));
            // "job" is a kind of its own, "with" the beginning of several.
            return kind == wanted.text || (wanted.compare != Compare::Equal && kind.starts_with(wanted.text));
        });
    case Key::Name:
        return memos.names.answer(row.name, [&] {
            const std::string given = dictionary_->text(row.name);
            return !given.empty() && fits(wanted, given);
        });
    case Key::Site: {
        const bool made = created();
        return made || suspended();
    }
    case Key::Created:
        return created();
    case Key::At:
        return suspended();
    case Key::Dispatcher:
        return memos.contexts.answer(
            row.context, [&] { return fits(wanted, dispatcherText(dictionary_->context(row.context))); });
    case Key::Context:
        return memos.contexts.answer(
            row.context, [&] { return fits(wanted, dictionary_->context(row.context).elements); });
    case Key::Waits:
        return row.execution == Execution::Suspended && memos.states.answer(stateKey(row), [&] {
            return std::string(name(row.waitKind)).starts_with(wanted.text);
        });
    case Key::Finding:
        return memos.jobs.contains(row.id);
    case Key::Is:
        return is(static_cast<Query::Fact>(wanted.number), row, node);
    case Key::Age:
        return row.age(now_) && fits(wanted.compare, *row.age(now_), wanted.number);
    case Key::Idle:
        return row.timeInState(now_) && fits(wanted.compare, *row.timeInState(now_), wanted.number);
    case Key::Subtree:
        return fits(wanted.compare, node == noNode ? 1 : std::max(1u, subtreeSize_(node)), wanted.number);
    case Key::Children:
        return fits(wanted.compare, node == noNode ? 0 : tree_.childCount(node), wanted.number);
    case Key::Parent: {
        const Node above = tree_.find(row.parent);
        return row.parent && above != noNode &&
               tree_.row(above).number == static_cast<std::uint64_t>(wanted.number);
    }
    case Key::Resumes:
        return fits(wanted.compare, row.resumes, wanted.number);
    }
    return false;
}

bool QueryMatcher::is(Query::Fact fact, const JobRow& row, Node node) const {
    switch (fact) {
    case Query::Fact::Orphan:
        return node != noNode && tree_.isOrphanRoot(node);
    case Query::Fact::Root:
        return node != noNode ? tree_.parent(node) == noNode : !row.parent;
    case Query::Fact::Leaf:
        return node == noNode || tree_.childCount(node) == 0;
    case Query::Fact::Supervisor:
        return (row.flags & JobFlags::supervisor) != 0;
    case Query::Fact::Shielded:
        return (row.flags & JobFlags::shielded) != 0;
    case Query::Fact::Lazy:
        return (row.flags & JobFlags::lazyStart) != 0;
    case Query::Fact::Swallowed:
        return (row.flags & JobFlags::swallowedCancellation) != 0;
    }
    return false;
}

namespace {

/// Parents before children.
std::vector<Node> inOrder(const JobTree& tree) {
    std::vector<Node> order;
    order.reserve(tree.size());
    for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
        order.push_back(root);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (Node child = tree.firstChild(order[i]); child != noNode; child = tree.nextSibling(child))
            order.push_back(child);
    return order;
}

} // namespace

std::vector<std::uint32_t> subtreeSizes(const JobTree& tree) {
    const std::vector<Node> order = inOrder(tree);
    std::vector<std::uint32_t> sizes(tree.endNode(), 1);
    for (std::size_t i = order.size(); i-- > 0;)
        if (const Node parent = tree.parent(order[i]); parent != noNode)
            sizes[parent] += sizes[order[i]];
    return sizes;
}

std::vector<bool> shownBy(QueryMatcher& matcher, const JobTree& tree) {
    const std::vector<Node> order = inOrder(tree);
    std::vector<bool> shown(tree.endNode(), false);
    for (std::size_t i = order.size(); i-- > 0;) {
        const Node node = order[i];
        shown[node] = shown[node] || matcher.matches(node);
        if (const Node parent = tree.parent(node); shown[node] && parent != noNode)
            shown[parent] = true;
    }
    return shown;
}

} // namespace coroscope::observe
