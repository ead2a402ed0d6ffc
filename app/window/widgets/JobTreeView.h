// SPDX-License-Identifier: Apache-2.0
// The live tree of jobs: a scrolling view of a million rows, with the habits of a QTreeView.
#pragma once

#include "model/Workspace.h"
#include "widgets/DrawnJobs.h"
#include "widgets/PaintPace.h"
#include "widgets/RowPainter.h"

#include <QAbstractScrollArea>
#include <QElapsedTimer>
#include <QTimer>

#include <vector>

class QHeaderView;
class QMenu;
class QStandardItemModel;

namespace coroscope::app {

/// Paints the rows itself and holds no widget per row. What the selection or the pointer is on stays where it
/// is while rows come and go above it.
class JobTreeView : public QAbstractScrollArea, public DrawnJobs {
    Q_OBJECT
public:
    using Node = observe::Node;

    explicit JobTreeView(Workspace& workspace, QWidget* parent = nullptr);

    /// The job, orphanGroup, or group that the keyboard is on; noNode when there is none.
    Node current() const noexcept;
    void setCurrent(Node node);
    void setExpanded(Node node, bool expanded);
    /// Scrolls so that the job can be seen, after expanding what is above it.
    void show(Node node);

    std::size_t firstVisibleRow() const noexcept;
    int rowsInView() const noexcept;
    QRect rowRect(std::size_t row) const;
    Node nodeAt(const QPoint& viewportPosition) const;
    const RowPainter& painter() const noexcept { return painter_; }
    Workspace& workspace() const noexcept { return workspace_; }
    QHeaderView* header() const noexcept { return header_; }
    void saveColumns() const;
    /// What stands in the columns that are shown, but for the name and the state, each with its title.
    QString cellsText(Node node) const;

    /// Siblings in the order of this column; in that of their creation with a negative one.
    void sortBy(int column, bool descending);
    int sortColumn() const noexcept { return sortColumn_; }
    bool sortsDescending() const noexcept { return descending_; }
    /// Siblings that are alike as one row. Remembered.
    void setFolding(bool on);
    /// So many levels below the job that the keyboard is on, or below the roots where there is none.
    void expandTo(unsigned levels);
    void collapseAll();
    void goToParent();
    /// Jobs that a person wants to come back to.
    const std::vector<JobId>& pins() const noexcept { return pins_; }
    void setPinned(JobId job, bool on);
    bool pinned(JobId job) const;

    int drawnJobs() const override;
    JobId drawnJob(int index) const override;
    int indexOfDrawn(JobId job) const override;
    int indexOfFocus() const override;
    bool isThere(JobId job) const override;
    QRect globalRectOf(JobId job) const override;
    QString textOf(JobId job, QAccessible::Text kind) const override;
    QAccessible::State stateOf(JobId job) const override;
    QStringList actionsOf(JobId job) const override;
    void act(JobId job, const QString& action) override;

signals:
    void cancelRequested(coroscope::JobId job);
    void copyRequested();
    void exportRequested(coroscope::JobId job);
    void pinsChanged();
    void foldingChanged(bool on);
    /// Only jobs that meet this condition, too.
    void filterRequested(const QString& condition);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void changeEvent(QEvent* event) override;

private:
    /// The group of those without an owner for JobId{}, a group for what idOf() calls it, noNode for a job
    /// that has ended.
    Node nodeOf(JobId job) const;
    /// Of a group an id that no job ever has.
    JobId idOf(Node node) const;
    void buildHeader();
    void layoutColumns();
    void rememberAnchor();
    void restoreAnchor();
    void updateScrollBars();
    void workspaceUpdated(bool newSource);
    void selectionChanged();
    void moveTo(std::size_t row);
    void typeAhead(const QString& text);
    void showMenu(Node node, const QPoint& globalPosition);
    void headerClicked(int column);
    void rowsArranged();
    void headerMenu(const QPoint& position);
    void entitleColumns();
    void makeRoomFor(int wanted);
    void addFilters(QMenu* menu, const observe::JobRow& row);
    void setHovered(const QPoint& position);
    void ensureVisible(std::size_t row);
    std::size_t currentRow() const noexcept;
    void announce();

    Workspace& workspace_;
    RowPainter painter_;
    QHeaderView* header_;
    QStandardItemModel* headerModel_;
    int sortColumn_ = -1;
    bool descending_ = false;
    std::vector<JobId> pins_;
    bool columnsByHand_ = false;
    bool layingOut_ = false;

    bool groupCurrent_ = false;
    std::size_t lastRow_ = 0; ///< where the selection was, for when the job is gone
    QPoint pointer_{-1, -1};
    Node hovered_ = observe::noNode;

    struct Anchor {
        Node node;
        JobId id;
        int y;
    };
    std::vector<Anchor> anchors_; ///< best first
    std::uint64_t seenGeneration_ = ~std::uint64_t{0};

    QTimer agesTimer_;
    PaintPace pace_{viewport()};
    QString typed_;
    QElapsedTimer typedAt_;
};

} // namespace coroscope::app
