// SPDX-License-Identifier: Apache-2.0
#include "widgets/MainWindow.h"

#include "model/Format.h"
#include "program/Log.h"
#include "theme/Icons.h"
#include "theme/SystemAppearance.h"
#include "widgets/AttachDialog.h"
#include "widgets/Banner.h"
#include "widgets/DetailsPanel.h"
#include "widgets/DockTitle.h"
#include "widgets/EmptyState.h"
#include "widgets/FindingsPanel.h"
#include "widgets/JobTreeView.h"
#include "widgets/StatusBar.h"
#include "widgets/TargetsPanel.h"
#include "widgets/Toolbar.h"

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QScreen>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// A program that has just been started needs a moment until it can be attached to.
constexpr int sampleAttempts = 40;
constexpr int sampleRetryMilliseconds = 150;
} // namespace

MainWindow::MainWindow(ThemeChoice theme, const SystemAppearance* appearance, QWidget* parent)
    : QMainWindow(parent)
    , theme_(theme)
    , appearance_(appearance) {
    setWindowTitle(QStringLiteral("Coroscope"));
    setWindowIcon(icon(QStringLiteral("coroscope"), Theme::tokens().accent, 32));
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);

    toolbar_ = new Toolbar(workspace_, this);
    setMenuWidget(toolbar_);
    pages_ = new QStackedWidget(this);
    empty_ = new EmptyState(pages_);
    empty_->setSampleFound(Sample::found());
    treePage_ = new QWidget(pages_);
    treePage_->setObjectName(QStringLiteral("page"));
    auto* layout = new QVBoxLayout(treePage_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    banner_ = new Banner(treePage_);
    tree_ = new JobTreeView(workspace_, treePage_);
    layout->addWidget(banner_);
    layout->addWidget(tree_, 1);
    pages_->addWidget(empty_);
    pages_->addWidget(treePage_);
    setCentralWidget(pages_);

    targetsPanel_ = new TargetsPanel(targets_, workspace_, this);
    details_ = new DetailsPanel(workspace_, this);
    findings_ = new FindingsPanel(workspace_, this);
    targetsDock_ = dock(QStringLiteral("targetsDock"), tr("Running"), targetsPanel_, Qt::LeftDockWidgetArea);
    detailsDock_ = dock(QStringLiteral("detailsDock"), tr("Details"), details_, Qt::RightDockWidgetArea);
    findingsDock_ = dock(QStringLiteral("findingsDock"), tr("Findings"), findings_, Qt::BottomDockWidgetArea);
    status_ = new StatusBar(workspace_, this);
    setStatusBar(status_);
    buildMenu();
    connectAll();

    const QSettings settings;
    resize(settings.value(QStringLiteral("window/size"), QSize(1440, 900)).toSize());
    laidOut_ = restoreState(settings.value(QStringLiteral("window/state")).toByteArray());
    targets_.start();
    stateChanged();
}

MainWindow::~MainWindow() {
    workspace_.disconnect(this);
}

QDockWidget* MainWindow::dock(const QString& name, const QString& title, QWidget* content,
                              Qt::DockWidgetArea area) {
    auto* made = new QDockWidget(title, this);
    made->setObjectName(name);
    made->setTitleBarWidget(new DockTitle(made));
    made->setWidget(content);
    addDockWidget(area, made);
    return made;
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (laidOut_)
        return;
    laidOut_ = true;
    const int side = width() < 1400 ? 320 : measure::details;
    resizeDocks({targetsDock_, detailsDock_}, {width() < 1400 ? 188 : measure::targets, side},
                Qt::Horizontal);
    resizeDocks({findingsDock_}, {std::clamp(height() / 5, 120, 220)}, Qt::Vertical);
}

void MainWindow::buildMenu() {
    QMenu* menu = toolbar_->menu();
    int key = Qt::Key_1;
    for (QDockWidget* panel : {targetsDock_, detailsDock_, findingsDock_}) {
        QAction* action = panel->toggleViewAction();
        action->setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(key++)));
        menu->addAction(action);
        addAction(action);
    }
    menu->addAction(tr("Restore the layout"), this, [this] {
        for (QDockWidget* panel : {targetsDock_, detailsDock_, findingsDock_}) {
            panel->setFloating(false);
            panel->show();
        }
        addDockWidget(Qt::LeftDockWidgetArea, targetsDock_);
        addDockWidget(Qt::RightDockWidgetArea, detailsDock_);
        addDockWidget(Qt::BottomDockWidgetArea, findingsDock_);
        resizeDocks({targetsDock_, detailsDock_}, {measure::targets, measure::details}, Qt::Horizontal);
        resizeDocks({findingsDock_}, {180}, Qt::Vertical);
    });
    menu->addSeparator();
    auto* themes = new QActionGroup(this);
    const std::pair<ThemeChoice, QString> choices[] = {{ThemeChoice::Light, tr("Light")},
                                                       {ThemeChoice::Dark, tr("Dark")},
                                                       {ThemeChoice::Auto, tr("As the system")}};
    for (const auto& [choice, text] : choices) {
        QAction* action = menu->addAction(text);
        action->setCheckable(true);
        action->setChecked(choice == theme_);
        themes->addAction(action);
        connect(action, &QAction::triggered, this, [this, chosen = choice] { changeTheme(chosen); });
    }
    menu->addSeparator();
    menu->addAction(tr("Start the sample program"), this, &MainWindow::startSample)
        ->setEnabled(Sample::found());
    QAction* quit = menu->addAction(tr("Quit"), this, &QWidget::close);
    quit->setShortcut(QKeySequence::Quit);
    addAction(quit);
}

