// SPDX-License-Identifier: Apache-2.0
#include "widgets/MainWindow.h"

#include "map/JobCanvas.h"
#include "map/MapPanel.h"
#include "model/Format.h"
#include "model/OpeningText.h"
#include "program/Log.h"
#include "program/Recent.h"
#include "program/Sample.h"
#include "theme/Icons.h"
#include "theme/SystemAppearance.h"
#include "widgets/AboutDialog.h"
#include "widgets/AttachDialog.h"
#include "widgets/Banner.h"
#include "widgets/CommandsPanel.h"
#include "widgets/ComparePanel.h"
#include "widgets/DetailsPanel.h"
#include "widgets/DockTitle.h"
#include "widgets/DropHint.h"
#include "widgets/EmptyState.h"
#include "widgets/EndedPanel.h"
#include "widgets/EnterPresses.h"
#include "widgets/FileDialogs.h"
#include "widgets/FindingsPanel.h"
#include "widgets/FirstHint.h"
#include "widgets/JobTreeView.h"
#include "widgets/KeysDialog.h"
#include "widgets/MomentPanel.h"
#include "widgets/OutputPanel.h"
#include "widgets/PathBar.h"
#include "widgets/SourcesDialog.h"
#include "widgets/StartDialog.h"
#include "widgets/StatusBar.h"
#include "widgets/TargetsPanel.h"
#include "widgets/ThroughDialog.h"
#include "widgets/TimeStrip.h"
#include "widgets/Toolbar.h"
#include "widgets/WindowAccessible.h"

#include <coroscope/observe/Export.h>

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDir>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPointer>
#include <QPushButton>
#include <QResizeEvent>
#include <QScreen>
#include <QScrollBar>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>
#include <QTabBar>
#include <QTimer>
#include <QVBoxLayout>

#include <cstdlib>
#include <tuple>
#include <utility>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// A program that has just been started needs a moment until it can be attached to.
constexpr int startAttempts = 40;
constexpr int startRetryMilliseconds = 150;
constexpr int openingPatience = 1000; ///< ms until it is said that something is being opened
constexpr int progressInterval = 200; ///< ms until it is said anew how far that is

/// The widths of the panels at the sides, as long as nobody has chosen others.
struct Sides {
    int targets, details;
};
Sides sidesFor(int window) {
    if (window < 1100)
        return {172, 280};
    if (window < 1400)
        return {188, 320};
    return {measure::targets, measure::details};
}

QStringList localFiles(const QMimeData& data) {
    QStringList paths;
    for (const QUrl& url : data.urls())
        if (url.isLocalFile())
            paths << url.toLocalFile();
    return paths;
}

/// Files, or a text, which is called so. False where it is neither.
bool openData(MainWindow& window, const QMimeData& data, const QString& name) {
    if (const QStringList paths = localFiles(data); !paths.isEmpty())
        window.openFiles(paths);
    else if (!data.text().trimmed().isEmpty())
        window.workspace().openText(data.text(), name);
    else
        return false;
    return true;
}

void entitle(QDockWidget* dock, const QString& text) {
    if (auto* title = qobject_cast<DockTitle*>(dock->titleBarWidget()))
        title->setText(text);
}
} // namespace

MainWindow::MainWindow(ThemeChoice theme, const SystemAppearance* appearance, QWidget* parent)
    : QMainWindow(parent)
    , theme_(theme)
    , appearance_(appearance) {
    WindowAccessible::install(this);
    new EnterPresses(this);
    setWindowTitle(QStringLiteral("Coroscope"));
    setAcceptDrops(true);
    setWindowIcon(icon(QStringLiteral("coroscope"), Theme::tokens().accent, 32));
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);

    toolbar_ = new Toolbar(workspace_, this);
    setMenuWidget(toolbar_);
    auto* centre = new QWidget(this);
    auto* centreLayout = new QVBoxLayout(centre);
    centreLayout->setContentsMargins(0, 0, 0, 0);
    centreLayout->setSpacing(0);
    openBanner_ = new Banner(QStringLiteral("openBanner"), centre);
    pages_ = new QStackedWidget(centre);
    centreLayout->addWidget(openBanner_);
    centreLayout->addWidget(pages_, 1);
    empty_ = new EmptyState(pages_);
    empty_->setSampleFound(Sample::found());
    treePage_ = new QWidget(pages_);
    treePage_->setObjectName(QStringLiteral("page"));
    auto* layout = new QVBoxLayout(treePage_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    saveBanner_ = new Banner(QStringLiteral("saveBanner"), treePage_);
    saveBanner_->setAccessibleName(tr("Saving"));
    banner_ = new Banner(QStringLiteral("banner"), treePage_);
    views_ = new QStackedWidget(treePage_);
    tree_ = new JobTreeView(workspace_, views_);
    map_ = new MapPanel(workspace_, views_);
    views_->addWidget(tree_);
    views_->addWidget(map_);
    layout->addWidget(saveBanner_);
    layout->addWidget(banner_);
    hint_ = new FirstHint(treePage_);
    layout->addWidget(hint_);
    path_ = new PathBar(workspace_, *tree_, treePage_);
    layout->addWidget(path_);
    connect(views_, &QStackedWidget::currentChanged, this,
            [this] { path_->setVisible(views_->currentWidget() == tree_); });
    layout->addWidget(views_, 1);
    strip_ = new TimeStrip(workspace_, treePage_);
    layout->addWidget(strip_);
    moments_ = new MomentPanel(workspace_, views_);
    pages_->addWidget(empty_);
    pages_->addWidget(treePage_);
    setCentralWidget(centre);

    targetsPanel_ = new TargetsPanel(targets_, workspace_, this);
    details_ = new DetailsPanel(workspace_, this);
    findings_ = new FindingsPanel(workspace_, this);
    targetsDock_ = dock(QStringLiteral("targetsDock"), tr("Running"), targetsPanel_, Qt::LeftDockWidgetArea);
    detailsDock_ = dock(QStringLiteral("detailsDock"), tr("Details"), details_, Qt::RightDockWidgetArea);
    findingsDock_ = dock(QStringLiteral("findingsDock"), tr("Findings"), findings_, Qt::BottomDockWidgetArea);
    ended_ = new EndedPanel(workspace_, this);
    endedDock_ = dock(QStringLiteral("endedDock"), tr("Ended"), ended_, Qt::BottomDockWidgetArea);
    commands_ = new CommandsPanel(workspace_, this);
    commandsDock_ = dock(QStringLiteral("commandsDock"), tr("Commands"), commands_, Qt::BottomDockWidgetArea);
    tabifyDockWidget(findingsDock_, endedDock_);
    tabifyDockWidget(endedDock_, commandsDock_);
    output_ = new OutputPanel(launcher_, this);
    outputDock_ = dock(QStringLiteral("outputDock"), tr("Output"), output_, Qt::BottomDockWidgetArea);
    tabifyDockWidget(commandsDock_, outputDock_);
    outputDock_->hide(); // until something is started
    compare_ = new ComparePanel(workspace_, this);
    compareDock_ = dock(QStringLiteral("compareDock"), tr("Compare"), compare_, Qt::BottomDockWidgetArea);
    tabifyDockWidget(outputDock_, compareDock_);
    compareDock_->hide(); // until something is compared
    findingsDock_->raise();
    status_ = new StatusBar(workspace_, this);
    setStatusBar(status_);
    buildMenu();
    connectAll();
    drop_ = new DropHint(this);

    const QSettings settings;
    resize(settings.value(QStringLiteral("window/size"), QSize(1440, 900)).toSize());
    if (settings.value(QStringLiteral("window/view")) == QStringLiteral("map"))
        setView(ViewSwitch::Map);
    targets_.start();
    stateChanged();
}

