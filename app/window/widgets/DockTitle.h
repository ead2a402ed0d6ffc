// SPDX-License-Identifier: Apache-2.0
// The heading of a panel: a word in small capitals, and a button to hide the panel. Beside others in tabs
// a panel has none: its tab says the same.
#pragma once

#include <QFrame>

class QDockWidget;
class QLabel;
class QToolButton;

namespace coroscope::app {

class DockTitle : public QFrame {
    Q_OBJECT
public:
    explicit DockTitle(QDockWidget* dock);
    /// The panel's tab says it, too.
    void setText(const QString& text);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refit();

    QDockWidget* dock_;
    bool tabbed_ = false;
    QLabel* label_;
    QToolButton* close_;
};

} // namespace coroscope::app
