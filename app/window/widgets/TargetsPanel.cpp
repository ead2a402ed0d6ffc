// SPDX-License-Identifier: Apache-2.0
#include "widgets/TargetsPanel.h"

#include "model/OpenSessions.h"
#include "widgets/Cards.h"
#include "widgets/PopupMenu.h"
#include "widgets/TargetDelegate.h"

#include <QKeyEvent>
#include <QListView>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

namespace {
void shape(QListView* list, TargetDelegate* delegate) {
    list->setItemDelegate(delegate);
    list->setMouseTracking(true);
    list->setFrameShape(QFrame::NoFrame);
    list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list->setContextMenuPolicy(Qt::CustomContextMenu);
    list->viewport()->setBackgroundRole(QPalette::Window);
}
constexpr int mostOpenShown = 5; ///< rows; more are scrolled
} // namespace

TargetsPanel::TargetsPanel(Targets& targets, Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , targets_(targets)
    , workspace_(workspace)
    , list_(new QListView(this))
    , delegate_(new TargetDelegate(this))
    , open_(new OpenSessions(workspace, this))
    , openList_(new QListView(this))
    , openDelegate_(new TargetDelegate(this)) {
    setObjectName(QStringLiteral("sidePage"));
    setAttribute(Qt::WA_StyledBackground);
    setMinimumWidth(160);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    none_ = dimLabel(tr("No program with the Coroscope runtime is running."), this);
    none_->setContentsMargins(12, 4, 12, 8);
    none_->setWordWrap(true);
    list_->setObjectName(QStringLiteral("targets"));
    list_->setAccessibleName(tr("Running programs"));
    list_->setModel(&targets_);
    shape(list_, delegate_);
    openTitle_ = dimLabel(tr("Open").toUpper(), this);
    openTitle_->setFont(Theme::heading());
    openTitle_->setContentsMargins(12, 8, 12, 6);
    openList_->setObjectName(QStringLiteral("openSessions"));
    openList_->setAccessibleName(tr("Programs elsewhere, those that have ended, and dumps"));
    openList_->setModel(open_);
    shape(openList_, openDelegate_);
    layout->addWidget(none_);
    layout->addWidget(list_, 1);
    layout->addWidget(openTitle_);
    layout->addWidget(openList_);
    const auto attach = [this](const QModelIndex& index) {
        const int pid = index.data(Targets::PidRole).toInt();
        const bool shown = workspace_.state() == Workspace::State::Live && workspace_.info().via.empty() &&
                           workspace_.info().pid == pid;
        if (index.isValid() && index.data(Targets::AttachableRole).toBool() && !shown &&
            pid != workspace_.attachingPid())
            emit attachRequested(pid);
    };
    connect(list_, &QListView::clicked, this, attach);
    connect(list_, &QListView::activated, this, attach);
    const auto show = [this](const QModelIndex& index) {
        workspace_.show(index.data(Targets::PidRole).toInt());
    };
    connect(openList_, &QListView::clicked, this, show);
    connect(openList_, &QListView::activated, this, show);
    for (QListView* list : {list_, openList_}) {
        connect(list, &QWidget::customContextMenuRequested, this,
                [this, list](const QPoint& at) { showMenu(list, at); });
        list->installEventFilter(this);
    }
    connect(&targets_, &Targets::refreshed, this, &TargetsPanel::refresh);
    connect(&workspace_, &Workspace::stateChanged, this, &TargetsPanel::refresh);
    connect(&workspace_, &Workspace::sessionsChanged, this, &TargetsPanel::refresh);
    refresh();
}

void TargetsPanel::refresh() {
    const bool live = workspace_.state() == Workspace::State::Live && workspace_.info().via.empty();
    QSet<int> inBackground;
    for (const Workspace::OpenSession& session : workspace_.sessions())
        if (!session.shown && session.state == Workspace::State::Live && session.info.via.empty())
            inBackground.insert(session.info.pid);
    targets_.setAttached(inBackground);
    open_->refresh();
    delegate_->setAttached(live ? workspace_.info().pid : 0);
    openDelegate_->setAttached(live ? 0 : workspace_.shownKey());
    const int open = open_->rowCount();
    none_->setVisible(targets_.rowCount() == 0);
    openTitle_->setVisible(open > 0);
    openList_->setVisible(open > 0);
    if (open > 0)
        openList_->setFixedHeight(std::min(open, mostOpenShown) * openList_->sizeHintForRow(0));
    list_->viewport()->update();
    openList_->viewport()->update();
    if (std::pair now(workspace_.shownKey(), open); std::exchange(shown_, now) != now)
        for (int row = 0; row < open; ++row)
            if (const QModelIndex index = open_->index(row);
                index.data(Targets::PidRole).toInt() == now.first)
                openList_->scrollTo(index);
}

/// 0 when what stands there is not open.
int TargetsPanel::keyOf(const QListView* list, const QModelIndex& index) const {
    const int id = index.data(Targets::PidRole).toInt();
    if (!index.isValid() || list == openList_)
        return id;
    for (const Workspace::OpenSession& session : workspace_.sessions())
        if (session.state == Workspace::State::Live && session.info.via.empty() && session.info.pid == id)
            return session.key;
    return 0;
}

void TargetsPanel::showMenu(QListView* list, const QPoint& at) {
    const QModelIndex index = list->indexAt(at);
    const int key = keyOf(list, index);
    if (!index.isValid() || (list == list_ && !index.data(Targets::AttachableRole).toBool()))
        return;
    auto* menu = new PopupMenu(this, index.data(Targets::ProgramRole).toString());
    menu->setObjectName(QStringLiteral("targetMenu"));
    const int pid = index.data(Targets::PidRole).toInt();
    if (key == 0)
        menu->addAction(tr("Attach"), this, [this, pid] { emit attachRequested(pid); });
    else {
        if (key != workspace_.shownKey())
            menu->addAction(tr("Show"), this, [this, key] { workspace_.show(key); });
        menu->addAction(!index.data(Targets::EndedRole).toBool() ? tr("Detach") : tr("Close"), this,
                        [this, key] { workspace_.closeSession(key); });
    }
    menu->popup(list->viewport()->mapToGlobal(at));
}

/// Delete detaches, or closes: never a job, and nothing in the program.
bool TargetsPanel::eventFilter(QObject* watched, QEvent* event) {
    auto* const list = qobject_cast<QListView*>(watched);
    if (list != nullptr && event->type() == QEvent::KeyPress) {
        const int pressed = static_cast<QKeyEvent*>(event)->key();
        if (pressed == Qt::Key_Delete) {
            if (const int key = keyOf(list, list->currentIndex()); key != 0)
                workspace_.closeSession(key);
            return true;
        }
        if (pressed == Qt::Key_Menu) {
            showMenu(list, list->visualRect(list->currentIndex()).center());
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace coroscope::app
