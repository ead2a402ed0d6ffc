// SPDX-License-Identifier: Apache-2.0
#include "map/JobCanvas.h"

#include "model/Conditions.h"
#include "model/Format.h"
#include "widgets/DrawnId.h"
#include "widgets/ExportActions.h"
#include "widgets/JobsAccessible.h"
#include "widgets/PopupMenu.h"
#include "widgets/RowPainter.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>

#include <cmath>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// One notch of a wheel makes things this much larger.
constexpr double notch = 1.25;
constexpr double keyStep = 1.5;

} // namespace

JobCanvas::JobCanvas(JobMap& map, QWidget* parent)
    : QWidget(parent)
    , map_(map)
    , rows_(std::make_unique<RowPainter>(map.workspace())) {
    JobsAccessible::install(this);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    connect(&workspace(), &Workspace::selectionChanged, this, &JobCanvas::selectionChanged);
    connect(&workspace(), &Workspace::findingsChanged, this, qOverload<>(&QWidget::update));
    connect(&workspace(), &Workspace::stateChanged, this, qOverload<>(&QWidget::update));
    connect(&map_, &JobMap::changed, this, [this] {
        if (hovered_ && !map_.layout().known(hovered_->node))
            hovered_.reset();
    });
}

JobCanvas::~JobCanvas() = default;

QString JobCanvas::accessibleName(Node node) const {
    return rows_->accessibleName(node);
}

void JobCanvas::selectionChanged() {
    update();
    if (!QAccessible::isActive() || !isVisible() || current() == noNode)
        return;
    QAccessibleEvent event(this, QAccessible::Focus);
    event.setChild(0); // the selected one comes first
    QAccessible::updateAccessibility(&event);
}

std::optional<std::uint64_t> JobCanvas::keyOfGroup(Node node) const {
    const RowGroups* const groups = workspace().rows().groups();
    return groups == nullptr || !isPlaceGroup(node) || TreeRows::groupNumber(node) >= groups->size()
               ? std::nullopt
               : std::optional(groups->place(TreeRows::groupNumber(node)).key);
}

void JobCanvas::select(Node node) {
    if (const auto group = keyOfGroup(node)) {
        workspace().selectGroup(*group);
        return;
    }
    workspace().select(node == noNode || isGroup(node) ? JobId{} : workspace().tree().row(node).id);
}

QString JobCanvas::tooltip(const MapBox& box) const {
    const MapLayout& layout = map_.layout();
    if (!layout.known(box.node))
        return {};
    if (isPlaceGroup(box.node) && box.merged > 1)
        return tr("<b>%1 groups side by side</b>, %2 in them<br>%3")
            .arg(countText(box.merged), jobsText(map_.jobs(box)), foldedText());
    if (isPlaceGroup(box.node)) {
        QString text = QStringLiteral("<b>%1</b><br>%2")
                           .arg(rows_->text(box.node, JobColumn).toHtmlEscaped(), jobsText(map_.jobs(box)));
        for (const Column column : {StateColumn, FindingsColumn, WhereColumn})
            if (const QString part = rows_->text(box.node, column); !part.isEmpty())
                text += QStringLiteral("<br>") + part.toHtmlEscaped();
        return text;
    }
    if (isGroup(box.node))
        return QStringLiteral("<b>%1</b><br>%2")
            .arg(map_.title(box.node).toHtmlEscaped(), jobsText(map_.jobs(box)));
    if (box.merged > 1 && workspace().grouping())
        return tr("<b>%1 side by side</b><br>%2").arg(jobsText(box.merged), foldedText());
    if (box.merged > 1)
        return tr("<b>%1 side by side</b>, %2 with all below them<br>%3")
            .arg(jobsText(box.merged), countText(map_.jobs(box)), foldedText());
    const Column columns[] = {StateColumn, FindingsColumn, WhereColumn};
    QString text = QStringLiteral("<b>%1</b>").arg(rows_->text(box.node, JobColumn).toHtmlEscaped());
    for (const Column column : columns) {
        if (const QString part = rows_->text(box.node, column); !part.isEmpty())
            text += QStringLiteral("<br>") + part.toHtmlEscaped().replace(u'\n', QStringLiteral("<br>"));
    }
    text += tr("<br>age %1, in this state for %2")
                .arg(rows_->text(box.node, AgeColumn), rows_->text(box.node, InStateColumn))
                .toHtmlEscaped()
                .replace(QStringLiteral("&lt;br&gt;"), QStringLiteral("<br>"));
    if (const QString dispatcher = rows_->text(box.node, DispatcherColumn); !dispatcher.isEmpty())
        text += tr(" · %1").arg(dispatcher.toHtmlEscaped());
    if (const std::uint32_t size = workspace().rows().subtreeSize(box.node); size > 1)
        text += tr("<br>%1 with all below it").arg(jobsText(size));
    return text;
}

