// SPDX-License-Identifier: Apache-2.0
// Which program to start: command line, folder, environment.
#pragma once

#include "program/Recent.h"

#include <QDialog>

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;

namespace coroscope::app {

class StartDialog : public QDialog {
    Q_OBJECT
public:
    explicit StartDialog(QWidget* parent = nullptr);

    /// It did not start: the dialog stays, with this sentence.
    void setProblem(const QString& sentence);
    Launch launch() const;

signals:
    void startRequested(const coroscope::app::Launch& launch);

private:
    void fill(const Launch& launch);
    void chooseFolder();

    QComboBox* command_;
    QLineEdit* folder_;
    QPlainTextEdit* environment_;
    QLabel* problem_;
    std::vector<Launch> recent_;
};

} // namespace coroscope::app
