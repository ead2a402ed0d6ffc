// SPDX-License-Identifier: Apache-2.0
// The programs that are running now. A click attaches.
#pragma once

#include "model/Targets.h"
#include "model/Workspace.h"

#include <QWidget>

class QLabel;
class QListView;

namespace coroscope::app {

class TargetDelegate;

class TargetsPanel : public QWidget {
    Q_OBJECT
public:
    TargetsPanel(Targets& targets, Workspace& workspace, QWidget* parent = nullptr);

signals:
    void attachRequested(int pid);

private:
    void refresh();

    Targets& targets_;
    Workspace& workspace_;
    QListView* list_;
    TargetDelegate* delegate_;
    QLabel* gone_;
    QLabel* none_;
};

} // namespace coroscope::app
