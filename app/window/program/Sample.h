// SPDX-License-Identifier: Apache-2.0
// The sample program, which lies beside the window's own, or in ../libexec/coroscope where that is installed.
#pragma once

#include <QString>

namespace coroscope::app {

struct Sample {
    static QString path();
    static bool found();
};

} // namespace coroscope::app
