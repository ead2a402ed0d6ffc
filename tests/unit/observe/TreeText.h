// SPDX-License-Identifier: Apache-2.0
// Job trees as text. Jobs are numbered by their slots; a prime marks the next job in the same slot.
//   batch("1 2<1 -3")  jobs 1 and 2, 2 below 1, and the end of 3;  "!" first: a reset
//   draw(tree)         "1;+2;++3": one job after the other, a plus for each level
#pragma once

#include <coroscope/observe/Batch.h>
#include <coroscope/observe/JobTree.h>

#include <string>

namespace coroscope::test {

JobId id(const std::string& text);
observe::Batch batch(const std::string& text);
std::string draw(const observe::JobTree& tree);
std::string label(JobId id);

} // namespace coroscope::test
