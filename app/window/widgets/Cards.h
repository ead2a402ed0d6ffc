// SPDX-License-Identifier: Apache-2.0
// Small pieces that the panels are made of.
#pragma once

#include "theme/Theme.h"

#include <QFrame>
#include <QLabel>

#include <vector>

class QVBoxLayout;

namespace coroscope::app {

/// A frame with a vertical layout inside. The name picks its look in the style sheet.
QFrame* card(QWidget* parent, const QString& look = QStringLiteral("card"));
QLabel* dimLabel(const QString& text, QWidget* parent);
/// Wraps its lines. Remembers how high it is at a width: a layout asks all its labels, several times,
/// whenever one of them gets another text.
class WrappedLabel : public QLabel {
    Q_OBJECT
public:
    explicit WrappedLabel(const QString& text, QWidget* parent);
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void changeEvent(QEvent* event) override;

private:
    static constexpr int usualWidth = 160;
    struct Height {
        int width, height;
    };
    mutable std::vector<Height> known_; ///< of this text
    mutable QString text_;
    mutable Qt::TextFormat format_ = Qt::AutoText;
};

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
