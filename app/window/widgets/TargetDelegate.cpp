// SPDX-License-Identifier: Apache-2.0
#include "widgets/TargetDelegate.h"

#include "model/Targets.h"
#include "theme/Theme.h"

#include <QPainter>

namespace coroscope::app {

void TargetDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                           const QModelIndex& index) const {
    const Tokens& t = Theme::tokens();
    const bool attached = index.data(Targets::PidRole).toInt() == attached_ && attached_ != 0;
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const bool hovered = (option.state & QStyle::State_MouseOver) != 0;
    const bool attachable = index.data(Targets::AttachableRole).toBool();
    const QString problem = index.data(Qt::StatusTipRole).toString();
    const QColor base = reasons_ ? t.background : t.panel;
    const QColor ground = attached || selected    ? t.selection
                          : hovered && attachable ? QColor(Theme::mix(t.selection, base, 0.45).rgb())
                                                  : base;
    painter->save();
    painter->fillRect(option.rect, ground);
    if (attached)
        painter->fillRect(QRect(option.rect.left(), option.rect.top(), 2, option.rect.height()),
                          t.selectionEdge);
    const bool ended = index.data(Targets::EndedRole).toBool();
    const QColor point = ended || !attachable ? t.ended : problem.isEmpty() ? t.running : t.cancelling;
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(point);
    const QRect text = option.rect.adjusted(34, 7, -10, -6);
    painter->drawEllipse(QPointF(option.rect.left() + 16, text.top() + 9), 4, 4);
    QFont strong = Theme::text();
    strong.setWeight(QFont::DemiBold);
    const QColor dim = Theme::readable(t, t.dim, ground);
    const QFontMetrics metrics(strong);
    const QString state = index.data(Targets::StateRole).toString();
    painter->setFont(Theme::text());
    painter->setPen(dim);
    QFont small = Theme::text();
    small.setPixelSize(12);
    painter->setFont(small);
    const int stateWidth = painter->fontMetrics().horizontalAdvance(state);
    painter->drawText(QRect(text.right() - stateWidth, text.top(), stateWidth + 1, 18), Qt::AlignVCenter,
                      state);
    painter->drawText(QRect(text.left(), text.top() + 19, text.width(), 16), Qt::AlignVCenter,
                      painter->fontMetrics().elidedText(index.data(Targets::DetailRole).toString(),
                                                        Qt::ElideRight, text.width()));
    if (reasons_ && !problem.isEmpty()) {
        painter->drawText(QRect(text.left(), text.top() + 37, text.width(), 16), Qt::AlignVCenter,
                          painter->fontMetrics().elidedText(problem, Qt::ElideRight, text.width()));
    }
    painter->setFont(strong);
    painter->setPen(attachable && !ended ? t.text : dim);
    painter->drawText(QRect(text.left(), text.top(), text.width() - stateWidth - 8, 18), Qt::AlignVCenter,
                      metrics.elidedText(index.data(Targets::ProgramRole).toString(), Qt::ElideRight,
                                         text.width() - stateWidth - 8));
    painter->restore();
}

QSize TargetDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const {
    const bool third = reasons_ && !index.data(Qt::StatusTipRole).toString().isEmpty();
    return {160, third ? 66 : 48};
}

} // namespace coroscope::app
