// SPDX-License-Identifier: Apache-2.0
#include "widgets/GroupDetails.h"

#include "model/Conditions.h"
#include "model/Format.h"
#include "widgets/Cards.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
constexpr std::size_t mostFrames = 24;
/// Named of the jobs of a group, and looked at to find them.
constexpr qsizetype mostMembers = 8;
} // namespace

GroupDetails::GroupDetails(Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , workspace_(workspace)
    , name_(new WrappedLabel(QString(), this))
    , counts_(new WrappedLabel(QString(), this))
    , age_(new WrappedLabel(QString(), this))
    , only_(new QPushButton(tr("Show only these"), this))
    , place_(new QVBoxLayout)
    , members_(new WrappedLabel(QString(), this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(10);
    name_->setObjectName(QStringLiteral("groupName"));
    name_->setFont(Theme::title());
    name_->setTextFormat(Qt::PlainText);
    name_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    counts_->setObjectName(QStringLiteral("groupCounts"));
    counts_->setTextFormat(Qt::PlainText);
    age_->setProperty("dim", true);
    age_->setTextFormat(Qt::PlainText);
    only_->setObjectName(QStringLiteral("groupOnly"));
    only_->setToolTip(tr("Adds a condition to the filter"));
    members_->setTextFormat(Qt::RichText);
    members_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(only_);
    buttons->addStretch(1);
    place_->setSpacing(10);
    auto* head = new QVBoxLayout;
    head->setSpacing(5);
    head->addWidget(name_);
    head->addWidget(counts_);
    head->addWidget(age_);
    layout->addLayout(head);
    layout->addLayout(buttons);
    layout->addLayout(place_);
    layout->addWidget(members_);
    layout->addStretch(1);
    connect(only_, &QPushButton::clicked, this, [this] { emit filterRequested(condition_); });
    connect(members_, &QLabel::linkActivated, this,
            [this](const QString& id) { emit jobClicked(JobId{id.toULongLong()}); });
    connect(&workspace_, &Workspace::groupingChanged, this, [this] { filled_ = false; });
}

void GroupDetails::refresh() {
    const RowGroups* const groups = workspace_.rows().groups();
    const Node node = workspace_.selectedGroup();
    if (groups == nullptr || node == noNode)
        return;
    const std::uint32_t group = TreeRows::groupNumber(node);
    const observe::GroupPlace& place = groups->place(group);
    const observe::JobCounts& counts = groups->counts(group);
    name_->setText(tr("%1, %2").arg(jobsText(counts.jobs), wrappable(QString::fromStdString(place.label()))));
    name_->setAccessibleName(tr("%1, %2").arg(jobsText(counts.jobs), QString::fromStdString(place.label())));
    counts_->setText(QString::fromStdString(observe::countsText(counts, workspace_.info())));
    const std::int64_t oldest = groups->oldest(group);
    age_->setText(oldest == 0 ? QString()
                              : tr("The oldest is %1 old").arg(durationText(workspace_.now() - oldest)));
    age_->setVisible(oldest != 0);
    if (const QString members = membersLinked(group); members_->text() != members)
        members_->setText(members);
    if (filled_ && key_ == place.key)
        return;
    filled_ = true;
    key_ = place.key;
    const Condition condition = conditionOf(place, groups->by());
    condition_ = condition.filter;
    only_->setVisible(!condition_.isEmpty());
    only_->setText(condition.words);
    fillPlace(place);
}

void GroupDetails::fillPlace(const observe::GroupPlace& place) {
    clearLayout(place_);
    if (!place.known())
        return;
    const bool created = workspace_.grouping() == observe::GroupBy::CreationSite;
    QLabel* title = dimLabel(created ? tr("CREATED AT")
                             : place.stack.frames.size() == 1 && place.stack.cut == 0
                                 ? tr("SUSPENDED AT")
                                 : tr("THEIR STACK, INNERMOST FIRST"),
                             this);
    title->setFont(Theme::heading());
    place_->addWidget(title);
    QFrame* const frames = card(this);
    const std::size_t shown = std::min(place.stack.frames.size(), mostFrames);
    for (std::size_t i = 0; i < shown; ++i)
        frames->layout()->addWidget(new ElidedLabel(
            QString::fromStdString(place.stack.frames[i].shortFunction()),
            QString::fromStdString(place.stack.frames[i].shortText()), frames, i == place.own));
    const std::size_t more = place.stack.frames.size() - shown + place.stack.cut;
    if (more > 0)
        frames->layout()->addWidget(dimLabel(tr("and %1 more callers").arg(more), frames));
    place_->addWidget(frames);
}

QString GroupDetails::membersLinked(std::uint32_t group) const {
    const RowGroups& groups = *workspace_.rows().groups();
    const observe::JobTree& tree = workspace_.tree();
    const Tokens& t = Theme::tokens();
    QStringList lines;
    std::size_t told = 0;
    for (Node node = 0; node < tree.endNode() && lines.size() < mostMembers; ++node) {
        if (groups.groupOf(node) != group || !tree.isLive(node))
            continue;
        const Node above = tree.parent(node);
        const auto link = [&](Node job) {
            return QStringLiteral("<a href=\"%1\" style=\"color:%2;text-decoration:none\">%3</a>")
                .arg(tree.row(job).id.value)
                .arg(Theme::readable(t, t.accent, t.panel).name(),
                     nameText(workspace_.labels().fullName(tree.row(job))).toHtmlEscaped());
        };
        lines << link(node) + (above == noNode ? QString() : tr(" in ") + link(above));
        ++told;
    }
    if (const std::uint64_t jobs = groups.counts(group).jobs; told < jobs)
        lines << tr("and %1 more").arg(countText(jobs - told));
    return lines.join(QStringLiteral("<br>"));
}

} // namespace coroscope::app
