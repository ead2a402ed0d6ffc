// SPDX-License-Identifier: Apache-2.0
#include "widgets/RowPainter.h"

#include "model/Format.h"
#include "model/SiblingOrder.h"
#include "theme/Icons.h"

#include <QPainterPath>

#include <coroscope/observe/Groups.h>

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

constexpr int padding = 8;
constexpr int indent = 16;
constexpr int expanderSize = 16;
constexpr int iconSize = 14;
/// Deeper levels are drawn at this depth, else the names of deep trees leave the screen.
constexpr unsigned deepestIndent = 24;
/// Shown of the stack of a group.
constexpr std::size_t mostCallers = 8;

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// Draws as much as fits, answers where it ended.
int drawRun(QPainter& painter, TextCache& texts, int x, int right, const QRect& cell, const QString& text) {
    return x < right ? x + texts.draw(painter, QRect(x, cell.top(), right - x, cell.height()), text) : x;
}

QFont sized(QFont font, int pixels) {
    font.setPixelSize(pixels);
    return font;
}
QFont strong(QFont font) {
    font.setWeight(QFont::DemiBold);
    return font;
}

} // namespace

int paintChip(QPainter& painter, int x, const QRect& row, const QString& text, ChipKind kind, int atMost) {
    const ChipColours colours = Theme::chip(Theme::tokens(), kind);
    QFont font = Theme::text();
    font.setPixelSize(12);
    painter.setFont(font);
    const QFontMetrics metrics(font);
    const int width = std::min(metrics.horizontalAdvance(text) + 14, atMost);
    if (width < 24)
        return 0;
    const QRectF chip(x + 0.5, row.center().y() - 8.5, width - 1, 18);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(colours.fill);
    if (kind == ChipKind::Orphan) {
        QPen pen(colours.edge, 1);
        pen.setDashPattern({3, 2});
        painter.setPen(pen);
    } else {
        painter.setPen(Qt::NoPen);
    }
    painter.drawRoundedRect(chip, 9, 9);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(colours.text);
    painter.drawText(chip, Qt::AlignCenter | Qt::TextSingleLine,
                     metrics.elidedText(text, Qt::ElideRight, width - 10));
    return width;
}

RowPainter::RowPainter(const Workspace& workspace)
    : workspace_(workspace)
    , plain_(Theme::text())
    , strong_(strong(Theme::text()))
    , small_(sized(Theme::text(), 11))
    , mono_(Theme::mono())
    , letter_(QFontMetricsF(Theme::mono()).horizontalAdvance(QLatin1Char('m'))) {}

QString RowPainter::origin(const observe::JobRow& row) const {
    const bool global = (row.flags & JobFlags::launchedInGlobalScope) != 0;
    const bool cut = (row.flags & JobFlags::parentFromContext) != 0;
    if ((!global && !cut) || !row.launcher)
        return {};
    const Node launcher = workspace_.tree().find(row.launcher);
    const QString who = launcher != noNode ? workspace_.labels().name(workspace_.tree().row(launcher))
                                           : tr("a job that has ended");
    return (cut ? tr("cut from %1") : tr("from %1")).arg(who);
}

