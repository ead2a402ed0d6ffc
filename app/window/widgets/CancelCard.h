// SPDX-License-Identifier: Apache-2.0
// How one cancel goes: requested, reached, finished, and who is still here.
#pragma once

#include "model/Workspace.h"

#include <QFrame>

#include <array>

class QLabel;
class QProgressBar;

namespace coroscope::app {

class CancelCard : public QFrame {
    Q_OBJECT
public:
    explicit CancelCard(QWidget* parent);
    void show(const Workspace& workspace, const Workspace::Cancel& cancel);

private:
    QLabel* title_;
    QLabel* time_;
    std::array<QLabel*, 3> words_, numbers_; ///< requested, reached, finished
    QProgressBar* bar_;
    QLabel* rest_;
    QLabel* laggards_;
};

} // namespace coroscope::app
