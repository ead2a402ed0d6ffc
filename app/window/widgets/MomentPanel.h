// SPDX-License-Identifier: Apache-2.0
// What happened at one moment of the session, in a sheet over the tree; each line leads to its job.
#pragma once

#include "model/Moments.h"
#include "widgets/ListPanel.h"

#include <QAbstractTableModel>

#include <vector>

class QLabel;
class QToolButton;

namespace coroscope::app {

class MomentModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum { TimeColumn, WhatColumn, WhoColumn, TextColumn, Columns };
    static constexpr int jobRole = Qt::UserRole;

    explicit MomentModel(const Workspace& workspace, QObject* parent = nullptr);
    void assign(std::vector<Moment> moments);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    const Workspace& workspace_;
    std::vector<Moment> moments_;
};

/// Not modal: everything else goes on and can be used. Escape closes it.
class MomentPanel : public ListPanel {
    Q_OBJECT
public:
    /// `above` is the widget over whose lower edge it opens; they have the same parent.
    MomentPanel(Workspace& workspace, QWidget* above);

    void open(const observe::TimeHistory& history, std::int64_t moment, std::int64_t from, std::int64_t to);
    QString title() const;

signals:
    void jobClicked(coroscope::JobId job);
    void closed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void close();
    void place();
    void follow(const QModelIndex& index);

    Workspace& workspace_;
    QWidget* above_;
    MomentModel* model_;
    QLabel* title_;
    QLabel* counts_;
    QToolButton* close_;
    bool filling_ = false;
};

} // namespace coroscope::app
