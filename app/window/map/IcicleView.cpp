// SPDX-License-Identifier: Apache-2.0
#include "map/IcicleView.h"

#include "theme/Theme.h"
#include "widgets/DrawnId.h"

#include <QPaintEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStyle>

#include <algorithm>
#include <cmath>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

constexpr int animationMilliseconds = 220;
/// A job that was stepped to with the keyboard gets at least this.
constexpr double leastShown = 12, comfortable = 72;
constexpr double overviewWidth = 190, overviewHeight = 72, overviewMargin = 12;
constexpr double margin = 8; ///< around all
/// Rows of a tree with few levels are higher, so that it does not lie at the top of an empty picture.
constexpr double highestRow = 6 * measure::mapRow;
constexpr double linkSag = 60; ///< how far below the boxes a broken link hangs
/// Broken links and marks are looked up one by one: enough to see, and bounded.
constexpr std::size_t mostLinks = 24, fewLinks = 4, mostMarks = 60;
constexpr int slowlyMilliseconds = 500;

double eased(double share) {
    return 1 - std::pow(1 - share, 3);
}

} // namespace

IcicleView::IcicleView(JobMap& map, QWidget* parent)
    : JobCanvas(map, parent) {
    setObjectName(QStringLiteral("icicle"));
    QWidget::setAccessibleName(tr("Map of the jobs"));
    setAccessibleDescription(
        tr("Arrows go from job to job, Enter zooms to one, Backspace back, Home to all"));
    frames_.setInterval(16);
    frames_.setTimerType(Qt::PreciseTimer);
    connect(&frames_, &QTimer::timeout, this, &IcicleView::animate);
    ages_.setInterval(1'000);
    connect(&ages_, &QTimer::timeout, this, [this] {
        if (isVisible() && this->map().colour() == MapColour::Age &&
            workspace().state() == Workspace::State::Live)
            update();
    });
    ages_.start();
    connect(&map, &JobMap::changed, this, &IcicleView::layoutChanged);
    connect(&map, &JobMap::colourChanged, this, [this] {
        overviewAge_.invalidate();
        update();
    });
    connect(&workspace(), &Workspace::aboutToUpdate, this, &IcicleView::rememberAnchor);
    connect(&workspace(), &Workspace::attached, this, [this] {
        focusPath_.clear();
        mostRows_ = 0;
        moveTo(Look{}, false);
    });
    for (const auto other : {&Workspace::switched, &Workspace::groupingChanged})
        connect(&workspace(), other, this, [this] { mostRows_ = 0; });
    connect(&workspace(), &Workspace::findingsChanged, this, [this] { marksAge_.invalidate(); });
}

/// By the most levels that there have been: a level that comes and goes is not to move all others each time.
void IcicleView::chooseRowHeight() {
    mostRows_ = std::max(mostRows_, map().layout().rows());
    const double before = rowHeight_;
    rowHeight_ = std::clamp(std::floor((height() - 2 * margin - linkSag) / std::max(mostRows_, 1u)),
                            measure::mapRow, highestRow);
    for (Look* look : {&goal_, &shown_, &from_})
        look->top *= rowHeight_ / before;
}

QSize IcicleView::pictureSize() const {
    const double high = map().layout().rows() * rowHeight_ + 2 * margin + linkSag - shown_.top;
    return {width(), std::min(height(), static_cast<int>(std::ceil(high)))};
}

/// Not beyond the borders, nor so near that numbers end.
void IcicleView::bound(Look& look) const {
    const double all = std::max(map().layout().width(), 1.0);
    const double least = std::min(all, 0.02);
    double wide = std::max(look.right - look.left, least);
    if (wide >= all || look.fitted) {
        look.fitted = true;
        look.left = 0;
        look.right = all;
    } else {
        look.left = std::clamp(look.left, 0.0, all - wide);
        look.right = look.left + wide;
    }
    const double high = map().layout().rows() * rowHeight_ + 2 * margin;
    look.top = std::clamp(look.top, 0.0, std::max(0.0, high - height()));
}

void IcicleView::moveTo(Look look, bool smoothly) {
    bound(look);
    goal_ = look;
    if (smoothly && isVisible() &&
        style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) > 0) {
        from_ = shown_;
        moving_.start();
        frames_.start();
    } else {
        shown_ = goal_;
        frames_.stop();
    }
    update();
    emit viewChanged();
}

