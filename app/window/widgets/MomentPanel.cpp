// SPDX-License-Identifier: Apache-2.0
#include "widgets/MomentPanel.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "widgets/Cards.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

using observe::TimeHistory;

namespace {
constexpr int widest = 1100, highest = 260, border = 8, head = 40;

StateLook lookOf(const Moment& moment) {
    switch (moment.kind) {
    case MomentKind::Failed:
        return StateLook::Failed;
    case MomentKind::Command:
        return StateLook::Cancelling;
    default:
        return moment.state == JobState::Cancelled ? StateLook::Cancelled : StateLook::Completed;
    }
}

QString iconOf(const Moment& moment) {
    switch (moment.kind) {
    case MomentKind::Finding:
    case MomentKind::Incident:
    case MomentKind::Lost:
    case MomentKind::Lag:
        return QStringLiteral("warning");
    case MomentKind::Failed:
        return QStringLiteral("state-failed");
    case MomentKind::Command:
        return QStringLiteral("cancel");
    case MomentKind::Ended:
        return iconName(lookOf(moment));
    case MomentKind::TargetEnded:
    case MomentKind::Stopped:
    case MomentKind::WentOn:
    case MomentKind::Attached:
        break;
    }
    return QStringLiteral("attach");
}

QColor colourOf(const Tokens& t, const Moment& moment) {
    switch (moment.kind) {
    case MomentKind::Failed:
    case MomentKind::Lost:
        return t.failed;
    case MomentKind::Finding:
    case MomentKind::Incident:
    case MomentKind::Command:
    case MomentKind::Lag:
        return t.cancelling;
    case MomentKind::Ended:
        return Theme::stateColour(t, lookOf(moment));
    default:
        return t.dim;
    }
}
} // namespace

MomentModel::MomentModel(const Workspace& workspace, QObject* parent)
    : QAbstractTableModel(parent)
    , workspace_(workspace) {}

void MomentModel::assign(std::vector<Moment> moments) {
    beginResetModel();
    moments_ = std::move(moments);
    endResetModel();
}

int MomentModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(moments_.size());
}
int MomentModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant MomentModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= moments_.size())
        return {};
    const Moment& moment = moments_[static_cast<std::size_t>(index.row())];
    const Tokens& t = Theme::tokens();
    switch (role) {
    case jobRole:
        return QVariant::fromValue<quint64>(moment.job.value);
    case Qt::DisplayRole:
        switch (index.column()) {
        case TimeColumn:
            return clockText(workspace_.wallClock(moment.at));
        case WhatColumn:
            return moment.what;
        case WhoColumn:
            return moment.who;
        case TextColumn:
            return moment.text;
        default:
            return {};
        }
    case Qt::ToolTipRole: {
        QStringList parts;
        for (const QString& part : {moment.what, moment.who, moment.text})
            if (!part.isEmpty())
                parts << part.toHtmlEscaped();
        return parts.join(QStringLiteral("<br>"));
    }
    case Qt::DecorationRole:
        return index.column() == WhatColumn ? QVariant(icon(iconOf(moment), colourOf(t, moment)))
                                            : QVariant();
    case Qt::ForegroundRole:
        return index.column() == WhatColumn || index.column() == WhoColumn
                   ? t.text
                   : Theme::readable(t, t.dim, t.selection);
    default:
        return {};
    }
}

