// SPDX-License-Identifier: Apache-2.0
// Attaches to a program on another machine or in a container, through a command that leads there.
#pragma once

#include "model/Targets.h"
#include "model/Workspace.h"

#include <QDialog>

#include <atomic>
#include <memory>

class QComboBox;
class QLabel;
class QListView;
class QPushButton;

namespace coroscope::app {

/// Shown with open(). Stays until attaching worked, and says in itself what went wrong.
class ThroughDialog : public QDialog {
    Q_OBJECT
public:
    explicit ThroughDialog(Workspace& workspace, QWidget* parent = nullptr);
    ~ThroughDialog() override;

    /// Asks which programs are at the far end of this command, in the background.
    void look(const QString& command);
    QString problem() const;

private:
    QString command() const;
    void stopLooking();
    void found(const QString& command, const std::vector<observe::Target>& targets);
    void hear(const QString& said);
    void say(const QString& sentence);
    void go();
    void refresh();

    Workspace& workspace_;
    Targets targets_;
    QComboBox* command_;
    QPushButton* look_;
    QListView* list_;
    QLabel* empty_;
    QLabel* said_;
    QLabel* problem_;
    QPushButton* attach_;
    QString lookedAt_; ///< whose programs are in the list
    QString heard_;
    std::shared_ptr<std::atomic<bool>> looking_; ///< set: give up; null: nothing goes on
};

} // namespace coroscope::app