MainWindow::~MainWindow() {
    workspace_.disconnect(this);
    // All of them look at the workspace, which as a member would go before them.
    QList<QPointer<QWidget>> children;
    for (QWidget* child : findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly))
        children << child;
    for (const QPointer<QWidget>& child : children)
        delete child;
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

void MainWindow::offerHint() {
    hint_->offer();
}

/// In the order of their keys.
std::vector<QDockWidget*> MainWindow::docks() const {
    return {targetsDock_, detailsDock_, findingsDock_, endedDock_, commandsDock_, outputDock_, compareDock_};
}

/// Tabs of panels come and go; none of them is to draw a line of its own.
void MainWindow::childEvent(QChildEvent* event) {
    QMainWindow::childEvent(event);
    if (auto* tabs = qobject_cast<QTabBar*>(event->child()); tabs != nullptr && event->polished())
        tabs->setDrawBase(false);
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (laidOut_)
        return;
    laidOut_ = true;
    // Not before the window has its size: panels would be fitted into another one.
    const QSettings settings;
    const bool restored = restoreState(settings.value(QStringLiteral("window/state")).toByteArray());
    // They come when there is something in them; before, one of them would lie over the findings.
    for (QDockWidget* panel : {outputDock_, compareDock_})
        panel->hide();
    // Sides that were chosen for a larger window would leave next to nothing for the jobs.
    constexpr int noticed = 100;
    const int before = settings.value(QStringLiteral("window/size")).toSize().width();
    sides_ = {Side{targetsDock_}, Side{detailsDock_}};
    if (restored && before - width() < noticed) {
        const auto [targets, details] = sidesFor(before);
        constexpr int near = 3, roomy = 1000; // in less they had to give way, and nobody chose that
        for (auto [side, usual] : {std::pair(&sides_[0], targets), std::pair(&sides_[1], details)})
            if (const int wide = side->dock->width(); before >= roomy && std::abs(wide - usual) > near)
                side->chosen = wide;
    }
    fitSides();
    if (restored)
        return;
    resizeDocks({findingsDock_}, {std::clamp(height() / 5, 120, 220)}, Qt::Vertical);
}

/// The sides are as wide as they are made for a window of this width, or as somebody has made them: then they
/// only give way where there is no room.
void MainWindow::fitSides() {
    const auto [targets, details] = sidesFor(width());
    for (auto [side, usual] : {std::pair(&sides_[0], targets), std::pair(&sides_[1], details)}) {
        const int wanted = side->chosen.value_or(usual);
        if (side->dock->isVisible() && !side->dock->isFloating() && side->dock->width() != wanted)
            resizeDocks({side->dock}, {wanted}, Qt::Horizontal);
    }
}

/// What is pressed in the window itself is the line between two panels.
bool MainWindow::event(QEvent* event) {
    const bool pressed = event->type() == QEvent::MouseButtonPress;
    const bool released = event->type() == QEvent::MouseButtonRelease;
    if (pressed)
        for (Side& side : sides_)
            side.pressed = side.dock != nullptr ? side.dock->width() : 0;
    const bool done = QMainWindow::event(event);
    if (released)
        QTimer::singleShot(0, this, [this] { // they have their widths then
            for (Side& side : sides_)
                if (side.dock != nullptr && side.dock->width() != side.pressed)
                    side.chosen = side.dock->width();
        });
    return done;
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    if (laidOut_ && event->oldSize().width() != width())
        fitSides();
    drop_->fit();
}

