// SPDX-License-Identifier: Apache-2.0
#include "Subsystem.h"
#include "Log.h"

namespace orders {

using namespace coroscope;

Subsystem::Subsystem(const Job& shop, std::string name)
    : name_(std::move(name))
    , scope_(Dispatchers::Default() + SupervisorJob(shop) + CoroutineName(name_) +
             CoroutineExceptionHandler([name = name_](const CoroutineContext&, const std::exception_ptr& e) {
                 log(name, "failed: " + describe(e));
             })) {}

} // namespace orders
