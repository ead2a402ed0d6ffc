// SPDX-License-Identifier: Apache-2.0
#include "map/MapPainter.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "theme/Theme.h"

#include <QFontMetricsF>
#include <QPaintEngine>

#include <algorithm>
#include <cmath>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

constexpr double iconSize = 13;
constexpr double leastForIcon = 20, leastForText = 44, leastForPattern = 7, leastForGap = 5;
/// So high and so wide a box that is too narrow for a text has it from the bottom to the top.
constexpr double leastForUpright = 64, leastAcross = 17;

bool isUpright(const QRectF& box) {
    return box.height() >= leastForUpright && box.width() >= leastAcross && box.width() < leastForText + 9;
}

/// The same patterns in lines: Qt writes a brush with a pattern to SVG as if it had none.
void hatch(QPainter& painter, const QRectF& rect, const QColor& colour, Qt::BrushStyle pattern) {
    constexpr double apart = 8;
    QPainterPath lines;
    const auto slanted = [&](bool rising) {
        for (double from = std::floor((rect.left() - rect.height()) / apart) * apart; from < rect.right();
             from += apart) {
            // Cut at the sides: a viewer need not clip.
            const double left = std::max(from, rect.left());
            const double right = std::min(from + rect.height(), rect.right());
            if (left >= right)
                continue;
            const auto y = [&](double x) {
                return rising ? rect.bottom() - (x - from) : rect.top() + (x - from);
            };
            lines.moveTo(left, y(left));
            lines.lineTo(right, y(right));
        }
    };
    const bool cross = pattern == Qt::DiagCrossPattern;
    if (cross || pattern == Qt::BDiagPattern)
        slanted(true);
    if (cross)
        slanted(false);
    if (pattern <= Qt::Dense7Pattern) {
        const double step = 3 + (pattern - Qt::Dense1Pattern) / 2.0;
        for (double y = rect.top() + step / 2; y < rect.bottom(); y += step)
            for (double x = rect.left() + step / 2; x < rect.right(); x += step)
                lines.addRect(x, y, 1, 1);
        painter.fillPath(lines, colour);
        return;
    }
    painter.strokePath(lines, QPen(colour, 1));
}

/// Patterns are drawn over the fill, faintly: text has to stay readable.
void fill(QPainter& painter, const QRectF& rect, const MapLook& look) {
    painter.fillRect(rect, look.fill);
    if (look.pattern == Qt::SolidPattern || rect.width() < leastForPattern)
        return;
    QColor line = look.colour;
    line.setAlphaF(0.35f);
    if (painter.paintEngine()->type() == QPaintEngine::SVG)
        hatch(painter, rect, line, look.pattern);
    else
        painter.fillRect(rect, QBrush(line, look.pattern));
}

void outline(QPainter& painter, const QRectF& rect, const QColor& colour, double width,
             Qt::PenStyle style = Qt::SolidLine) {
    QPen pen(colour, width, style);
    pen.setJoinStyle(Qt::MiterJoin);
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect.adjusted(width / 2, width / 2, -width / 2, -width / 2));
}

class BoxText {
public:
    BoxText(QPainter& painter, const JobMap& map, const MapStyle& style)
        : painter_(painter)
        , map_(map)
        , style_(style)
        , metrics_(Theme::text()) {
        painter_.setFont(Theme::text());
    }

    /// A few words in a box that stands for several jobs.
    void say(const QRectF& box, const MapLook& look, const QString& words) {
        const QRectF rect = box.intersected(style_.area).adjusted(6, 0, -4, 0);
        if (rect.width() >= leastForText - 24)
            run(rect, words, look.onFill);
    }

