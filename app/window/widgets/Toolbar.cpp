// SPDX-License-Identifier: Apache-2.0
#include "widgets/Toolbar.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "widgets/Cards.h"

#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

namespace coroscope::app {

Toolbar::Toolbar(Workspace& workspace, QWidget* parent)
    : QFrame(parent)
    , workspace_(workspace) {
    setObjectName(QStringLiteral("toolbar"));
    setFixedHeight(measure::toolbar);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(10, 0, 10, 0);
    layout->setSpacing(10);
    attach_ = new QPushButton(tr("Attach…"), this);
    attach_->setObjectName(QStringLiteral("attach"));
    attach_->setToolTip(tr("Attach to a running program (Ctrl+T)"));
    search_ = new FilterField(workspace, this);
    search_->setObjectName(QStringLiteral("search"));
    search_->setPlaceholderText(tr("Filter: words, state:, age>, site:, finding: …"));
    search_->setAccessibleName(tr("Search jobs"));
    search_->setToolTip(tr("Shows the jobs that match, and what is above them (Ctrl+F)"));
    searchIcon_ = search_->addAction(QIcon(), QLineEdit::LeadingPosition);
    searchIcon_->setText(tr("Search")); // it is a button to screen readers
    search_->installEventFilter(this);
    count_ = dimLabel(QString(), search_);
    count_->setAttribute(Qt::WA_TransparentForMouseEvents);
    kept_ = new QToolButton(this);
    kept_->setObjectName(QStringLiteral("keptFilters"));
    kept_->setText(tr("Filters"));
    kept_->setToolTip(tr("Filters that you keep, and those before (Alt+Left)"));
    kept_->setPopupMode(QToolButton::InstantPopup);
    kept_->setMenu(search_->keptMenu());
    views_ = new ViewSwitch(this);
    cancel_ = new QPushButton(tr("Cancel…"), this);
    cancel_->setObjectName(QStringLiteral("cancel"));
    cancel_->setProperty("quietDanger", true);
    cancel_->setToolTip(tr("Cancel the selected job and all below it (Delete)"));
    cancelMatching_ = new QPushButton(this);
    cancelMatching_->setObjectName(QStringLiteral("cancelMatching"));
    cancelMatching_->setProperty("quietDanger", true);
    cancelMatching_->hide();
    menuButton_ = new QToolButton(this);
    menuButton_->setAccessibleName(tr("Menu"));
    menuButton_->setToolTip(tr("Panels and appearance"));
    menuButton_->setPopupMode(QToolButton::InstantPopup);
    menu_ = new QMenu(menuButton_);
    menu_->setAccessibleName(tr("Menu"));
    menuButton_->setMenu(menu_);
    layout->addWidget(attach_);
    layout->addWidget(search_, 1);
    layout->addWidget(kept_);
    layout->addWidget(views_);
    layout->addWidget(cancelMatching_);
    layout->addWidget(cancel_);
    layout->addWidget(menuButton_);
    refreshIcons();

    connect(search_, &FilterField::left, this, &Toolbar::leaveSearch);
    connect(attach_, &QPushButton::clicked, this, &Toolbar::attachRequested);
    connect(cancel_, &QPushButton::clicked, this, &Toolbar::cancelRequested);
    connect(cancelMatching_, &QPushButton::clicked, this, &Toolbar::cancelMatchingRequested);
    connect(&workspace_, &Workspace::stateChanged, this, &Toolbar::refresh);
    connect(&workspace_, &Workspace::selectionChanged, this, &Toolbar::refresh);
    connect(&workspace_, &Workspace::searchChanged, this, &Toolbar::refresh);
    connect(&workspace_, &Workspace::numbersDue, this, &Toolbar::refresh);
    refresh();
}

void Toolbar::refreshIcons() {
    const Tokens& t = Theme::tokens();
    attach_->setIcon(icon(QStringLiteral("attach"), t.text));
    searchIcon_->setIcon(icon(QStringLiteral("search"), t.dim));
    menuButton_->setIcon(icon(QStringLiteral("menu"), t.text));
}

void Toolbar::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcons();
}

void Toolbar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    placeCount();
}

void Toolbar::placeCount() {
    count_->adjustSize();
    count_->move(search_->width() - count_->width() - 10, (search_->height() - count_->height()) / 2);
    search_->setTextMargins(0, 0, count_->width() + 12, 0);
}

void Toolbar::refresh() {
    const bool some = workspace_.shows();
    const QString jobs = jobsText(workspace_.tree().size());
    QString text;
    if (some)
        text = workspace_.rows().searching() ? tr("searching…")
               : workspace_.rows().filtered()
                   ? tr("%1 of %2").arg(countText(workspace_.rows().matches()), jobs)
                   : jobs;
    if (count_->text() != text) {
        count_->setText(text);
        placeCount();
    }
    search_->setEnabled(some);
    kept_->setEnabled(some);
    const std::size_t matches = workspace_.rows().filtered() ? workspace_.rows().matches() : 0;
    const QString problem = workspace_.cancelProblem();
    cancel_->setEnabled(problem.isEmpty() && workspace_.selectedNode() != observe::noNode);
    cancel_->setToolTip(problem.isEmpty() ? tr("Cancel the selected job and all below it (Delete)")
                                          : problem);
    cancel_->setAccessibleDescription(cancel_->toolTip());
    cancelMatching_->setVisible(matches > 0);
    cancelMatching_->setText(tr("Cancel %1 matching…").arg(countText(matches)));
    cancelMatching_->setEnabled(problem.isEmpty());
    cancelMatching_->setToolTip(
        problem.isEmpty() ? tr("Cancel all jobs that match, with all below them (Shift+Delete)") : problem);
    cancelMatching_->setAccessibleDescription(cancelMatching_->toolTip());
}

bool Toolbar::eventFilter(QObject* watched, QEvent* event) {
    if (watched == search_ && event->type() == QEvent::Resize)
        placeCount();
    return QFrame::eventFilter(watched, event);
}

} // namespace coroscope::app
