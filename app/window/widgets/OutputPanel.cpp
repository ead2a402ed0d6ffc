// SPDX-License-Identifier: Apache-2.0
#include "widgets/OutputPanel.h"

#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr int mostLines = 10'000; ///< of each program; older ones go
constexpr std::size_t mostRuns = 8;
} // namespace

OutputPanel::OutputPanel(Launcher& launcher, QWidget* parent)
    : QWidget(parent)
    , launcher_(launcher)
    , choice_(new QComboBox(this))
    , state_(dimLabel(QString(), this))
    , stop_(new QPushButton(tr("Stop it"), this))
    , pages_(new QStackedWidget(this)) {
    setObjectName(QStringLiteral("page"));
    setAttribute(Qt::WA_StyledBackground);
    setMinimumHeight(84);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* top = new QHBoxLayout;
    top->setContentsMargins(12, 4, 12, 4);
    top->setSpacing(10);
    choice_->setObjectName(QStringLiteral("outputChoice"));
    choice_->setAccessibleName(tr("Program"));
    stop_->setObjectName(QStringLiteral("outputStop"));
    stop_->setToolTip(tr("Asks the program to end (SIGTERM)"));
    top->addWidget(choice_);
    top->addWidget(state_, 1);
    top->addWidget(stop_);
    layout->addLayout(top);
    layout->addWidget(pages_, 1);
    QLabel* none = dimLabel(tr("What programs say that are started from here shows here."), pages_);
    none->setContentsMargins(12, 4, 12, 10);
    none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    pages_->addWidget(none);
    connect(&launcher_, &Launcher::started, this, &OutputPanel::add);
    connect(&launcher_, &Launcher::output, this, [this](int pid, const QString& text) {
        Run* const run = find(pid);
        if (run == nullptr)
            return;
        QScrollBar* bar = run->text->verticalScrollBar();
        const bool follows = bar->value() == bar->maximum();
        QTextCursor end(run->text->document());
        end.movePosition(QTextCursor::End);
        end.insertText(text);
        if (follows)
            bar->setValue(bar->maximum());
    });
    connect(&launcher_, &Launcher::ended, this, [this](int pid, const QString& how) {
        if (Run* const run = find(pid))
            run->state = how;
        refresh();
    });
    connect(choice_, &QComboBox::currentIndexChanged, this, &OutputPanel::refresh);
    connect(stop_, &QPushButton::clicked, this, [this] {
        if (const int index = choice_->currentIndex(); index >= 0)
            launcher_.stop(runs_[static_cast<std::size_t>(index)].pid);
    });
    refresh();
}

/// The last one with this pid: a pid may come back.
OutputPanel::Run* OutputPanel::find(int pid) {
    const auto at =
        std::find_if(runs_.rbegin(), runs_.rend(), [pid](const Run& run) { return run.pid == pid; });
    return at == runs_.rend() ? nullptr : &*at;
}

void OutputPanel::add(int pid, const QString& program) {
    const auto old =
        std::find_if(runs_.begin(), runs_.end(), [this](const Run& run) { return !launcher_.runs(run.pid); });
    if (runs_.size() >= mostRuns && old != runs_.end()) {
        const auto index = static_cast<int>(old - runs_.begin());
        delete old->text;
        runs_.erase(old);
        choice_->removeItem(index);
    }
    auto* text = new QPlainTextEdit(pages_);
    text->setObjectName(QStringLiteral("output"));
    text->setReadOnly(true);
    text->setFont(Theme::mono());
    text->setFrameShape(QFrame::NoFrame);
    text->setMaximumBlockCount(mostLines);
    text->setUndoRedoEnabled(false);
    text->setAccessibleName(tr("Output of %1, pid %2").arg(program).arg(pid));
    pages_->addWidget(text);
    runs_.push_back({pid, program, tr("running"), text});
    choice_->addItem(tr("%1, pid %2").arg(program).arg(pid));
    choice_->setCurrentIndex(choice_->count() - 1);
    refresh();
}

void OutputPanel::refresh() {
    const int index = choice_->currentIndex();
    const bool any = index >= 0 && static_cast<std::size_t>(index) < runs_.size();
    choice_->setVisible(any);
    stop_->setVisible(any);
    state_->setVisible(any);
    if (!any) {
        pages_->setCurrentIndex(0);
        return;
    }
    const Run& run = runs_[static_cast<std::size_t>(index)];
    pages_->setCurrentWidget(run.text);
    state_->setText(run.state);
    stop_->setEnabled(launcher_.runs(run.pid));
}

QString OutputPanel::text() const {
    const auto* text = qobject_cast<QPlainTextEdit*>(pages_->currentWidget());
    return text == nullptr ? QString() : text->toPlainText();
}

} // namespace coroscope::app
