// SPDX-License-Identifier: Apache-2.0
// Draws one row of the job tree.
#pragma once

#include "model/Columns.h"
#include "model/Workspace.h"
#include "theme/Theme.h"
#include "widgets/TextCache.h"

#include <QCoreApplication>
#include <QPainter>
#include <QRect>
#include <QString>

#include <vector>

namespace coroscope::app {

/// Where the columns are and what the row's condition is.
struct RowLook {
    QRect rect;
    std::vector<QRect> cells; ///< by Column; empty ones are hidden
    bool selected = false;
    bool hovered = false;
    bool offersCancel = false; ///< a hovered job that can be told to stop
    bool focused = false;
    bool dimmed = false; ///< the target has ended
};

class RowPainter {
    Q_DECLARE_TR_FUNCTIONS(coroscope::app::RowPainter)
public:
    explicit RowPainter(const Workspace& workspace);

    void paint(QPainter& painter, const RowLook& look, observe::Node node) const;
    /// The whole text of a cell, for tooltips and screen readers.
    QString text(observe::Node node, Column column) const;
    /// What its jobs have in common, in a word: the function, or why there is none.
    QString groupName(observe::Node group) const;
    /// "reader-311 launch #40219, Cancelling, suspended".
    QString accessibleName(observe::Node node) const;
    /// Where the expander is within the job cell.
    QRect expander(const QRect& jobCell, observe::Node node) const;
    /// Where the button to cancel is while the pointer is on the row.
    static QRect cancelButton(const QRect& row);

private:
    QString groupText(observe::Node group, Column column) const;
    /// Jobs of a group that the search leaves.
    std::uint64_t rowsOf(observe::Node group) const;
    void paintJob(QPainter& painter, const QRect& cell, const QColor& ground, const RowLook& look,
                  observe::Node node) const;
    void paintFindings(QPainter& painter, const QRect& cell, observe::Node node) const;
    QString origin(const observe::JobRow& row) const;
    QString placeThatFits(const QString& place, int width) const;

    const Workspace& workspace_;
    mutable TextCache plain_, strong_, small_, mono_;
    double letter_; ///< width of one in the places' font
};

/// Draws a chip and answers its width.
int paintChip(QPainter& painter, int x, const QRect& row, const QString& text, ChipKind kind, int atMost);

} // namespace coroscope::app
