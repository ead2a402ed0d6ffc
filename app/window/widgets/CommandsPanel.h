// SPDX-License-Identifier: Apache-2.0
// The list of commands to the program on show. A click leads to the job; the whole can be saved as text.
#pragma once

#include "model/CommandList.h"
#include "model/Workspace.h"
#include "widgets/ListPanel.h"

#include <QAbstractTableModel>
#include <QPointer>

#include <vector>

class QFileDialog;
class QLabel;
class QPushButton;

namespace coroscope::app {

class CommandModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum { WhenColumn, WhoColumn, WhatColumn, WhyColumn, OutcomeColumn, Columns };
    static constexpr int jobRole = Qt::UserRole;

    using QAbstractTableModel::QAbstractTableModel;
    /// New ones come in on top; what else differs is changed in place.
    void show(std::vector<CommandLine> lines);
    const std::vector<CommandLine>& lines() const noexcept { return lines_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<CommandLine> lines_;
};

class CommandsPanel : public ListPanel {
    Q_OBJECT
public:
    explicit CommandsPanel(Workspace& workspace, QWidget* parent = nullptr);
    int shown() const { return model_->rowCount(); }
    /// All of it, as it is saved.
    QString text() const;
    /// Answers a sentence when that failed, else nothing.
    QString saveTo(const QString& path) const;
    /// The one that is open; else null.
    QFileDialog* fileDialog() const noexcept;

signals:
    void jobClicked(coroscope::JobId job);
    void refreshed();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void askSave();

    Workspace& workspace_;
    CommandModel* model_;
    QLabel* note_;
    QPushButton* copy_;
    QPushButton* save_;
    QPointer<QFileDialog> dialog_;
    std::int64_t due_ = 0;
};

} // namespace coroscope::app
