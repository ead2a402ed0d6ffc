// SPDX-License-Identifier: Apache-2.0
// What is open in the window besides the programs that run here now: those elsewhere, those that have ended,
// and dumps.
#pragma once

#include "model/Workspace.h"

#include <QAbstractListModel>

#include <vector>

namespace coroscope::app {

/// Has the roles of Targets, for the same delegate; PidRole is the session's key.
class OpenSessions : public QAbstractListModel {
    Q_OBJECT
public:
    explicit OpenSessions(const Workspace& workspace, QObject* parent = nullptr);
    void refresh();

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    const Workspace& workspace_;
    std::vector<Workspace::OpenSession> sessions_;
};

} // namespace coroscope::app