    /// Icon, name and detail, as much of it as fits into the part of the box that is in sight.
    void draw(const QRectF& box, Node node, const MapLook& look, const QString& count) {
        const QRectF inSight = box.intersected(style_.area);
        const bool turned = isUpright(inSight);
        QRectF rect = inSight.adjusted(5, 0, -4, 0);
        if (rect.width() < leastForIcon - 9 && !turned)
            return;
        const QString icon = node == orphanGroup ? QStringLiteral("broken-link") : look.icon;
        if (icon.isEmpty() && turned) {
            upright(inSight, {}, map_.title(node), look.onFill);
            return;
        }
        if (!icon.isEmpty() && (rect.width() >= iconSize || turned)) {
            const QColor colour =
                node == orphanGroup
                    ? Theme::tokens().orphan
                    : Theme::readable(Theme::tokens(), style_.ended ? Theme::tokens().dim : look.colour,
                                      look.fill);
            const QPixmap pixmap =
                iconPixmap(icon, colour, static_cast<int>(iconSize), painter_.device()->devicePixelRatioF());
            if (turned) {
                upright(inSight, pixmap, map_.title(node), look.onFill);
                return;
            }
            painter_.drawPixmap(QPointF(rect.left(), rect.center().y() - iconSize / 2), pixmap);
            rect.setLeft(rect.left() + iconSize + 5);
        }
        if (rect.width() < leastForText - 24)
            return;
        const QString detail = isGroup(node) ? count : map_.detail(map_.workspace().tree().row(node));
        const double line = metrics_.lineSpacing();
        const bool below = rect.height() >= 2.5 * line && !detail.isEmpty() &&
                           metrics_.horizontalAdvance(detail) <= rect.width();
        if (below)
            rect.adjust(0, rect.height() / 2 - line, 0, line - rect.height() / 2);
        const double used = run(below ? rect.adjusted(0, 0, 0, -line) : rect, map_.title(node), look.onFill);
        if (below)
            rect.setTop(rect.top() + line);
        else
            rect.setLeft(rect.left() + used + 6);
        if (!detail.isEmpty() && rect.width() > 24 && metrics_.horizontalAdvance(detail) <= rect.width()) {
            QColor dim = Theme::mix(look.onFill, look.fill, 0.72);
            run(rect, detail, Theme::readable(Theme::tokens(), QColor(dim.rgb()), look.fill));
        }
    }

private:
    /// From the bottom to the top, in the middle of a box that is high and narrow.
    void upright(const QRectF& box, const QPixmap& icon, const QString& text, const QColor& colour) {
        constexpr double edge = 4;
        const double gap = icon.isNull() ? 0 : iconSize + 5;
        const double length = std::min(gap + metrics_.horizontalAdvance(text), box.height() - 2 * edge);
        const double bottom = box.center().y() + length / 2;
        if (!icon.isNull())
            painter_.drawPixmap(QPointF(box.center().x() - iconSize / 2, bottom - iconSize), icon);
        painter_.save();
        painter_.translate(box.left(), bottom - gap);
        painter_.rotate(-90);
        run(QRectF(0, 0, length - gap, box.width()), text, colour);
        painter_.restore();
    }

    double run(const QRectF& rect, const QString& text, const QColor& colour) {
        painter_.setPen(colour);
        double width = metrics_.horizontalAdvance(text);
        if (width <= rect.width()) {
            painter_.drawText(rect, Qt::AlignVCenter | Qt::TextSingleLine, text);
            return width;
        }
        const QString cut = metrics_.elidedText(text, Qt::ElideRight, rect.width());
        if (cut.size() > 2)
            painter_.drawText(rect, Qt::AlignVCenter | Qt::TextSingleLine, cut);
        return rect.width();
    }

    QPainter& painter_;
    const JobMap& map_;
    const MapStyle& style_;
    QFontMetricsF metrics_;
};

/// Red for what is proven, amber for what is suspected, violet for orphans.
QColor colourOf(const observe::Finding& finding) {
    const Tokens& t = Theme::tokens();
    return finding.rule.substr(0, 6) == "orphan"               ? t.orphan
           : finding.confidence == observe::Confidence::Proven ? t.failed
                                                               : t.cancelling;
}
/// Of the worst; invalid without a finding.
QColor findingColour(const Workspace& workspace, JobId job) {
    QColor colour;
    const Tokens& t = Theme::tokens();
    for (const std::uint32_t index : workspace.findings().of(job)) {
        const QColor each = colourOf(workspace.findings().all()[index]);
        if (each == t.failed)
            return each;
        if (!colour.isValid() || each != t.orphan)
            colour = each;
    }
    return colour;
}
QColor groupColour(const Workspace& workspace, Node group) {
    const FindingIndex::OfGroup found = workspace.findings().ofGroup(TreeRows::groupNumber(group));
    return found.count == 0 ? QColor() : colourOf(workspace.findings().all()[found.worst]);
}

