// SPDX-License-Identifier: Apache-2.0
#include "widgets/TargetsPanel.h"

#include "model/Format.h"
#include "widgets/Cards.h"
#include "widgets/TargetDelegate.h"

#include <QListView>
#include <QVBoxLayout>

namespace coroscope::app {

TargetsPanel::TargetsPanel(Targets& targets, Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , targets_(targets)
    , workspace_(workspace)
    , list_(new QListView(this))
    , delegate_(new TargetDelegate(this)) {
    setObjectName(QStringLiteral("sidePage"));
    setAttribute(Qt::WA_StyledBackground);
    setMinimumWidth(160);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    gone_ = dimLabel(QString(), this);
    gone_->setContentsMargins(12, 4, 12, 8);
    gone_->setWordWrap(true);
    none_ = dimLabel(tr("No program with the Coroscope runtime is running."), this);
    none_->setContentsMargins(12, 4, 12, 8);
    none_->setWordWrap(true);
    list_->setObjectName(QStringLiteral("targets"));
    list_->setAccessibleName(tr("Running programs"));
    list_->setModel(&targets_);
    list_->setItemDelegate(delegate_);
    list_->setMouseTracking(true);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->viewport()->setBackgroundRole(QPalette::Window);
    layout->addWidget(none_);
    layout->addWidget(gone_);
    layout->addWidget(list_, 1);
    const auto attach = [this](const QModelIndex& index) {
        const int pid = index.data(Targets::PidRole).toInt();
        const bool shown = workspace_.state() == Workspace::State::Live && workspace_.info().pid == pid;
        if (index.isValid() && index.data(Targets::AttachableRole).toBool() && !shown &&
            pid != workspace_.attachingPid())
            emit attachRequested(pid);
    };
    connect(list_, &QListView::clicked, this, attach);
    connect(list_, &QListView::activated, this, attach);
    connect(&targets_, &Targets::refreshed, this, &TargetsPanel::refresh);
    connect(&workspace_, &Workspace::stateChanged, this, &TargetsPanel::refresh);
    refresh();
}

void TargetsPanel::refresh() {
    const bool ended = workspace_.state() == Workspace::State::Ended;
    const bool live = workspace_.state() == Workspace::State::Live;
    delegate_->setAttached(live ? workspace_.info().pid : 0);
    none_->setVisible(targets_.rowCount() == 0 && !ended);
    gone_->setVisible(ended);
    if (ended) {
        const auto end = workspace_.status().ended;
        gone_->setText(tr("%1\npid %2 · ended %3")
                           .arg(QString::fromStdString(workspace_.info().program))
                           .arg(workspace_.info().pid)
                           .arg(end ? clockText(end->wallClock) : QString()));
    }
    list_->viewport()->update();
}

} // namespace coroscope::app
