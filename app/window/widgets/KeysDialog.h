// SPDX-License-Identifier: Apache-2.0
// Which key does what.
#pragma once

#include "widgets/InfoDialog.h"

namespace coroscope::app {

class KeysDialog : public InfoDialog {
    Q_OBJECT
public:
    /// Beside the window, which goes on; raises the one that is open.
    static void open(QWidget* parent);

private:
    friend InfoDialog; // makes it
    explicit KeysDialog(QWidget* parent);
};

} // namespace coroscope::app
