// SPDX-License-Identifier: Apache-2.0
#include "HandFedWindow.h"

#include <coroscope/observe/Source.h>

#include <QApplication>
#include <QElapsedTimer>

namespace coroscope::app {

bool eventually(const std::function<bool()>& holds) {
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 10'000) {
        QApplication::processEvents(QEventLoop::AllEvents, 20);
        if (holds())
            return true;
    }
    return false;
}

JobId id(std::uint32_t index) {
    return JobId::of(index, 1);
}

observe::JobRow job(std::uint32_t index, std::uint32_t parent) {
    observe::JobRow row;
    row.id = id(index);
    row.parent = parent == 0 ? JobId{} : id(parent);
    row.number = index;
    row.name = index;
    row.site = row.suspendedAt = index;
    row.context = 1;
    row.kind = JobKind::Launch;
    row.state = JobState::Active;
    row.execution = Execution::Suspended;
    row.held = true;
    row.createdAt = row.stateSince = row.executionSince = observe::monotonicNow();
    return row;
}

} // namespace coroscope::app
