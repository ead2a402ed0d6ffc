// SPDX-License-Identifier: Apache-2.0
#include "map/NodeLinkView.h"

#include "map/MapPainter.h"
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

constexpr double margin = 16;
constexpr double leastScale = 0.25, leastLegible = 0.85, labelsFrom = 0.5, mostScale = 2;
/// Jobs in a drawing, at most: beyond that nobody sees a tree in it.
constexpr double mostRows = 400;
/// So many more children at a time.
constexpr std::uint32_t unfoldStep = 24;
constexpr int newsMilliseconds = 400, movingMilliseconds = 180;
constexpr std::size_t mostOrphans = 12, mostLooked = 200;
constexpr double mostPicture = 12'000;

/// Groups have no job's number; these are no job's.
std::uint64_t keyOf(Node node, JobId job) {
    return node == programGroup ? 0 : isGroup(node) ? ~std::uint64_t{0} - (orphanGroup - node) : job.value;
}

QRectF between(const QRectF& a, const QRectF& b, double share) {
    return QRectF(a.topLeft() + (b.topLeft() - a.topLeft()) * share, b.size());
}

} // namespace

NodeLinkView::NodeLinkView(JobMap& map, QWidget* parent)
    : JobCanvas(map, parent) {
    setObjectName(QStringLiteral("nodeLink"));
    QWidget::setAccessibleName(tr("Drawing of the jobs"));
    setAccessibleDescription(tr(
        "Arrows go from job to job, Enter shows one with all below it, Backspace leads back, Home to all"));
    frames_.setInterval(16);
    frames_.setTimerType(Qt::PreciseTimer);
    connect(&frames_, &QTimer::timeout, this, [this] {
        share_ = std::min(1.0, static_cast<double>(moving_.elapsed()) / movingMilliseconds);
        if (share_ >= 1) {
            frames_.stop();
            from_.clear();
        }
        update();
    });
    news_.setInterval(newsMilliseconds);
    news_.setSingleShot(true);
    connect(&news_, &QTimer::timeout, this, [this] { placeAround(anchor(), true); });
    connect(&map, &JobMap::changed, this, &NodeLinkView::layoutChanged);
    connect(&map, &JobMap::colourChanged, this, qOverload<>(&QWidget::update));
    connect(&workspace(), &Workspace::attached, this, [this] {
        focus_ = {};
        focusGroup_.reset();
        unfolded_.clear();
        detail_ = 1;
        fitted_ = true;
        place(false);
        emit viewChanged();
    });
}

bool NodeLinkView::alive(const NodeBox& box) const {
    return map().layout().known(box.box.node) &&
           (isGroup(box.box.node) || workspace().tree().row(box.box.node).id == box.job);
}

const NodeBox* NodeLinkView::find(Node node) const {
    const auto found = std::find_if(boxes_.begin(), boxes_.end(), [&](const NodeBox& box) {
        return box.box.node == node && box.box.merged == 0 && alive(box);
    });
    return found == boxes_.end() ? nullptr : &*found;
}

QRectF NodeLinkView::bounds() const {
    QRectF all;
    for (const NodeBox& box : boxes_)
        all |= box.rect;
    return all;
}

/// Rows of boxes that can be read when all is in sight.
std::uint32_t NodeLinkView::roomFor() const {
    const double rows = (height() - 2 * margin) / (measure::nodeRow * 0.9);
    return static_cast<std::uint32_t>(std::clamp(rows * detail_, 8.0, mostRows));
}

bool NodeLinkView::inside(Node node) const {
    if (focusGroup_)
        return map().layout().known(node) &&
               map().layout().parent(node) == workspace().rows().groupOfKey(*focusGroup_);
    if (!focus_)
        return true;
    for (Node at = node; at != noNode && !isGroup(at); at = map().layout().parent(at)) {
        if (workspace().tree().row(at).id == focus_)
            return true;
    }
    return false;
}

