// SPDX-License-Identifier: Apache-2.0
// The sockets of agents whose programs were killed: nobody else removes them.
#pragma once

#include <string>

namespace coroscope::record {

/// Removes from `directory` the sockets of processes that are gone and at which nobody listens. Such a
/// process may be one of another container, which only the second tells. Says nothing of what cannot be
/// removed.
void removeStaleSockets(const std::string& directory);

} // namespace coroscope::record
