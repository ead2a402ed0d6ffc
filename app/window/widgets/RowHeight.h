// SPDX-License-Identifier: Apache-2.0
// What the rows of lists beside the tree look like.
#pragma once

#include "theme/Theme.h"

#include <QStyledItemDelegate>

namespace coroscope::app {

/// Rows as high as those of the tree.
class RowHeight : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        return {QStyledItemDelegate::sizeHint(option, index).width(), measure::row};
    }

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        // The selection is a pale one: text keeps its colour on it.
        option->palette.setColor(QPalette::HighlightedText, option->palette.color(QPalette::Text));
    }
};

} // namespace coroscope::app
