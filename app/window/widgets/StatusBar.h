// SPDX-License-Identifier: Apache-2.0
// The line that earns trust: connection, jobs, events, what was lost, how far behind we are.
#pragma once

#include "model/Workspace.h"

#include <QStatusBar>

class QLabel;
class QToolButton;

namespace coroscope::app {

class StatusBar : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusBar(Workspace& workspace, QWidget* parent = nullptr);
    QString text() const; ///< all of it, for screen readers and tests

signals:
    void findingsClicked();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void refresh();
    QLabel* field(const QString& name, int leastWidth);

    Workspace& workspace_;
    QLabel *connection_, *jobs_, *events_, *lost_, *lag_, *cancel_;
    QToolButton* findings_;
};

} // namespace coroscope::app