MomentPanel::MomentPanel(Workspace& workspace, QWidget* above)
    : ListPanel(QStringLiteral("moments"), tr("What happened then"), new MomentModel(workspace),
                above->parentWidget())
    , workspace_(workspace)
    , above_(above)
    , model_(static_cast<MomentModel*>(list()->model()))
    , title_(new QLabel(this))
    , counts_(dimLabel(QString(), this))
    , close_(new QToolButton(this)) {
    setObjectName(QStringLiteral("momentPanel"));
    setAccessibleName(tr("What happened then"));
    layout()->setContentsMargins(1, 1, 1, 5); // within the frame
    title_->setObjectName(QStringLiteral("momentTitle"));
    QFont strong = Theme::text();
    strong.setWeight(QFont::DemiBold);
    title_->setFont(strong);
    counts_->setObjectName(QStringLiteral("momentCounts"));
    close_->setIconSize({12, 12});
    close_->setFixedSize(22, 22);
    close_->setAccessibleName(tr("Close"));
    close_->setToolTip(tr("Close (Esc)"));
    top()->addWidget(title_);
    top()->addSpacing(10);
    top()->addWidget(counts_, 1);
    top()->addWidget(close_);
    list()->setHeaderHidden(true);
    list()->setIconSize({14, 14});
    connect(list()->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &MomentPanel::follow);
    connect(list(), &QTreeView::clicked, this, &MomentPanel::follow);
    connect(close_, &QToolButton::clicked, this, &MomentPanel::close);
    connect(&workspace_, &Workspace::switched, this, &QWidget::hide);
    above_->installEventFilter(this);
    hide();
}

QString MomentPanel::title() const {
    return title_->text();
}

void MomentPanel::open(const TimeHistory& history, std::int64_t moment, std::int64_t from, std::int64_t to) {
    std::vector<Moment> moments = momentsBetween(workspace_, history, from, to);
    std::uint64_t launched = 0, ended = 0, failed = 0;
    for (const TimeHistory::Scale scale : TimeHistory::scales) {
        if (history.firstOf(scale) > from && scale != TimeHistory::Scale::Session)
            continue;
        for (const TimeHistory::Step& step : history.steps(scale)) {
            if (step.from < from || step.from >= to)
                continue;
            launched += step.launched;
            ended += step.ended;
            failed += step.failed;
        }
        break;
    }
    title_->setText(
        tr("Around %1, %2").arg(clockText(workspace_.wallClock(moment)), durationText(to - from)));
    QString counts = tr("%1 launched · %2 ended").arg(countText(launched), countText(ended));
    if (failed > 0)
        counts += tr(" · %1 failed").arg(countText(failed));
    counts_->setText(counts);
    close_->setIcon(icon(QStringLiteral("close"), Theme::tokens().dim, 12));
    const bool any = !moments.empty();
    filling_ = true;
    model_->assign(std::move(moments));
    list()->setCurrentIndex({});
    filling_ = false;
    showListOr(tr("No command, finding, failure or end is known from then."));
    place();
    show();
    raise();
    (any ? static_cast<QWidget*>(list()) : close_)->setFocus();
}

/// Over the lower edge, as high as its lines.
void MomentPanel::place() {
    const QRect page = above_->geometry();
    const int wide = std::min(widest, page.width() - 2 * border);
    const int rows = std::max(1, model_->rowCount()) * measure::row;
    const int high = std::min({highest, head + rows, page.height() - 2 * border});
    setGeometry(page.left() + border, page.bottom() + 1 - border - high, wide, high);
    QHeaderView* header = list()->header();
    header->resizeSection(MomentModel::TimeColumn, 84);
    header->resizeSection(MomentModel::WhatColumn, std::clamp(wide * 29 / 100, 120, 230));
    header->resizeSection(MomentModel::WhoColumn, std::clamp(wide * 27 / 100, 120, 290));
}

void MomentPanel::follow(const QModelIndex& index) {
    if (const JobId job{index.data(MomentModel::jobRole).toULongLong()}; !filling_ && index.isValid() && job)
        emit jobClicked(job);
}

void MomentPanel::close() {
    hide();
    emit closed();
}

bool MomentPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched == above_ && (event->type() == QEvent::Resize || event->type() == QEvent::Move) &&
        isVisible())
        place();
    return ListPanel::eventFilter(watched, event);
}

void MomentPanel::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape)
        close();
    else
        ListPanel::keyPressEvent(event);
}

} // namespace coroscope::app
