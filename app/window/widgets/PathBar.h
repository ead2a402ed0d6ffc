// SPDX-License-Identifier: Apache-2.0
// Over the tree: the way from the root to the selected job, pinned jobs, and how the tree is shown.
#pragma once

#include "model/Workspace.h"

#include <QFrame>

class QLabel;
class QMenu;
class QToolButton;

namespace coroscope::app {

class JobTreeView;

class PathBar : public QFrame {
    Q_OBJECT
public:
    PathBar(Workspace& workspace, JobTreeView& tree, QWidget* parent = nullptr);

    /// From the tree to the groups that were shown last, and back.
    void toggleGrouping();

signals:
    void jobClicked(coroscope::JobId job);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refresh();
    void fillPins();
    void refreshPins();
    void buildGrouping();
    void choose(std::optional<observe::GroupBy> by);
    void refreshGrouping();

    Workspace& workspace_;
    JobTreeView& tree_;
    QLabel* path_;
    QToolButton *pins_, *levels_, *fold_, *group_;
    QMenu* pinsMenu_;
    std::vector<QAction*> groupings_; ///< the tree, then those of observe::allGroupings
    observe::GroupBy lastGrouping_ = observe::GroupBy::CreationSite;
};

} // namespace coroscope::app