void NodeLinkView::place(bool smoothly) {
    const MapLayout& layout = map().layout();
    std::unordered_map<std::uint64_t, QRectF> before;
    if (smoothly && style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) > 0) {
        for (std::size_t i = 0; i < boxes_.size(); ++i) {
            const QRectF at = from_.empty() ? boxes_[i].rect : between(from_[i], boxes_[i].rect, share_);
            if (boxes_[i].box.merged == 0)
                before.emplace(keyOf(boxes_[i].box.node, boxes_[i].job), at);
        }
    }
    boxes_.clear();
    from_.clear();
    frames_.stop();
    share_ = 1;
    if (!layout.built()) {
        update();
        return;
    }
    NodeLinkLayout::Wish wish;
    const Node focus = workspace().tree().find(focus_);
    if (focus_ && focus != noNode && layout.known(focus)) {
        wish.roots.push_back(focus);
        // Who was launched from in here and belongs to nobody is a part of the picture.
        std::size_t looked = 0;
        for (Node orphan = layout.childCount(orphanGroup) > 0 ? layout.firstChild(orphanGroup) : noNode;
             orphan != noNode && looked < mostLooked && wish.roots.size() <= mostOrphans;
             orphan = layout.next(orphan), ++looked) {
            const Node launcher = map().launcher(orphan);
            if (orphan != focus && launcher != noNode && layout.known(launcher) && inside(launcher))
                wish.roots.push_back(orphan);
        }
    } else if (const Node whole = focusGroup_ ? workspace().rows().groupOfKey(*focusGroup_) : noNode;
               layout.known(whole)) {
        wish.roots.push_back(whole);
    } else {
        for (const Node group : {programGroup, orphanGroup}) {
            if (layout.childCount(group) > 0)
                wish.roots.push_back(group);
        }
    }
    wish.wanted = current();
    wish.rows = roomFor();
    wish.unfolded = [this](Node node) {
        const auto found =
            unfolded_.find(keyOf(node, isGroup(node) ? JobId{} : workspace().tree().row(node).id));
        return found == unfolded_.end() ? 0 : found->second;
    };
    boxes_ = NodeLinkLayout::place(workspace().tree(), layout, wish);
    if (!before.empty()) {
        bool moves = false;
        for (const NodeBox& box : boxes_) {
            const auto was = before.find(keyOf(box.box.node, box.job));
            const bool known = box.box.merged == 0 && was != before.end();
            from_.push_back(known ? was->second : box.rect);
            moves = moves || (known && was->second != box.rect);
        }
        if (moves) {
            share_ = 0;
            moving_.start();
            frames_.start();
        } else {
            from_.clear();
        }
    }
    if (fitted_)
        fitScale();
    bound();
    update();
}

void NodeLinkView::fitScale() {
    const QRectF all = bounds();
    const double wide = (width() - 2 * margin) / std::max(all.width(), 1.0);
    const double high = (height() - 2 * margin) / std::max(all.height(), 1.0);
    scale_ = std::clamp(std::min(wide, high), leastLegible, 1.0);
    origin_ = QPointF(-margin / scale_, -margin / scale_);
    // With little to show, it stands in the middle.
    if (const double spare = height() / scale_ - all.height() - 2 * margin / scale_; spare > 0)
        origin_.ry() -= std::min(spare / 2, 120.0);
}

void NodeLinkView::bound() {
    // Beyond the border by less than half of the view: what is looked at need not move when others end.
    const QSizeF seen = QSizeF(size()) / scale_;
    const double beyondX = fitted_ ? margin / scale_ : seen.width() * 0.45;
    const double beyondY = fitted_ ? margin / scale_ : seen.height() * 0.45;
    const QRectF all = bounds().adjusted(-beyondX, -beyondY, beyondX, beyondY);
    const auto within = [](double at, double low, double high, double length) {
        return high - low <= length ? std::clamp(at, high - length, low) : std::clamp(at, low, high - length);
    };
    origin_.setX(within(origin_.x(), all.left(), all.right(), seen.width()));
    origin_.setY(within(origin_.y(), all.top(), all.bottom(), seen.height()));
}

