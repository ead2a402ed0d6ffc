// SPDX-License-Identifier: Apache-2.0
// g++ before 13: destroys the captures of this coroutine twice
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<int> refused(std::string s) {
    co_return co_await [s]() -> Task<int> { co_return static_cast<int>(s.size()); }();
}
