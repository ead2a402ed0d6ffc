// SPDX-License-Identifier: Apache-2.0
// What lives as long as the program: actors that wait for messages, timers, and a cache that is filled when
// first asked for.
#pragma once

#include "Program.h"

namespace healthy {

/// Launches `actors` actors and twenty times as many timers below the program's scope.
void launchActors(Program& program, int actors);

} // namespace healthy
