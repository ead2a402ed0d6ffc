// SPDX-License-Identifier: Apache-2.0
// How the latest cancel goes on, or how those before it went.
#pragma once

#include "model/Workspace.h"

#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace coroscope::app {

class CancelCard;

class CancelList : public QWidget {
    Q_OBJECT
public:
    /// Who has just cancelled looks at Latest: it is the newest one as long as that is news, or about the
    /// selected job. Earlier has the rest.
    enum class Part { Latest, Earlier };

    CancelList(Workspace& workspace, Part part, QWidget* parent = nullptr);
    /// Also to be called now and then without a change: news grow old.
    void refresh();

private:
    bool latestIsNews() const;

    Workspace& workspace_;
    Part part_;
    QVBoxLayout* layout_;
    std::vector<CancelCard*> cards_;
};

} // namespace coroscope::app
