// SPDX-License-Identifier: Apache-2.0
// Asks before a cancel, in numbers, and shows how it goes.
#pragma once

#include "model/Workspace.h"

#include <QWidget>

class QCheckBox;
class QFrame;
class QLabel;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace coroscope::app {

class CancelPanel : public QWidget {
    Q_OBJECT
public:
    explicit CancelPanel(Workspace& workspace, QWidget* parent = nullptr);

    /// Asks about this job. Nothing is sent before the button is pressed.
    void ask(JobId job);
    JobId job() const noexcept { return job_; }
    /// "Cancel 1,021 jobs".
    QString buttonText() const;

signals:
    /// Keep running was chosen, or there is nothing more to ask.
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void refresh();
    void send();

    Workspace& workspace_;
    JobId job_;
    QLabel* heading_;
    QLabel* title_;
    QFrame* numbers_;
    QLabel* counts_[5];
    QWidget* lines_[5];
    QFrame* outside_;
    QLabel* outsideTitle_;
    QLabel* outsideNames_;
    QLabel* problem_;
    QLineEdit* reason_;
    QPushButton* go_;
    QPushButton* keep_;
    QCheckBox* childrenOnly_;
    std::uint32_t size_ = 0; ///< of the subtree, when it was looked at
    std::int64_t previewDue_ = 0, soonest_ = 0;
};

} // namespace coroscope::app
