// SPDX-License-Identifier: Apache-2.0
#include "model/FilterCompletion.h"

#include "model/Format.h"
#include "model/Workspace.h"

#include <coroscope/observe/Groups.h>

#include <QCoreApplication>

#include <algorithm>
#include <unordered_map>

namespace coroscope::app {

using Key = observe::Query::Key;

namespace {
/// Jobs that are looked at for values: some milliseconds' worth.
constexpr std::size_t mostLookedAt = 100'000;
constexpr std::size_t mostValues = 2'000;
constexpr std::size_t mostChoices = 60;
constexpr std::int64_t freshFor = 2'000'000'000;

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
} // namespace

void FilterCompletion::collect(Key key) {
    const std::int64_t now = observe::monotonicNow();
    if (key == collected_ && now - collectedAt_ < freshFor)
        return;
    collected_ = key;
    collectedAt_ = now;
    values_.clear();
    const observe::JobTree& tree = workspace_.tree();
    const Labels& labels = workspace_.labels();
    std::unordered_map<std::uint32_t, std::uint64_t> counts;
    std::size_t looked = 0;
    observe::Node node = 0;
    for (; node < tree.endNode() && looked < mostLookedAt; ++node) {
        if (!tree.isLive(node))
            continue;
        ++looked;
        const observe::JobRow& row = tree.row(node);
        std::uint32_t id = 0;
        switch (key) {
        case Key::Name:
            id = row.name;
            break;
        case Key::Site:
        case Key::Created:
            id = row.site;
            break;
        case Key::At:
            id = row.execution == Execution::Suspended ? row.suspendedAt : 0;
            break;
        case Key::Dispatcher:
        case Key::Context:
            id = row.context;
            break;
        default:
            return;
        }
        if (id != 0 && (counts.size() < mostValues || counts.contains(id)))
            ++counts[id];
    }
    complete_ = node >= tree.endNode() && counts.size() < mostValues;
    std::unordered_map<QString, std::uint64_t> texts;
    for (const auto& [id, jobs] : counts) {
        QString text;
        switch (key) {
        case Key::Name:
            text = labels.text(id);
            break;
        case Key::Site:
        case Key::Created:
            text = labels.site(id);
            break;
        case Key::At:
            if (const observe::StackText stack = labels.frames(id); !stack.frames.empty())
                text = QString::fromStdString(stack.frames[observe::ownFrame(stack)].shortText());
            break;
        case Key::Dispatcher:
            text = labels.dispatcher(id);
            break;
        default:
            text = QString::fromStdString(labels.context(id).elements);
            break;
        }
        if (!text.isEmpty())
            texts[text] += jobs;
    }
    for (const auto& [text, jobs] : texts)
        values_.push_back({text, jobs});
    std::sort(values_.begin(), values_.end(), [](const Value& a, const Value& b) {
        return a.jobs != b.jobs ? a.jobs > b.jobs : a.text < b.text;
    });
}

FilterCompletion::Choices FilterCompletion::at(const QString& text, qsizetype cursor) {
    const QByteArray bytes = text.toUtf8();
    const auto before = static_cast<std::size_t>(text.left(cursor).toUtf8().size());
    const observe::QueryPart part =
        observe::queryPartAt({bytes.constData(), static_cast<std::size_t>(bytes.size())}, before);
    Choices found;
    found.from = QString::fromUtf8(bytes.left(static_cast<qsizetype>(part.from))).size();
    found.length =
        QString::fromUtf8(bytes.mid(static_cast<qsizetype>(part.from), static_cast<qsizetype>(part.length)))
            .size();
    const QString typed = QString::fromStdString(part.text);
    if (!part.key) {
        if (typed.isEmpty() && !text.trimmed().isEmpty() && cursor > 0 &&
            text[cursor - 1] == QLatin1Char('('))
            return found;
        for (const observe::QueryKeyInfo& info : observe::queryKeys()) {
            const QString name = fromView(info.name);
            if (name.startsWith(typed, Qt::CaseInsensitive) && name != typed)
                found.choices.push_back(
                    {name + QLatin1Char(info.compares ? '>' : ':'), fromView(info.example),
                     QCoreApplication::translate("FilterCompletion", info.help.data()), true});
        }
        return found;
    }
    const auto add = [&](const QString& value, const QString& help) {
        if (found.choices.size() < mostChoices && value.contains(typed, Qt::CaseInsensitive))
            found.choices.push_back(
                {QString::fromStdString(observe::quotedForQuery(value.toStdString())), value, help, false});
    };
    if (const auto& fixed = observe::queryValues(*part.key); !fixed.empty()) {
        for (const std::string_view value : fixed)
            add(fromView(value), {});
    } else {
        collect(*part.key);
        for (const Value& value : values_)
            add(value.text, complete_ ? jobsText(value.jobs) : QString());
    }
    // What is there word for word needs no list.
    if (found.choices.size() == 1 && found.choices.front().shown == typed)
        found.choices.clear();
    return found;
}

} // namespace coroscope::app
