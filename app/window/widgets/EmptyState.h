// SPDX-License-Identifier: Apache-2.0
// What the window says while nothing is attached: how to begin.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace coroscope::app {

class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent = nullptr);
    /// A sentence on what went wrong; empty hides it.
    void setProblem(const QString& sentence);
    void setSampleFound(bool found);

signals:
    void attachRequested();
    void openRequested();
    void sampleRequested();

private:
    QLabel* problem_;
    QPushButton* sample_;
    QLabel* sampleText_;
};

} // namespace coroscope::app
