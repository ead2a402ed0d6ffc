// SPDX-License-Identifier: Apache-2.0
// What is known of the selected group of jobs: how many there are, what they do, the place that they share.
#pragma once

#include "model/Workspace.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace coroscope::app {

class GroupDetails : public QWidget {
    Q_OBJECT
public:
    explicit GroupDetails(Workspace& workspace, QWidget* parent = nullptr);
    /// As it is now; shows nothing new when no group is selected.
    void refresh();

signals:
    void jobClicked(coroscope::JobId job);
    /// Only jobs that meet this condition, too.
    void filterRequested(const QString& condition);

private:
    void fillPlace(const observe::GroupPlace& place);
    QString membersLinked(std::uint32_t group) const;

    Workspace& workspace_;
    QLabel* name_;
    QLabel* counts_;
    QLabel* age_;
    QPushButton* only_;
    QVBoxLayout* place_;
    QLabel* members_;
    QString condition_; ///< that its jobs meet; empty where no condition says it
    std::uint64_t key_ = 0;
    bool filled_ = false;
};

} // namespace coroscope::app
