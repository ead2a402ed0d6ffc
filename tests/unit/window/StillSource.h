// SPDX-License-Identifier: Apache-2.0
// A file that is always the same: a small shop at one moment, with an orphan and a job that stops slowly.
#pragma once

#include <coroscope/observe/Source.h>

#include <memory>

namespace coroscope::app {

std::unique_ptr<observe::Source> stillSource();
/// How many jobs are in it.
inline constexpr std::size_t stillJobs = 60;

} // namespace coroscope::app
