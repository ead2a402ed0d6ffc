// SPDX-License-Identifier: Apache-2.0
// What tests of the real window need beside a source: jobs to feed it, and patience.
#pragma once

#include <coroscope/model/Ids.h>
#include <coroscope/observe/JobRow.h>

#include <cstdint>
#include <functional>

namespace coroscope::app {

/// Lets the window work until something holds, at most ten seconds.
bool eventually(const std::function<bool()>& holds);

/// The first job in this slot.
JobId id(std::uint32_t index);

/// A job as the HandFedSource's dictionary knows it: all of its texts and places have its index as their
/// number. 0: no parent.
observe::JobRow job(std::uint32_t index, std::uint32_t parent);

} // namespace coroscope::app
