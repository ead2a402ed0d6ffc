// SPDX-License-Identifier: Apache-2.0
// g++ before 13: silently destroys objects twice in some expressions with co_await
#include <coroscope/coroscope.h>
