// SPDX-License-Identifier: Apache-2.0
// What this program is, which version, and where its log and settings lie.
#pragma once

#include "widgets/InfoDialog.h"

namespace coroscope::app {

class AboutDialog : public InfoDialog {
    Q_OBJECT
public:
    static void open(QWidget* parent);

private:
    friend InfoDialog; // makes it
    explicit AboutDialog(QWidget* parent);
};

} // namespace coroscope::app
