// SPDX-License-Identifier: Apache-2.0
#include "widgets/CancelCard.h"

#include "model/Format.h"
#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <coroscope/observe/Waits.h>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

namespace coroscope::app {

CancelCard::CancelCard(QWidget* parent)
    : QFrame(parent) {
    setObjectName(QStringLiteral("card"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 10, 12, 10);
    layout->setSpacing(6);
    auto* top = new QHBoxLayout;
    title_ = new WrappedLabel(QString(), this);
    title_->setTextFormat(Qt::PlainText);
    time_ = dimLabel(QString(), this);
    top->addWidget(title_, 1);
    top->addWidget(time_, 0, Qt::AlignTop);
    layout->addLayout(top);
    // Each below its word: seven digits three times do not fit into a line of a narrow panel.
    auto* numbers = new QGridLayout;
    numbers->setVerticalSpacing(0);
    numbers->setHorizontalSpacing(6);
    const char* const names[] = {"cancelRequested", "cancelReached", "cancelFinished"};
    const QString words[] = {tr("requested"), tr("reached"), tr("finished")};
    for (int i = 0; i < 3; ++i) {
        const auto at = static_cast<std::size_t>(i);
        words_[at] = dimLabel(words[i], this);
        numbers_[at] = new QLabel(this);
        numbers_[at]->setObjectName(QLatin1String(names[i]));
        numbers->addWidget(words_[at], 0, i);
        numbers->addWidget(numbers_[at], 1, i);
        numbers->setColumnStretch(i, 1);
    }
    layout->addLayout(numbers);
    bar_ = new QProgressBar(this);
    bar_->setTextVisible(false);
    layout->addWidget(bar_);
    rest_ = new WrappedLabel(QString(), this);
    rest_->setTextFormat(Qt::PlainText);
    layout->addWidget(rest_);
    laggards_ = new WrappedLabel(QString(), this);
    laggards_->setObjectName(QStringLiteral("cancelLaggards"));
    laggards_->setFont(Theme::mono());
    laggards_->setTextFormat(Qt::PlainText);
    layout->addWidget(laggards_);
}

void CancelCard::show(const Workspace& workspace, const Workspace::Cancel& cancel) {
    const observe::CancelProgress& progress = cancel.progress;
    title_->setText(cancel.childrenOnly ? tr("Below %1").arg(cancel.name) : cancel.name);
    time_->setText(durationText(progress.duration(workspace.now())));
    const std::uint64_t counts[] = {progress.requested(), progress.reached(), progress.finished()};
    QStringList said;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        numbers_[i]->setText(countText(counts[i]));
        numbers_[i]->setAccessibleName(words_[i]->text() + QLatin1Char(' ') + numbers_[i]->text());
        said << numbers_[i]->accessibleName();
    }
    const auto scaled = [&](std::uint64_t n) {
        return progress.requested() == 0 ? 1000 : static_cast<int>(n * 1000 / progress.requested());
    };
    bar_->setRange(0, 1000);
    bar_->setValue(scaled(progress.finished()));
    const std::uint64_t left = progress.requested() - progress.finished();
    QString sentence = cancel.answer;
    const bool lost = workspace.state() == Workspace::State::Ended && left > 0;
    if (sentence.isEmpty() && left > 0)
        sentence = lost        ? tr("The program ended before the rest of it was seen.")
                   : left == 1 ? tr("1 is still here")
                               : tr("%1 are still here").arg(countText(left));
    if (sentence.isEmpty() && !progress.reason().empty())
        sentence = tr("Reason: %1").arg(QString::fromStdString(progress.reason()));
    rest_->setText(sentence);
    rest_->setVisible(!sentence.isEmpty());
    QStringList names;
    const observe::Dictionary* const dictionary = workspace.labels().dictionary();
    const bool nothingDone = progress.gone() + progress.refusals() == progress.jobs().size();
    if (left > 0 && !nothingDone && dictionary != nullptr) {
        for (const JobId id : progress.laggards(5)) {
            const observe::Node node = workspace.tree().find(id);
            if (node == observe::noNode)
                continue;
            const observe::JobRow& row = workspace.tree().row(node);
            const QString does = QString::fromStdString(
                observe::activityText(workspace.tree(), row, *dictionary, workspace.now()));
            names << workspace.labels().name(row) + QStringLiteral(" #%1: ").arg(row.number) +
                         does.left(1).toLower() + does.mid(1);
        }
        if (left > 5)
            names << tr("and %1 more").arg(countText(left - 5));
    }
    laggards_->setText(names.join(QLatin1Char('\n')));
    laggards_->setVisible(!names.isEmpty());
    setAccessibleName(title_->text() + QStringLiteral(": ") + said.join(QStringLiteral(", ")));
}

} // namespace coroscope::app
