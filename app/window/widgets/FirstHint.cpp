// SPDX-License-Identifier: Apache-2.0
#include "widgets/FirstHint.h"

#include <QSettings>

namespace coroscope::app {

namespace {
const QString key = QStringLiteral("hints/first");
}

FirstHint::FirstHint(QWidget* parent)
    : Banner(QStringLiteral("hint"), parent) {
    setCalm(true);
    setAccessibleName(tr("First steps"));
    connect(this, &Banner::actionClicked, this, [this] {
        QSettings().setValue(key, true);
        say({});
    });
}

void FirstHint::offer() {
    if (!QSettings().value(key).toBool())
        say(tr("Select a job to see what it waits for and who launched it. Ctrl+F filters, F8 goes to the "
               "next finding, Ctrl+2 shows the map, Delete cancels: you see beforehand whom."),
            tr("Got it"));
}

} // namespace coroscope::app
