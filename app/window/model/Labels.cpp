// SPDX-License-Identifier: Apache-2.0
#include "model/Labels.h"

#include <coroscope/observe/Groups.h>

namespace coroscope::app {

namespace {
/// A target may make up a new name for every job; beyond this many we start over.
constexpr std::size_t mostKept = 200'000;
} // namespace

void Labels::use(std::shared_ptr<const observe::Dictionary> dictionary) {
    dictionary_ = std::move(dictionary);
    for (Kept* kept : {&texts_, &dispatchers_, &stacks_, &sites_})
        kept->clear();
}

template <class Make>
const QString& Labels::keep(Kept& kept, std::uint32_t id, Make make) const {
    static const QString nothing;
    if (!dictionary_)
        return nothing;
    if (const auto found = kept.find(id); found != kept.end())
        return found->second;
    if (kept.size() >= mostKept)
        kept.clear();
    return kept.emplace(id, QString::fromStdString(make())).first->second;
}

const QString& Labels::text(TextId id) const {
    return keep(texts_, id, [&] { return dictionary_->text(id); });
}
const QString& Labels::dispatcher(std::uint32_t context) const {
    return keep(dispatchers_, context, [&] {
        // In a column headed so, the family's name says nothing.
        std::string name = dictionary_->context(context).dispatcher;
        constexpr std::string_view family = "Dispatchers.";
        return name.starts_with(family) ? name.substr(family.size()) : name;
    });
}
const QString& Labels::stack(StackId id) const {
    return keep(stacks_, id, [&]() -> std::string {
        const observe::StackText stack = dictionary_->stack(id);
        if (id == 0 || stack.frames.empty())
            return {};
        const observe::SiteText& frame = stack.frames[observe::ownFrame(stack)];
        return frame.shortText() + "  " + frame.shortFunction();
    });
}
const QString& Labels::site(SiteId id) const {
    return keep(sites_, id, [&] { return id == 0 ? std::string() : dictionary_->site(id).shortText(); });
}
observe::StackText Labels::frames(StackId id) const {
    return dictionary_ && id != 0 ? dictionary_->stack(id) : observe::StackText{};
}
observe::SiteText Labels::place(SiteId id) const {
    return dictionary_ && id != 0 ? dictionary_->site(id) : observe::SiteText{};
}
observe::ContextText Labels::context(std::uint32_t id) const {
    return dictionary_ ? dictionary_->context(id) : observe::ContextText{};
}

QString Labels::name(const observe::JobRow& row) const {
    if (row.name != 0) {
        if (const QString& given = text(row.name); !given.isEmpty())
            return given;
    }
    const std::string_view kind = coroscope::name(row.kind);
    return QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
}

QString Labels::fullName(const observe::JobRow& row) const {
    const std::string_view kind = coroscope::name(row.kind);
    const QString kindText = QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
    const QString given = name(row);
    const QString text = given == kindText ? given : given + QLatin1Char(' ') + kindText;
    // Not every foreign dump tells a number.
    return row.number == 0 ? text : text + QStringLiteral(" #%1").arg(row.number);
}

} // namespace coroscope::app