QString RowPainter::text(Node node, Column column) const {
    if (isPlaceGroup(node))
        return groupText(node, column);
    if (node == orphanGroup)
        return column == JobColumn
                   ? tr("Orphans: %1 that nobody owns").arg(jobsText(workspace_.rows().orphans()))
                   : QString();
    const observe::JobRow& row = workspace_.tree().row(node);
    switch (column) {
    case JobColumn: {
        if (const std::uint32_t alike = workspace_.rows().folded(node); alike > 0)
            return tr("%1 alike: %2 %3")
                .arg(countText(alike), nameWithoutNumber(workspace_.labels().name(row)),
                     fromView(coroscope::name(row.kind)));
        QString text = workspace_.labels().fullName(row);
        if (const QString from = origin(row); !from.isEmpty())
            text += QStringLiteral(", ") + from;
        return text;
    }
    case FindingsColumn: {
        QString text;
        for (const std::uint32_t index : workspace_.findings().of(row.id)) {
            const observe::Finding& finding = workspace_.findings().all()[index];
            if (!text.isEmpty())
                text += QLatin1Char('\n');
            text += QString::fromStdString(finding.title) + QStringLiteral(" (") +
                    fromView(observe::name(finding.confidence)) + QLatin1Char(')');
        }
        return text;
    }
    case StateColumn: {
        const QString wait = waitText(row);
        const QString state = stateText(row.state, row.execution);
        return wait.isEmpty() ? state : state + QStringLiteral(" · ") + wait;
    }
    case WhereColumn:
        // Another program's dump may know where a running job is, too.
        return row.execution == Execution::Suspended || !workspace_.info().format.empty()
                   ? workspace_.labels().stack(row.suspendedAt)
                   : QString();
    case AgeColumn:
        if (workspace_.rows().folded(node) > 0)
            return {};
        return durationText(row.age(workspace_.now()));
    case InStateColumn:
        if (workspace_.rows().folded(node) > 0)
            return {};
        return durationText(row.timeInState(workspace_.now()));
    case DispatcherColumn:
        return workspace_.labels().dispatcher(row.context);
    case CreatedColumn:
        return workspace_.labels().site(row.site);
    case SubtreeColumn:
        return countText(workspace_.rows().subtreeSize(node) * std::max(1u, workspace_.rows().folded(node)));
    case ResumesColumn:
        return workspace_.rows().folded(node) > 0 ? QString() : countText(row.resumes);
    case ColumnCount:
        break;
    }
    return {};
}

/// "orders.cpp:88  name": without the name where next to nothing of it could be read.
QString RowPainter::placeThatFits(const QString& place, int width) const {
    constexpr qsizetype gap = 2, fewLetters = 6;
    const qsizetype name = place.indexOf(QLatin1String("  "));
    const auto room = static_cast<qsizetype>(width / letter_);
    const qsizetype wanted = name < 0 ? place.size() : name;
    if (place.size() <= room || (name > 0 && wanted + gap + fewLetters <= room))
        return place;
    // The line's number is worth more than how the file's name begins.
    return wanted <= room ? place.left(wanted) : QStringLiteral("…") + place.left(wanted).right(room - 1);
}

std::uint64_t RowPainter::rowsOf(Node group) const {
    const RowGroups* const groups = workspace_.rows().groups();
    if (groups == nullptr)
        return 0;
    const std::uint32_t number = TreeRows::groupNumber(group);
    // Jobs may have come since the filter was last asked.
    return workspace_.rows().filtered() ? std::min(groups->matches(number), groups->counts(number).jobs)
                                        : groups->counts(number).jobs;
}

QString RowPainter::groupName(Node group) const {
    const RowGroups* const groups = workspace_.rows().groups();
    return groups == nullptr ? QString() : QString::fromStdString(groups->name(TreeRows::groupNumber(group)));
}

/// Of one place the file and the line; of a stack the functions outwards, too.
QString RowPainter::groupText(Node group, Column column) const {
    const RowGroups* const groups = workspace_.rows().groups();
    if (groups == nullptr)
        return {};
    const std::uint32_t number = TreeRows::groupNumber(group);
    const observe::GroupPlace& place = groups->place(number);
    switch (column) {
    case JobColumn: {
        const QString name = groupName(group);
        if (!place.known() || place.stack.frames[place.own].function.empty())
            return name;
        return name + QStringLiteral("  ") +
               QString::fromStdString(place.stack.frames[place.own].shortText());
    }
    case FindingsColumn: {
        const FindingIndex::OfGroup found = workspace_.findings().ofGroup(number);
        if (found.count == 0)
            return {};
        const observe::Finding& worst = workspace_.findings().all()[found.worst];
        const QString title = QString::fromStdString(worst.title) + QStringLiteral(" (") +
                              fromView(observe::name(worst.confidence)) + QLatin1Char(')');
        return found.count == 1 ? title : tr("%1 findings, the worst: %2").arg(countText(found.count), title);
    }
    case StateColumn:
        return QString::fromStdString(observe::countsText(groups->counts(number), workspace_.info()));
    case WhereColumn: {
        if (groups->by() != observe::GroupBy::Stack || !place.known())
            return {};
        QString text;
        const std::size_t end = std::min(place.stack.frames.size(), place.own + 1 + mostCallers);
        for (std::size_t i = place.own + 1; i < end; ++i)
            text += (text.isEmpty() ? QStringLiteral("‹ ") : QStringLiteral(" ‹ ")) +
                    QString::fromStdString(place.stack.frames[i].shortFunction());
        return text;
    }
    case AgeColumn:
        return groups->oldest(number) == 0 ? QString()
                                           : durationText(workspace_.now() - groups->oldest(number));
    case SubtreeColumn:
        return countText(groups->counts(number).jobs);
    default:
        return {};
    }
}

