// SPDX-License-Identifier: Apache-2.0
// every compiler: deleted
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Deferred<std::string> begin();
const std::string& refused() {
    return begin().getCompleted();
}
