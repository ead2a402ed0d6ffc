// SPDX-License-Identifier: Apache-2.0
// How a coroutine begins (rules 17 - 20).
#pragma once

#include <cstdint>

namespace coroscope {

enum class CoroutineStart : std::uint8_t {
    Default,     ///< dispatched; cancelled before it began, its body never runs
    Lazy,        ///< begins with start, join or await
    Atomic,      ///< dispatched; runs up to its first suspension even if cancelled before
    Undispatched ///< runs on the caller up to its first suspension, then through its dispatcher
};

} // namespace coroscope
