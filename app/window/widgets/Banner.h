// SPDX-License-Identifier: Apache-2.0
// One line over the tree that says what happened to the target, with at most one thing to do about it.
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace coroscope::app {

class Banner : public QFrame {
    Q_OBJECT
public:
    explicit Banner(QWidget* parent = nullptr);
    /// An empty action hides the button; an empty sentence hides the banner.
    void say(const QString& sentence, const QString& action = {});
    QString text() const;

signals:
    void actionClicked();

private:
    QLabel* text_;
    QPushButton* action_;
};

} // namespace coroscope::app
