// SPDX-License-Identifier: Apache-2.0
#include "widgets/DetailsPanel.h"

#include "model/Conditions.h"
#include "model/Format.h"
#include "model/JobPast.h"
#include "program/Editor.h"
#include "program/Log.h"
#include "theme/Icons.h"
#include "widgets/ButtonRow.h"
#include "widgets/CancelList.h"
#include "widgets/CancelPanel.h"
#include "widgets/Cards.h"
#include "widgets/GroupDetails.h"
#include "widgets/PageStack.h"
#include "widgets/SourceExcerpt.h"

#include <coroscope/observe/Groups.h>

#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

/// Named of those who wait for the selected job.
constexpr qsizetype mostWaiters = 8;
/// Shown of a native stack; the report has all of it.
constexpr std::size_t mostFrames = 24;
/// Looked at with each update, for how many of them are in which state: some tenths of a millisecond.
constexpr std::size_t childrenEachTime = 2'048;

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString actionLink(const QString& target, const QString& text) {
    const Tokens& t = Theme::tokens();
    return QStringLiteral("<a href=\"%1\" style=\"color:%2;text-decoration:none\">%3</a>")
        .arg(target.toHtmlEscaped(), Theme::readable(t, t.accent, t.panel).name(), text.toHtmlEscaped());
}

QString linkTo(JobId id, const QString& text) {
    return actionLink(QString::number(id.value), nameText(text));
}

QString filterLink(const QString& condition, const QString& text) {
    return actionLink(QStringLiteral("filter:") + condition, text);
}

QString dimText(const QString& text) {
    return QStringLiteral("<span style=\"color:%1\">%2</span>")
        .arg(Theme::tokens().dim.name(), text.toHtmlEscaped());
}

QLabel* wrapped(const QString& text, QWidget* parent) {
    auto* label = new WrappedLabel(text, parent);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::LinksAccessibleByMouse |
                                   Qt::LinksAccessibleByKeyboard);
    return label;
}

void addFrame(QFrame* into, const observe::SiteText& site, bool strong) {
    into->layout()->addWidget(new ElidedLabel(QString::fromStdString(site.shortFunction()),
                                              QString::fromStdString(site.shortText()), into, strong));
}

void addCallStack(QFrame* into, const observe::CallStackText& stack) {
    const std::size_t shown = std::min(stack.frames.size(), mostFrames);
    for (std::size_t i = 0; i < shown; ++i)
        addFrame(into, stack.frames[i], i == 0);
    if (shown < stack.frames.size())
        into->layout()->addWidget(
            dimLabel(DetailsPanel::tr("and %1 more callers").arg(stack.frames.size() - shown), into));
    else if (stack.cut > 0)
        into->layout()->addWidget(dimLabel(DetailsPanel::tr("and more callers"), into));
    if (!stack.note.empty()) {
        QLabel* note = dimLabel(QString::fromStdString(stack.note), into);
        note->setWordWrap(true);
        into->layout()->addWidget(note);
    }
}

/// "0.12 ms": pauses are short.
QString pauseText(std::int64_t nanoseconds) {
    return DetailsPanel::tr("%1 ms").arg(static_cast<double>(nanoseconds) / 1e6, 0, 'f', 2);
}

} // namespace