constexpr double swatch = 12;

QFont legendFont() {
    QFont font = Theme::text();
    font.setPixelSize(12);
    return font;
}

/// Calls draw(item, upper left corner) for each that there is room for; answers the height of their lines.
template <typename Draw>
int placeLegend(const QRectF& area, const std::vector<MapLook>& items, Draw draw) {
    const QFontMetricsF metrics(legendFont());
    double x = area.left(), y = area.top();
    for (const MapLook& item : items) {
        const double iconWidth = item.icon.isEmpty() ? 0 : iconSize + 4;
        const double width = swatch + 6 + iconWidth + metrics.horizontalAdvance(item.text) + 16;
        if (x > area.left() && x + width - 16 > area.right()) {
            x = area.left();
            y += legendLine;
        }
        if (y + legendLine > area.bottom() + 1)
            break;
        draw(item, QPointF(x, y));
        x += width;
    }
    return static_cast<int>(y + legendLine - area.top());
}

} // namespace

QRectF rectOf(const MapBox& box, const MapStyle& style) {
    const double y = box.row * style.rowHeight - style.top;
    double width = box.width;
    // Nothing is so small that it vanishes, and neighbours keep a seam as soon as there is room for one.
    if (width < 1)
        width = 1;
    else if (width >= leastForGap && style.rowHeight > 8)
        width -= 1;
    const double height = style.rowHeight * (1 + box.height) - (style.rowHeight > 8 ? 1 : 0);
    return QRectF(style.area.left() + box.x, style.area.top() + y, width, height);
}

void paintBoxes(QPainter& painter, const JobMap& map, const std::vector<MapBox>& boxes,
                const MapStyle& style) {
    static thread_local std::vector<QRectF> rects; // asked for anew, it would cost as much as the boxes do
    rects.clear();
    for (const MapBox& box : boxes)
        rects.push_back(rectOf(box, style));
    paintBoxes(painter, map, boxes, rects, style);
}

