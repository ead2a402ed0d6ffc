// SPDX-License-Identifier: Apache-2.0
#include "widgets/AttachDialog.h"

#include "theme/Theme.h"
#include "widgets/Cards.h"
#include "widgets/TargetDelegate.h"

#include <QHBoxLayout>
#include <QIntValidator>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QVBoxLayout>

#include <utility>

namespace coroscope::app {

AttachDialog::AttachDialog(Targets& targets, Workspace& workspace, QWidget* parent)
    : QDialog(parent)
    , workspace_(workspace)
    , shown_(new QSortFilterProxyModel(this)) {
    setObjectName(QStringLiteral("attachDialog"));
    setWindowTitle(tr("Attach to a program"));
    resize(520, 440);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    filter_ = new QLineEdit(this);
    filter_->setObjectName(QStringLiteral("attachFilter"));
    filter_->setPlaceholderText(tr("Filter by name, pid or user"));
    filter_->setAccessibleName(tr("Filter programs"));
    filter_->setClearButtonEnabled(true);
    filter_->installEventFilter(this);
    layout->addWidget(filter_);
    shown_->setSourceModel(&targets);
    shown_->setFilterRole(Targets::FilterRole);
    shown_->setFilterCaseSensitivity(Qt::CaseInsensitive);
    list_ = new QListView(this);
    list_->setObjectName(QStringLiteral("attachList"));
    list_->setAccessibleName(tr("Programs"));
    auto* delegate = new TargetDelegate(this);
    delegate->showReasons(true);
    list_->setItemDelegate(delegate);
    list_->setModel(shown_);
    list_->setMouseTracking(true);
    list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    QFrame* frame = card(this);
    frame->layout()->setContentsMargins(1, 1, 1, 1);
    frame->layout()->addWidget(list_);
    layout->addWidget(frame, 1);
    problem_ = new QLabel(this);
    problem_->setObjectName(QStringLiteral("attachProblem"));
    problem_->setWordWrap(true);
    problem_->setTextFormat(Qt::PlainText);
    problem_->hide();
    layout->addWidget(problem_);
    auto* bottom = new QHBoxLayout;
    bottom->setSpacing(8);
    bottom->addWidget(dimLabel(tr("or pid"), this));
    pid_ = new QLineEdit(this);
    pid_->setObjectName(QStringLiteral("attachPid"));
    pid_->setAccessibleName(tr("Process id"));
    pid_->setValidator(new QIntValidator(1, 1 << 22, pid_));
    pid_->setFixedWidth(96);
    bottom->addWidget(pid_);
    bottom->addStretch(1);
    auto* through = new QPushButton(tr("Through a command…"), this);
    through->setObjectName(QStringLiteral("attachThroughGo"));
    through->setToolTip(tr("On another machine or in a container: ssh, docker, kubectl, sudo"));
    through->setAutoDefault(false);
    bottom->addWidget(through);
    auto* close = new QPushButton(tr("Close"), this);
    close->setAutoDefault(false);
    attach_ = new QPushButton(tr("Attach"), this);
    attach_->setObjectName(QStringLiteral("attachGo"));
    attach_->setDefault(true);
    bottom->addWidget(close);
    bottom->addWidget(attach_);
    layout->addLayout(bottom);
    filter_->setFocus();

    connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
        shown_->setFilterFixedString(text);
        chooseFirst();
        choiceChanged();
    });
    connect(pid_, &QLineEdit::textChanged, this, &AttachDialog::choiceChanged);
    connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& now) {
                if (!chosenLeaves_)
                    chosenInList_ = now.data(Targets::PidRole).toInt();
                choiceChanged();
            });
    // A row that was clicked is meant, not what was typed before; and when the chosen program ends, the view
    // must not choose its neighbour by itself.
    connect(list_, &QListView::clicked, pid_, &QLineEdit::clear);
    connect(shown_, &QAbstractItemModel::rowsAboutToBeRemoved, this,
            [this](const QModelIndex&, int first, int last) {
                for (int row = first; row <= last; ++row)
                    chosenLeaves_ |= shown_->index(row, 0).data(Targets::PidRole).toInt() == chosenInList_;
            });
    connect(shown_, &QAbstractItemModel::rowsRemoved, this, [this] {
        if (!std::exchange(chosenLeaves_, false))
            return;
        list_->setCurrentIndex({});
        list_->clearSelection();
        choiceChanged();
    });
    connect(list_, &QListView::doubleClicked, this, &AttachDialog::chosen);
    connect(shown_, &QAbstractItemModel::rowsInserted, this, &AttachDialog::choiceChanged);
    connect(shown_, &QAbstractItemModel::rowsRemoved, this, &AttachDialog::choiceChanged);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(through, &QPushButton::clicked, this, [this] {
        reject();
        emit throughRequested();
    });
    connect(attach_, &QPushButton::clicked, this, &AttachDialog::chosen);
    connect(&workspace_, &Workspace::attached, this, &QDialog::accept);
    connect(&workspace_, &Workspace::attachFailed, this, [this](int, const QString& sentence) {
        const Tokens& t = Theme::tokens();
        QPalette palette = problem_->palette();
        palette.setColor(QPalette::WindowText, Theme::readable(t, t.failed, t.panel));
        problem_->setPalette(palette);
        problem_->setText(sentence);
        problem_->show();
        attach_->setText(tr("Attach"));
        choiceChanged();
    });
    chooseFirst();
    choiceChanged();
}

void AttachDialog::chooseFirst() {
    for (int row = 0; row < shown_->rowCount(); ++row) {
        const QModelIndex index = shown_->index(row, 0);
        if (!index.data(Targets::AttachableRole).toBool())
            continue;
        list_->setCurrentIndex(index);
        return;
    }
}

QString AttachDialog::problem() const {
    return problem_->text();
}

int AttachDialog::chosenPid() const {
    if (!pid_->text().isEmpty())
        return pid_->text().toInt();
    const QModelIndex index = list_->currentIndex();
    return index.isValid() && index.data(Targets::AttachableRole).toBool()
               ? index.data(Targets::PidRole).toInt()
               : 0;
}

void AttachDialog::choiceChanged() {
    const int pid = chosenPid();
    attach_->setEnabled(pid > 0 && workspace_.attachingPid() == 0);
}

void AttachDialog::chosen() {
    if (const int pid = chosenPid(); pid > 0)
        go(pid);
}

void AttachDialog::go(int pid) {
    problem_->hide();
    problem_->clear();
    attach_->setText(tr("Attaching…"));
    workspace_.attach(pid);
    choiceChanged();
}

/// The arrows move in the list while the filter has the keyboard.
bool AttachDialog::eventFilter(QObject* watched, QEvent* event) {
    if (watched == filter_ && event->type() == QEvent::KeyPress) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Down || key->key() == Qt::Key_Up) {
            const int step = key->key() == Qt::Key_Down ? 1 : -1;
            int row = list_->currentIndex().isValid() ? list_->currentIndex().row() + step : 0;
            while (row >= 0 && row < shown_->rowCount()) {
                const QModelIndex index = shown_->index(row, 0);
                if (index.data(Targets::AttachableRole).toBool()) {
                    list_->setCurrentIndex(index);
                    break;
                }
                row += step;
            }
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

} // namespace coroscope::app
