// SPDX-License-Identifier: Apache-2.0
// Small pieces that the panels are made of.
#pragma once

#include "theme/Theme.h"

#include <QFrame>
#include <QLabel>

class QVBoxLayout;

namespace coroscope::app {

/// A frame with a vertical layout inside. The name picks its look in the style sheet.
QFrame* card(QWidget* parent, const QString& look = QStringLiteral("card"));
QLabel* dimLabel(const QString& text, QWidget* parent);
/// Deletes all widgets in a layout, now rather than later: they are about to be made anew.
void clearLayout(QLayout* layout);

/// A state's icon in the colours of the day.
class IconLabel : public QWidget {
    Q_OBJECT
public:
    IconLabel(const QString& name, StateLook look, QWidget* parent);
    void setState(StateLook look);
    QSize sizeHint() const override { return {16, 16}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString name_;
    StateLook look_;
};

/// One line that is cut at the right, whole in its tooltip.
class ElidedLabel : public QWidget {
    Q_OBJECT
public:
    ElidedLabel(const QString& left, const QString& right, QWidget* parent, bool strong = false);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString left_, right_;
    bool strong_;
};

} // namespace coroscope::app