void IcicleView::animate() {
    const double share = std::min(1.0, static_cast<double>(moving_.elapsed()) / animationMilliseconds);
    const double by = eased(share);
    const auto between = [by](double a, double b) { return a + (b - a) * by; };
    shown_ = goal_;
    if (share < 1) {
        shown_.left = between(from_.left, goal_.left);
        shown_.right = between(from_.right, goal_.right);
        shown_.top = between(from_.top, goal_.top);
    } else {
        frames_.stop();
    }
    update();
}

IcicleView::Look IcicleView::lookAt(Node node) const {
    const MapLayout::Extent extent = map().layout().extent(node);
    Look look;
    look.left = extent.x;
    look.right = extent.x + extent.width;
    look.fitted = isGroup(node) && extent.width >= map().layout().width();
    if (!isGroup(node))
        look.focus = workspace().tree().id(node);
    look.group = keyOfGroup(node);
    // What is above stays in sight, as far as it may.
    look.top = std::max(0.0, extent.row * rowHeight_ - height() * 0.3);
    return look;
}

void IcicleView::zoomTo(Node node) {
    if (!map().layout().known(node))
        return;
    focusPath_.clear();
    for (Node at = node; at != noNode && !isGroup(at); at = map().layout().parent(at))
        focusPath_.push_back(workspace().tree().id(at));
    moveTo(lookAt(node), true);
}

bool IcicleView::zoomOut() {
    if (goal_.fitted && goal_.top == 0)
        return false;
    if (goal_.group) {
        fit();
        return true;
    }
    // To the parent of what was zoomed to, else to half the scale.
    const Node focus = workspace().tree().find(goal_.focus);
    if (goal_.focus && map().layout().known(focus)) {
        Node above = map().layout().parent(focus);
        const double width = map().layout().extent(focus).width;
        while (!isGroup(above) && map().layout().extent(above).width <= width * 1.001)
            above = map().layout().parent(above);
        if (above == programGroup || above == orphanGroup)
            fit();
        else
            zoomTo(above);
        return true;
    }
    zoomBy(0.5, QRectF(rect()).center());
    return true;
}

void IcicleView::fit() {
    focusPath_.clear();
    moveTo(Look{}, true);
}

void IcicleView::zoomBy(double factor, const QPointF& around) {
    Look look = goal_;
    const double wide = (look.right - look.left) / factor;
    const double share = std::clamp((around.x() - margin) / std::max(1.0, width() - 2 * margin), 0.0, 1.0);
    const double at = look.left + (look.right - look.left) * share;
    look.left = at - wide * share;
    look.right = look.left + wide;
    look.fitted = false;
    look.unfocus();
    focusPath_.clear();
    moveTo(look, true);
}

void IcicleView::panBy(const QPointF& distance) {
    Look look = goal_;
    const double each = (look.right - look.left) / std::max(1.0, width() - 2 * margin);
    look.left -= distance.x() * each;
    look.right -= distance.x() * each;
    look.top -= distance.y();
    if (distance.x() != 0 && !look.fitted) {
        look.unfocus();
        focusPath_.clear();
    }
    moveTo(look, false);
}

void IcicleView::show(Node node) {
    if (!map().layout().known(node))
        return;
    const MapLayout::Extent extent = map().layout().extent(node);
    Look look = goal_;
    const double usable = std::max(1.0, width() - 2 * margin);
    double each = usable / (look.right - look.left);
    if (extent.width * each < leastShown) {
        // Too narrow to be seen where one is: nearer, with it in the middle.
        const double wide = std::min(map().layout().width(), extent.width * usable / comfortable);
        const double middle = extent.x + extent.width / 2;
        look.left = middle - wide / 2;
        look.right = middle + wide / 2;
        look.fitted = false;
        look.unfocus();
    } else if (extent.x + extent.width <= look.left || extent.x >= look.right ||
               (extent.width <= look.right - look.left &&
                (extent.x < look.left || extent.x + extent.width > look.right))) {
        const double wide = look.right - look.left;
        look.left = extent.x < look.left ? extent.x - 0.1 * wide : extent.x + extent.width - 0.9 * wide;
        if (extent.width > wide * 0.8)
            look.left = extent.x;
        look.right = look.left + wide;
        look.unfocus();
    }
    const double y = extent.row * rowHeight_ + margin;
    if (y < look.top + rowHeight_)
        look.top = y - 2 * rowHeight_;
    else if (y + 2 * rowHeight_ > look.top + height())
        look.top = y + 3 * rowHeight_ - height();
    if (look.left != goal_.left || look.right != goal_.right || look.top != goal_.top)
        moveTo(look, true);
    else
        update();
}

