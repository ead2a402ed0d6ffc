// SPDX-License-Identifier: Apache-2.0
// Tree | Map: two drawings of the same jobs.
#pragma once

#include <QWidget>

class QButtonGroup;

namespace coroscope::app {

class ViewSwitch : public QWidget {
    Q_OBJECT
public:
    enum View { Tree, Map };

    explicit ViewSwitch(QWidget* parent = nullptr);

    View view() const;
    void setView(View view);

signals:
    void viewChosen(coroscope::app::ViewSwitch::View view);

private:
    QButtonGroup* buttons_;
    bool setting_ = false; ///< nobody has chosen anything
};

} // namespace coroscope::app
