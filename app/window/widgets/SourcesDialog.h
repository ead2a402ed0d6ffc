// SPDX-License-Identifier: Apache-2.0
// Where the source files of programs are on this machine, and what opens them.
#pragma once

#include <QDialog>

class QLineEdit;
class QPlainTextEdit;

namespace coroscope::app {

class SourcesDialog : public QDialog {
    Q_OBJECT
public:
    explicit SourcesDialog(QWidget* parent = nullptr);
    void accept() override;

private:
    QLineEdit* command_;
    QPlainTextEdit* mappings_;
};

} // namespace coroscope::app
