// SPDX-License-Identifier: Apache-2.0
// One line over the tree that says what happened, with at most one thing to do about it, and a list where one
// line is not enough.
#pragma once

#include <QFrame>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace coroscope::app {

class Banner : public QFrame {
    Q_OBJECT
public:
    /// The object names of its parts begin with `name`: "bannerText", "bannerAction", "bannerMore".
    explicit Banner(const QString& name, QWidget* parent = nullptr);
    /// An empty action hides the button; an empty sentence hides the banner. `more`: shown in full below, a
    /// line each.
    void say(const QString& sentence, const QString& action = {}, const QStringList& more = {});
    /// Quiet colours: nothing is wrong.
    void setCalm(bool calm);
    QString text() const;
    QStringList more() const;

signals:
    void actionClicked();

private:
    QLabel* text_;
    QPushButton* action_;
    QPlainTextEdit* more_;
};

} // namespace coroscope::app
