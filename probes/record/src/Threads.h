// SPDX-License-Identifier: Apache-2.0
// Threads of the record itself.
#pragma once

namespace coroscope::record {

/// Starts a detached thread on which no signal of the process is ever delivered. Answers whether it could.
bool startServiceThread(const char* name, void (*body)()) noexcept;

} // namespace coroscope::record
