// SPDX-License-Identifier: Apache-2.0
// Draws a program in the list of targets: a point for its condition, its name, and what is known in small
// print.
#pragma once

#include <QStyledItemDelegate>

namespace coroscope::app {

class TargetDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    /// With reasons, a third line says why a program cannot be attached to, or what will be missing.
    void showReasons(bool on) noexcept { reasons_ = on; }
    /// The program that the window shows.
    void setAttached(int pid) noexcept { attached_ = pid; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    bool reasons_ = false;
    int attached_ = 0;
};

} // namespace coroscope::app
