// SPDX-License-Identifier: Apache-2.0
// Enter presses the button that has the keyboard, as everywhere else: Qt asks for Space, but in dialogs.
#pragma once

#include <QObject>

namespace coroscope::app {

class EnterPresses : public QObject {
    Q_OBJECT
public:
    /// For all windows of the program, as long as `parent` lives.
    explicit EnterPresses(QObject* parent);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
};

} // namespace coroscope::app