void IcicleView::rememberAnchor() {
    anchor_.reset();
    if (goal_.fitted || goal_.focus || goal_.group || !map().active() || !isVisible())
        return;
    const MapLayout& layout = map().layout();
    Node node = workspace().selectedNode();
    if (node != noNode && layout.known(node)) {
        const MapLayout::Extent extent = layout.extent(node);
        if (extent.x + extent.width < goal_.left || extent.x > goal_.right)
            node = noNode;
    }
    if (node == noNode && hovered() && !isGroup(hovered()->node))
        node = hovered()->node;
    if (node == noNode || !layout.known(node)) {
        node = noNode;
        std::uint32_t deepest = 0;
        for (const MapBox& box : boxes_) {
            const double middle = width() / 2.0;
            if (!isGroup(box.node) && box.x <= middle && box.x + box.width > middle && box.row >= deepest &&
                layout.known(box.node)) {
                node = box.node;
                deepest = box.row;
            }
        }
    }
    if (node != noNode)
        anchor_ = Anchor{workspace().tree().id(node), layout.extent(node).x};
}

void IcicleView::layoutChanged() {
    const MapLayout& layout = map().layout();
    chooseRowHeight();
    Look look = goal_;
    if (look.focus) {
        // It may have ended: then to what it was in.
        Node node = noNode;
        while (!focusPath_.empty()) {
            node = workspace().tree().find(focusPath_.front());
            if (node != noNode && layout.known(node))
                break;
            node = noNode;
            focusPath_.erase(focusPath_.begin());
        }
        const bool ended = node == noNode || workspace().tree().id(node) != look.focus;
        const double top = look.top;
        look = node == noNode ? Look{} : lookAt(node);
        if (!ended)
            look.top = top;
        if (ended) {
            moveTo(look, true);
            return;
        }
    } else if (look.group) {
        const Node node = workspace().rows().groupOfKey(*look.group);
        const double top = look.top;
        look = map().layout().known(node) ? lookAt(node) : Look{};
        if (look.group)
            look.top = top;
    } else if (anchor_ && !look.fitted) {
        const Node node = workspace().tree().find(anchor_->job);
        if (node != noNode && layout.known(node)) {
            const double by = layout.extent(node).x - anchor_->x;
            look.left += by;
            look.right += by;
            if (frames_.isActive()) {
                from_.left += by;
                from_.right += by;
            }
        }
    }
    bound(look);
    goal_ = look;
    if (!frames_.isActive())
        shown_ = goal_;
    if (isVisible())
        pace_.soon();
}

QRectF IcicleView::rectOfNode(Node node) const {
    if (!map().layout().known(node))
        return {};
    const MapLayout::Extent extent = map().layout().extent(node);
    const double each = (width() - 2 * margin) / (shown_.right - shown_.left);
    return {margin + (extent.x - shown_.left) * each, margin + extent.row * rowHeight_ - shown_.top,
            std::max(1.0, extent.width * each), rowHeight_ - 1};
}

std::optional<MapBox> IcicleView::boxAt(const QPointF& position) const {
    if (overviewShown() && overview().contains(position))
        return std::nullopt;
    for (auto box = boxes_.rbegin(); box != boxes_.rend(); ++box) {
        if (rectOf(*box, style_).adjusted(0, 0, 1, 1).contains(position) && map().layout().known(box->node))
            return *box;
    }
    return std::nullopt;
}

std::vector<SeenJob> IcicleView::seen() const {
    constexpr std::size_t most = 200;
    constexpr double least = 24;
    std::vector<SeenJob> jobs;
    const Node selected = current();
    if (selected != noNode && map().layout().known(selected))
        jobs.push_back({drawnIdOf(workspace(), selected), rectOfNode(selected).intersected(rect()).toRect()});
    for (const MapBox& box : boxes_) {
        if (jobs.size() >= most)
            break;
        const bool one = (isJob(box.node) || isPlaceGroup(box.node)) && box.merged == 0;
        if (one && box.node != selected && box.width >= least && map().layout().known(box.node))
            jobs.push_back(
                {drawnIdOf(workspace(), box.node), rectOf(box, style_).intersected(rect()).toRect()});
    }
    return jobs;
}

