// SPDX-License-Identifier: Apache-2.0
// Everything about the selected job, and the place where a cancel is asked about and followed.
#pragma once

#include "model/ChildStates.h"
#include "model/Sources.h"
#include "model/Workspace.h"

#include <QTimer>
#include <QWidget>

#include <optional>
#include <utility>

class QFrame;
class QLabel;
class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace coroscope::app {

class CancelList;
class CancelPanel;
class GroupDetails;
class IconLabel;
class PageStack;

class DetailsPanel : public QWidget {
    Q_OBJECT
public:
    explicit DetailsPanel(Workspace& workspace, QWidget* parent = nullptr);

    void askCancel(JobId job);
    /// About all jobs that the search leaves.
    void askCancelMatching();
    /// All that is shown, as plain text to send to somebody.
    QString report() const;
    /// Files may be found elsewhere from now on.
    void forgetSources();
    CancelPanel& cancelPanel() const noexcept { return *cancel_; }

signals:
    void jobClicked(coroscope::JobId job);
    void questionClosed();
    /// Only jobs that meet this condition, too.
    void filterRequested(const QString& condition);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* pageOfSelection() const;
    void showPage(QWidget* page);
    void rebuild();
    void refresh();
    void fillFindings();
    void fillSample();
    void fillPlaces();
    void fillRelations();
    void addExcerpt(QFrame* into, const observe::SiteText& site);
    void linkClicked(const QString& link);
    QString childrenByState();
    QString sameAs() const;
    /// Title and rich text.
    std::pair<QString, QString> history() const;
    QString link(JobId id) const;
    observe::WaitText selectedWait() const;
    QStringList waitersLinked() const;
    std::optional<observe::JobRow> row() const;

    Workspace& workspace_;
    QScrollArea* scroll_;
    QVBoxLayout* column_;
    PageStack* pages_;
    QWidget* nothing_;
    QWidget* job_;
    GroupDetails* group_;
    CancelPanel* cancel_;

    QLabel* name_;
    QLabel* number_;
    QLabel* path_;
    IconLabel* icon_;
    QLabel* state_;
    QLabel* facts_;
    QVBoxLayout* findings_;
    QPushButton* cancelButton_;
    QPushButton* copyButton_;
    QPushButton* sampleButton_;
    QVBoxLayout* sample_;
    QVBoxLayout* places_;
    QVBoxLayout* relations_;
    QVBoxLayout* creation_;
    CancelList* latestCancel_;
    CancelList* earlierCancels_;
    std::vector<QLabel*> evidence_; ///< of the findings shown

    Sources sources_;
    ChildStates children_;
    bool wholePast_ = false; ///< the history is shown as far as it goes
    QString findingsKey_, placesKey_, relationsKey_, sampleKey_;
};

} // namespace coroscope::app
