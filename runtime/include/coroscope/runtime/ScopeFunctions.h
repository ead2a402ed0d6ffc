// SPDX-License-Identifier: Apache-2.0
// Scopes inside a coroutine: what is launched in them is done when they return.
#pragma once

#include <coroscope/runtime/detail/ScopeAwaitable.h>

#include <source_location>
#include <utility>

namespace coroscope {

/// co_await coroutineScope(body): runs the body here and now as a job of its own, waits for all its children,
/// and gives its result or throws the first failure (rule 45). The failure of a child cancels the rest of the
/// scope, but not the job outside. In a cancelled caller the body still runs up to its next suspension (rule
/// 47).
///
/// A body that is an lvalue is kept by reference, the caller being suspended meanwhile; a temporary is moved.
template <detail::Body F>
detail::ScopeAwaitable<F> coroutineScope(F&& body,
                                         std::source_location where = std::source_location::current()) {
    return {detail::ScopePlan{.kind = JobKind::CoroutineScope, .where = where}, std::forward<F>(body)};
}

/// The same, except that the failure of a child is left to that child: only the body's own failure fails it
/// (rule 46).
template <detail::Body F>
detail::ScopeAwaitable<F> supervisorScope(F&& body,
                                          std::source_location where = std::source_location::current()) {
    return {detail::ScopePlan{
                .kind = JobKind::SupervisorScope, .traits = detail::Traits::supervisor, .where = where},
            std::forward<F>(body)};
}

/// co_await withContext(context, body): runs the body with `context` added, and waits for it and its
/// children. With another dispatcher it runs there and comes back here, and a cancellation on the way back
/// loses the result (rule 49); with the same one it is not dispatched. Throws at once in a cancelled caller.
template <detail::Body F>
detail::ScopeAwaitable<F> withContext(CoroutineContext context, F&& body,
                                      std::source_location where = std::source_location::current()) {
    return {detail::ScopePlan{.kind = JobKind::WithContext, .context = std::move(context), .where = where},
            std::forward<F>(body)};
}

} // namespace coroscope
