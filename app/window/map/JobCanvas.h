// SPDX-License-Identifier: Apache-2.0
// What the drawings of the map have in common: pointer, keyboard, menu, tooltip, and how screen readers see
// them.
#pragma once

#include "map/JobMap.h"
#include "widgets/DrawnJobs.h"

#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

namespace coroscope::app {

/// A job or group that a person can see and point at.
struct SeenJob {
    JobId job;  ///< see drawnIdOf()
    QRect rect; ///< in the widget
};

class PopupMenu;
class RowPainter;

class JobCanvas : public QWidget, public DrawnJobs {
    Q_OBJECT
public:
    using Node = observe::Node;

    explicit JobCanvas(JobMap& map, QWidget* parent = nullptr);
    ~JobCanvas() override;

    JobMap& map() const noexcept { return map_; }
    Workspace& workspace() const noexcept { return map_.workspace(); }
    /// The selected job, as long as it lives, or the selected group.
    Node current() const noexcept {
        const Node job = workspace().selectedNode();
        return job != observe::noNode ? job : workspace().selectedGroup();
    }
    /// Brings the job into sight.
    virtual void show(Node node) = 0;
    /// Brings it and all below it into the whole view.
    virtual void zoomTo(Node node) = 0;
    /// One step back; false when all is in sight already.
    virtual bool zoomOut() = 0;
    virtual void fit() = 0;
    /// The jobs and groups with room for a label, and the selected one first.
    virtual std::vector<SeenJob> seen() const = 0;
    /// "reader-311 launch #40219, Cancelling, suspended".
    QString accessibleName(Node node) const;
    /// The job that was zoomed to; none when the view was moved since.
    virtual JobId focus() const = 0;
    /// The group that was zoomed to (GroupPlace::key); none when the view was moved since.
    virtual std::optional<std::uint64_t> focusGroup() const = 0;
    /// Paints what is in sight, at the size of `area`; without `live` for a file, and nothing that only the
    /// pointer makes.
    virtual void paint(QPainter& painter, const QRectF& area, bool live) = 0;
    /// How large a picture in a file wants to be.
    virtual QSize pictureSize() const { return size(); }
    using QWidget::accessibleName;

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
    /// What is selected is wanted there.
    void showInTreeRequested();
    /// Only jobs that meet this condition, too.
    void filterRequested(const QString& condition);
    /// Another part of the tree is looked at.
    void viewChanged();

protected:
    /// What is drawn there: a job, a group, several jobs merged; empty without any.
    virtual std::optional<MapBox> boxAt(const QPointF& position) const = 0;
    virtual void zoomBy(double factor, const QPointF& around) = 0;
    /// By pixels.
    virtual void panBy(const QPointF& distance) = 0;
    /// Shows more of what several jobs were merged into.
    virtual void open(const MapBox& /*merged*/, const QPointF& at) { zoomBy(16, at); }
    /// Why they are merged, and how to see them: two lines for a tooltip.
    virtual QString foldedText() const;
    /// What an arrow means: Up is the parent, Down the first child, Left and Right are siblings.
    virtual int direction(int key) const { return key; }
    /// The pointer is on a part of the widget that has its own use: press, then moves, then release.
    virtual bool pressedOverlay(const QPointF&) { return false; }
    virtual void draggedOverlay(const QPointF&) {}
    /// The roots' parents, too, can be zoomed to, but not selected. Groups can be both.
    virtual QRectF rectOfNode(Node node) const = 0;

    const std::optional<MapBox>& hovered() const noexcept { return hovered_; }

    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

    /// Of a group; nothing for others.
    std::optional<std::uint64_t> keyOfGroup(Node node) const;

private:
    QString tooltip(const MapBox& box) const;
    /// Where something about this node is asked by keyboard.
    QPointF middleOf(Node node) const;
    void showMenu(Node node, const QPoint& globalPosition);
    void addGroupActions(PopupMenu& menu, Node group);
    void addJobActions(PopupMenu& menu, Node job);
    void select(Node node);
    void step(int key);
    void selectionChanged();

    JobMap& map_;
    std::unique_ptr<RowPainter> rows_; ///< knows what to say of a job
    std::optional<MapBox> hovered_;
    enum class Press { None, Pan, Overlay } press_ = Press::None;
    QPointF pressedAt_, lastAt_;
    bool dragged_ = false;
};

} // namespace coroscope::app
