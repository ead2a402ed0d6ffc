// SPDX-License-Identifier: Apache-2.0
// One line for who sees the window for the first time: what to do first, and by which keys. It goes when it
// is told to, and does not come back.
#pragma once

#include "widgets/Banner.h"

namespace coroscope::app {

class FirstHint : public Banner {
    Q_OBJECT
public:
    explicit FirstHint(QWidget* parent = nullptr);
    /// Shows it, unless somebody has had enough of it: the settings remember that.
    void offer();
};

} // namespace coroscope::app
