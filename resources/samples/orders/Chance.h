// SPDX-License-Identifier: Apache-2.0
// The outside world, which takes its time.
#pragma once

#include <chrono>

namespace orders {

/// A time between the two, evenly spread. Threads: any.
std::chrono::milliseconds between(std::chrono::milliseconds least, std::chrono::milliseconds most);

/// True in `percent` of 100 cases.
bool oneIn100(int percent);

/// A number from 0 to `below` - 1.
int anyBelow(int below);

} // namespace orders
