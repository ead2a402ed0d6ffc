// SPDX-License-Identifier: Apache-2.0
// Asks before a cancel, in numbers, and shows how it goes.
#pragma once

#include "model/Workspace.h"

#include <QWidget>

class QAction;
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
    /// Asks about all jobs that the search leaves. What is sent is what was counted last.
    void askMatching();
    /// The one that is asked about; none when it is about all that match.
    JobId job() const noexcept { return job_; }
    /// "Cancel 1,021 jobs".
    QString buttonText() const;

signals:
    /// Keep running was chosen, or there is nothing more to ask.
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void begin();
    void refresh();
    void refreshMatching();
    void show(const observe::CancelPreview& preview);
    void keepRoom();
    void nothingLeft(const QString& title);
    void nameJobs(QLabel* label, const std::vector<JobId>& jobs, std::uint64_t count) const;
    void send();
    void remember(const QString& reason);
    void showReasons();

    Workspace& workspace_;
    JobId job_;
    bool matching_ = false;
    std::vector<JobId> tops_; ///< of those that match, as last counted
    QString words_;           ///< that they matched then
    QLabel* heading_;
    QLabel* title_;
    QWidget* preview_; ///< what is between the title and the reason
    QFrame* numbers_;
    QLabel* counts_[5];
    QWidget* lines_[5];
    QLabel* shielded_;
    QFrame* outside_;
    QLabel* outsideTitle_;
    QLabel* outsideNames_;
    QLabel* problem_;
    QLineEdit* reason_;
    QAction* reasons_;
    QPushButton* go_;
    QPushButton* keep_;
    QCheckBox* childrenOnly_;
    std::uint32_t size_ = 0; ///< of the subtree, when it was looked at
    std::int64_t previewDue_ = 0, soonest_ = 0;
};

} // namespace coroscope::app
