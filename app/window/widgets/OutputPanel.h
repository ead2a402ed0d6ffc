// SPDX-License-Identifier: Apache-2.0
// What the programs say that were started from the window.
#pragma once

#include "program/Launcher.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;

namespace coroscope::app {

class OutputPanel : public QWidget {
    Q_OBJECT
public:
    explicit OutputPanel(Launcher& launcher, QWidget* parent = nullptr);
    /// Of the program that is shown.
    QString text() const;

private:
    struct Run {
        int pid;
        QString program;
        QString state;
        QPlainTextEdit* text;
    };
    void add(int pid, const QString& program);
    Run* find(int pid);
    void refresh();

    Launcher& launcher_;
    QComboBox* choice_;
    QLabel* state_;
    QPushButton* stop_;
    QStackedWidget* pages_;
    std::vector<Run> runs_; ///< as in the list of choices
};

} // namespace coroscope::app