void MainWindow::connectAll() {
    const auto shortcut = [this](const QKeySequence& keys, auto action) {
        connect(new QShortcut(keys, this), &QShortcut::activated, this, action);
    };
    shortcut(QKeySequence(Qt::CTRL | Qt::Key_O), [this] { askAttach(); });
    shortcut(QKeySequence(Qt::CTRL | Qt::Key_F), [this] {
        toolbar_->search()->setFocus();
        toolbar_->search()->selectAll();
    });
    connect(toolbar_, &Toolbar::attachRequested, this, &MainWindow::askAttach);
    connect(toolbar_, &Toolbar::cancelRequested, this, [this] {
        if (workspace_.selected())
            askCancel(workspace_.selected()->id);
    });
    connect(toolbar_, &Toolbar::leaveSearch, tree_, qOverload<>(&QWidget::setFocus));
    connect(empty_, &EmptyState::attachRequested, this, &MainWindow::askAttach);
    connect(empty_, &EmptyState::sampleRequested, this, &MainWindow::startSample);
    connect(targetsPanel_, &TargetsPanel::attachRequested, this, &MainWindow::attach);
    connect(tree_, &JobTreeView::cancelRequested, this, &MainWindow::askCancel);
    connect(tree_, &JobTreeView::copyRequested, this, [this] {
        if (workspace_.selected())
            QApplication::clipboard()->setText(details_->report());
    });
    connect(details_, &DetailsPanel::jobClicked, this, &MainWindow::goTo);
    connect(details_, &DetailsPanel::questionClosed, tree_, qOverload<>(&QWidget::setFocus));
    connect(findings_, &FindingsPanel::jobClicked, this, &MainWindow::goTo);
    connect(status_, &StatusBar::findingsClicked, this, &MainWindow::showFindings);
    if (appearance_ != nullptr)
        connect(appearance_, &SystemAppearance::changed, this, [this] {
            if (theme_ == ThemeChoice::Auto)
                applyTheme();
        });
    connect(banner_, &Banner::actionClicked, this, [this] {
        if (returned_ > 0)
            attach(returned_);
        else {
            problem_.clear();
            stateChanged();
        }
    });
    connect(&workspace_, &Workspace::stateChanged, this, &MainWindow::stateChanged);
    connect(&workspace_, &Workspace::findingsChanged, this, [this] {
        const std::size_t count = workspace_.findings().all().size();
        if (auto* title = qobject_cast<DockTitle*>(findingsDock_->titleBarWidget()))
            title->setText(count == 0 ? tr("Findings") : tr("Findings %1").arg(count));
    });
    connect(&workspace_, &Workspace::searchChanged, this, [this] {
        // What was selected comes back into sight when the filter goes.
        if (workspace_.search().isEmpty() && workspace_.selectedNode() != noNode)
            tree_->show(workspace_.selectedNode());
    });
    connect(&workspace_, &Workspace::updated, this, [this] {
        if (!wantedName_.isEmpty())
            trySelectByName();
    });
    connect(&workspace_, &Workspace::attached, this, [this] {
        problem_.clear();
        returned_ = 0;
        sampleAttempts_ = 0;
        empty_->setProblem({});
        logInfo(tr("attached to %1, pid %2")
                    .arg(QString::fromStdString(workspace_.info().program))
                    .arg(workspace_.info().pid));
        tree_->setFocus();
        stateChanged();
    });
    connect(&workspace_, &Workspace::attachFailed, this, [this](int pid, const QString& sentence) {
        if (pid == samplePid_ && sampleAttempts_ > 0 && --sampleAttempts_ > 0) {
            QTimer::singleShot(sampleRetryMilliseconds, this, [this, pid] { workspace_.attach(pid); });
            return;
        }
        logWarning(tr("attaching to pid %1 failed: %2").arg(pid).arg(sentence));
        if (attachDialog_ != nullptr && attachDialog_->isVisible())
            return;
        problem_ = sentence;
        empty_->setProblem(sentence);
        stateChanged();
    });
    connect(&sample_, &Sample::started, this, [this](int pid) {
        samplePid_ = pid;
        sampleAttempts_ = sampleAttempts;
        attach(pid);
    });
    connect(&sample_, &Sample::failed, this, [this](const QString& sentence) {
        logWarning(sentence);
        problem_ = sentence;
        empty_->setProblem(sentence);
        stateChanged();
    });
    connect(&targets_, &Targets::refreshed, this, &MainWindow::offerReturn);
    connect(&workspace_, &Workspace::numbersDue, this, [this] {
        targets_.setJobs(workspace_.info().pid, static_cast<std::int64_t>(workspace_.tree().size()));
    });
}