/// What must not move: the selected job, what the pointer is on, or what lies in the middle.
std::optional<NodeLinkView::Anchor> NodeLinkView::anchor() const {
    if (fitted_)
        return std::nullopt;
    if (const NodeBox* box = current() == noNode ? nullptr : find(current());
        box != nullptr && QRectF(rect()).intersects(rectOf(*box)))
        return Anchor{box->job, rectOf(*box).center()};
    return anchorAt(QRectF(rect()).center());
}

std::optional<NodeLinkView::Anchor> NodeLinkView::anchorAt(const QPointF& position) const {
    std::optional<Anchor> nearest;
    double least = 0;
    for (const NodeBox& box : boxes_) {
        if (!box.job || box.box.merged > 0 || !alive(box))
            continue;
        const QPointF by = rectOf(box).center() - position;
        const double distance = by.x() * by.x() + 16 * by.y() * by.y();
        if (!nearest || distance < least) {
            nearest = Anchor{box.job, rectOf(box).center()};
            least = distance;
        }
    }
    return nearest;
}

void NodeLinkView::placeAround(const std::optional<Anchor>& anchor, bool smoothly) {
    place(smoothly);
    if (!anchor || fitted_)
        return;
    const auto found = std::find_if(boxes_.begin(), boxes_.end(), [&](const NodeBox& box) {
        return box.job == anchor->job && box.box.merged == 0;
    });
    if (found == boxes_.end())
        return;
    const QPointF was = origin_;
    origin_ = found->rect.center() - anchor->at / scale_;
    bound();
    // It is the view that moved, not the boxes.
    for (QRectF& from : from_)
        from.translate(origin_ - was);
}

void NodeLinkView::layoutChanged() {
    if (!isVisible())
        return;
    if (focus_ && workspace().tree().find(focus_) == noNode) {
        // It has ended: to what it was in.
        while (!focusPath_.empty() && workspace().tree().find(focusPath_.front()) == noNode)
            focusPath_.erase(focusPath_.begin());
        focus_ = focusPath_.empty() ? JobId{} : focusPath_.front();
        fitted_ = true;
        detail_ = 1;
        place(true);
        emit viewChanged();
        return;
    }
    if (boxes_.empty())
        place(false);
    else if (!news_.isActive())
        news_.start();
    update();
}

/// Colours follow at once, places a little later.
void NodeLinkView::refreshKinds() {
    for (NodeBox& box : boxes_) {
        if (!alive(box))
            continue;
        box.box.kind =
            box.box.merged > 0 ? map().layout().blendedFrom(box.box.node) : map().layout().own(box.box.node);
    }
}

void NodeLinkView::zoomTo(Node node) {
    if (!map().layout().known(node))
        return;
    focusPath_.clear();
    focusGroup_ = keyOfGroup(node);
    for (Node at = node; at != noNode && !isGroup(at); at = map().layout().parent(at))
        focusPath_.push_back(workspace().tree().row(at).id);
    focus_ = focusPath_.empty() ? JobId{} : focusPath_.front();
    fitted_ = true;
    detail_ = 1;
    place(true);
    emit viewChanged();
}

bool NodeLinkView::zoomOut() {
    if (!fitted_ || detail_ > 1 || !unfolded_.empty()) {
        fitted_ = true;
        detail_ = 1;
        unfolded_.clear();
        place(true);
        emit viewChanged();
        return true;
    }
    if (!focus_ && !focusGroup_)
        return false;
    const Node focus = focus_ ? workspace().tree().find(focus_) : noNode;
    const Node above = map().layout().known(focus) ? map().layout().parent(focus) : noNode;
    if (isJob(above) || isPlaceGroup(above))
        zoomTo(above);
    else
        fit();
    return true;
}

