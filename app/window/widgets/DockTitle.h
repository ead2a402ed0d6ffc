// SPDX-License-Identifier: Apache-2.0
// The heading of a panel: a word in small capitals, and a button to hide the panel.
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
    void setText(const QString& text);

protected:
    void changeEvent(QEvent* event) override;

private:
    QLabel* label_;
    QToolButton* close_;
};

} // namespace coroscope::app
