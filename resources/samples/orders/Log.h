// SPDX-License-Identifier: Apache-2.0
// The shop's log: one line an event, "who: what". Tests read it to learn what really happened in here.
#pragma once

#include <string>
#include <string_view>

namespace orders {

/// Opens the file (truncates it). Throws std::runtime_error with a sentence.
void openLog(const std::string& path);

/// Threads: any. Each line is flushed at once, so that it is there even if the process is killed.
void log(std::string_view who, std::string_view what);

} // namespace orders
