// SPDX-License-Identifier: Apache-2.0
#include "widgets/CancelPanel.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "widgets/ButtonRow.h"
#include "widgets/Cards.h"
#include "widgets/PopupMenu.h"

#include <QAction>
#include <QCheckBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QResizeEvent>
#include <QSettings>
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
    {StateLook::Suspended, QT_TRANSLATE_NOOP("coroscope::app::CancelPanel", "suspended, stop at once")},
    {StateLook::Running,
     QT_TRANSLATE_NOOP("coroscope::app::CancelPanel", "running or queued, stop at their next suspension")},
    {StateLook::Queued,
     QT_TRANSLATE_NOOP("coroscope::app::CancelPanel", "in NonCancellable, finish that first")},
    {StateLook::Cancelling, QT_TRANSLATE_NOOP("coroscope::app::CancelPanel", "already cancelling")},
    {StateLook::WaitsForChildren,
     QT_TRANSLATE_NOOP("coroscope::app::CancelPanel", "wait for children or have no code")},
};
constexpr int shieldedLine = 2;
constexpr std::uint64_t mostNamed = 5;
constexpr qsizetype mostReasons = 10;
constexpr char reasonsKey[] = "cancel/reasons";
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
    heading_->setWordWrap(true);
    title_ = new QLabel(this);
    title_->setFont(Theme::title());
    title_->setWordWrap(true);
    title_->setTextFormat(Qt::PlainText);
    auto* top = new QVBoxLayout;
    top->setSpacing(2);
    top->addWidget(heading_);
    top->addWidget(title_);
    layout->addLayout(top);

    preview_ = new QWidget(this);
    auto* previewLayout = new QVBoxLayout(preview_);
    previewLayout->setContentsMargins(0, 0, 0, 0);
    previewLayout->setSpacing(layout->spacing());
    numbers_ = card(preview_);
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
    shielded_ = new QLabel(numbers_);
    shielded_->setObjectName(QStringLiteral("cancelShielded"));
    shielded_->setFont(Theme::mono());
    shielded_->setWordWrap(true);
    shielded_->setTextFormat(Qt::PlainText);
    shielded_->setIndent(24);
    numberLayout->insertWidget(shieldedLine + 1, shielded_);
    previewLayout->addWidget(numbers_);

    outside_ = card(preview_, QStringLiteral("suspectedCard"));
    outsideTitle_ = new QLabel(outside_);
    QFont bold = Theme::text();
    bold.setWeight(QFont::DemiBold);
    outsideTitle_->setFont(bold);
    outsideTitle_->setWordWrap(true);
    outsideNames_ = new QLabel(outside_);
    outsideNames_->setObjectName(QStringLiteral("cancelOutside"));
    outsideNames_->setFont(Theme::mono());
    outsideNames_->setWordWrap(true);
    outsideNames_->setTextFormat(Qt::PlainText);
    outside_->layout()->addWidget(outsideTitle_);
    outside_->layout()->addWidget(outsideNames_);
    QLabel* see = dimLabel(tr("They will see a CancellationException."), outside_);
    see->setWordWrap(true);
    outside_->layout()->addWidget(see);
    previewLayout->addWidget(outside_);
    previewLayout->addStretch(1);
    layout->addWidget(preview_);

    QFrame* reasonCard = card(this);
    QLabel* reasonLabel = dimLabel(tr("Reason, kept in the log and in the exception’s message"), reasonCard);
    reasonLabel->setWordWrap(true);
    reason_ = new QLineEdit(reasonCard);
    reason_->setObjectName(QStringLiteral("cancelReason"));
    reason_->setMaxLength(200);
    reason_->setPlaceholderText(tr("why, for whoever reads it later"));
    reason_->setAccessibleName(tr("Reason"));
    reasonLabel->setBuddy(reason_);
    reasons_ =
        reason_->addAction(icon(QStringLiteral("history"), Theme::tokens().dim), QLineEdit::TrailingPosition);
    reasons_->setText(tr("Earlier reasons"));
    reasons_->setToolTip(tr("Earlier reasons (Down)"));
    connect(reasons_, &QAction::triggered, this, &CancelPanel::showReasons);
    reason_->installEventFilter(this);
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

    auto* buttons = new ButtonRow(this);
    go_ = new QPushButton(this);
    go_->setObjectName(QStringLiteral("cancelGo"));
    go_->setProperty("danger", true);
    keep_ = new QPushButton(tr("Keep running"), this);
    keep_->setObjectName(QStringLiteral("cancelKeep"));
    buttons->add(go_);
    buttons->add(keep_);
    layout->addWidget(buttons);
    layout->addStretch(1);

    connect(go_, &QPushButton::clicked, this, &CancelPanel::send);
    connect(keep_, &QPushButton::clicked, this, &CancelPanel::closed);
    connect(reason_, &QLineEdit::returnPressed, this, &CancelPanel::send);
    connect(childrenOnly_, &QCheckBox::toggled, this, [this] {
        previewDue_ = 0;
        refresh();
    });
    connect(&workspace_, &Workspace::stateChanged, this, [this] {
        if (isVisible())
            refresh();
    });
    connect(&workspace_, &Workspace::searchChanged, this, [this] {
        if (isVisible() && matching_ && observe::monotonicNow() >= soonest_)
            refresh();
    });
    connect(&workspace_, &Workspace::updated, this, [this] {
        // The number of jobs is the same here as in the tree, however soon the rest is looked at again.
        const std::int64_t now = observe::monotonicNow();
        const bool otherSize =
            !matching_ && workspace_.rows().subtreeSize(workspace_.tree().find(job_)) != size_;
        if (isVisible() && (now >= previewDue_ || (otherSize && now >= soonest_)))
            refresh();
    });
}