QString RowPainter::accessibleName(Node node) const {
    if (node == orphanGroup)
        return text(node, JobColumn);
    QString name = text(node, JobColumn) + QStringLiteral(", ") + text(node, StateColumn);
    if (isPlaceGroup(node))
        name.prepend(countText(rowsOf(node)) + QStringLiteral(" × "));
    if (const QString findings = text(node, FindingsColumn); !findings.isEmpty())
        name += QStringLiteral(", ") + findings;
    return name;
}

QRect RowPainter::expander(const QRect& cell, Node node) const {
    const int depth = static_cast<int>(std::min(workspace_.rows().depth(node), deepestIndent));
    return {cell.left() + 4 + depth * indent, cell.top(), expanderSize, cell.height()};
}

QRect RowPainter::cancelButton(const QRect& row) {
    constexpr int width = 74;
    return {row.right() - width - 4, row.top() + 2, width, row.height() - 4};
}

void RowPainter::paintJob(QPainter& painter, const QRect& cell, const QColor& ground, const RowLook& look,
                          Node node) const {
    const Tokens& t = Theme::tokens();
    const TreeRows& rows = workspace_.rows();
    const QRect handle = expander(cell, node);
    const int wholeRight = cell.right() - 2;
    if (rows.expandable(node) && handle.right() < wholeRight) {
        const QPointF middle = QRectF(handle).center();
        QPainterPath triangle;
        if (rows.expanded(node)) {
            triangle.moveTo(middle + QPointF(-3.5, -2));
            triangle.lineTo(middle + QPointF(3.5, -2));
            triangle.lineTo(middle + QPointF(0, 3));
        } else {
            triangle.moveTo(middle + QPointF(-2, -3.5));
            triangle.lineTo(middle + QPointF(3, 0));
            triangle.lineTo(middle + QPointF(-2, 3.5));
        }
        painter.setRenderHint(QPainter::Antialiasing);
        painter.fillPath(triangle, t.dim);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
    // The count keeps its place: a name may be cut, a number not.
    const std::uint32_t alike = rows.folded(node);
    const std::uint32_t size = rows.subtreeSize(node) * std::max(1u, alike);
    const QString badge =
        size > (node == orphanGroup ? 0u : 1u) && !isPlaceGroup(node) ? countText(size) : QString();
    const int badgeWidth = badge.isEmpty() ? 0 : small_.width(badge) + 12;
    const int right = badge.isEmpty() ? wholeRight : wholeRight - badgeWidth - 4;
    int x = handle.right() + 4;
    const auto drawIcon = [&](const QString& name, const QColor& colour) {
        if (x + iconSize < right) {
            const QPixmap pixmap = iconPixmap(name, colour, iconSize, painter.device()->devicePixelRatioF());
            painter.drawPixmap(QPointF(x, cell.top() + (cell.height() - iconSize) / 2.0), pixmap);
        }
        x += iconSize + 7;
    };
    if (node == orphanGroup) {
        drawIcon(QStringLiteral("broken-link"), t.orphan);
        painter.setPen(Theme::readable(t, t.orphan, ground));
        x = drawRun(painter, plain_, x, right, cell, tr("Orphans")) + 6;
    } else if (isPlaceGroup(node)) {
        const std::uint64_t shown = rowsOf(node);
        const QString count =
            shown < size ? tr("%1 of %2").arg(countText(shown), countText(size)) : countText(shown);
        const QString name = groupName(node), all = groupText(node, JobColumn);
        painter.setPen(look.dimmed ? Theme::readable(t, t.dim, ground) : t.text);
        x = drawRun(painter, strong_, x, right, cell, count + QStringLiteral(" ×")) + 5;
        x = drawRun(painter, plain_, x, right, cell, name) + 7;
        painter.setPen(Theme::readable(t, t.dim, ground));
        x = drawRun(painter, mono_, x, right, cell, all.mid(name.size()).trimmed()) + 6;
    } else {
        const observe::JobRow& row = workspace_.tree().row(node);
        const StateLook state = lookOf(row.state, row.execution);
        drawIcon(iconName(state), look.dimmed ? t.faint : Theme::stateColour(t, state));
        const bool faded = look.dimmed || (rows.filtered() && !rows.matched(node));
        const QColor dim = Theme::readable(t, t.dim, ground);
        QString name = workspace_.labels().name(row);
        const QString kind = fromView(coroscope::name(row.kind));
        painter.setPen(faded ? dim : t.text);
        if (alike > 0) {
            x = drawRun(painter, strong_, x, right, cell, countText(alike) + QStringLiteral(" ×")) + 5;
            name = nameWithoutNumber(name);
        }
        x = drawRun(painter, plain_, x, right, cell, name) + 5;
        painter.setPen(dim);
        // Not every dump of another program tells numbers.
        const QString number = row.number == 0 ? QString() : QStringLiteral("#%1").arg(row.number);
        QString rest = number;
        if (name != kind)
            rest = (kind + QLatin1Char(' ') + number).trimmed();
        else if (row.name == 0 && row.site != 0 && row.kind != JobKind::RunBlocking)
            rest += tr(" at %1").arg(workspace_.labels().site(row.site));
        if (alike > 0)
            rest = name != kind ? kind : QString();
        const QString from = origin(row);
        // Where an orphan comes from matters more than its kind and number, which the details have.
        const auto fits = [&](const QString& text) {
            return x + plain_.width(text) + 6 + plain_.width(from) <= right;
        };
        if (!from.isEmpty() && !fits(rest))
            rest = fits(number) ? number : QString();
        if (!rest.isEmpty())
            x = drawRun(painter, plain_, x, right, cell, rest) + 6;
        if (!from.isEmpty()) {
            painter.setPen(Theme::readable(t, t.orphan, ground));
            x = drawRun(painter, plain_, x, right, cell, from) + 6;
        }
    }
    x = std::min(x, right + 2);
    if (badge.isEmpty() || x < handle.right() || x + badgeWidth > cell.right() + 1)
        return;
    // As everywhere: the job itself and all below it.
    const QRectF pill(x, cell.center().y() - 7, badgeWidth, 16);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const QColor fill(Theme::mix(t.line, ground, 0.6).rgb());
    painter.setBrush(fill);
    painter.drawRoundedRect(pill, 8, 8);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(Theme::readable(t, t.dim, fill));
    small_.draw(painter, QRect(x + 6, cell.center().y() - 7, badgeWidth, 16), badge);
}

void RowPainter::paintFindings(QPainter& painter, const QRect& cell, Node node) const {
    int x = cell.left() + padding - 4;
    const int right = cell.right() - 2;
    const auto kindOf = [](const observe::Finding& finding) {
        const bool orphan = finding.rule.substr(0, 6) == "orphan";
        return orphan                                              ? ChipKind::Orphan
               : finding.confidence == observe::Confidence::Proven ? ChipKind::Proven
                                                                   : ChipKind::Suspected;
    };
    if (isPlaceGroup(node)) {
        // The worst of its jobs, and how many more there are.
        const FindingIndex::OfGroup found = workspace_.findings().ofGroup(TreeRows::groupNumber(node));
        if (found.count == 0)
            return;
        const observe::Finding& worst = workspace_.findings().all()[found.worst];
        QString text = fromView(worst.chip);
        if (found.count > 1)
            text = QStringLiteral("%1 %2").arg(countText(found.count), text);
        paintChip(painter, x, cell, text, kindOf(worst), right - x);
        return;
    }
    if (!isJob(node))
        return;
    const JobId id = workspace_.tree().id(node);
    for (const std::uint32_t index : workspace_.findings().of(id)) {
        const observe::Finding& finding = workspace_.findings().all()[index];
        const int width = paintChip(painter, x, cell, fromView(finding.chip), kindOf(finding), right - x);
        if (width == 0)
            return;
        x += width + 4;
    }
    const std::uint32_t below = workspace_.findings().below(id);
    if (below == 0 || workspace_.rows().expanded(node) || x + 40 > right)
        return;
    paintChip(painter, x, cell, QStringLiteral("%1 below").arg(below), ChipKind::Neutral, right - x);
}

void RowPainter::paint(QPainter& painter, const RowLook& look, Node node) const {
    const Tokens& t = Theme::tokens();
    const QColor hover(Theme::mix(t.selection, t.background, 0.4).rgb());
    const QColor ground = look.selected ? t.selection : look.hovered ? hover : t.background;
    painter.fillRect(look.rect, ground);
    if (look.selected && look.focused)
        painter.fillRect(QRect(look.rect.left(), look.rect.top(), 2, look.rect.height()), t.selectionEdge);
    const auto shown = [&](Column column) { return !look.cells[column].isEmpty(); };
    if (shown(JobColumn))
        paintJob(painter, look.cells[JobColumn], ground, look, node);
    if (shown(FindingsColumn))
        paintFindings(painter, look.cells[FindingsColumn], node);
    if (isPlaceGroup(node)) {
        painter.setPen(Theme::readable(t, t.dim, ground));
        for (const Column column : {StateColumn, WhereColumn}) {
            if (!shown(column))
                continue;
            const QRect cell = look.cells[column].adjusted(padding, 0, -4, 0);
            drawRun(painter, column == WhereColumn ? mono_ : plain_, cell.left(), cell.right(), cell,
                    groupText(node, column));
        }
        for (const Column column : {AgeColumn, SubtreeColumn})
            if (shown(column))
                plain_.drawTabular(painter, look.cells[column].adjusted(padding, 0, -padding, 0),
                                   groupText(node, column));
    }
    if (isJob(node)) {
        const observe::JobRow& row = workspace_.tree().row(node);
        const QColor dim = Theme::readable(t, t.dim, ground);
        if (shown(StateColumn)) {
            const QRect cell = look.cells[StateColumn].adjusted(padding, 0, -4, 0);
            const StateLook state = lookOf(row.state, row.execution);
            painter.setPen(look.dimmed ? dim : Theme::readable(t, Theme::stateColour(t, state), ground));
            const int x = drawRun(painter, plain_, cell.left(), cell.right(), cell,
                                  stateText(row.state, row.execution));
            if (const QString wait = waitText(row); !wait.isEmpty()) {
                painter.setPen(dim);
                drawRun(painter, plain_, x + 6, cell.right(), cell, wait);
            }
        }
        if (const QString where = shown(WhereColumn) ? text(node, WhereColumn) : QString();
            !where.isEmpty()) {
            const QRect cell = look.cells[WhereColumn].adjusted(padding, 0, -4, 0);
            painter.setPen(dim);
            drawRun(painter, mono_, cell.left(), cell.right(), cell, placeThatFits(where, cell.width()));
        }
        painter.setPen(dim);
        for (const Column column : {AgeColumn, InStateColumn, SubtreeColumn, ResumesColumn}) {
            if (shown(column))
                plain_.drawTabular(painter, look.cells[column].adjusted(padding, 0, -padding, 0),
                                   text(node, column));
        }
        if (shown(CreatedColumn)) {
            const QRect cell = look.cells[CreatedColumn].adjusted(padding, 0, -4, 0);
            drawRun(painter, mono_, cell.left(), cell.right(), cell,
                    placeThatFits(workspace_.labels().site(row.site), cell.width()));
        }
        if (shown(DispatcherColumn)) {
            const QRect cell = look.cells[DispatcherColumn].adjusted(padding, 0, -4, 0);
            drawRun(painter, plain_, cell.left(), cell.right(), cell,
                    workspace_.labels().dispatcher(row.context));
        }
    }
    if (look.offersCancel) {
        const QRect button = cancelButton(look.rect);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setBrush(t.background);
        painter.setPen(QPen(t.line, 1));
        painter.drawRoundedRect(QRectF(button).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setPen(Theme::readable(t, t.failed, t.background));
        painter.setFont(Theme::text());
        painter.drawText(button, Qt::AlignCenter, tr("Cancel…"));
    }
}

} // namespace coroscope::app
