// SPDX-License-Identifier: Apache-2.0
#include "widgets/CancelPanel.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "widgets/Cards.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
struct Line {
    StateLook look;
    const char* text;
};
constexpr Line lines[5] = {
    {StateLook::Suspended, "suspended, stop at once"},
    {StateLook::Running, "running or queued, stop at their next suspension"},
    {StateLook::Queued, "in NonCancellable, finish that first"},
    {StateLook::Cancelling, "already cancelling"},
    {StateLook::WaitsForChildren, "wait for children or have no code"},
};
constexpr std::int64_t longest = 50'000'000; ///< ns a preview may cost before it is made less often
} // namespace

CancelPanel::CancelPanel(Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , workspace_(workspace) {
    setObjectName(QStringLiteral("cancelPanel"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(10);
    heading_ = dimLabel(tr("Cancel"), this);
    title_ = new QLabel(this);
    title_->setFont(Theme::title());
    title_->setWordWrap(true);
    title_->setTextFormat(Qt::PlainText);
    auto* top = new QVBoxLayout;
    top->setSpacing(2);
    top->addWidget(heading_);
    top->addWidget(title_);
    layout->addLayout(top);

    numbers_ = card(this);
    auto* numberLayout = qobject_cast<QVBoxLayout*>(numbers_->layout());
    for (std::size_t i = 0; i < std::size(lines); ++i) {
        lines_[i] = new QWidget(numbers_);
        auto* line = new QHBoxLayout(lines_[i]);
        line->setContentsMargins(0, 0, 0, 0);
        line->setSpacing(8);
        line->addWidget(new IconLabel(iconName(lines[i].look), lines[i].look, lines_[i]));
        auto* text = new QLabel(tr(lines[i].text), lines_[i]);
        text->setWordWrap(true);
        line->addWidget(text, 1);
        counts_[i] = dimLabel(QString(), lines_[i]);
        line->addWidget(counts_[i]);
        numberLayout->addWidget(lines_[i]);
    }
    layout->addWidget(numbers_);

    outside_ = card(this, QStringLiteral("suspectedCard"));
    outsideTitle_ = new QLabel(outside_);
    QFont bold = Theme::text();
    bold.setWeight(QFont::DemiBold);
    outsideTitle_->setFont(bold);
    outsideTitle_->setWordWrap(true);
    outsideNames_ = new QLabel(outside_);
    outsideNames_->setFont(Theme::mono());
    outsideNames_->setWordWrap(true);
    outsideNames_->setTextFormat(Qt::PlainText);
    outside_->layout()->addWidget(outsideTitle_);
    outside_->layout()->addWidget(outsideNames_);
    outside_->layout()->addWidget(dimLabel(tr("They will see a CancellationException."), outside_));
    layout->addWidget(outside_);

    QFrame* reasonCard = card(this);
    QLabel* reasonLabel = dimLabel(tr("Reason, kept in the log and in the exception’s message"), reasonCard);
    reasonLabel->setWordWrap(true);
    reason_ = new QLineEdit(reasonCard);
    reason_->setObjectName(QStringLiteral("cancelReason"));
    reason_->setMaxLength(200);
    reason_->setPlaceholderText(tr("why, for whoever reads it later"));
    reason_->setAccessibleName(tr("Reason"));
    reasonLabel->setBuddy(reason_);
    reasonCard->layout()->addWidget(reasonLabel);
    reasonCard->layout()->addWidget(reason_);
    layout->addWidget(reasonCard);

    problem_ = new QLabel(this);
    problem_->setWordWrap(true);
    problem_->setTextFormat(Qt::PlainText);
    layout->addWidget(problem_);

    childrenOnly_ = new QCheckBox(tr("only the jobs below it"), this);
    childrenOnly_->setObjectName(QStringLiteral("cancelChildrenOnly"));
    layout->addWidget(childrenOnly_);

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    go_ = new QPushButton(this);
    go_->setObjectName(QStringLiteral("cancelGo"));
    go_->setProperty("danger", true);
    keep_ = new QPushButton(tr("Keep running"), this);
    keep_->setObjectName(QStringLiteral("cancelKeep"));
    buttons->addWidget(go_);
    buttons->addWidget(keep_);
    buttons->addStretch(1);
    layout->addLayout(buttons);
    layout->addStretch(1);

    connect(go_, &QPushButton::clicked, this, &CancelPanel::send);
    connect(keep_, &QPushButton::clicked, this, &CancelPanel::closed);
    connect(reason_, &QLineEdit::returnPressed, this, &CancelPanel::send);
    connect(childrenOnly_, &QCheckBox::toggled, this, [this] {
        previewDue_ = 0;
        refresh();
    });
    connect(&workspace_, &Workspace::updated, this, [this] {
        // The number of jobs is the same here as in the tree, however soon the rest is looked at again.
        const std::int64_t now = observe::monotonicNow();
        const bool otherSize = workspace_.rows().subtreeSize(workspace_.tree().find(job_)) != size_;
        if (isVisible() && (now >= previewDue_ || (otherSize && now >= soonest_)))
            refresh();
    });
}

void CancelPanel::ask(JobId job) {
    job_ = job;
    childrenOnly_->setChecked(false);
    reason_->clear();
    previewDue_ = 0;
    refresh();
    reason_->setFocus();
}

QString CancelPanel::buttonText() const {
    return go_->text();
}

void CancelPanel::refresh() {
    const std::int64_t begin = observe::monotonicNow();
    const Node node = workspace_.tree().find(job_);
    size_ = workspace_.rows().subtreeSize(node);
    if (node == noNode) {
        title_->setText(tr("This job has ended"));
        numbers_->hide();
        outside_->hide();
        problem_->setText(tr("There is nothing left to cancel."));
        problem_->show();
        go_->setEnabled(false);
        return;
    }
    const observe::JobRow& row = workspace_.tree().row(node);
    const bool leaf = workspace_.tree().childCount(node) == 0;
    childrenOnly_->setVisible(!leaf);
    const bool below = childrenOnly_->isChecked() && !leaf;
    const observe::CancelPreview preview = observe::previewCancel(workspace_.tree(), node, below);
    const QString name = workspace_.labels().name(row);
    heading_->setText(leaf ? tr("Cancel one job") : tr("Cancel a subtree"));
    if (leaf)
        title_->setText(workspace_.labels().fullName(row));
    else if (below)
        title_->setText(tr("%1 below %2").arg(jobsText(preview.jobs), name));
    else
        title_->setText(tr("%1 and %2 below it").arg(name, jobsText(preview.jobs - 1)));
    const std::uint64_t counts[5] = {preview.suspended, preview.running, preview.shielded,
                                     preview.alreadyCancelling, preview.waiting};
    for (std::size_t i = 0; i < std::size(counts); ++i) {
        counts_[i]->setText(countText(counts[i]));
        lines_[i]->setVisible(counts[i] > 0);
    }
    numbers_->show();
    const std::size_t waiting = preview.waitedForByOutsiders.size();
    outside_->setVisible(waiting > 0);
    if (waiting > 0) {
        outsideTitle_->setText(waiting == 1 ? tr("1 job outside waits for a result from here")
                                            : tr("%1 jobs outside wait for results from here").arg(waiting));
        QStringList names;
        for (std::size_t i = 0; i < std::min<std::size_t>(waiting, 5); ++i) {
            const Node other = workspace_.tree().find(preview.waitedForByOutsiders[i]);
            if (other != noNode)
                names << workspace_.labels().fullName(workspace_.tree().row(other));
        }
        if (waiting > 5)
            names << tr("and %1 more").arg(waiting - 5);
        outsideNames_->setText(names.join(QLatin1Char('\n')));
    }
    const QString problem = workspace_.cancelProblem();
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    go_->setText(tr("Cancel %1").arg(jobsText(preview.jobs)));
    go_->setEnabled(problem.isEmpty() && preview.jobs > 0);
    const std::int64_t cost = observe::monotonicNow() - begin;
    soonest_ = begin + (cost > longest ? 100 * cost : 20 * cost);
    previewDue_ = std::max(soonest_, begin + 500'000'000);
}

void CancelPanel::send() {
    if (!go_->isEnabled())
        return;
    const Node node = workspace_.tree().find(job_);
    if (node == noNode) {
        refresh();
        return;
    }
    const bool leaf = workspace_.tree().childCount(node) == 0;
    workspace_.cancel(job_, childrenOnly_->isChecked() && !leaf, reason_->text().trimmed());
    emit closed();
}

void CancelPanel::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape)
        emit closed();
    else
        QWidget::keyPressEvent(event);
}

} // namespace coroscope::app