void CancelPanel::ask(JobId job) {
    job_ = job;
    matching_ = false;
    begin();
}

void CancelPanel::askMatching() {
    job_ = {};
    matching_ = true;
    begin();
}

void CancelPanel::begin() {
    childrenOnly_->setChecked(false);
    reason_->clear();
    reasons_->setVisible(!QSettings().value(QLatin1String(reasonsKey)).toStringList().isEmpty());
    previewDue_ = 0;
    preview_->setMinimumHeight(0);
    refresh();
    reason_->setFocus();
}

QString CancelPanel::buttonText() const {
    return go_->text();
}

void CancelPanel::refresh() {
    const std::int64_t begin = observe::monotonicNow();
    if (matching_) {
        refreshMatching();
    } else {
        const Node node = workspace_.tree().find(job_);
        size_ = workspace_.rows().subtreeSize(node);
        if (node == noNode) {
            nothingLeft(tr("This job has ended"));
            return;
        }
        const observe::JobRow& row = workspace_.tree().row(node);
        const bool leaf = workspace_.tree().childCount(node) == 0;
        childrenOnly_->setVisible(!leaf);
        const bool below = childrenOnly_->isChecked() && !leaf;
        const observe::CancelPreview preview = observe::previewCancel(workspace_.tree(), node, below);
        const QString name = nameText(workspace_.labels().name(row));
        heading_->setText(leaf ? tr("Cancel one job") : tr("Cancel a subtree"));
        if (leaf)
            title_->setText(nameText(workspace_.labels().fullName(row)));
        else if (below)
            title_->setText(tr("%1 below %2").arg(jobsText(preview.jobs), name));
        else
            title_->setText(tr("%1 and %2 below it").arg(name, jobsText(preview.jobs - 1)));
        show(preview);
    }
    const std::int64_t cost = observe::monotonicNow() - begin;
    soonest_ = begin + (cost > longest ? 100 * cost : 20 * cost);
    previewDue_ = std::max(soonest_, begin + 500'000'000);
}

void CancelPanel::refreshMatching() {
    const TreeRows& rows = workspace_.rows();
    const observe::JobTree& tree = workspace_.tree();
    childrenOnly_->hide();
    tops_.clear();
    words_ = workspace_.search();
    heading_->setText(tr("Cancel all that match “%1”").arg(words_));
    if (rows.searching()) {
        go_->setEnabled(false); // until all have been looked at
        return;
    }
    std::vector<Node> tops;
    if (rows.filtered())
        tops = observe::topMost(tree, [&](Node node) { return rows.matched(node); });
    if (tops.empty()) {
        nothingLeft(tr("No job matches"));
        return;
    }
    for (const Node top : tops)
        tops_.push_back(tree.row(top).id);
    const observe::CancelPreview preview = observe::previewCancel(tree, tops, false);
    if (tops.size() == 1)
        title_->setText(preview.jobs == 1
                            ? nameText(workspace_.labels().fullName(tree.row(tops.front())))
                            : tr("%1 and %2 below it")
                                  .arg(nameText(workspace_.labels().name(tree.row(tops.front()))),
                                       jobsText(preview.jobs - 1)));
    else if (preview.jobs == tops.size())
        title_->setText(jobsText(preview.jobs));
    else
        title_->setText(
            tr("%1 and %2 below them").arg(jobsText(tops.size()), countText(preview.jobs - tops.size())));
    show(preview);
}

void CancelPanel::nothingLeft(const QString& title) {
    title_->setText(title);
    numbers_->hide();
    outside_->hide();
    problem_->setText(tr("There is nothing left to cancel."));
    problem_->show();
    go_->setEnabled(false);
}