void NodeLinkView::fit() {
    focus_ = {};
    focusGroup_.reset();
    fitted_ = true;
    detail_ = 1;
    unfolded_.clear();
    place(true);
    emit viewChanged();
}

/// More jobs first, then larger ones; back in the same order.
void NodeLinkView::zoomBy(double factor, const QPointF& around) {
    const std::optional<Anchor> anchor = anchorAt(around);
    const QPointF under = toScene(around);
    const double base = roomFor() / detail_;
    const auto folded = [this] {
        return std::any_of(boxes_.begin(), boxes_.end(),
                           [](const NodeBox& box) { return box.box.merged > 0; });
    };
    fitted_ = false;
    if (factor > 1 && scale_ < 1) {
        scale_ = std::min(1.0, scale_ * factor);
    } else if (factor > 1 && folded() && base * detail_ < mostRows) {
        detail_ *= factor;
        placeAround(anchor, true);
        emit viewChanged();
        return;
    } else if (factor > 1) {
        scale_ = std::min(mostScale, scale_ * factor);
    } else if (scale_ > 1) {
        scale_ = std::max(1.0, scale_ * factor);
    } else if (detail_ > 1) {
        detail_ = std::max(1.0, detail_ * factor);
        placeAround(anchor, true);
        emit viewChanged();
        return;
    } else {
        scale_ = std::max(leastScale, scale_ * factor);
    }
    origin_ = under - around / scale_;
    bound();
    update();
    emit viewChanged();
}

void NodeLinkView::panBy(const QPointF& distance) {
    fitted_ = false;
    origin_ -= distance / scale_;
    bound();
    update();
    emit viewChanged();
}

void NodeLinkView::open(const MapBox& folded, const QPointF& at) {
    const auto found = std::find_if(boxes_.begin(), boxes_.end(), [&](const NodeBox& box) {
        return box.box.merged > 0 && box.box.node == folded.node;
    });
    if (found == boxes_.end() || found->parent == NodeBox::none)
        return;
    const NodeBox parent = boxes_[found->parent];
    const auto shown =
        static_cast<std::uint32_t>(std::count_if(boxes_.begin(), boxes_.end(), [&](const NodeBox& box) {
            return box.parent == found->parent && box.box.merged == 0;
        }));
    unfolded_[keyOf(parent.box.node, parent.job)] = shown + unfoldStep;
    std::optional<Anchor> anchor = anchorAt(at);
    if (parent.job)
        anchor = Anchor{parent.job, rectOf(parent).center()};
    fitted_ = false;
    placeAround(anchor, true);
    emit viewChanged();
}

void NodeLinkView::show(Node node) {
    if (!map().layout().known(node) || node == programGroup || node == orphanGroup)
        return;
    if (!inside(node)) {
        focus_ = {};
        focusGroup_.reset();
        fitted_ = true;
        emit viewChanged();
    }
    const NodeBox* box = find(node);
    if (box == nullptr) {
        placeAround(anchor(), true);
        box = find(node);
    }
    if (box == nullptr)
        return;
    const QRectF seen(toScene({margin, margin}), toScene({width() - margin, height() - margin}));
    const QRectF& at = box->rect;
    if (!seen.contains(at)) {
        fitted_ = false;
        if (at.left() < seen.left() || at.right() > seen.right())
            origin_.rx() += at.left() < seen.left() ? at.left() - seen.left() : at.right() - seen.right();
        if (at.top() < seen.top() || at.bottom() > seen.bottom())
            origin_.ry() += at.top() < seen.top() ? at.top() - seen.top() : at.bottom() - seen.bottom();
        bound();
    }
    update();
}

QRectF NodeLinkView::rectOf(const NodeBox& box) const {
    const auto index = static_cast<std::size_t>(&box - boxes_.data());
    const QRectF at = from_.empty() ? box.rect : between(from_[index], box.rect, share_);
    return QRectF((at.topLeft() - origin_) * scale_, at.size() * scale_);
}

