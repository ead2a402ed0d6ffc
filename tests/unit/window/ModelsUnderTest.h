// SPDX-License-Identifier: Apache-2.0
// Every item model of every window that a test opens is watched by Qt's own tester.
#pragma once

#include <QObject>

namespace coroscope::app {

/// Install it on the application. A model that breaks the rules of models ends the test program, with a word.
class ModelsUnderTest : public QObject {
public:
    using QObject::QObject;
    bool eventFilter(QObject* object, QEvent* event) override;
};

} // namespace coroscope::app
