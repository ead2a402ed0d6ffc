// SPDX-License-Identifier: Apache-2.0
// A part of the shop that owns the coroutines it launches.
#pragma once

#include <coroscope/coroscope.h>

#include <string>

namespace orders {

/// Each part has a supervisor of its own below the shop's job: one failed order does not stop the others, and
/// closing the shop stops them all.
class Subsystem {
public:
    Subsystem(const coroscope::Job& shop, std::string name);

    const std::string& name() const noexcept { return name_; }
    const coroscope::CoroutineScope& scope() const noexcept { return scope_; }

private:
    std::string name_;
    coroscope::CoroutineScope scope_;
};

} // namespace orders