void paintBoxes(QPainter& painter, const JobMap& map, const std::vector<MapBox>& boxes,
                const std::vector<QRectF>& rects, const MapStyle& style) {
    const Tokens& t = Theme::tokens();
    const Workspace& workspace = map.workspace();
    painter.save();
    painter.setClipRect(style.area);
    MapLook group;
    group.fill = QColor(Theme::mix(t.line, t.background, t.dark ? 0.9 : 0.7).rgb());
    group.onFill = Theme::readable(t, t.text, group.fill);
    BoxText labels(painter, map, style);
    const QRectF* selected = nullptr;
    const QRectF* hovered = nullptr;
    const Node selectedNode = workspace.tree().find(style.selected);
    struct Marked {
        QRectF rect;
        QColor colour;
    };
    std::vector<Marked> marked;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const MapBox& box = boxes[i];
        QRectF rect = rects[i];
        // Far beyond the area the painter's own numbers end.
        rect.setLeft(std::max(rect.left(), style.area.left() - 4));
        rect.setRight(std::min(rect.right(), style.area.right() + 4));
        if (rect.bottom() < style.area.top() || rect.top() > style.area.bottom())
            continue;
        const bool grouped = isGroup(box.node) && box.merged == 0;
        MapLook look = grouped ? group : map.look(box);
        if (style.ended) {
            look.fill = QColor(Theme::mix(look.fill, t.background, 0.5).rgb());
            look.onFill = Theme::readable(t, t.dim, look.fill);
        }
        fill(painter, rect, look);
        if (box.node == style.hovered)
            hovered = &rects[i];
        if (grouped) {
            if (box.node == orphanGroup && rect.width() > 4)
                outline(painter, rect, t.orphan, 1, Qt::DashLine);
            if (box.node == style.selectedGroup)
                selected = &rects[i];
            if (isPlaceGroup(box.node) && style.labels && rect.width() >= leastForPattern)
                if (const QColor colour = groupColour(workspace, box.node); colour.isValid())
                    marked.push_back({rect, colour});
            if (style.labels && (rect.width() >= leastForText || isUpright(rect)))
                labels.draw(rect, box.node, look, countText(map.jobs(box)));
            continue;
        }
        if (box.merged > 0) {
            if (style.folds && style.labels) {
                outline(painter, rect, QColor(Theme::mix(look.colour, t.background, 0.6).rgb()), 1,
                        Qt::DashLine);
                labels.say(rect, look, u'+' + countText(box.merged));
            }
            continue;
        }
        if (box.node == selectedNode)
            selected = &rects[i];
        if (style.labels && rect.width() >= leastForPattern) {
            const JobId id = workspace.tree().id(box.node);
            if (const QColor colour = findingColour(workspace, id); colour.isValid())
                marked.push_back({rect, colour});
            if (rect.width() >= leastForIcon || isUpright(rect))
                labels.draw(rect, box.node, look, {});
        }
    }
    for (const Marked& each : marked)
        outline(painter, each.rect, each.colour, each.rect.width() > 24 ? 2 : 1);
    if (hovered != nullptr && style.labels)
        outline(painter, hovered->intersected(style.area.adjusted(-4, -4, 4, 4)), t.dim, 1);
    if (selected != nullptr && style.labels) {
        const QRectF rect = selected->intersected(style.area.adjusted(-4, -4, 4, 4));
        outline(painter, rect.adjusted(-2, -2, 2, 2), t.background, 2);
        outline(painter, rect.adjusted(-1, -1, 1, 1), t.selectionEdge, 2);
    }
    painter.restore();
}

void paintBrokenLink(QPainter& painter, const QPainterPath& path, bool strong) {
    const Tokens& t = Theme::tokens();
    QColor colour = t.orphan;
    colour.setAlphaF(strong ? 1.0f : 0.28f);
    QPen pen(colour, strong ? 1.5 : 1);
    pen.setDashPattern({4, 3});
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    if (!strong)
        return;
    const QPointF middle = path.pointAtPercent(0.5), start = path.pointAtPercent(0);
    painter.setPen(Qt::NoPen);
    painter.setBrush(t.background);
    painter.drawEllipse(middle, 7, 7);
    painter.setBrush(t.orphan);
    painter.drawEllipse(start, 2.5, 2.5);
    painter.setPen(QPen(t.orphan, 1.8));
    painter.drawLine(middle + QPointF(-4, 3), middle + QPointF(-1, -4));
    painter.drawLine(middle + QPointF(1, 4), middle + QPointF(4, -3));
}

int legendHeight(int width, const std::vector<MapLook>& items) {
    const QRectF all(0, 0, width, 1e6);
    return placeLegend(all, items, [](const MapLook&, const QPointF&) {});
}

void paintLegend(QPainter& painter, const QRectF& area, const std::vector<MapLook>& items) {
    const Tokens& t = Theme::tokens();
    painter.setFont(legendFont());
    placeLegend(area, items, [&](const MapLook& item, const QPointF& at) {
        const QRectF box(at.x(), at.y() + (legendLine - swatch) / 2, swatch, swatch);
        fill(painter, box, item);
        outline(painter, box, Theme::mix(item.colour, t.panel, 0.6), 1);
        double x = at.x() + swatch + 6;
        if (!item.icon.isEmpty()) {
            painter.drawPixmap(QPointF(x, at.y() + (legendLine - iconSize) / 2),
                               iconPixmap(item.icon, item.colour, static_cast<int>(iconSize),
                                          painter.device()->devicePixelRatioF()));
            x += iconSize + 4;
        }
        painter.setPen(t.dim);
        painter.drawText(QRectF(x, at.y(), area.right() - x, legendLine),
                         Qt::AlignVCenter | Qt::TextSingleLine, item.text);
    });
}

} // namespace coroscope::app