DetailsPanel::DetailsPanel(Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , workspace_(workspace)
    , pages_(new PageStack)
    , job_(new QWidget) {
    setObjectName(QStringLiteral("sidePage"));
    setMinimumWidth(260);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    QScrollArea* const scroll = scroll_ = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    outer->addWidget(scroll);
    auto* content = new QWidget(scroll);
    content->setObjectName(QStringLiteral("sidePage"));
    scroll->setWidget(content);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(12, 4, 12, 12);
    column->setSpacing(12);
    column_ = column;
    latestCancel_ = new CancelList(workspace_, CancelList::Part::Latest, content);
    column->addWidget(latestCancel_);
    column->addWidget(pages_);

    nothing_ = new QWidget;
    auto* nothingLayout = new QVBoxLayout(nothing_);
    nothingLayout->setContentsMargins(0, 8, 0, 0);
    QLabel* hint = dimLabel(
        tr("Select a job to see where it waits, where it was created and what is wrong with it."), nothing_);
    hint->setWordWrap(true);
    nothingLayout->addWidget(hint);
    nothingLayout->addStretch(1);

    auto* layout = new QVBoxLayout(job_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(10);
    auto* head = new QVBoxLayout;
    head->setSpacing(5);
    auto* top = new QHBoxLayout;
    name_ = wrapped(QString(), job_);
    name_->setObjectName(QStringLiteral("detailsName"));
    name_->setTextFormat(Qt::PlainText);
    name_->setFont(Theme::title());
    number_ = dimLabel(QString(), job_);
    number_->setFont(Theme::mono());
    top->addWidget(name_, 1);
    top->addWidget(number_, 0, Qt::AlignTop);
    head->addLayout(top);
    path_ = wrapped(QString(), job_);
    path_->setProperty("dim", true);
    path_->setTextFormat(Qt::RichText);
    connect(path_, &QLabel::linkActivated, this,
            [this](const QString& id) { emit jobClicked(JobId{id.toULongLong()}); });
    head->addWidget(path_);
    auto* stateLine = new QHBoxLayout;
    stateLine->setSpacing(7);
    icon_ = new IconLabel(QStringLiteral("state-plain"), StateLook::Plain, job_);
    state_ = new WrappedLabel(QString(), job_);
    state_->setObjectName(QStringLiteral("detailsState"));
    facts_ = new WrappedLabel(QString(), job_);
    facts_->setProperty("dim", true);
    facts_->setTextFormat(Qt::PlainText);
    stateLine->addWidget(icon_, 0, Qt::AlignTop);
    stateLine->addWidget(state_, 1);
    sampleButton_ = new QPushButton(tr("Sample thread"), job_);
    sampleButton_->setObjectName(QStringLiteral("detailsSample"));
    sampleButton_->setToolTip(
        tr("Stops the thread that runs this job for a fraction of a millisecond and shows "
           "its native stack."));
    stateLine->addWidget(sampleButton_);
    head->addLayout(stateLine);
    head->addWidget(facts_);
    layout->addLayout(head);
    findings_ = new QVBoxLayout;
    findings_->setSpacing(10);
    layout->addLayout(findings_);
    auto* buttons = new ButtonRow(job_);
    cancelButton_ = new QPushButton(job_);
    cancelButton_->setObjectName(QStringLiteral("detailsCancel"));
    cancelButton_->setProperty("danger", true);
    copyButton_ = new QPushButton(tr("Copy report"), job_);
    buttons->add(cancelButton_);
    buttons->add(copyButton_);
    layout->addWidget(buttons);
    sample_ = new QVBoxLayout;
    sample_->setSpacing(10);
    layout->addLayout(sample_);
    places_ = new QVBoxLayout;
    places_->setSpacing(10);
    layout->addLayout(places_);
    relations_ = new QVBoxLayout;
    relations_->setSpacing(10);
    layout->addLayout(relations_);
    creation_ = new QVBoxLayout;
    creation_->setSpacing(10);
    layout->addLayout(creation_);
    layout->addStretch(1);

    cancel_ = new CancelPanel(workspace_);
    pages_->addPage(nothing_);
    pages_->addPage(job_);
    group_ = new GroupDetails(workspace_);
    connect(group_, &GroupDetails::jobClicked, this, &DetailsPanel::jobClicked);
    connect(group_, &GroupDetails::filterRequested, this, &DetailsPanel::filterRequested);
    pages_->addPage(group_);
    pages_->addPage(cancel_);

    earlierCancels_ = new CancelList(workspace_, CancelList::Part::Earlier, content);
    column->addWidget(earlierCancels_);
    column->addStretch(1);

    connect(cancelButton_, &QPushButton::clicked, this, [this] {
        if (workspace_.selected())
            askCancel(workspace_.selected()->id);
    });
    connect(copyButton_, &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(report()); });
    connect(sampleButton_, &QPushButton::clicked, this, [this] {
        if (workspace_.selected())
            workspace_.sampleThread(workspace_.selected()->id);
    });
    connect(&workspace_, &Workspace::samplingChanged, this, &DetailsPanel::refresh);
    connect(&workspace_, &Workspace::callStackKnown, this, &DetailsPanel::refresh);
    connect(cancel_, &CancelPanel::closed, this, [this] {
        showPage(pageOfSelection());
        emit questionClosed();
        // How it goes on is said at the top. The keyboard, which left the question, may have scrolled.
        scroll_->verticalScrollBar()->setValue(0);
    });
    connect(&workspace_, &Workspace::selectionChanged, this, &DetailsPanel::rebuild);
    connect(&workspace_, &Workspace::findingsChanged, this, &DetailsPanel::refresh);
    connect(&workspace_, &Workspace::stateChanged, this, &DetailsPanel::refresh);
    connect(&workspace_, &Workspace::detailsDue, this, [this] {
        if (!isVisible())
            return;
        refresh();
        latestCancel_->refresh();
        earlierCancels_->refresh();
    });
    connect(&workspace_, &Workspace::updated, this, [this] {
        if (isVisible())
            children_.step(workspace_.tree(), childrenEachTime);
    });
    rebuild();
}

void DetailsPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void DetailsPanel::askCancel(JobId job) {
    if (workspace_.tree().find(job) == noNode)
        return;
    showPage(cancel_);
    cancel_->ask(job);
}

void DetailsPanel::askCancelMatching() {
    showPage(cancel_);
    cancel_->askMatching();
}

std::optional<observe::JobRow> DetailsPanel::row() const {
    if (const Node node = workspace_.selectedNode(); node != noNode)
        return workspace_.tree().row(node);
    return workspace_.selected() ? std::optional(workspace_.selected()->row) : std::nullopt;
}

QString DetailsPanel::link(JobId id) const {
    const Node node = workspace_.tree().find(id);
    return node == noNode ? tr("a job that has ended").toHtmlEscaped()
                          : linkTo(id, workspace_.labels().fullName(workspace_.tree().row(node)));
}

observe::WaitText DetailsPanel::selectedWait() const {
    const observe::Dictionary* const dictionary = workspace_.labels().dictionary();
    const std::optional<observe::JobRow> job = row();
    if (dictionary == nullptr || !job || !job->id)
        return {};
    const std::optional<observe::EndedJob>& ended = workspace_.selected()->ended;
    return observe::describeWait(workspace_.tree(), *job, *dictionary, ended ? ended->at : workspace_.now());
}

QStringList DetailsPanel::waitersLinked() const {
    QStringList lines;
    const observe::WaiterSearch& waiters = workspace_.waiters();
    for (const JobId id : waiters.waiters()) {
        if (workspace_.tree().find(id) == noNode)
            continue;
        if (lines.size() == mostWaiters) {
            lines << tr("and %1 more").arg(countText(waiters.count() - mostWaiters));
            break;
        }
        lines << link(id);
    }
    return lines;
}

/// A question stands above how other cancels go on: they grow and shrink, and its buttons must not move.
void DetailsPanel::showPage(QWidget* page) {
    pages_->setCurrentPage(page);
    const bool asking = page == cancel_;
    if ((column_->indexOf(latestCancel_) < column_->indexOf(pages_)) != asking)
        return;
    column_->removeWidget(latestCancel_);
    column_->insertWidget(asking ? 1 : 0, latestCancel_);
}

QWidget* DetailsPanel::pageOfSelection() const {
    if (workspace_.selected())
        return job_;
    return workspace_.selectedGroup() != noNode ? group_ : nothing_;
}

void DetailsPanel::rebuild() {
    // One that has ended had its sources where they were.
    if (const observe::SourceInfo& info = workspace_.info(); !info.live || !info.via.empty())
        sources_.setProgram({});
    else if (const QString program = QFile::symLinkTarget(QStringLiteral("/proc/%1/exe").arg(info.pid));
             !program.isEmpty())
        sources_.setProgram(program);
    wholePast_ = false;
    findingsKey_ = placesKey_ = relationsKey_ = sampleKey_ = QStringLiteral("?");
    const bool asking = pages_->currentPage() == cancel_;
    if (!asking || !workspace_.selected() || workspace_.selected()->id != cancel_->job())
        showPage(pageOfSelection());
    refresh();
}

void DetailsPanel::refresh() {
    group_->refresh();
    const std::optional<observe::JobRow> job = row();
    if (!job)
        return;
    const SelectedJob& selected = *workspace_.selected();
    const Labels& labels = workspace_.labels();
    const Tokens& t = Theme::tokens();
    // Of one that came and went unseen there is only how it ended.
    const QString name = job->id ? labels.name(*job) : tr("Unknown job");
    name_->setText(nameText(name));
    name_->setToolTip(name == name_->text() ? QString() : name);
    number_->setText(job->id && job->number != 0 ? QStringLiteral("#%1").arg(job->number) : QString());
    QString path = job->id ? fromView(coroscope::name(job->kind)).toHtmlEscaped() : QString();
    for (std::size_t i = selected.path.size(); i-- > 0;) {
        // A deep place is told by its ends.
        if (selected.path.size() > 12 && i == selected.path.size() - 7) {
            path += QStringLiteral(" ‹ …");
            i = 5;
            continue;
        }
        path += (i + 1 == selected.path.size() ? tr(" in ") : QStringLiteral(" ‹ ")) +
                linkTo(selected.path[i].first, selected.path[i].second);
    }
    if (path_->text() != path)
        path_->setText(path);

    const bool ended = selected.ended.has_value();
    const StateLook look =
        ended ? lookOf(selected.ended->finalState, Execution::None) : lookOf(job->state, job->execution);
    icon_->setState(look);
    QString state =
        ended ? fromView(coroscope::name(selected.ended->finalState)) : stateText(job->state, job->execution);
    const std::int64_t now = ended ? selected.ended->at : workspace_.now();
    if (ended)
        state = tr("%1, ended %2").arg(state, clockText(selected.endedWallClock));
    else if (const auto time = job->timeInState(now))
        state += QLatin1Char(' ') + durationText(*time);
    state_->setText(state);
    QPalette palette = state_->palette();
    palette.setColor(QPalette::WindowText, Theme::readable(t, Theme::stateColour(t, look), t.panel));
    state_->setPalette(palette);
    QStringList facts;
    if (const auto age = job->age(now); job->id && age)
        facts << (ended ? tr("lived %1") : tr("age %1")).arg(durationText(*age));
    if (const QString& dispatcher = labels.dispatcher(job->context); !dispatcher.isEmpty())
        facts << dispatcher;
    if (job->id && workspace_.info().format.empty()) // others do not count it
        facts << (job->resumes == 1 ? tr("resumed once")
                                    : tr("resumed %1 times").arg(countText(job->resumes)));
    const Node node = workspace_.selectedNode();
    if (const std::uint32_t alike = node == noNode ? 0 : workspace_.rows().folded(node); alike > 0)
        facts << tr("one of %1 alike").arg(countText(alike));
    facts_->setText(facts.join(QStringLiteral("  ·  ")));
    facts_->setVisible(!facts.isEmpty());

    const std::uint32_t jobs =
        ended ? 0 : std::max(1u, workspace_.rows().subtreeSize(workspace_.selectedNode()));
    cancelButton_->setText(ended ? tr("Cancel") : tr("Cancel %1…").arg(jobsText(jobs)));
    const QString problem = workspace_.cancelProblem();
    cancelButton_->setEnabled(!ended && problem.isEmpty());
    cancelButton_->setToolTip(problem);
    cancelButton_->setAccessibleDescription(problem);
    const auto& sampling = workspace_.sampling();
    sampleButton_->setVisible(!ended && job->execution == Execution::Running &&
                              workspace_.state() == Workspace::State::Live);
    sampleButton_->setEnabled(!sampling || !sampling->going);
    fillFindings();
    fillSample();
    fillPlaces();
    fillRelations();
}

void DetailsPanel::fillFindings() {
    const auto& indices = workspace_.findings().of(workspace_.selected()->id);
    QString key = Theme::dark() ? QStringLiteral("d") : QStringLiteral("l");
    for (const std::uint32_t index : indices) {
        const observe::Finding& finding = workspace_.findings().all()[index];
        key += QString::fromStdString(finding.title + finding.advice);
    }
    if (!workspace_.selected()->failure.isEmpty())
        key += workspace_.selected()->failure;
    if (key == findingsKey_) {
        // Only times go on: new words in the old places, so that a text being read or copied stays.
        for (std::size_t i = 0; i < std::min(evidence_.size(), indices.size()); ++i)
            evidence_[i]->setText(QString::fromStdString(workspace_.findings().all()[indices[i]].evidence));
        return;
    }
    findingsKey_ = key;
    evidence_.clear();
    clearLayout(findings_);
    const Tokens& t = Theme::tokens();
    if (const QString& failure = workspace_.selected()->failure; !failure.isEmpty()) {
        QFrame* frame = card(job_, QStringLiteral("provenCard"));
        frame->layout()->addWidget(dimLabel(tr("Failed with"), frame));
        QLabel* text = wrapped(failure, frame);
        text->setTextFormat(Qt::PlainText);
        text->setFont(Theme::mono());
        frame->layout()->addWidget(text);
        findings_->addWidget(frame);
    }
    for (const std::uint32_t index : indices) {
        const observe::Finding& finding = workspace_.findings().all()[index];
        const bool proven = finding.confidence == observe::Confidence::Proven;
        QFrame* frame = card(job_, proven ? QStringLiteral("provenCard") : QStringLiteral("suspectedCard"));
        const QColor colour = Theme::readable(t, proven ? t.failed : t.cancelling, t.background);
        QLabel* title = wrapped(QStringLiteral("<span style=\"color:%1;font-weight:600\">%2</span> <span "
                                               "style=\"color:%3\">%4</span>")
                                    .arg(colour.name(), QString::fromStdString(finding.title).toHtmlEscaped(),
                                         t.dim.name(), fromView(observe::name(finding.confidence))),
                                frame);
        frame->layout()->addWidget(title);
        QLabel* evidence = wrapped(QString::fromStdString(finding.evidence), frame);
        evidence->setTextFormat(Qt::PlainText);
        evidence_.push_back(evidence);
        frame->layout()->addWidget(evidence);
        QLabel* advice = wrapped(QString::fromStdString(finding.advice), frame);
        advice->setTextFormat(Qt::PlainText);
        advice->setProperty("dim", true);
        frame->layout()->addWidget(advice);
        findings_->addWidget(frame);
    }
}

void DetailsPanel::fillSample() {
    const auto& sampling = workspace_.sampling();
    const bool mine = sampling && sampling->job == workspace_.selected()->id;
    const QString key = !mine ? QString()
                              : QStringLiteral("%1 %2 %3")
                                    .arg(sampling->going)
                                    .arg(sampling->sample ? sampling->sample->pausedFor : 0)
                                    .arg(sampling->problem);
    if (key == sampleKey_)
        return;
    sampleKey_ = key;
    clearLayout(sample_);
    if (!mine)
        return;
    QFrame* frame = card(job_);
    if (sampling->going) {
        frame->layout()->addWidget(dimLabel(tr("Looking at the thread…"), frame));
    } else if (!sampling->sample) {
        QLabel* problem = wrapped(sampling->problem, frame);
        problem->setObjectName(QStringLiteral("sampleProblem"));
        problem->setTextFormat(Qt::PlainText);
        frame->layout()->addWidget(problem);
    } else {
        const observe::ThreadSample& sample = *sampling->sample;
        QLabel* head = dimLabel(tr("Thread %1 (%2) at %3 · paused %4")
                                    .arg(QString::fromStdString(sample.threadName))
                                    .arg(sample.tid)
                                    .arg(clockText(sample.wallClock), pauseText(sample.pausedFor)),
                                frame);
        head->setObjectName(QStringLiteral("sampleHead"));
        head->setWordWrap(true);
        frame->layout()->addWidget(head);
        addCallStack(frame, sample.stack);
    }
    sample_->addWidget(frame);
}

void DetailsPanel::fillPlaces() {
    const std::optional<observe::JobRow> job = row();
    const bool ended = workspace_.selected()->ended.has_value();
    const bool suspended = job->execution == Execution::Suspended;
    // Another program's dump may know where a running job is, too.
    const bool placed = suspended || !workspace_.info().format.empty();
    const observe::CallStackText* const creation = workspace_.callStack(job->creationStack);
    const QString key = QStringLiteral("%1 %2 %3 %4 %5 %6")
                            .arg(placed ? job->suspendedAt : 0)
                            .arg(job->site)
                            .arg(ended)
                            .arg(static_cast<int>(job->waitKind))
                            .arg(job->creationStack)
                            .arg(creation != nullptr);
    if (key == placesKey_)
        return;
    placesKey_ = key;
    clearLayout(places_);
    clearLayout(creation_);
    const observe::StackText stack =
        placed ? workspace_.labels().frames(job->suspendedAt) : observe::StackText{};
    if (!stack.frames.empty()) {
        QFrame* frame = card(job_);
        const QString wait = waitText(*job);
        QString title = ended ? tr("Last suspended at") : suspended ? tr("Suspended at") : tr("Stands at");
        if (!wait.isEmpty())
            title += QStringLiteral(" · ") + wait;
        frame->layout()->addWidget(dimLabel(title, frame));
        // Whose code it is comes first; what that has called of libraries stands above it.
        const std::size_t own = observe::ownFrame(stack);
        for (std::size_t i = 0; i < stack.frames.size(); ++i) {
            addFrame(frame, stack.frames[i], i == own);
            if (i == own)
                addExcerpt(frame, stack.frames[i]);
        }
        if (stack.cut > 0)
            frame->layout()->addWidget(dimLabel(tr("and %1 more callers").arg(stack.cut), frame));
        places_->addWidget(frame);
    }
    if (const observe::SiteText site = workspace_.labels().place(job->site); site.known()) {
        QFrame* frame = card(job_);
        frame->layout()->addWidget(dimLabel(tr("Created at"), frame));
        addFrame(frame, site, false);
        addExcerpt(frame, site);
        places_->addWidget(frame);
    }
    if (job->creationStack != 0) {
        QFrame* frame = card(job_);
        frame->layout()->addWidget(dimLabel(tr("Created by"), frame));
        if (creation)
            addCallStack(frame, *creation);
        else
            frame->layout()->addWidget(dimLabel(tr("Reading debug information…"), frame));
        creation_->addWidget(frame);
    }
}

/// The line, where its file is on this machine.
void DetailsPanel::addExcerpt(QFrame* into, const observe::SiteText& site) {
    if (!site.known())
        return;
    const Sources::Excerpt& excerpt = sources_.around(QString::fromStdString(site.file), site.line);
    if (excerpt.lines.isEmpty())
        return;
    auto* lines = new SourceExcerpt(excerpt, site.line, into);
    connect(lines, &SourceExcerpt::opened, this, [file = excerpt.file, line = site.line] {
        if (!editor::open(file, line))
            logWarning(tr("The editor could not be started with: %1").arg(editor::command()));
    });
    into->layout()->addWidget(lines);
}

void DetailsPanel::forgetSources() {
    sources_.forget();
    placesKey_ = QStringLiteral("?");
    refresh();
}

void DetailsPanel::linkClicked(const QString& link) {
    if (link.startsWith(QLatin1String("filter:"))) {
        emit filterRequested(link.mid(7));
    } else if (link == QLatin1String("past")) {
        wholePast_ = !wholePast_;
        refresh();
    } else {
        emit jobClicked(JobId{link.toULongLong()});
    }
}

/// "12 suspended, 3 running", each a filter.
QString DetailsPanel::childrenByState() {
    const Node node = workspace_.selectedNode();
    const observe::JobTree& tree = workspace_.tree();
    if (node == noNode || tree.childCount(node) == 0)
        return {};
    const bool goesOn = children_.counting();
    children_.start(tree, tree.row(node).id);
    if (!goesOn || children_.counts().empty())
        children_.step(tree, childrenEachTime);
    QStringList parts;
    for (const ChildStates::Count& count : children_.counts())
        parts << filterLink(QStringLiteral("parent:#%1 %2")
                                .arg(tree.row(node).number)
                                .arg(stateCondition(count.state, count.execution)),
                            countText(count.jobs) + QLatin1Char(' ') +
                                stateText(count.state, count.execution).toLower());
    if (children_.partial())
        parts << tr("and more; still counting");
    return parts.join(QStringLiteral("<br>"));
}

/// Filters for the others that are like it in something.
QString DetailsPanel::sameAs() const {
    if (workspace_.selectedNode() == noNode)
        return {};
    QStringList parts;
    for (const Condition& condition : conditionsOf(*row(), workspace_))
        parts << filterLink(condition.filter, condition.filter);
    return parts.join(QStringLiteral("<br>"));
}

/// What it did, the latest first; the title says from when on.
std::pair<QString, QString> DetailsPanel::history() const {
    constexpr std::size_t fewLines = 8;
    const JobPast past = pastOfSelected(workspace_);
    if (past.lines.size() < 2)
        return {};
    const std::size_t shown = wholePast_ ? past.lines.size() : std::min(past.lines.size(), fewLines);
    QStringList lines;
    for (std::size_t i = 0; i < shown; ++i) {
        const PastLine& line = past.lines[i];
        // Times in a column of their own, so that what goes over the end of a line stays beside them.
        QString text = line.text.toHtmlEscaped();
        if (!line.place.isEmpty())
            text += QStringLiteral(" ") + dimText(line.place);
        lines << QStringLiteral("<tr><td style=\"padding-right:8px\">%1</td><td>%2</td></tr>")
                     .arg(dimText(line.clock), line.incident ? QStringLiteral("<b>%1</b>").arg(text) : text);
    }
    const QString table =
        QStringLiteral("<table cellspacing=\"0\" cellpadding=\"0\">%1</table>").arg(lines.join(QString()));
    lines.clear();
    if (past.lines.size() > fewLines)
        lines << actionLink(QStringLiteral("past"),
                            wholePast_ ? tr("show fewer")
                                       : tr("and %1 earlier").arg(past.lines.size() - fewLines));
    if (!past.limit.isEmpty())
        lines << dimText(past.limit);
    return {past.title, table + lines.join(QStringLiteral("<br>"))};
}

void DetailsPanel::fillRelations() {
    const std::optional<observe::JobRow> job = row();
    std::vector<std::pair<QString, QString>> facts; // label, rich text
    if (const observe::WaitText wait = selectedWait(); !wait.empty()) {
        const QString before = QString::fromStdString(wait.before).toHtmlEscaped();
        const bool gone = wait.job && workspace_.tree().find(wait.job) == noNode;
        // "the end of its scope", of which there is nothing left to go to.
        const QString whom = !wait.job                             ? QString()
                             : gone && !before.endsWith(tr("of ")) ? tr("(it has ended)")
                                                                   : link(wait.job);
        facts.emplace_back(workspace_.selected()->ended ? tr("Waited for") : tr("Waits for"),
                           before + whom + QString::fromStdString(wait.after).toHtmlEscaped());
    }
    if (const QStringList waiters = waitersLinked(); !waiters.isEmpty())
        facts.emplace_back(tr("Waited for by"), waiters.join(QStringLiteral("<br>")));
    if (job->launcher && job->launcher != job->parent)
        facts.emplace_back(tr("Launched by"), link(job->launcher));
    if (const QString children = childrenByState(); !children.isEmpty())
        facts.emplace_back(tr("Children"), children);
    const observe::ContextText context = workspace_.labels().context(job->context);
    if (!context.elements.empty())
        facts.emplace_back(tr("Context"), QString::fromStdString(context.elements).toHtmlEscaped());
    QStringList marks;
    if ((job->flags & JobFlags::launchedInGlobalScope) != 0)
        marks << tr("launched in GlobalScope");
    if ((job->flags & JobFlags::parentFromContext) != 0)
        marks << tr("given a Job of its own at launch");
    if ((job->flags & JobFlags::supervisor) != 0)
        marks << tr("supervisor");
    if ((job->flags & JobFlags::shielded) != 0)
        marks << (workspace_.selected()->ended ? tr("in NonCancellable when it was last seen")
                                               : tr("in NonCancellable now"));
    if ((job->flags & JobFlags::cancelledByObserver) != 0)
        marks << tr("cancelled by an observer");
    if ((job->flags & JobFlags::lazyStart) != 0)
        marks << tr("started lazily");
    if ((job->flags & JobFlags::ownsScope) != 0)
        marks << tr("of a scope of its own");
    if ((job->flags & JobFlags::swallowedCancellation) != 0)
        marks << tr("has swallowed its cancellation");
    if (auto past = history(); !past.second.isEmpty())
        facts.push_back(std::move(past));
    if (const QString same = sameAs(); !same.isEmpty())
        facts.emplace_back(tr("Show only those with the same"), same);
    if (!marks.isEmpty())
        facts.emplace_back(tr("Marks"), marks.join(QStringLiteral(", ")).toHtmlEscaped());
    QString key;
    for (const auto& [label, text] : facts)
        key += label + text;
    if (key == relationsKey_)
        return;
    // A countdown changes its text only; everything else makes the card anew.
    const bool hadCard = relations_->count() > 0 && relationsKey_ != QLatin1String("?");
    if (hadCard) {
        QFrame* frame = qobject_cast<QFrame*>(relations_->itemAt(0)->widget());
        const auto labels = frame->findChildren<QLabel*>(QString(), Qt::FindDirectChildrenOnly);
        if (labels.size() == static_cast<qsizetype>(facts.size() * 2)) {
            for (std::size_t i = 0; i < facts.size(); ++i) {
                labels[static_cast<qsizetype>(i * 2)]->setText(facts[i].first);
                labels[static_cast<qsizetype>(i * 2 + 1)]->setText(facts[i].second);
            }
            relationsKey_ = key;
            return;
        }
    }
    relationsKey_ = key;
    clearLayout(relations_);
    if (facts.empty())
        return;
    QFrame* frame = card(job_);
    for (const auto& [label, text] : facts) {
        frame->layout()->addWidget(dimLabel(label, frame));
        QLabel* value = wrapped(text, frame);
        value->setTextFormat(Qt::RichText);
        connect(value, &QLabel::linkActivated, this, &DetailsPanel::linkClicked);
        frame->layout()->addWidget(value);
    }
    relations_->addWidget(frame);
}

QString DetailsPanel::report() const {
    const std::optional<observe::JobRow> job = row();
    if (!job)
        return {};
    const SelectedJob& selected = *workspace_.selected();
    const Labels& labels = workspace_.labels();
    QStringList lines;
    lines << labels.fullName(*job)
          << tr("in %1 (pid %2)")
                 .arg(QString::fromStdString(workspace_.info().program))
                 .arg(workspace_.info().pid);
    QStringList path;
    for (const auto& [id, name] : selected.path)
        path << name;
    if (!path.isEmpty())
        lines << tr("path: %1").arg(path.join(QStringLiteral(" > ")));
    lines << tr("state: %1").arg(state_->text()) << tr("facts: %1").arg(facts_->text());
    if (!selected.failure.isEmpty())
        lines << tr("failed with: %1").arg(selected.failure);
    for (const std::uint32_t index : workspace_.findings().of(selected.id)) {
        const observe::Finding& finding = workspace_.findings().all()[index];
        lines << tr("finding: %1 (%2, %3)")
                     .arg(QString::fromStdString(finding.title), fromView(finding.rule),
                          fromView(observe::name(finding.confidence)))
              << QStringLiteral("    ") + QString::fromStdString(finding.evidence)
              << QStringLiteral("    ") + QString::fromStdString(finding.advice);
    }
    const auto place = [](const observe::SiteText& site) {
        return QStringLiteral("    %1  %2:%3")
            .arg(QString::fromStdString(site.shortFunction()), QString::fromStdString(site.file))
            .arg(site.line);
    };
    const observe::Dictionary* const dictionary = labels.dictionary();
    if (const observe::WaitText wait = selectedWait(); !wait.empty() && dictionary != nullptr)
        lines << tr("waits for: %1").arg(QString::fromStdString(wait.plain(workspace_.tree(), *dictionary)));
    for (const JobId waiter : workspace_.waiters().waiters())
        if (const Node node = workspace_.tree().find(waiter); node != noNode)
            lines << tr("waited for by: %1").arg(labels.fullName(workspace_.tree().row(node)));
    if (job->execution == Execution::Suspended) {
        lines << tr("suspended at:");
        for (const observe::SiteText& frame : labels.frames(job->suspendedAt).frames)
            lines << place(frame);
    }
    if (const observe::SiteText site = labels.place(job->site); site.known())
        lines << tr("created at:") << place(site);
    if (const observe::CallStackText* const stack = workspace_.callStack(job->creationStack)) {
        lines << tr("created by:");
        for (const observe::SiteText& frame : stack->frames)
            lines << place(frame);
    }
    if (const auto& sampling = workspace_.sampling();
        sampling && sampling->job == selected.id && sampling->sample) {
        lines << tr("its thread at %1, paused %2:")
                     .arg(clockText(sampling->sample->wallClock), pauseText(sampling->sample->pausedFor));
        for (const observe::SiteText& frame : sampling->sample->stack.frames)
            lines << place(frame);
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

} // namespace coroscope::app
