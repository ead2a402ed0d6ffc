// SPDX-License-Identifier: Apache-2.0
#include "widgets/StatusBar.h"

#include "model/Format.h"
#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <QFileInfo>
#include <QPainter>
#include <QToolButton>

namespace coroscope::app {

StatusBar::StatusBar(Workspace& workspace, QWidget* parent)
    : QStatusBar(parent)
    , workspace_(workspace) {
    setSizeGripEnabled(false);
    setFixedHeight(measure::statusBar);
    setContentsMargins(22, 0, 8, 0);
    connection_ = field(QStringLiteral("statusConnection"), 0);
    jobs_ = field(QStringLiteral("statusJobs"), 64);
    events_ = field(QStringLiteral("statusEvents"), 96);
    lost_ = field(QStringLiteral("statusLost"), 0);
    lag_ = field(QStringLiteral("statusLag"), 70);
    cancel_ = field(QStringLiteral("statusCancel"), 0);
    findings_ = new QToolButton(this);
    findings_->setObjectName(QStringLiteral("statusFindings"));
    findings_->setFont(connection_->font());
    findings_->setToolTip(tr("Show the findings"));
    findings_->setFocusPolicy(Qt::TabFocus);
    addPermanentWidget(findings_);
    connect(findings_, &QToolButton::clicked, this, &StatusBar::findingsClicked);
    connect(&workspace_, &Workspace::stateChanged, this, &StatusBar::refresh);
    connect(&workspace_, &Workspace::findingsChanged, this, &StatusBar::refresh);
    connect(&workspace_, &Workspace::cancelsChanged, this, &StatusBar::refresh);
    connect(&workspace_, &Workspace::numbersDue, this, &StatusBar::refresh);
    refresh();
}

QLabel* StatusBar::field(const QString& name, int leastWidth) {
    QLabel* label = dimLabel(QString(), this);
    label->setObjectName(name);
    QFont font = Theme::text();
    font.setPixelSize(12);
    label->setFont(font);
    label->setMinimumWidth(leastWidth);
    label->setContentsMargins(0, 0, 14, 0);
    addWidget(label);
    return label;
}

void StatusBar::refresh() {
    const observe::SessionStatus status = workspace_.status();
    const QString who = programText(workspace_.info());
    const bool some = workspace_.shows();
    // Only what is measured: without events there is no rate and no lag, after the end neither.
    const bool follows = workspace_.contact().followsEvents;
    const bool live = workspace_.state() == Workspace::State::Live;
    jobs_->setVisible(some);
    findings_->setVisible(some);
    for (QLabel* label : {events_, lag_})
        label->setVisible(live && follows);
    lost_->setVisible(some && follows);
    cancel_->setVisible(some && !workspace_.cancels().empty());
    switch (workspace_.state()) {
    case Workspace::State::Empty:
        connection_->setText(tr("not attached"));
        break;
    case Workspace::State::Attaching:
        connection_->setText(!workspace_.openingThrough().isEmpty()
                                 ? tr("attaching through %1…").arg(workspace_.openingThrough())
                             : workspace_.openingFile().isEmpty()
                                 ? tr("attaching to pid %1…").arg(workspace_.attachingPid())
                                 : tr("opening %1…").arg(QFileInfo(workspace_.openingFile()).fileName()));
        break;
    case Workspace::State::File: {
        const observe::SourceInfo& info = workspace_.info();
        QString text = !info.format.empty() ? QString::fromStdString(info.format)
                       : info.redacted      ? tr("redacted dump of %1").arg(who)
                                            : tr("dump of %1").arg(who);
        if (!info.host.empty())
            text += tr(" on %1").arg(QString::fromStdString(info.host));
        if (info.takenWallClock != 0)
            text += tr(" · %1 (%2)").arg(agoText(info.takenWallClock), dateText(info.takenWallClock));
        connection_->setText(text);
        break;
    }
    case Workspace::State::Live:
        connection_->setText((workspace_.contact().stopped ? tr("stopped · %1")
                              : follows                    ? tr("live · %1")
                                                           : tr("not answering, read from memory · %1"))
                                 .arg(who));
        break;
    case Workspace::State::Ended:
        connection_->setText(tr("ended · %1").arg(who));
        break;
    }
    if (some) {
        QString jobs = jobsText(workspace_.tree().size());
        if (status.untracked > 0)
            jobs += tr(" and %1 not recorded").arg(countText(status.untracked));
        jobs_->setText(jobs);
        events_->setText(rateText(status.eventsPerSecond));
        lost_->setText(tr("%1 lost").arg(countText(status.lost)));
        lag_->setText(tr("lag %1 ms").arg(static_cast<int>(status.lagMilliseconds + 0.5)));
        if (!workspace_.cancels().empty()) {
            const observe::CancelProgress& last = workspace_.cancels().back().progress;
            cancel_->setText(last.done() ? tr("cancelled %1").arg(jobsText(last.finished()))
                                         : tr("cancelling, %1 of %2 gone")
                                               .arg(countText(last.finished()), countText(last.requested())));
        }
        findings_->setText(tr("%1 proven · %2 suspected")
                               .arg(workspace_.findings().proven())
                               .arg(workspace_.findings().suspected()));
    }
    setAccessibleName(text());
    update();
}

QString StatusBar::text() const {
    QStringList parts;
    for (const QLabel* label : {connection_, jobs_, events_, lost_, lag_, cancel_}) {
        if (!label->isHidden())
            parts << label->text();
    }
    if (!findings_->isHidden())
        parts << findings_->text();
    return parts.join(QStringLiteral(", "));
}

void StatusBar::paintEvent(QPaintEvent*) {
    const Tokens& t = Theme::tokens();
    QPainter painter(this);
    painter.fillRect(rect(), t.panel);
    painter.fillRect(QRectF(0, 0, width(), 1), t.line);
    QColor point = t.ended;
    if (workspace_.state() == Workspace::State::Live)
        point =
            workspace_.contact().followsEvents && !workspace_.contact().stopped ? t.running : t.cancelling;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(point);
    painter.drawEllipse(QPointF(15, height() / 2.0), 4, 4);
}

} // namespace coroscope::app