void CancelPanel::nameJobs(QLabel* label, const std::vector<JobId>& jobs, std::uint64_t count) const {
    QStringList names;
    const std::uint64_t named = std::min({count, mostNamed, static_cast<std::uint64_t>(jobs.size())});
    for (std::uint64_t i = 0; i < named; ++i) {
        const Node node = workspace_.tree().find(jobs[i]);
        if (node != noNode)
            names << workspace_.labels().fullName(workspace_.tree().row(node));
    }
    if (count > named)
        names << tr("and %1 more").arg(countText(count - named));
    label->setText(names.join(QLatin1Char('\n')));
    label->setVisible(!names.isEmpty());
}

void CancelPanel::show(const observe::CancelPreview& preview) {
    const std::uint64_t counts[5] = {preview.suspended, preview.running, preview.shielded,
                                     preview.alreadyCancelling, preview.waiting};
    for (std::size_t i = 0; i < std::size(counts); ++i) {
        counts_[i]->setText(countText(counts[i]));
        lines_[i]->setVisible(counts[i] > 0);
    }
    nameJobs(shielded_, preview.shieldedJobs, preview.shielded);
    numbers_->show();
    outside_->setVisible(preview.outsiders > 0);
    outsideTitle_->setText(
        preview.outsiders == 1
            ? tr("1 job outside waits for one of these")
            : tr("%1 jobs outside wait for some of these").arg(countText(preview.outsiders)));
    nameJobs(outsideNames_, preview.waitedForByOutsiders, preview.outsiders);
    const QString problem = workspace_.cancelProblem();
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    go_->setText(tr("Cancel %1").arg(jobsText(preview.jobs)));
    go_->setEnabled(problem.isEmpty() && preview.jobs > 0);
    go_->setToolTip(problem);
    go_->setAccessibleDescription(problem);
    keepRoom();
}

/// What is named comes and goes with the program. The buttons below must not move away under the pointer, so
/// the room that was once needed stays.
void CancelPanel::keepRoom() {
    if (!isVisible())
        return;
    QLayout* const layout = preview_->layout();
    layout->invalidate();
    preview_->setMinimumHeight(
        std::max(preview_->minimumHeight(), layout->totalHeightForWidth(preview_->width())));
}

void CancelPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    if (event->size().width() == event->oldSize().width())
        return;
    preview_->setMinimumHeight(0); // lines wrap elsewhere now
    keepRoom();
}

void CancelPanel::send() {
    if (!go_->isEnabled())
        return;
    const QString reason = reason_->text().trimmed();
    if (matching_) {
        if (tops_.empty())
            return;
        workspace_.cancelAll(tops_,
                             tops_.size() == 1 ? title_->text()
                                               : tr("%1 matching “%2”").arg(countText(tops_.size()), words_),
                             reason);
    } else {
        const Node node = workspace_.tree().find(job_);
        if (node == noNode) {
            refresh();
            return;
        }
        const bool leaf = workspace_.tree().childCount(node) == 0;
        workspace_.cancel(job_, childrenOnly_->isChecked() && !leaf, reason);
    }
    remember(reason);
    emit closed();
}

void CancelPanel::remember(const QString& reason) {
    if (reason.isEmpty())
        return;
    QStringList reasons = QSettings().value(QLatin1String(reasonsKey)).toStringList();
    reasons.removeAll(reason);
    reasons.prepend(reason);
    QSettings().setValue(QLatin1String(reasonsKey), reasons.mid(0, mostReasons));
}

/// Chosen, not sent: the last word is always the button's, or Enter's in the field.
void CancelPanel::showReasons() {
    const QStringList reasons = QSettings().value(QLatin1String(reasonsKey)).toStringList();
    if (reasons.isEmpty())
        return;
    auto* menu = new PopupMenu(this, tr("Earlier reasons"));
    menu->setObjectName(QStringLiteral("cancelReasons"));
    for (const QString& reason : reasons) {
        QString shown = reason;
        menu->addAction(shown.replace(QLatin1Char('&'), QLatin1String("&&")), this, [this, reason] {
            reason_->setText(reason);
            reason_->setFocus();
        });
    }
    menu->setActiveAction(menu->actions().first());
    menu->popup(reason_->mapToGlobal(QPoint(0, reason_->height())));
}

bool CancelPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched == reason_ && event->type() == QEvent::KeyPress &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Down) {
        showReasons();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void CancelPanel::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape)
        emit closed();
    else
        QWidget::keyPressEvent(event);
}

} // namespace coroscope::app