void IcicleView::collect(const QRectF& area) {
    const double rows = rowHeight_;
    MapWindow window;
    window.left = shown_.left;
    window.right = shown_.right;
    window.pixels = std::max(1, static_cast<int>(area.width()));
    window.firstRow = static_cast<std::uint32_t>(std::max(0.0, shown_.top) / rows);
    window.rowCount = static_cast<std::uint32_t>(area.height() / rows) + 2;
    map().layout().collect(window, boxes_);
    style_.area = area;
    style_.top = shown_.top;
    style_.rowHeight = rowHeight_;
    style_.ended = workspace().state() == Workspace::State::Ended;
    style_.selected = workspace().selected() ? workspace().selected()->id : JobId{};
    style_.selectedGroup = workspace().selectedGroup();
    style_.hovered = hovered() ? hovered()->node : noNode;
}

void IcicleView::paint(QPainter& painter, const QRectF& area, bool live) {
    painter.fillRect(area, Theme::tokens().background);
    const QRectF inner = area.adjusted(margin, margin, -margin, 0);
    collect(inner);
    if (!live)
        style_.hovered = noNode;
    paintBoxes(painter, map(), boxes_, style_);
    paintLinks(painter, inner);
    paintFindings(painter, inner);
}

void IcicleView::paintEvent(QPaintEvent*) {
    const PaintPace::Painting painting(pace_);
    QPainter painter(this);
    paint(painter, rect(), true);
    if (overviewShown())
        paintOverview(painter);
    if (hasFocus() && current() == noNode) {
        painter.setPen(QPen(Theme::tokens().accent, 1));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

/// From an orphan to the job that launched it: a link that is broken. Where there are many, only that of the
/// job that is selected or pointed at stands out.
void IcicleView::paintLinks(QPainter& painter, const QRectF& area) const {
    struct Link {
        QPainterPath path;
        bool chosen;
    };
    std::vector<Link> links;
    const Node selected = current();
    for (const MapBox& box : boxes_) {
        if (links.size() >= mostLinks)
            break;
        if (isGroup(box.node) || box.merged > 1 || box.row != 1 || !map().layout().known(box.node) ||
            map().layout().parent(box.node) != orphanGroup)
            continue;
        const Node launcher = map().launcher(box.node);
        if (launcher == noNode || !map().layout().known(launcher))
            continue;
        const QRectF to = rectOf(box, style_).intersected(area);
        const MapLayout::Extent extent = map().layout().extent(launcher);
        const double each = area.width() / (shown_.right - shown_.left);
        const double x = area.left() + (extent.x + extent.width / 2 - shown_.left) * each;
        const QPointF start(std::clamp(x, area.left() - 50, area.right() + 50),
                            area.top() + (extent.row + 1) * rowHeight_ - shown_.top);
        const QPointF end(to.center().x(), to.bottom());
        const double lowest = std::max(start.y(), end.y());
        // In sight as long as both ends are.
        const double sag = lowest < area.bottom() - linkSag / 3
                               ? std::min(lowest + linkSag, area.bottom() - 2)
                               : lowest + linkSag;
        QPainterPath path(start);
        path.cubicTo(QPointF(start.x(), sag), QPointF(end.x(), sag), end);
        links.push_back({path, box.node == selected || launcher == selected || box.node == style_.hovered ||
                                   launcher == style_.hovered});
    }
    const bool few = links.size() <= fewLinks;
    painter.save();
    painter.setClipRect(area);
    painter.setRenderHint(QPainter::Antialiasing);
    for (const Link& link : links)
        paintBrokenLink(painter, link.path, few || link.chosen);
    painter.restore();
}

/// Marks over jobs that have findings and are too narrow to bear a border.
void IcicleView::paintFindings(QPainter& painter, const QRectF& area) {
    const Tokens& t = Theme::tokens();
    if (!marksAge_.isValid() || marksAge_.elapsed() > slowlyMilliseconds) {
        marksAge_.start();
        marks_.clear();
        for (const observe::Finding& finding : workspace().findings().all()) {
            if (marks_.size() >= mostMarks)
                break;
            const Node node = workspace().tree().find(finding.job);
            if (node == noNode || !map().layout().known(node))
                continue;
            const QColor colour = finding.rule.substr(0, 6) == "orphan"               ? t.orphan
                                  : finding.confidence == observe::Confidence::Proven ? t.failed
                                                                                      : t.cancelling;
            marks_.push_back({finding.job, colour, map().layout().extent(node)});
        }
    }
    const double each = area.width() / (shown_.right - shown_.left);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(t.background, 1));
    for (const Mark& mark : marks_) {
        const double width = mark.extent.width * each;
        const double x = area.left() + (mark.extent.x - shown_.left) * each + width / 2;
        const double y = area.top() + mark.extent.row * rowHeight_ - shown_.top;
        if (width >= 7 || x < area.left() || x > area.right() || y < area.top() - 1 || y > area.bottom())
            continue;
        QPainterPath triangle(QPointF(x, y + 3));
        triangle.lineTo(x - 5, y - 6);
        triangle.lineTo(x + 5, y - 6);
        triangle.closeSubpath();
        painter.setBrush(mark.colour);
        painter.drawPath(triangle);
    }
    painter.restore();
}

bool IcicleView::overviewShown() const {
    return !goal_.fitted && width() > 3 * overviewWidth && height() > 3 * overviewHeight;
}

QRectF IcicleView::overview() const {
    return {width() - overviewWidth - overviewMargin, height() - overviewHeight - overviewMargin,
            overviewWidth, overviewHeight};
}

void IcicleView::paintOverview(QPainter& painter) {
    const Tokens& t = Theme::tokens();
    const QRectF frame = overview();
    const QRectF inner = frame.adjusted(4, 4, -4, -4);
    const double all = std::max(map().layout().width(), 1.0);
    const std::uint32_t rows = std::max<std::uint32_t>(map().layout().rows(), 1);
    const double rowHeight = std::clamp(inner.height() / rows, 1.0, 8.0);
    if (!overviewAge_.isValid() || overviewAge_.elapsed() > slowlyMilliseconds ||
        overview_.devicePixelRatio() != devicePixelRatioF()) {
        overviewAge_.start();
        overview_ = QPixmap((inner.size() * devicePixelRatioF()).toSize());
        overview_.setDevicePixelRatio(devicePixelRatioF());
        overview_.fill(t.background);
        QPainter small(&overview_);
        MapWindow window{0, all, static_cast<int>(inner.width()), 0,
                         static_cast<std::uint32_t>(inner.height() / rowHeight) + 1};
        std::vector<MapBox> boxes;
        map().layout().collect(window, boxes);
        MapStyle style;
        style.area = QRectF(0, 0, inner.width(), inner.height());
        style.rowHeight = rowHeight;
        style.labels = false;
        style.ended = style_.ended;
        paintBoxes(small, map(), boxes, style);
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(t.line, 1));
    painter.setBrush(t.background);
    painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), measure::radius, measure::radius);
    painter.drawPixmap(inner.topLeft(), overview_);
    const double left = inner.left() + shown_.left / all * inner.width();
    const double right = inner.left() + shown_.right / all * inner.width();
    const double scale = rowHeight / rowHeight_;
    const double top = std::min(inner.top() + shown_.top * scale, inner.bottom() - 4);
    const double bottom = std::min(inner.bottom(), top + height() * scale);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(t.selectionEdge, 1.5));
    const double middle = (left + right) / 2, wide = std::max(right - left, 3.0);
    painter.drawRect(QRectF(middle - wide / 2, top, wide, std::max(bottom - top, 4.0)));
    painter.setRenderHint(QPainter::Antialiasing, false);
}

