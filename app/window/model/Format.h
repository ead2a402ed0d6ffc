// SPDX-License-Identifier: Apache-2.0
// Numbers and states as people read them.
#pragma once

#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/Source.h>

#include <QString>

#include <cstdint>
#include <optional>

namespace coroscope::app {

/// "0.3 s", "41.2 s", "4 m 02 s", "2 h 14 m", "3 d 04 h" for nanoseconds; negative ones count as none.
QString durationText(std::int64_t nanoseconds);
/// Nothing for what is not known.
QString durationText(std::optional<std::int64_t> nanoseconds);
/// "1,021,004".
QString countText(std::uint64_t count);
/// "41 kB", "1.2 MB".
QString sizeText(std::uint64_t bytes);
/// "1 job", "1,021 jobs".
QString jobsText(std::uint64_t count);
/// "orders · pid 4711", or "orders · pid 4711 via ssh host" of one that is elsewhere.
QString programText(const observe::SourceInfo& info);
/// "812 events/s", "1.02 M events/s".
QString rateText(double perSecond);
/// "14:03:22" for seconds since 1970, local time.
QString clockText(std::int64_t wallClock);
/// "just now", "12 s ago", "4 min ago", "2 h 14 m ago" for seconds since 1970.
QString agoText(std::int64_t wallClock);
/// "2026-11-21 08:30" for seconds since 1970, local time.
QString dateText(std::int64_t wallClock);
/// Both axes: "Suspended", "Cancelling, suspended", "Waits for children", "Failed".
QString stateText(JobState state, Execution execution);
/// A job's name in a title or a link: a very long one loses its middle, and one in a script from right to
/// left does not turn its line round.
QString nameText(const QString& name);
/// Long words may be wrapped behind each of their parts: "orders.Main$run$1.invokeSuspend".
QString wrappable(const QString& text);
/// What a suspended job waits for, in one word; empty when there is no better one than "suspended".
QString waitText(const observe::JobRow& row);

} // namespace coroscope::app
