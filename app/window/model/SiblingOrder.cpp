// SPDX-License-Identifier: Apache-2.0
#include "model/SiblingOrder.h"

#include "model/Format.h"
#include "model/Workspace.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

namespace coroscope::app {

using observe::JobRow;
using observe::Node;

namespace {

/// More different texts than this are told apart by their first letters only.
constexpr std::size_t mostRanked = 100'000;

std::uint64_t firstLetters(const QString& text) {
    std::uint64_t key = 0;
    for (qsizetype i = 0; i < 4; ++i)
        key = key << 16 | (i < text.size() ? text[i].toLower().unicode() : 0u);
    return key;
}

/// Keys by the order of texts; each text is made once for each number that it is known by.
template <class Id, class Text>
TreeRows::SortKeys byText(const observe::JobTree& tree, Id id, Text text) {
    return [&tree, id, text](const std::vector<Node>& siblings, std::vector<std::uint64_t>& keys) {
        std::unordered_map<std::uint64_t, std::uint64_t> ranks;
        std::vector<std::pair<QString, std::uint64_t>> texts;
        for (const Node node : siblings)
            if (ranks.emplace(id(tree.row(node)), 0).second)
                texts.emplace_back(text(tree.row(node)), id(tree.row(node)));
        if (texts.size() > mostRanked) {
            for (const auto& [each, number] : texts)
                ranks[number] = firstLetters(each);
        } else {
            std::sort(texts.begin(), texts.end(),
                      [](const auto& a, const auto& b) { return compareNaturally(a.first, b.first) < 0; });
            std::uint64_t rank = 0;
            for (std::size_t i = 0; i < texts.size(); ++i) {
                if (i > 0 && compareNaturally(texts[i - 1].first, texts[i].first) != 0)
                    ++rank;
                ranks[texts[i].second] = rank;
            }
        }
        for (const Node node : siblings)
            keys.push_back(ranks[id(tree.row(node))]);
    };
}

template <class Number>
TreeRows::SortKeys byNumber(Number number) {
    return [number](const std::vector<Node>& siblings, std::vector<std::uint64_t>& keys) {
        for (const Node node : siblings)
            keys.push_back(number(node));
    };
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
    hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    return hash * 0xff51afd7ed558ccdu;
}

} // namespace

TreeRows::SortKeys sortKeys(const Workspace& workspace, Column column) {
    const observe::JobTree& tree = workspace.tree();
    const Labels& labels = workspace.labels();
    switch (column) {
    case JobColumn:
        return byText(
            tree,
            [](const JobRow& row) {
                return row.name != 0 ? std::uint64_t{row.name}
                                     : ~std::uint64_t{static_cast<std::uint8_t>(row.kind)};
            },
            [&labels](const JobRow& row) { return labels.name(row); });
    case FindingsColumn:
        return byNumber([&workspace, &tree](Node node) {
            const JobId id = tree.id(node);
            return std::uint64_t{workspace.findings().of(id).size()} << 32 | workspace.findings().below(id);
        });
    case StateColumn:
        return byText(
            tree,
            [](const JobRow& row) {
                return std::uint64_t{static_cast<std::uint8_t>(row.state)} << 8 |
                       static_cast<std::uint8_t>(row.execution);
            },
            [](const JobRow& row) { return stateText(row.state, row.execution); });
    case WhereColumn:
        return byText(
            tree,
            [](const JobRow& row) {
                return std::uint64_t{row.execution == Execution::Suspended ? row.suspendedAt : 0};
            },
            [&labels](const JobRow& row) {
                return row.execution == Execution::Suspended ? labels.stack(row.suspendedAt) : QString();
            });
    case AgeColumn:
        return byNumber([&tree](Node node) { return ~static_cast<std::uint64_t>(tree.createdAt(node)); });
    case InStateColumn:
        return byNumber([&tree](Node node) {
            const JobRow& row = tree.row(node);
            return ~static_cast<std::uint64_t>(std::max(row.stateSince, row.executionSince));
        });
    case DispatcherColumn:
        return byText(
            tree, [](const JobRow& row) { return std::uint64_t{row.context}; },
            [&labels](const JobRow& row) { return labels.dispatcher(row.context); });
    case CreatedColumn:
        return byText(
            tree, [](const JobRow& row) { return std::uint64_t{row.site}; },
            [&labels](const JobRow& row) { return labels.site(row.site); });
    case SubtreeColumn:
        return byNumber(
            [&workspace](Node node) { return std::uint64_t{workspace.rows().subtreeSize(node)}; });
    case ResumesColumn:
        return byNumber([&tree](Node node) { return std::uint64_t{tree.row(node).resumes}; });
    case ColumnCount:
        break;
    }
    return nullptr;
}

bool sortsByChange(Column column) noexcept {
    return column != JobColumn && column != AgeColumn && column != DispatcherColumn &&
           column != CreatedColumn;
}

TreeRows::Alike likeness(const Workspace& workspace) {
    auto stems = std::make_shared<std::unordered_map<TextId, std::uint64_t>>();
    return [&workspace, stems](Node node) {
        const JobRow& row = workspace.tree().row(node);
        std::uint64_t stem = 0;
        if (row.name != 0) {
            const auto [at, fresh] = stems->try_emplace(row.name);
            if (fresh)
                at->second = qHash(nameWithoutNumber(workspace.labels().text(row.name)));
            stem = at->second;
            if (stems->size() > 500'000)
                stems->clear();
        }
        std::uint64_t family = mixed(stem, static_cast<std::uint64_t>(row.kind) << 32 | row.site);
        std::uint64_t whole =
            mixed(family, static_cast<std::uint64_t>(row.state) << 48 |
                              static_cast<std::uint64_t>(row.execution) << 40 |
                              (row.execution == Execution::Suspended ? row.suspendedAt : 0));
        if (!workspace.findings().of(row.id).empty())
            whole = mixed(whole, row.id.value);
        return TreeRows::Likeness{family, whole};
    };
}

QString nameWithoutNumber(const QString& name) {
    qsizetype end = name.size();
    while (end > 0 && (name[end - 1].isDigit() || name[end - 1] == QLatin1Char('#')))
        --end;
    if (end == name.size() || end == 0)
        return name;
    while (end > 1 && (name[end - 1] == QLatin1Char('-') || name[end - 1] == QLatin1Char('_') ||
                       name[end - 1] == QLatin1Char(' ') || name[end - 1] == QLatin1Char('.')))
        --end;
    return name.left(end);
}

int compareNaturally(const QString& a, const QString& b) noexcept {
    qsizetype i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (a[i].isDigit() && b[j].isDigit()) {
            qsizetype endI = i, endJ = j;
            while (endI < a.size() && a[endI].isDigit())
                ++endI;
            while (endJ < b.size() && b[endJ].isDigit())
                ++endJ;
            while (i < endI - 1 && a[i] == QLatin1Char('0'))
                ++i;
            while (j < endJ - 1 && b[j] == QLatin1Char('0'))
                ++j;
            if (endI - i != endJ - j)
                return endI - i < endJ - j ? -1 : 1;
            for (; i < endI; ++i, ++j)
                if (a[i] != b[j])
                    return a[i] < b[j] ? -1 : 1;
            continue;
        }
        const QChar x = a[i++].toLower(), y = b[j++].toLower();
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.size() - i == b.size() - j ? 0 : a.size() - i < b.size() - j ? -1 : 1;
}

} // namespace coroscope::app