void MainWindow::buildMenu() {
    QMenu* menu = toolbar_->menu();
    const auto file = [&](const QString& text, Qt::Key letter, auto slot) {
        QAction* action = menu->addAction(text, this, slot);
        action->setShortcut(QKeySequence(Qt::CTRL | letter));
        addAction(action);
        return action;
    };
    file(tr("Attach…"), Qt::Key_T, &MainWindow::askAttach);
    QAction* through = menu->addAction(tr("Attach through a command…"), this, [this] { askThrough({}); });
    through->setObjectName(QStringLiteral("attachThrough"));
    through->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T));
    addAction(through);
    file(tr("Start a program…"), Qt::Key_R, &MainWindow::askStart);
    file(tr("Open dump…"), Qt::Key_O, &MainWindow::askOpen);
    file(tr("Open what was copied"), Qt::Key_V, &MainWindow::openCopied);
    QMenu* recent = menu->addMenu(tr("Recent"));
    connect(recent, &QMenu::aboutToShow, this, [this, recent] { fillRecent(*recent); });
    menu->addAction(tr("Start the sample program"), this, &MainWindow::startSample)
        ->setEnabled(Sample::found());
    menu->addSeparator();
    save_ = file(tr("Save dump…"), Qt::Key_S, &MainWindow::askSave);
    export_ = file(tr("Export…"), Qt::Key_E, [this] { askExport({}); });
    export_->setObjectName(QStringLiteral("export"));
    compareMenu_ = menu->addMenu(tr("Compare with"));
    connect(compareMenu_, &QMenu::aboutToShow, this, [this] { fillCompare(*compareMenu_); });
    menu->addAction(tr("Save picture of the map…"), this, [this] {
        if (workspace_.shows())
            setView(ViewSwitch::Map);
        map_->askExport();
    });
    menu->addSeparator();
    detach_ = file(tr("Detach"), Qt::Key_W, [this] { workspace_.closeSession(workspace_.shownKey()); });
    reattach_ = menu->addAction(tr("Attach again by itself after a restart"));
    reattach_->setObjectName(QStringLiteral("reattach"));
    reattach_->setCheckable(true);
    reattach_->setChecked(QSettings().value(QStringLiteral("reattach")).toBool());
    connect(reattach_, &QAction::toggled, this, [this](bool on) {
        QSettings().setValue(QStringLiteral("reattach"), on);
        offerReturn();
    });
    menu->addSeparator();
    for (const auto& [view, text, digit] : {std::tuple{ViewSwitch::Tree, tr("Tree"), Qt::Key_1},
                                            std::tuple{ViewSwitch::Map, tr("Map"), Qt::Key_2}}) {
        QAction* action = menu->addAction(text, this, [this, chosen = view] { setView(chosen); });
        action->setShortcut(QKeySequence(Qt::CTRL | digit));
        addAction(action);
    }
    QAction* strip = menu->addAction(tr("Time strip"), strip_, &TimeStrip::setWanted);
    strip->setObjectName(QStringLiteral("showTimeStrip"));
    strip->setCheckable(true);
    strip->setChecked(strip_->wanted());
    strip->setShortcut(QKeySequence(Qt::ALT | Qt::Key_0));
    connect(strip_, &TimeStrip::wantedChanged, strip, &QAction::setChecked);
    addAction(strip);
    QMenu* panels = menu->addMenu(tr("Panels"));
    int key = Qt::Key_1;
    for (QDockWidget* panel : docks()) {
        QAction* action = panel->toggleViewAction();
        action->setShortcut(QKeySequence(Qt::ALT | static_cast<Qt::Key>(key++)));
        panels->addAction(action);
        addAction(action);
    }
    panels->addSeparator();
    panels->addAction(tr("Restore the layout"), this, [this] {
        for (QDockWidget* panel : docks()) {
            panel->setFloating(false);
            panel->show();
        }
        addDockWidget(Qt::LeftDockWidgetArea, targetsDock_);
        addDockWidget(Qt::RightDockWidgetArea, detailsDock_);
        addDockWidget(Qt::BottomDockWidgetArea, findingsDock_);
        tabifyDockWidget(findingsDock_, endedDock_);
        tabifyDockWidget(endedDock_, commandsDock_);
        tabifyDockWidget(commandsDock_, outputDock_);
        tabifyDockWidget(outputDock_, compareDock_);
        findingsDock_->raise();
        sides_ = {Side{targetsDock_}, Side{detailsDock_}};
        fitSides();
        resizeDocks({findingsDock_}, {180}, Qt::Vertical);
    });
    QMenu* looks = menu->addMenu(tr("Appearance"));
    auto* themes = new QActionGroup(this);
    const std::pair<ThemeChoice, QString> choices[] = {{ThemeChoice::Light, tr("Light")},
                                                       {ThemeChoice::Dark, tr("Dark")},
                                                       {ThemeChoice::Auto, tr("As the system")}};
    for (const auto& [choice, text] : choices) {
        QAction* action = looks->addAction(text);
        action->setCheckable(true);
        action->setChecked(choice == theme_);
        themes->addAction(action);
        connect(action, &QAction::triggered, this, [this, chosen = choice] { changeTheme(chosen); });
    }
    menu->addSeparator();
    menu->addAction(tr("Editor and source files…"), this, [this] {
        auto* dialog = new SourcesDialog(this);
        connect(dialog, &QDialog::accepted, details_, &DetailsPanel::forgetSources);
        dialog->open();
    });
    menu->addSeparator();
    QAction* keys = menu->addAction(tr("Keys"), this, [this] { KeysDialog::open(this); });
    keys->setObjectName(QStringLiteral("showKeys"));
    keys->setShortcut(QKeySequence(Qt::Key_F1));
    addAction(keys);
    menu->addAction(tr("About Coroscope"), this, [this] { AboutDialog::open(this); })
        ->setObjectName(QStringLiteral("showAbout"));
    menu->addSeparator();
    QAction* quit = menu->addAction(tr("Quit"), this, &QWidget::close);
    quit->setShortcut(QKeySequence::Quit);
    addAction(quit);
}

