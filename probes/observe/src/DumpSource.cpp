// SPDX-License-Identifier: Apache-2.0
#include "DumpSource.h"
#include "Process.h"

#include <utility>

namespace coroscope::observe {

DumpSource::DumpSource(Dump dump)
    : dump_(std::move(dump)) {
    dump_.info.live = false;
    contact_.followsEvents = dump_.followedEvents;
    contact_.problem =
        "This is " +
        (dump_.info.format.empty() ? "a dump of " + processLabel(dump_.info.program, dump_.info.pid)
                                   : dump_.info.format) +
        ": nothing in it runs, so nothing can be cancelled.";
}

void DumpSource::read(Batch& batch) {
    if (end_)
        return;
    batch.clear();
    batch.reset = true;
    batch.rows = std::exchange(dump_.jobs, {});
    batch.ended = std::exchange(dump_.ended, {});
    batch.incidents = std::exchange(dump_.incidents, {});
    batch.resources = std::exchange(dump_.resources, {});
    batch.endedUntold = dump_.endedUntold;
    batch.failedUntold = dump_.failedUntold;
    batch.events = dump_.events;
    batch.lost = dump_.lost;
    end_ = SourceEnd{dump_.info.takenAt, dump_.info.takenWallClock,
                     dump_.endText.empty() ? contact_.problem : dump_.endText};
}

} // namespace coroscope::observe