QString JobCanvas::foldedText() const {
    return tr("too narrow to be drawn each<br>zoom in to see them");
}

bool JobCanvas::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const std::optional<MapBox> box = press_ == Press::None ? boxAt(help->pos()) : std::nullopt;
        QToolTip::showText(help->globalPos(), box ? tooltip(*box) : QString(), this);
        return true;
    }
    return QWidget::event(event);
}

/// Along siblings and up and down, as they lie in the map.
void JobCanvas::step(int key) {
    const MapLayout& layout = map_.layout();
    Node to = noNode;
    const Node at = current();
    if (at == noNode || !layout.known(at)) {
        to = layout.firstChild(layout.childCount(programGroup) > 0 ? programGroup : orphanGroup);
    } else if (key == Qt::Key_Up) {
        to = layout.parent(at);
        if (to == programGroup || to == orphanGroup)
            to = noNode;
    } else if (key == Qt::Key_Down) {
        to = layout.firstChild(at);
    } else {
        to = key == Qt::Key_Left ? layout.previous(at) : layout.next(at);
        // From the last with an owner to the first without, and back.
        if (to == noNode && key == Qt::Key_Right && layout.parent(at) == programGroup)
            to = layout.firstChild(orphanGroup);
        if (to == noNode && key == Qt::Key_Left && layout.parent(at) == orphanGroup)
            to = layout.lastChild(programGroup);
    }
    if (to == noNode)
        return;
    select(to);
    show(to);
}

QPointF JobCanvas::middleOf(Node node) const {
    const QRectF seen = node == noNode ? QRectF() : rectOfNode(node).intersected(rect());
    return seen.isEmpty() ? QRectF(rect()).center() : seen.center();
}

void JobCanvas::keyPressEvent(QKeyEvent* event) {
    const Node node = current();
    if (event->matches(QKeySequence::Copy)) {
        emit copyRequested();
        return;
    }
    switch (event->key()) {
    case Qt::Key_Up:
    case Qt::Key_Down:
    case Qt::Key_Left:
    case Qt::Key_Right:
        step(direction(event->key()));
        return;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        zoomBy(keyStep, middleOf(node));
        return;
    case Qt::Key_Minus:
        zoomBy(1 / keyStep, middleOf(node));
        return;
    case Qt::Key_Home:
    case Qt::Key_0:
        fit();
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (node != noNode)
            zoomTo(node);
        return;
    case Qt::Key_Backspace:
        zoomOut();
        return;
    case Qt::Key_Escape:
        if (zoomOut())
            return;
        break; // it may mean the search
    case Qt::Key_PageDown:
        panBy({0, -height() * 0.8});
        return;
    case Qt::Key_PageUp:
        panBy({0, height() * 0.8});
        return;
    case Qt::Key_Delete:
        if (isJob(node))
            emit cancelRequested(workspace().tree().row(node).id);
        return;
    case Qt::Key_Menu:
        if (isJob(node) || isPlaceGroup(node))
            showMenu(node, mapToGlobal(middleOf(node).toPoint()));
        return;
    default:
        break;
    }
    QWidget::keyPressEvent(event);
}

void JobCanvas::mousePressEvent(QMouseEvent* event) {
    pressedAt_ = lastAt_ = event->position();
    dragged_ = false;
    if (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton)
        return;
    press_ = pressedOverlay(event->position()) ? Press::Overlay : Press::Pan;
}