QRectF NodeLinkView::rectOfNode(Node node) const {
    const NodeBox* box = find(node);
    return box == nullptr ? QRectF() : rectOf(*box);
}

std::optional<MapBox> NodeLinkView::boxAt(const QPointF& position) const {
    for (const NodeBox& box : boxes_) {
        if (alive(box) && rectOf(box).contains(position))
            return box.box;
    }
    return std::nullopt;
}

std::vector<SeenJob> NodeLinkView::seen() const {
    std::vector<SeenJob> jobs;
    const QRectF all = rect();
    const auto add = [&](const NodeBox& box) {
        jobs.push_back({drawnIdOf(workspace(), box.box.node), rectOf(box).intersected(all).toRect()});
    };
    const NodeBox* selected = current() == noNode ? nullptr : find(current());
    if (selected != nullptr)
        add(*selected);
    for (const NodeBox& box : boxes_) {
        const bool one = (isJob(box.box.node) || isPlaceGroup(box.box.node)) && box.box.merged == 0;
        if (&box != selected && one && alive(box) && all.intersects(rectOf(box)))
            add(box);
    }
    return jobs;
}

/// Parents are on the left here, and siblings below each other.
int NodeLinkView::direction(int key) const {
    switch (key) {
    case Qt::Key_Left:
        return Qt::Key_Up;
    case Qt::Key_Right:
        return Qt::Key_Down;
    case Qt::Key_Up:
        return Qt::Key_Left;
    case Qt::Key_Down:
        return Qt::Key_Right;
    default:
        return key;
    }
}

QString NodeLinkView::foldedText() const {
    return tr("folded into one box, in the colour of the worst of them<br>a double click shows more of them");
}

QSize NodeLinkView::pictureSize() const {
    const QSizeF all = bounds().size() + QSizeF(2 * margin, 2 * margin);
    return QSizeF(std::min(all.width(), mostPicture), std::min(all.height(), mostPicture)).toSize();
}

void NodeLinkView::paintLinks(QPainter& painter, const std::vector<QRectF>& rects) const {
    const Tokens& t = Theme::tokens();
    std::vector<bool> onPath(boxes_.size(), false);
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        if (boxes_[i].box.merged > 0 || current() == noNode || boxes_[i].box.node != current())
            continue;
        for (std::uint32_t at = static_cast<std::uint32_t>(i); at != NodeBox::none; at = boxes_[at].parent)
            onPath[at] = true;
    }
    const auto draw = [&](std::size_t i, const QPen& pen) {
        const QRectF& from = rects[boxes_[i].parent];
        const QPointF start(from.right(), from.center().y()), end(rects[i].left(), rects[i].center().y());
        const double middle = (start.x() + end.x()) / 2;
        QPainterPath path(start);
        path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end);
        painter.setPen(pen);
        painter.drawPath(path);
    };
    const QPen plain(QColor(Theme::mix(t.faint, t.background, 0.75).rgb()), 1.2), strong(t.selectionEdge, 2);
    painter.setBrush(Qt::NoBrush);
    for (const bool chosen : {false, true}) {
        for (std::size_t i = 0; i < boxes_.size(); ++i) {
            if (boxes_[i].parent != NodeBox::none && onPath[i] == chosen)
                draw(i, chosen ? strong : plain);
        }
    }
}