void MainWindow::connectAll() {
    const auto shortcut = [this](const QKeySequence& keys, auto action) {
        connect(new QShortcut(keys, this), &QShortcut::activated, this, action);
    };
    shortcut(QKeySequence(Qt::CTRL | Qt::Key_F), [this] {
        toolbar_->search()->setFocus();
        toolbar_->search()->selectAll();
    });
    shortcut(QKeySequence(Qt::ALT | Qt::Key_Left), [this] { toolbar_->search()->back(); });
    shortcut(QKeySequence(Qt::ALT | Qt::Key_Right), [this] { toolbar_->search()->forward(); });
    shortcut(QKeySequence(Qt::Key_F8), [this] { nextFinding(1); });
    shortcut(QKeySequence(Qt::SHIFT | Qt::Key_F8), [this] { nextFinding(-1); });
    shortcut(QKeySequence(Qt::CTRL | Qt::Key_P), [this] {
        if (workspace_.selectedNode() != noNode)
            tree_->setPinned(workspace_.selected()->id, !tree_->pinned(workspace_.selected()->id));
    });
    shortcut(QKeySequence(Qt::CTRL | Qt::Key_G), [this] { path_->toggleGrouping(); });
    connect(path_, &PathBar::jobClicked, this, &MainWindow::goTo);
    connect(tree_, &JobTreeView::filterRequested, toolbar_->search(), &FilterField::narrow);
    connect(toolbar_, &Toolbar::attachRequested, this, &MainWindow::askAttach);
    connect(toolbar_, &Toolbar::cancelRequested, this, [this] {
        if (workspace_.selected())
            askCancel(workspace_.selected()->id);
    });
    connect(toolbar_, &Toolbar::cancelMatchingRequested, this, &MainWindow::askCancelMatching);
    shortcut(QKeySequence(Qt::SHIFT | Qt::Key_Delete), &MainWindow::askCancelMatching);
    connect(toolbar_, &Toolbar::leaveSearch, this, &MainWindow::focusView);
    connect(&toolbar_->views(), &ViewSwitch::viewChosen, this, &MainWindow::setView);
    connect(map_, &MapPanel::cancelRequested, this, &MainWindow::askCancel);
    connect(map_, &MapPanel::copyRequested, tree_, &JobTreeView::copyRequested);
    connect(map_, &MapPanel::exportRequested, this, &MainWindow::askExport);
    connect(map_, &MapPanel::pictureSaved, this, [this](const QString& sentence, bool done) {
        saveBanner_->setCalm(done);
        saveBanner_->say(sentence, tr("Dismiss"));
    });
    connect(tree_, &JobTreeView::exportRequested, this, &MainWindow::askExport);
    connect(&workspace_, &Workspace::textReady, this,
            [](const QString& text) { QApplication::clipboard()->setText(text); });
    connect(map_, &MapPanel::showInTreeRequested, this, [this] { setView(ViewSwitch::Tree); });
    connect(map_, &MapPanel::filterRequested, toolbar_->search(), &FilterField::narrow);
    connect(empty_, &EmptyState::attachRequested, this, &MainWindow::askAttach);
    connect(empty_, &EmptyState::openRequested, this, &MainWindow::askOpen);
    connect(empty_, &EmptyState::sampleRequested, this, &MainWindow::startSample);
    connect(targetsPanel_, &TargetsPanel::attachRequested, this, &MainWindow::attach);
    connect(tree_, &JobTreeView::cancelRequested, this, &MainWindow::askCancel);
    connect(tree_, &JobTreeView::copyRequested, this, [this] {
        if (workspace_.selected())
            QApplication::clipboard()->setText(details_->report());
    });
    connect(details_, &DetailsPanel::jobClicked, this, &MainWindow::goTo);
    connect(details_, &DetailsPanel::filterRequested, toolbar_->search(), &FilterField::narrow);
    connect(details_, &DetailsPanel::questionClosed, this, &MainWindow::focusView);
    connect(findings_, &FindingsPanel::jobClicked, this, &MainWindow::goTo);
    connect(strip_, &TimeStrip::momentRequested, this,
            [this](std::int64_t moment, std::int64_t from, std::int64_t to) {
                moments_->open(strip_->history(), moment, from, to);
            });
    connect(moments_, &MomentPanel::jobClicked, this, &MainWindow::goTo);
    connect(moments_, &MomentPanel::closed, this, [this] { strip_->setFocus(); });
    connect(compare_, &ComparePanel::groupRequested, this, &MainWindow::showGroup);
    connect(compare_, &ComparePanel::started, this, [this] {
        compareDock_->show();
        compareDock_->raise();
        if (constexpr int some = 200; compareDock_->height() < some)
            resizeDocks({compareDock_}, {some}, Qt::Vertical);
    });
    connect(commands_, &CommandsPanel::jobClicked, this, &MainWindow::goTo);
    connect(commands_, &CommandsPanel::refreshed, this, [this] {
        const QString text =
            commands_->shown() == 0
                ? tr("Commands")
                : tr("Commands %1").arg(countText(static_cast<std::uint64_t>(commands_->shown())));
        entitle(commandsDock_, text);
    });
    connect(status_, &StatusBar::findingsClicked, this, &MainWindow::showFindings);
    if (appearance_ != nullptr)
        connect(appearance_, &SystemAppearance::changed, this, [this] {
            if (theme_ == ThemeChoice::Auto)
                applyTheme();
        });
    connect(banner_, &Banner::actionClicked, this, [this] {
        if (const int next = presentRun(); next != 0)
            workspace_.show(next);
        else if (returned_ > 0)
            attach(returned_);
        else if (workspace_.state() == Workspace::State::Ended && !workspace_.info().via.empty())
            returnThrough();
        else {
            problem_.clear();
            stateChanged();
        }
    });
    connect(saveBanner_, &Banner::actionClicked, &workspace_, &Workspace::dismissSaving);
    connect(&workspace_, &Workspace::savingChanged, this, &MainWindow::savingChanged);
    connect(ended_, &EndedPanel::refreshed, this, &MainWindow::endedChanged);
    connect(&workspace_, &Workspace::stateChanged, this, &MainWindow::stateChanged);
    connect(&workspace_, &Workspace::findingsChanged, this, [this] {
        const std::size_t count = workspace_.findings().all().size();
        entitle(findingsDock_, count == 0 ? tr("Findings") : tr("Findings %1").arg(count));
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
    openingTimer_.setSingleShot(true);
    connect(&openingTimer_, &QTimer::timeout, this, [this] {
        openBanner_->say(openingText(workspace_), tr("Stop"));
        openingTimer_.start(progressInterval);
    });
    connect(openBanner_, &Banner::actionClicked, this, [this] {
        toOpen_.clear();
        startAttempts_ = 0;
        workspace_.stopOpening();
    });
    connect(&workspace_, &Workspace::aboutToSwitch, this, [this] {
        if (workspace_.shownKey() != 0)
            scroll_[workspace_.shownKey()] = tree_->verticalScrollBar()->value();
    });
    connect(&workspace_, &Workspace::switched, this, [this] {
        problem_.clear();
        returned_ = 0;
        toolbar_->search()->setText(workspace_.search());
        if (const auto at = scroll_.constFind(workspace_.shownKey()); at != scroll_.constEnd())
            tree_->verticalScrollBar()->setValue(*at);
        stateChanged();
    });
    connect(&workspace_, &Workspace::attached, this, [this] {
        problem_.clear();
        returned_ = 0;
        startAttempts_ = 0;
        empty_->setProblem({});
        if (!workspace_.info().live && QFileInfo::exists(QFile::decodeName(workspace_.info().file.c_str())))
            rememberFile(QFile::decodeName(workspace_.info().file.c_str()));
        const observe::SourceInfo& info = workspace_.info();
        if (info.live && info.via.empty())
            attachedTo_.insert({info.pid, info.processStart});
        if (!info.via.empty())
            rememberCommand(QString::fromStdString(info.via));
        const QString who = programText(info);
        logInfo(info.live ? tr("attached to %1").arg(who)
                          : tr("opened %1, a dump of %2").arg(QString::fromStdString(info.file), who));
        stateChanged();
        if (!wantedFilter_.isEmpty())
            setFilter(std::exchange(wantedFilter_, {}));
        focusView();
        openNext();
    });
    connect(&workspace_, &Workspace::attachFailed, this, [this](int pid, const QString& sentence) {
        if (pid == startedPid_ && startAttempts_ > 0 && --startAttempts_ > 0 && launcher_.runs(pid)) {
            QTimer::singleShot(startRetryMilliseconds, this, [this, pid] {
                if (startAttempts_ > 0)
                    workspace_.attach(pid);
            });
            return;
        }
        logWarning(tr("attaching to pid %1 failed: %2").arg(pid).arg(sentence));
        if (pid == startedPid_ && startAttempts_ > 0 && !launcher_.runs(pid)) {
            startAttempts_ = 0;
            outputDock_->show();
            outputDock_->raise();
            problem_ = tr("The program ended before it could be attached to. Output has what it said.");
            empty_->setProblem(problem_);
            stateChanged();
            return;
        }
        if (attachDialog_ != nullptr && attachDialog_->isVisible())
            return;
        problem_ = sentence;
        empty_->setProblem(sentence);
        stateChanged();
    });
    connect(&workspace_, &Workspace::throughFailed, this,
            [this](const QString& command, const QString& sentence) {
                logWarning(tr("attaching through %1 failed: %2").arg(command, sentence));
                if (throughDialog_ != nullptr && throughDialog_->isVisible())
                    return;
                problem_ = sentence;
                empty_->setProblem(sentence);
                stateChanged();
            });
    connect(&workspace_, &Workspace::openFailed, this, [this](const QString&, const QString& sentence) {
        logWarning(sentence);
        problem_ = sentence;
        empty_->setProblem(sentence);
        stateChanged();
        openNext();
    });
    connect(&launcher_, &Launcher::started, this, [this](int pid, const QString& program) {
        logInfo(tr("started %1, pid %2").arg(program).arg(pid));
        if (std::exchange(startsSample_, false)) {
            samplePid_ = pid;
        } else {
            outputDock_->show();
            outputDock_->raise();
        }
        if (startDialog_ != nullptr)
            startDialog_->accept();
        startedPid_ = pid;
        startAttempts_ = startAttempts;
        attach(pid);
    });
    connect(&launcher_, &Launcher::failed, this, [this](const QString& sentence) {
        logWarning(sentence);
        startsSample_ = false;
        if (startDialog_ != nullptr && startDialog_->isVisible()) {
            startDialog_->setProblem(sentence);
            return;
        }
        problem_ = sentence;
        empty_->setProblem(sentence);
        stateChanged();
    });
    connect(&targets_, &Targets::refreshed, this, &MainWindow::offerReturn);
    connect(&workspace_, &Workspace::numbersDue, this, [this] {
        if (workspace_.info().live && workspace_.info().via.empty())
            targets_.setJobs(workspace_.info().pid, static_cast<std::int64_t>(workspace_.tree().size()));
    });
}

AttachDialog* MainWindow::attachDialog() const noexcept {
    return attachDialog_.data();
}

/// The job of the finding after, or before, that of the selected job; round the end.
void MainWindow::nextFinding(int step) {
    std::vector<JobId> jobs;
    for (const observe::Finding& finding : workspace_.findings().all())
        if (workspace_.tree().find(finding.job) != noNode &&
            std::find(jobs.begin(), jobs.end(), finding.job) == jobs.end())
            jobs.push_back(finding.job);
    if (jobs.empty())
        return;
    const auto count = static_cast<std::ptrdiff_t>(jobs.size());
    std::ptrdiff_t at = step > 0 ? -1 : 0;
    if (workspace_.selected()) {
        const auto found = std::find(jobs.begin(), jobs.end(), workspace_.selected()->id);
        if (found != jobs.end())
            at = found - jobs.begin();
    }
    goTo(jobs[static_cast<std::size_t>((at + step + count) % count)]);
    tree_->setFocus();
}

void MainWindow::setFilter(const QString& text) {
    if (!workspace_.shows())
        wantedFilter_ = text; // a session comes with an empty one
    toolbar_->search()->setFilter(text);
}

FilterField& MainWindow::filter() const noexcept {
    return *toolbar_->search();
}

void MainWindow::attach(int pid) {
    problem_.clear();
    workspace_.attach(pid);
}

void MainWindow::openFile(const QString& path) {
    problem_.clear();
    workspace_.openFile(path);
}

void MainWindow::openCopied() {
    problem_.clear();
    const QMimeData* const copied = QApplication::clipboard()->mimeData();
    if (copied != nullptr && openData(*this, *copied, tr("what was copied")))
        return;
    problem_ = tr("Nothing was copied that could be a dump.");
    empty_->setProblem(problem_);
    stateChanged();
}

void MainWindow::openFiles(const QStringList& paths) {
    toOpen_ = paths;
    openNext();
}

void MainWindow::openNext() {
    if (!toOpen_.isEmpty())
        openFile(toOpen_.takeFirst());
}

/// Said only when it takes long, so that nothing flickers.
void MainWindow::openingChanged() {
    const bool opening = workspace_.attachingPid() != 0 || !workspace_.openingFile().isEmpty() ||
                         !workspace_.openingThrough().isEmpty();
    if (!opening) {
        openingTimer_.stop();
        openBanner_->say({});
    } else if (!openingTimer_.isActive()) {
        openingTimer_.start(openingPatience);
    }
}

StartDialog* MainWindow::startDialog() const noexcept {
    return startDialog_.data();
}

void MainWindow::askStart() {
    if (startDialog_ == nullptr) {
        startDialog_ = new StartDialog(this);
        startDialog_->setAttribute(Qt::WA_DeleteOnClose);
        connect(startDialog_, &StartDialog::startRequested, this, &MainWindow::start);
    }
    startDialog_->open();
}

void MainWindow::start(const Launch& launch) {
    problem_.clear();
    rememberLaunch(launch);
    launcher_.start(launch);
}

void MainWindow::fillRecent(QMenu& menu) {
    menu.clear();
    const auto plain = [](QString text) { return text.replace(QLatin1Char('&'), QLatin1String("&&")); };
    for (const Launch& launch : recentLaunches())
        menu.addAction(tr("Start %1").arg(plain(launch.command)), this, [this, launch] { start(launch); });
    if (!menu.isEmpty())
        menu.addSeparator();
    for (const QString& path : recentFiles())
        menu.addAction(plain(path), this, [this, path] { openFile(path); });
    if (menu.isEmpty())
        menu.addAction(tr("Nothing yet"))->setEnabled(false);
}

QFileDialog* MainWindow::fileDialog() const noexcept {
    return fileDialog_.data();
}

/// Opens it where the last one was.
void MainWindow::openFileDialog(QFileDialog* dialog) {
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    tidy(*dialog);
    dialog->setDirectory(QSettings().value(QStringLiteral("dumps"), QDir::homePath()).toString());
    fileDialog_ = dialog;
    connect(dialog, &QFileDialog::fileSelected, this, [](const QString& path) {
        QSettings().setValue(QStringLiteral("dumps"), QFileInfo(path).absolutePath());
    });
    dialog->open();
}

void MainWindow::askOpen() {
    if (fileDialog_ != nullptr)
        return;
    auto* dialog = new QFileDialog(this, tr("Open a dump"));
    dialog->setOption(QFileDialog::DontUseNativeDialog);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setNameFilters({tr("Dumps (*.coroscope *.txt *.log *.json *.gz *.zst)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::filesSelected, this, &MainWindow::openFiles);
    openFileDialog(dialog);
}

/// The other open sessions, and any file.
void MainWindow::fillCompare(QMenu& menu) {
    menu.clear();
    for (const Workspace::OpenSession& session : workspace_.sessions()) {
        if (session.shown)
            continue;
        const QString program = QString::fromStdString(session.info.program);
        const QString file = QFileInfo(QString::fromStdString(session.info.file)).fileName();
        menu.addAction(session.info.live ? tr("%1 pid %2").arg(program).arg(session.info.pid) : file, this,
                       [this, key = session.key] { compare_->withSession(key); });
    }
    menu.addSeparator();
    menu.addAction(tr("A dump in a file…"), this, &MainWindow::askCompare);
}

void MainWindow::askCompare() {
    if (fileDialog_ != nullptr || !workspace_.shows())
        return;
    auto* dialog = new QFileDialog(this, tr("Compare with a dump"));
    dialog->setOption(QFileDialog::DontUseNativeDialog);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Dumps (*.coroscope *.txt *.log *.json *.gz *.zst)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, compare_, &ComparePanel::withFile);
    openFileDialog(dialog);
}

void MainWindow::showGroup(int session, observe::GroupBy by, std::uint64_t key) {
    workspace_.show(session);
    if (!workspace_.shows() || workspace_.shownKey() != session)
        return;
    workspace_.setGrouping(by);
    Node group = workspace_.rows().groupOfKey(key);
    if (group != noNode && !workspace_.rows().visible(group))
        toolbar_->search()->clear();
    group = workspace_.rows().groupOfKey(key);
    setView(ViewSwitch::Tree);
    if (group == noNode)
        return;
    tree_->setExpanded(group, true);
    tree_->setCurrent(group);
    tree_->show(group);
}

void MainWindow::askSave() {
    askWhere({}, SaveDialog::Formats::Dump);
}

void MainWindow::askExport(JobId job) {
    const QString last =
        QSettings().value(QStringLiteral("exportFormat"), QStringLiteral("markdown")).toString();
    ExportWish wish;
    wish.format = observe::exportFormatNamed(last.toStdString()).value_or(observe::ExportFormat::Markdown);
    wish.job = job;
    askWhere(wish, SaveDialog::Formats::All);
}

void MainWindow::askWhere(const ExportWish& wish, SaveDialog::Formats formats) {
    if (fileDialog_ != nullptr || !workspace_.shows())
        return;
    auto* dialog = new SaveDialog(workspace_, wish, formats, this);
    connect(dialog, &SaveDialog::chosen, this,
            [this, formats](const QString& path, const ExportWish& chosen) {
                if (formats == SaveDialog::Formats::All) {
                    const std::string_view name = observe::exportFormatInfo(chosen.format).name;
                    QSettings().setValue(QStringLiteral("exportFormat"),
                                         QString::fromUtf8(name.data(), static_cast<int>(name.size())));
                }
                exportTo(path, chosen);
            });
    openFileDialog(dialog);
}

void MainWindow::exportTo(const QString& path, const ExportWish& wish) {
    askToReplace(this, wish.format == observe::ExportFormat::Dump ? tr("Save a dump") : tr("Export the jobs"),
                 path, [this, path, wish] { workspace_.exportTo(path, wish); });
}

void MainWindow::savingChanged() {
    using State = Workspace::Saving::State;
    const auto& saving = workspace_.saving();
    for (QAction* action : {save_, export_})
        action->setEnabled(workspace_.shows() && !(saving && saving->state == State::Going));
    saveBanner_->setCalm(!saving || saving->state != State::Failed);
    if (!saving)
        saveBanner_->say({});
    else if (saving->state == State::Going)
        saveBanner_->say(tr("%1… %2 %")
                             .arg(saving->path.isEmpty() ? tr("Copying") : tr("Saving %1").arg(saving->path))
                             .arg(static_cast<int>(saving->share * 100)),
                         tr("Stop"));
    else
        saveBanner_->say(saving->sentence, tr("Dismiss"));
}

void MainWindow::endedChanged() {
    const observe::EndedJobs& ended = workspace_.endedJobs();
    QString text = tr("Ended");
    if (!workspace_.search().isEmpty())
        text = tr("Ended · %1 found").arg(countText(static_cast<std::uint64_t>(ended_->shown())));
    else if (ended.totalFailures() > 0)
        text = tr("Ended · %1 failed").arg(countText(ended.totalFailures()));
    entitle(endedDock_, text);
    // Who looks for a job that has ended finds it there.
    const QString& search = workspace_.search();
    const bool onlyThere = !search.isEmpty() && workspace_.rows().filtered() &&
                           !workspace_.rows().scanning() && workspace_.rows().matches() == 0 &&
                           ended_->shown() > 0;
    if (onlyThere && search != raisedFor_ && endedDock_->isVisible()) {
        raisedFor_ = search;
        endedDock_->raise();
    }
    if (search.isEmpty())
        raisedFor_.clear();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    // What is dragged out of the window itself, a selected text, is no dump.
    if (event->source() != nullptr)
        return;
    const QStringList paths = localFiles(*event->mimeData());
    if (paths.isEmpty() && event->mimeData()->text().trimmed().isEmpty())
        return;
    event->acceptProposedAction();
    drop_->offer(paths.isEmpty()     ? tr("Drop to open the text as a dump")
                 : paths.size() == 1 ? tr("Drop to open %1").arg(QFileInfo(paths.front()).fileName())
                                     : tr("Drop to open %1 files").arg(paths.size()));
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) {
    drop_->withdraw();
}

void MainWindow::dropEvent(QDropEvent* event) {
    drop_->withdraw();
    problem_.clear();
    if (openData(*this, *event->mimeData(), tr("what was dropped here")))
        event->acceptProposedAction();
}

void MainWindow::startSample() {
    if (samplePid_ != 0 && launcher_.runs(samplePid_)) {
        attach(samplePid_);
        return;
    }
    startsSample_ = true;
    launcher_.start({QLatin1Char('"') + Sample::path() + QLatin1Char('"'), {}, {}});
}

void MainWindow::askAttach() {
    if (attachDialog_ == nullptr) {
        attachDialog_ = new AttachDialog(targets_, workspace_, this);
        attachDialog_->setAttribute(Qt::WA_DeleteOnClose);
        connect(attachDialog_, &AttachDialog::throughRequested, this, [this] { askThrough({}); });
    }
    attachDialog_->open();
}

ThroughDialog* MainWindow::throughDialog() const noexcept {
    return throughDialog_.data();
}

void MainWindow::askThrough(const QString& command) {
    if (throughDialog_ == nullptr) {
        throughDialog_ = new ThroughDialog(workspace_, this);
        throughDialog_->setAttribute(Qt::WA_DeleteOnClose);
    }
    throughDialog_->open();
    if (!command.isEmpty())
        throughDialog_->look(command);
}

void MainWindow::attachThrough(const QString& command, int pid) {
    problem_.clear();
    if (pid > 0)
        workspace_.attachThrough(command, pid);
    else
        askThrough(command);
}

/// If the link alone was lost, to the same program; else whatever runs there now is offered.
void MainWindow::returnThrough() {
    const auto end = workspace_.status().ended;
    attachThrough(QString::fromStdString(workspace_.info().via),
                  end && end->linkLost ? workspace_.info().pid : 0);
}

void MainWindow::stateChanged() {
    const Workspace::State state = workspace_.state();
    const bool some = workspace_.shows();
    const observe::SourceInfo& info = workspace_.info();
    savingChanged();
    openingChanged();
    detach_->setEnabled(some);
    compareMenu_->setEnabled(workspace_.shows());
    detach_->setText(info.live || !some ? tr("Detach") : tr("Close the dump"));
    pages_->setCurrentWidget(some ? treePage_ : empty_);
    const QString title = info.live ? tr("%1 (pid %2) - Coroscope") : tr("Dump of %1 (pid %2) - Coroscope");
    const QString program = QString::fromStdString(info.program);
    if (!some)
        setWindowTitle(QStringLiteral("Coroscope"));
    else if (info.pid == 0)
        setWindowTitle(tr("%1 - Coroscope").arg(QFileInfo(QString::fromStdString(info.file)).fileName()));
    else if (info.via.empty())
        setWindowTitle(title.arg(program).arg(info.pid));
    else
        setWindowTitle(tr("%1 (%2) via %3 - Coroscope")
                           .arg(program, QString::number(info.pid), QString::fromStdString(info.via)));
    if (state == Workspace::State::Ended) {
        offerReturn();
        return;
    }
    QStringList damage;
    for (const std::string& each : info.problems)
        damage << QString::fromStdString(each);
    if (!problem_.isEmpty() && some)
        banner_->say(problem_, tr("Dismiss"));
    else if (state == Workspace::State::File && !damage.isEmpty())
        banner_->say(tr("Not all of this dump could be read."), {}, damage);
    else if (state == Workspace::State::File)
        banner_->say({});
    else if (some && (!workspace_.contact().followsEvents || workspace_.contact().stopped))
        banner_->say(QString::fromStdString(workspace_.contact().problem));
    else
        banner_->say({});
}

/// The session that lives and took the place of the dead one on show; 0 when there is none.
int MainWindow::presentRun() const {
    const int next = workspace_.successorOf(workspace_.shownKey());
    for (const Workspace::OpenSession& session : workspace_.sessions())
        if (session.key == next && session.state == Workspace::State::Live)
            return next;
    return 0;
}

/// A dead target stays on show; when the same program runs again, one click goes there.
void MainWindow::offerReturn() {
    if (workspace_.state() != Workspace::State::Ended)
        return;
    returned_ = 0;
    const bool elsewhere = !workspace_.info().via.empty();
    quint64 start = 0;
    for (const observe::Target& target : targets_.all()) {
        if (!elsewhere && target.program == workspace_.info().program &&
            target.commandLine == workspace_.info().commandLine && target.attachable &&
            (target.pid != workspace_.info().pid || target.processStart != workspace_.info().processStart)) {
            returned_ = target.pid;
            start = target.processStart;
        }
    }
    // Not again and again where it cannot be attached to, and not back from where somebody has left.
    if (returned_ > 0 && reattach_->isChecked() && problem_.isEmpty() && workspace_.attachingPid() == 0 &&
        !attachedTo_.contains({returned_, start}))
        attach(returned_);
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
    if (presentRun() != 0)
        banner_->say(text + tr(" This is the run before; you are attached to the program again."),
                     tr("Go to the present one"));
    else if (elsewhere)
        banner_->say(text, end && end->linkLost ? tr("Attach again") : tr("Look for it there…"));
    else if (returned_ > 0)
        banner_->say(text + tr(" It has been started again."), tr("Attach to pid %1").arg(returned_));
    else
        banner_->say(text + tr(" Waiting for it to come back."));
}

void MainWindow::goTo(JobId job) {
    const Node node = workspace_.tree().find(job);
    if (node == noNode) {
        workspace_.selectEnded(job);
        return;
    }
    // A search that hides the job would make the click do nothing.
    if (workspace_.rows().filtered() && !workspace_.rows().visible(node)) {
        tree_->show(node);
        if (!workspace_.rows().visible(node))
            toolbar_->search()->clear();
    }
    workspace_.select(job);
    tree_->show(node);
    map_->showSelected();
}

void MainWindow::setView(ViewSwitch::View view) {
    toolbar_->views().setView(view);
    views_->setCurrentIndex(view);
    QSettings().setValue(QStringLiteral("window/view"),
                         view == ViewSwitch::Map ? QStringLiteral("map") : QStringLiteral("tree"));
    if (view == ViewSwitch::Map)
        map_->showSelected();
    else if (tree_->current() != noNode)
        tree_->show(tree_->current());
    focusView();
}

void MainWindow::focusView() {
    views_->currentWidget()->setFocus();
}

void MainWindow::askCancel(JobId job) {
    detailsDock_->show();
    detailsDock_->raise();
    details_->askCancel(job);
}

void MainWindow::askCancelMatching() {
    if (!workspace_.rows().filtered())
        return;
    detailsDock_->show();
    detailsDock_->raise();
    details_->askCancelMatching();
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
    const auto hasIt = [&](Node node) {
        return tree.isLive(node) && workspace_.labels().name(tree.row(node)) == wantedName_;
    };
    for (Node node = 0; node < tree.endNode(); ++node) {
        if (!hasIt(node))
            continue;
        // Scopes bear the name of the job that they are in: that one is meant.
        while (tree.parent(node) != noNode && hasIt(tree.parent(node)))
            node = tree.parent(node);
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
    // What is hidden at the next start is not to be the one that lay on top.
    for (const QDockWidget* panel : {outputDock_, compareDock_})
        if (!panel->visibleRegion().isEmpty() && tabifiedDockWidgets(findingsDock_).contains(panel))
            findingsDock_->raise();
    QSettings settings;
    settings.setValue(QStringLiteral("window/size"), size());
    settings.setValue(QStringLiteral("window/state"), saveState());
    tree_->saveColumns();
    workspace_.close();
    QMainWindow::closeEvent(event);
}

} // namespace coroscope::app