void JobCanvas::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    if (press_ == Press::Overlay) {
        draggedOverlay(at);
    } else if (press_ == Press::Pan) {
        if (!dragged_ && (at - pressedAt_).manhattanLength() >= QApplication::startDragDistance()) {
            dragged_ = true;
            setCursor(Qt::ClosedHandCursor);
        }
        if (dragged_)
            panBy(at - lastAt_);
    } else {
        const std::optional<MapBox> box = boxAt(at);
        const Node before = hovered_ ? hovered_->node : noNode, now = box ? box->node : noNode;
        hovered_ = box;
        if (before != now)
            update();
    }
    lastAt_ = at;
}

void JobCanvas::mouseReleaseEvent(QMouseEvent* event) {
    const Press was = std::exchange(press_, Press::None);
    unsetCursor();
    if (was != Press::Pan || dragged_ || event->button() != Qt::LeftButton)
        return;
    const std::optional<MapBox> box = boxAt(event->position());
    select(box && box->merged <= 1 ? box->node : noNode);
}

void JobCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || pressedOverlay(event->position()))
        return;
    const std::optional<MapBox> box = boxAt(event->position());
    if (!box)
        return;
    if (box->merged > 1)
        open(*box, event->position());
    else
        zoomTo(box->node);
}

void JobCanvas::wheelEvent(QWheelEvent* event) {
    const QPoint pixels = event->pixelDelta(), angle = event->angleDelta();
    if ((event->modifiers() & Qt::ShiftModifier) != 0 || std::abs(angle.x()) > std::abs(angle.y())) {
        const QPointF by = pixels.isNull() ? QPointF(angle) / 2 : QPointF(pixels);
        panBy(std::abs(angle.x()) > std::abs(angle.y()) ? QPointF(by.x(), 0) : QPointF(0, by.y()));
    } else {
        zoomBy(std::pow(notch, angle.y() / 120.0), event->position());
    }
    event->accept();
}

void JobCanvas::leaveEvent(QEvent* event) {
    QWidget::leaveEvent(event);
    if (hovered_) {
        hovered_.reset();
        update();
    }
}

void JobCanvas::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}
void JobCanvas::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

void JobCanvas::contextMenuEvent(QContextMenuEvent* event) {
    const bool pointed = event->reason() == QContextMenuEvent::Mouse;
    Node node = current();
    if (pointed) {
        const std::optional<MapBox> box = boxAt(event->pos());
        node = box && box->merged <= 1 ? box->node : noNode;
    }
    if (!isJob(node) && !isPlaceGroup(node))
        return;
    if (pointed)
        select(node);
    showMenu(node, pointed ? event->globalPos() : mapToGlobal(middleOf(node).toPoint()));
}

void JobCanvas::showMenu(Node node, const QPoint& globalPosition) {
    auto* menu = new PopupMenu(this, accessibleName(node));
    menu->addAction(tr("Zoom to it"), this, [this, id = drawnIdOf(workspace(), node)] {
        if (const Node there = nodeOfDrawn(workspace(), id); there != noNode)
            zoomTo(there);
    });
    menu->addAction(tr("Show in the tree"), this, &JobCanvas::showInTreeRequested);
    menu->addSeparator();
    if (isPlaceGroup(node))
        addGroupActions(*menu, node);
    else
        addJobActions(*menu, node);
    menu->popup(globalPosition);
}

void JobCanvas::addGroupActions(PopupMenu& menu, Node group) {
    const observe::GroupPlace& place = workspace().rows().groups()->place(TreeRows::groupNumber(group));
    if (const Condition condition = conditionOf(place, *workspace().grouping()); !condition.filter.isEmpty())
        menu.addAction(condition.words, this,
                       [this, filter = condition.filter] { emit filterRequested(filter); });
    menu.addAction(tr("Copy name"), this, [name = QString::fromStdString(place.label())] {
        QApplication::clipboard()->setText(name);
    });
}

void JobCanvas::addJobActions(PopupMenu& menu, Node job) {
    const JobId id = workspace().tree().id(job);
    menu.addAction(tr("Copy name"), this,
                   [name = workspace().labels().fullName(workspace().tree().row(job))] {
                       QApplication::clipboard()->setText(name);
                   });
    menu.addAction(tr("Copy report"), this, &JobCanvas::copyRequested);
    addExportActions(menu, workspace(), id, [this, id] { emit exportRequested(id); });
    menu.addSeparator();
    connect(menu.addCancel(workspace().cancelProblem()), &QAction::triggered, this,
            [this, id] { emit cancelRequested(id); });
}

} // namespace coroscope::app