/// From who launched it to what belongs to nobody: a link that is broken.
void NodeLinkView::paintOrphans(QPainter& painter, const std::vector<QRectF>& rects) const {
    const MapLayout& layout = map().layout();
    struct Link {
        QPainterPath path;
        bool chosen;
    };
    std::vector<Link> links;
    for (std::size_t i = 0; i < boxes_.size() && links.size() < mostOrphans; ++i) {
        const NodeBox& box = boxes_[i];
        if (box.box.merged > 0 || isGroup(box.box.node) || !alive(box) ||
            layout.parent(box.box.node) != orphanGroup)
            continue;
        const Node launcher = map().launcher(box.box.node);
        const NodeBox* from = nullptr;
        for (Node at = launcher; from == nullptr && at != noNode && layout.known(at) && !isGroup(at);
             at = layout.parent(at))
            from = find(at); // else what it is folded into
        if (from == nullptr || from == &box)
            continue;
        const QRectF& start = rects[static_cast<std::size_t>(from - boxes_.data())];
        const QRectF& end = rects[i];
        QPainterPath path(start.center() + QPointF(0, start.height() / 2));
        const QPointF to(end.center().x(), end.center().y() > start.center().y() ? end.top() : end.bottom());
        const double bend = std::max(30.0, std::abs(to.y() - start.bottom()) * 0.4);
        path.cubicTo(path.currentPosition() + QPointF(0, bend),
                     to + QPointF(0, end.center().y() > start.center().y() ? -bend : bend), to);
        links.push_back({path, box.box.node == current() || launcher == current()});
    }
    for (const Link& link : links)
        paintBrokenLink(painter, link.path, link.chosen || links.size() <= 4);
}

void NodeLinkView::paint(QPainter& painter, const QRectF& area, bool live) {
    const Tokens& t = Theme::tokens();
    painter.fillRect(area, t.background);
    if (!map().layout().built())
        return;
    refreshKinds();
    const QRectF all = bounds();
    const double scale = live ? scale_
                              : std::min({1.0, area.width() / (all.width() + 2 * margin),
                                          area.height() / (all.height() + 2 * margin)});
    const QPointF origin = live ? origin_ : all.topLeft() - QPointF(margin, margin);
    painter.save();
    painter.setClipRect(area);
    painter.translate(area.topLeft());
    painter.scale(scale, scale);
    painter.translate(-origin);
    std::vector<MapBox> boxes;
    std::vector<QRectF> rects;
    // In a file nothing is on its way: where a box is going to has been measured, not where it comes from.
    const bool moving = live && !from_.empty();
    for (std::size_t i = 0; i < boxes_.size(); ++i)
        rects.push_back(moving ? between(from_[i], boxes_[i].rect, share_) : boxes_[i].rect);
    painter.setRenderHint(QPainter::Antialiasing);
    paintLinks(painter, rects);
    paintOrphans(painter, rects);
    painter.setRenderHint(QPainter::Antialiasing, false);
    MapStyle style;
    style.area = QRectF(origin, area.size() / scale);
    style.labels = scale >= labelsFrom;
    style.folds = true;
    style.ended = workspace().state() == Workspace::State::Ended;
    style.selected = workspace().selected() ? workspace().selected()->id : JobId{};
    style.selectedGroup = workspace().selectedGroup();
    style.hovered = live && hovered() ? hovered()->node : noNode;
    std::vector<QRectF> placed;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        if (alive(boxes_[i])) {
            boxes.push_back(boxes_[i].box);
            placed.push_back(rects[i]);
        } else {
            painter.fillRect(rects[i],
                             QColor(Theme::mix(t.line, t.background, 0.5).rgb())); // it has just ended
        }
    }
    paintBoxes(painter, map(), boxes, placed, style);
    painter.restore();
}

void NodeLinkView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paint(painter, rect(), true);
    if (hasFocus() && current() == noNode) {
        painter.setPen(QPen(Theme::tokens().accent, 1));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void NodeLinkView::resizeEvent(QResizeEvent* event) {
    JobCanvas::resizeEvent(event);
    if (isVisible())
        placeAround(anchor(), false);
}

void NodeLinkView::showEvent(QShowEvent* event) {
    JobCanvas::showEvent(event);
    place(false);
}

void NodeLinkView::changeEvent(QEvent* event) {
    JobCanvas::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        update();
}

} // namespace coroscope::app
