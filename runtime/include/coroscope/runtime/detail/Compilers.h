// SPDX-License-Identifier: Apache-2.0
// g++ before 13 destroys some temporaries of a full expression with co_await twice. Where the library can see
// such an expression it refuses it; for those that nobody but the user can see it wants to be told that the
// user knows of them. docs/COMPILERS.md says what and why.
#pragma once

#include <string_view>
#include <type_traits>

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define COROSCOPE_DOUBLE_FREES_TEMPORARIES 1
#ifndef COROSCOPE_ACCEPT_GCC12_LIMITS
#error                                                                                                       \
    "g++ before 13 silently destroys objects twice in some expressions with co_await (x ? co_await f() : y, \
Aggregate{co_await f()}, captures [v = co_await f()]) that no library can see. Use clang 16 or g++ 13 or newer, or \
read docs/COMPILERS.md of Coroscope and define COROSCOPE_ACCEPT_GCC12_LIMITS (CMake: -DCOROSCOPE_ACCEPT_GCC12_LIMITS=ON)"
#endif
#else
#define COROSCOPE_DOUBLE_FREES_TEMPORARIES 0
#endif

namespace coroscope::detail {

inline constexpr bool doubleFreesTemporaries = COROSCOPE_DOUBLE_FREES_TEMPORARIES != 0;

/// True for the type of a lambda.
template <class T>
constexpr bool isClosure() {
    return std::string_view(__PRETTY_FUNCTION__).find("<lambda") != std::string_view::npos ||
           std::string_view(__PRETTY_FUNCTION__).find("(lambda") != std::string_view::npos;
}

} // namespace coroscope::detail

namespace coroscope {

/// Names a callable that a builder takes over by moving; see moved.
template <class F>
class Moved {
public:
    explicit Moved(F& f) noexcept
        : f_(&f) {}
    F&& get() const noexcept { return static_cast<F&&>(*f_); }

private:
    F* f_;
};

/// Hands a named callable over: `auto body = [order = std::move(order)]() -> Task<> {...};
/// co_await withContext(d, moved(body));` is the same as std::move, and safe with g++ before 13 too.
template <class F>
Moved<F> moved(F& f) noexcept {
    return Moved<F>(f);
}

namespace detail {

template <class F>
struct Kept {
    using Type = std::decay_t<F>;
    static F&& pass(F&& f) noexcept { return static_cast<F&&>(f); }
};
template <class F>
struct Kept<F&> {
    using Type = F&;
    static F& pass(F& f) noexcept { return f; }
};
template <class F>
struct Kept<Moved<F>> {
    using Type = F;
    static F&& pass(const Moved<F>& f) noexcept { return f.get(); }
};
template <class F>
struct Kept<Moved<F>&> : Kept<Moved<F>> {};
template <class F>
struct Kept<const Moved<F>&> : Kept<Moved<F>> {};

} // namespace detail

} // namespace coroscope
