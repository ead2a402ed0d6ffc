// SPDX-License-Identifier: Apache-2.0
// Buttons side by side where they fit, else one below the other: their numbers may be long, panels narrow.
#pragma once

#include <QWidget>

#include <vector>

class QBoxLayout;
class QPushButton;

namespace coroscope::app {

class ButtonRow : public QWidget {
    Q_OBJECT
public:
    explicit ButtonRow(QWidget* parent = nullptr);
    void add(QPushButton* button);

protected:
    bool event(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void arrange();

    QBoxLayout* layout_;
    std::vector<QPushButton*> buttons_;
};

} // namespace coroscope::app
