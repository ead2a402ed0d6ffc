// SPDX-License-Identifier: Apache-2.0
// g++ before 13: destroys the argument for this parameter twice
#include <coroscope/coroscope.h>

#include <string>
#include <utility>

using namespace coroscope;

Task<> call(auto f) {
    f();
    co_return;
}
Task<> refused(std::string s) {
    co_await call([s] { return s; });
}
