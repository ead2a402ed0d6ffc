// SPDX-License-Identifier: Apache-2.0
// The list of findings. A click leads to the job.
#pragma once

#include "model/Workspace.h"
#include "widgets/ListPanel.h"

#include <QAbstractTableModel>

#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::app {

/// The findings as rows: rule, sentence, confidence, job.
class FindingModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum { RuleColumn, SentenceColumn, ConfidenceColumn, JobNameColumn, Columns };
    static constexpr int jobRole = Qt::UserRole;

    explicit FindingModel(Workspace& workspace, QObject* parent = nullptr);
    void refresh();

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    Workspace& workspace_;
    using Key = std::pair<std::uint64_t, std::string_view>; ///< job and rule: rules are named by literals
    std::vector<Key> keys_;
};

/// A sentence that is longer than its column takes two lines, or four where that is narrow.
class FindingsPanel : public ListPanel {
    Q_OBJECT
public:
    explicit FindingsPanel(Workspace& workspace, QWidget* parent = nullptr);

signals:
    void jobClicked(coroscope::JobId job);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void selectLinked();

    Workspace& workspace_;
    FindingModel* model_;
    bool linking_ = false;
};

} // namespace coroscope::app
