// SPDX-License-Identifier: Apache-2.0
// The programs that are running now. A click attaches.
#pragma once

#include "model/Targets.h"
#include "model/Workspace.h"

#include <QWidget>

#include <utility>

class QLabel;
class QListView;

namespace coroscope::app {

class OpenSessions;
class TargetDelegate;

class TargetsPanel : public QWidget {
    Q_OBJECT
public:
    TargetsPanel(Targets& targets, Workspace& workspace, QWidget* parent = nullptr);

signals:
    void attachRequested(int pid);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refresh();
    void showMenu(QListView* list, const QPoint& at);
    int keyOf(const QListView* list, const QModelIndex& index) const;

    Targets& targets_;
    Workspace& workspace_;
    QListView* list_;
    TargetDelegate* delegate_;
    OpenSessions* open_;
    std::pair<int, int> shown_; ///< which session, of how many: it was brought into sight
    QLabel* openTitle_;
    QListView* openList_;
    TargetDelegate* openDelegate_;
    QLabel* none_;
};

} // namespace coroscope::app