AttachDialog* MainWindow::attachDialog() const noexcept {
    return attachDialog_.data();
}

void MainWindow::attach(int pid) {
    problem_.clear();
    workspace_.attach(pid);
}

void MainWindow::startSample() {
    sample_.start();
}

void MainWindow::askAttach() {
    if (attachDialog_ == nullptr) {
        attachDialog_ = new AttachDialog(targets_, workspace_, this);
        attachDialog_->setAttribute(Qt::WA_DeleteOnClose);
    }
    attachDialog_->open();
}

void MainWindow::stateChanged() {
    const Workspace::State state = workspace_.state();
    const bool some = state == Workspace::State::Live || state == Workspace::State::Ended;
    pages_->setCurrentWidget(some ? treePage_ : empty_);
    setWindowTitle(some ? tr("%1 (pid %2) - Coroscope")
                              .arg(QString::fromStdString(workspace_.info().program))
                              .arg(workspace_.info().pid)
                        : QStringLiteral("Coroscope"));
    if (state == Workspace::State::Ended) {
        offerReturn();
        return;
    }
    if (!problem_.isEmpty() && some)
        banner_->say(problem_, tr("Dismiss"));
    else if (some && !workspace_.info().followsEvents)
        banner_->say(tr(
            "This program does not answer. What you see is read from its memory; cancelling does not work."));
    else
        banner_->say({});
}

/// A dead target stays on show; when the same program runs again, one click goes there.
void MainWindow::offerReturn() {
    if (workspace_.state() != Workspace::State::Ended)
        return;
    returned_ = 0;
    for (const observe::Target& target : targets_.all()) {
        if (target.program == workspace_.info().program && target.attachable &&
            target.pid != workspace_.info().pid)
            returned_ = target.pid;
    }
    const auto end = workspace_.status().ended;
    QString text = tr("The program has ended.");
    if (end) {
        QString sentence = QString::fromStdString(end->text);
        while (sentence.endsWith(QLatin1Char('.')))
            sentence.chop(1);
        text = tr("Ended %1: %2.").arg(clockText(end->wallClock), sentence);
    }
    if (!problem_.isEmpty())
        text.prepend(problem_ + QLatin1Char(' '));
    if (returned_ > 0)
        banner_->say(text + tr(" It is running again."), tr("Attach to pid %1").arg(returned_));
    else
        banner_->say(text + tr(" Waiting for it to come back."));
}

void MainWindow::goTo(JobId job) {
    const Node node = workspace_.tree().find(job);
    if (node == noNode)
        return;
    // A search that hides the job would make the click do nothing.
    if (workspace_.rows().filtered() && !workspace_.rows().visible(node)) {
        tree_->show(node);
        if (!workspace_.rows().visible(node))
            toolbar_->search()->clear();
    }
    workspace_.select(job);
    tree_->show(node);
}

void MainWindow::askCancel(JobId job) {
    detailsDock_->show();
    detailsDock_->raise();
    details_->askCancel(job);
}

void MainWindow::changeTheme(ThemeChoice choice) {
    theme_ = choice;
    QSettings().setValue(QStringLiteral("theme"), nameOf(choice));
    applyTheme();
}

void MainWindow::applyTheme() {
    Theme::apply(*qobject_cast<QApplication*>(QApplication::instance()), theme_,
                 appearance_ != nullptr && appearance_->dark());
    tree_->viewport()->update();
}

void MainWindow::showFindings() {
    findingsDock_->show();
    findingsDock_->raise();
    findings_->setFocus();
}

void MainWindow::selectByName(const QString& name) {
    wantedName_ = name;
    trySelectByName();
}

void MainWindow::trySelectByName() {
    const observe::JobTree& tree = workspace_.tree();
    for (Node node = 0; node < tree.endNode(); ++node) {
        if (!tree.isLive(node) || workspace_.labels().name(tree.row(node)) != wantedName_)
            continue;
        wantedName_.clear();
        goTo(tree.row(node).id);
        return;
    }
}

void MainWindow::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && !workspace_.search().isEmpty())
        toolbar_->search()->clear();
    else
        QMainWindow::keyPressEvent(event);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    QSettings settings;
    settings.setValue(QStringLiteral("window/size"), size());
    settings.setValue(QStringLiteral("window/state"), saveState());
    tree_->saveColumns();
    workspace_.close();
    QMainWindow::closeEvent(event);
}

} // namespace coroscope::app
