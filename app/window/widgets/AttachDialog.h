// SPDX-License-Identifier: Apache-2.0
// Picks a running program, from the list or by its pid.
#pragma once

#include "model/Targets.h"
#include "model/Workspace.h"

#include <QDialog>

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;
class QSortFilterProxyModel;

namespace coroscope::app {

/// Shown with open(). Stays until attaching worked, and says in itself what went wrong.
class AttachDialog : public QDialog {
    Q_OBJECT
public:
    AttachDialog(Targets& targets, Workspace& workspace, QWidget* parent = nullptr);

    QString problem() const;

signals:
    void throughRequested();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void chosen();
    void choiceChanged();
    void chooseFirst();
    void go(int pid);
    int chosenPid() const;

    Workspace& workspace_;
    QLineEdit* filter_;
    QListView* list_;
    QSortFilterProxyModel* shown_;
    QLineEdit* pid_;
    QLabel* problem_;
    QPushButton* attach_;
    int chosenInList_ = 0;      ///< pid of the row that was chosen
    bool chosenLeaves_ = false; ///< that program has just ended
};

} // namespace coroscope::app
