// SPDX-License-Identifier: Apache-2.0
// The list of processes that can be observed, as text.
#pragma once

#include <coroscope/observe/Discovery.h>

#include <iosfwd>
#include <vector>

namespace coroscope::ctl {

void printTargets(std::ostream& out, const std::vector<observe::Target>& targets);

} // namespace coroscope::ctl
