// SPDX-License-Identifier: Apache-2.0
// Which jobs of a snapshot a filter leaves.
#pragma once

#include "Snapshot.h"

#include <coroscope/observe/Query.h>

#include <string>
#include <vector>

namespace coroscope::ctl {

/// The problem says where in the text it is.
observe::Result<observe::Query> parseFilter(const std::string& filter);

/// By node: it matches, or what is below it does. The problem says where in the text it is.
observe::Result<std::vector<bool>> shownBy(const Snapshot& snapshot, const std::string& filter);

/// By node: it matches itself.
observe::Result<std::vector<bool>> matchedBy(const Snapshot& snapshot, const std::string& filter);

} // namespace coroscope::ctl
