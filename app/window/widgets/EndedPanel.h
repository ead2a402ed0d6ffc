// SPDX-License-Identifier: Apache-2.0
// The list of jobs that have ended, those that failed first. A click shows the job's details.
#pragma once

#include "model/Workspace.h"
#include "widgets/ListPanel.h"

#include <QAbstractTableModel>

#include <optional>
#include <vector>

class QCheckBox;
class QLabel;

namespace coroscope::app {

/// The ended jobs that match the search, as rows: failed ones first, of each kind the last one first.
class EndedModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum { NameColumn, StateColumn, EndedColumn, LivedColumn, SiteColumn, ExceptionColumn, Columns };
    static constexpr int jobRole = Qt::UserRole;

    explicit EndedModel(Workspace& workspace, QObject* parent = nullptr);
    /// Reads the workspace's list anew.
    void refresh(bool onlyFailures);
    /// -1 when it is not there.
    int rowOf(JobId job) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const observe::EndedJob& job, int column) const;

    Workspace& workspace_;
    std::vector<observe::EndedJob> jobs_; ///< copies: the workspace's go on
};

class EndedPanel : public ListPanel {
    Q_OBJECT
public:
    explicit EndedPanel(Workspace& workspace, QWidget* parent = nullptr);
    QCheckBox* onlyFailures() const noexcept { return onlyFailures_; }
    /// Rows that the search leaves.
    int shown() const { return model_->rowCount(); }

signals:
    void refreshed();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void refreshWords();
    void select(const QModelIndex& index);

    Workspace& workspace_;
    EndedModel* model_;
    QLabel* counts_;
    QCheckBox* onlyFailures_;
    bool linking_ = false;
};

} // namespace coroscope::app
