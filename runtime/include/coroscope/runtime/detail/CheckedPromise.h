// SPDX-License-Identifier: Apache-2.0
// g++ before 13 only: refuses coroutines whose arguments it would destroy twice when the call is awaited at
// once.
#pragma once

#include <coroscope/runtime/Task.h>
#include <coroscope/runtime/detail/Compilers.h>

#include <type_traits>

namespace coroscope::detail {

template <class P>
constexpr bool isScopeByValue() {
    if constexpr (std::is_reference_v<P> || !std::is_class_v<P>)
        return false;
    else
        return std::is_base_of_v<CoroutineScope, P>;
}

template <class P>
constexpr bool isPerilousParameter() {
    if constexpr (std::is_reference_v<P> || !std::is_class_v<P>)
        return false;
    else
        return (std::is_aggregate_v<P> || isClosure<P>()) && !std::is_trivially_destructible_v<P>;
}

/// The implicit object of a lambda comes first and by reference.
template <class... Ps>
struct FirstOf {
    using Type = int;
};
template <class P, class... Ps>
struct FirstOf<P, Ps...> {
    using Type = P;
};
template <class P>
constexpr bool isPerilousClosure() {
    using Bare = std::remove_cvref_t<P>;
    if constexpr (std::is_lvalue_reference_v<P> && std::is_class_v<Bare>)
        return isClosure<Bare>() && !std::is_trivially_destructible_v<Bare>;
    else
        return false;
}

/// The promise of a coroutine with these parameters. The checks are in the constructor's body, which is
/// compiled when the types of lambdas are complete.
template <class T, class... Parameters>
class CheckedPromise final : public TaskPromise<T> {
public:
    CheckedPromise() noexcept {
        static_assert(
            !(isPerilousParameter<Parameters>() || ...),
            "g++ before 13 destroys the argument for this parameter twice: an aggregate needs a constructor, "
            "a lambda with captures is better a template parameter by reference. See docs/COMPILERS.md");
        static_assert(!isPerilousClosure<typename FirstOf<Parameters...>::Type>() ||
                          (isScopeByValue<Parameters>() || ...),
                      "g++ before 13 destroys the captures of this coroutine twice if it is called and "
                      "awaited at once: "
                      "pass them as parameters, or, if it is the body of a job, give it a CoroutineScope "
                      "parameter. See "
                      "docs/COMPILERS.md");
    }
};

} // namespace coroscope::detail
