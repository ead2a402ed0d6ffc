// SPDX-License-Identifier: Apache-2.0
// The window: puts the panels together and carries wishes from one to the other.
#pragma once

#include "map/ViewSwitch.h"
#include "model/Targets.h"
#include "model/Workspace.h"
#include "program/Launcher.h"
#include "theme/Theme.h"
#include "widgets/SaveDialog.h"

#include <QHash>
#include <QMainWindow>
#include <QPair>
#include <QPointer>
#include <QSet>

#include <array>
#include <optional>
#include <vector>

class QAction;
class QDockWidget;
class QFileDialog;
class QMenu;
class QStackedWidget;

namespace coroscope::app {

class AttachDialog;
class Banner;
class CommandsPanel;
class ComparePanel;
class DetailsPanel;
class DockTitle;
class EmptyState;
class EndedPanel;
class FilterField;
class FindingsPanel;
class DropHint;
class FirstHint;
class JobTreeView;
class MapPanel;
class MomentPanel;
class OutputPanel;
class StartDialog;
class PathBar;
class StatusBar;
class SystemAppearance;
class TargetsPanel;
class ThroughDialog;
class TimeStrip;
class Toolbar;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// With an `appearance` the window follows the desktop where the theme is Auto.
    explicit MainWindow(ThemeChoice theme, const SystemAppearance* appearance = nullptr,
                        QWidget* parent = nullptr);
    ~MainWindow() override;

    Workspace& workspace() noexcept { return workspace_; }
    JobTreeView& tree() noexcept { return *tree_; }
    MapPanel& map() noexcept { return *map_; }
    /// Shows the jobs as a tree or as a map; remembered.
    void setView(ViewSwitch::View view);
    DetailsPanel& details() noexcept { return *details_; }
    CommandsPanel& commands() noexcept { return *commands_; }
    EndedPanel& ended() noexcept { return *ended_; }
    TimeStrip& strip() noexcept { return *strip_; }
    MomentPanel& moments() noexcept { return *moments_; }
    Banner& banner() noexcept { return *banner_; }
    /// A line on what to do first, for who has not sent it away yet.
    void offerHint();
    Banner& saveBanner() noexcept { return *saveBanner_; }
    AttachDialog* attachDialog() const noexcept;
    /// The one that is open, to choose a dump's name; else null.
    QFileDialog* fileDialog() const noexcept;

    void attach(int pid);
    void startSample();
    /// Selects the first job of this name as soon as there is one.
    void selectByName(const QString& name);
    void setFilter(const QString& text);
    FilterField& filter() const noexcept;
    void askAttach();
    /// Shows the programs at the far end of this command, if there is one, to attach to.
    void askThrough(const QString& command);
    /// Attaches there; without a pid it asks to which program.
    void attachThrough(const QString& command, int pid);
    ThroughDialog* throughDialog() const noexcept;
    void openFile(const QString& path);
    /// One after the other; the last one is on show then.
    void openFiles(const QStringList& paths);
    /// Text on the clipboard, as a dump.
    void openCopied();
    void askOpen();
    void askStart();
    /// Starts a program and attaches to it.
    void start(const Launch& launch);
    ComparePanel& compare() noexcept { return *compare_; }
    OutputPanel& output() noexcept { return *output_; }
    /// Shows while something is being opened for over a second.
    Banner& openBanner() noexcept { return *openBanner_; }
    StartDialog* startDialog() const noexcept;
    void askSave();
    /// In which format and where to; of this job and all below it, or of all jobs.
    void askExport(JobId job);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void childEvent(QChildEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    std::vector<QDockWidget*> docks() const;
    QDockWidget* dock(const QString& name, const QString& title, QWidget* content, Qt::DockWidgetArea area);
    void fitSides();
    void buildMenu();
    void connectAll();
    void stateChanged();
    void offerReturn();
    void returnThrough();
    int presentRun() const;
    void openFileDialog(QFileDialog* dialog);
    void askWhere(const ExportWish& wish, SaveDialog::Formats formats);
    void exportTo(const QString& path, const ExportWish& wish);
    void savingChanged();
    void openingChanged();
    void openNext();
    void fillRecent(QMenu& menu);
    void fillCompare(QMenu& menu);
    void askCompare();
    void showGroup(int session, observe::GroupBy by, std::uint64_t key);
    void endedChanged();
    void goTo(JobId job);
    void askCancel(JobId job);
    void askCancelMatching();
    void focusView();
    void changeTheme(ThemeChoice choice);
    void applyTheme();
    void showFindings();
    void nextFinding(int step);
    void trySelectByName();

    Workspace workspace_;
    Targets targets_;
    Launcher launcher_;
    ThemeChoice theme_;
    const SystemAppearance* appearance_;

    Toolbar* toolbar_;
    QStackedWidget* pages_;
    EmptyState* empty_;
    QWidget* treePage_;
    Banner* banner_;
    Banner* saveBanner_;
    FirstHint* hint_;
    DropHint* drop_ = nullptr;
    /// A panel at a side.
    struct Side {
        QDockWidget* dock = nullptr;
        std::optional<int> chosen = std::nullopt; ///< its width, by somebody who dragged it
        int pressed = 0;                          ///< its width when the pointer was pressed last
    };
    std::array<Side, 2> sides_;
    Banner* openBanner_;
    JobTreeView* tree_;
    MapPanel* map_;
    QStackedWidget* views_;
    PathBar* path_;
    TimeStrip* strip_;
    MomentPanel* moments_;
    TargetsPanel* targetsPanel_;
    DetailsPanel* details_;
    FindingsPanel* findings_;
    EndedPanel* ended_;
    CommandsPanel* commands_;
    ComparePanel* compare_;
    OutputPanel* output_;
    StatusBar* status_;
    QDockWidget *targetsDock_, *detailsDock_, *findingsDock_, *endedDock_, *commandsDock_, *outputDock_,
        *compareDock_;
    QAction *save_ = nullptr, *export_ = nullptr;
    QMenu* compareMenu_ = nullptr;
    QPointer<QFileDialog> fileDialog_;
    QString raisedFor_; ///< search for which the ended jobs were brought to the front
    QPointer<AttachDialog> attachDialog_;
    QPointer<ThroughDialog> throughDialog_;
    QString problem_;
    QString wantedFilter_; ///< as soon as there are jobs
    QString wantedName_;
    int returned_ = 0;                     ///< pid of the program that came back
    QSet<QPair<int, quint64>> attachedTo_; ///< pid and start of what runs here; none of them twice by itself
    QPointer<StartDialog> startDialog_;
    QTimer openingTimer_;
    QStringList toOpen_;
    QHash<int, int> scroll_; ///< of the tree, by the session's key
    int startAttempts_ = 0;
    int startedPid_ = 0; ///< the program that was started last
    int samplePid_ = 0;
    bool startsSample_ = false;
    QAction* reattach_ = nullptr;
    QAction* detach_ = nullptr;
    bool laidOut_ = false;
};

} // namespace coroscope::app