bool IcicleView::pressedOverlay(const QPointF& position) {
    if (!overviewShown() || !overview().contains(position))
        return false;
    draggedOverlay(position);
    return true;
}

void IcicleView::draggedOverlay(const QPointF& position) {
    const QRectF inner = overview().adjusted(4, 4, -4, -4);
    const double at = (position.x() - inner.left()) / inner.width() * map().layout().width();
    Look look = goal_;
    const double wide = look.right - look.left;
    look.left = at - wide / 2;
    look.right = at + wide / 2;
    look.fitted = false;
    look.unfocus();
    focusPath_.clear();
    moveTo(look, false);
}

void IcicleView::resizeEvent(QResizeEvent* event) {
    JobCanvas::resizeEvent(event);
    overviewAge_.invalidate();
    Look look = goal_;
    const Node node = current();
    const bool known = node != noNode && map().layout().known(node);
    const double row = known ? map().layout().extent(node).row : 0;
    const double before = margin + row * rowHeight_ - look.top;
    const bool inSight = known && before >= 0 && before + rowHeight_ <= event->oldSize().height();
    chooseRowHeight();
    look.top = goal_.top;
    if (inSight) // the selected one stays there
        look.top = std::min(std::max(look.top, margin + (row + 1) * rowHeight_ - height()), row * rowHeight_);
    bound(look);
    goal_ = shown_ = look;
}

void IcicleView::changeEvent(QEvent* event) {
    JobCanvas::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        overviewAge_.invalidate();
        marksAge_.invalidate();
        update();
    }
}

} // namespace coroscope::app
