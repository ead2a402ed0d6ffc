// SPDX-License-Identifier: Apache-2.0
// Coroutines that end with a QObject. Needs Qt6::Core.
#pragma once

#include <coroscope/qt/Main.h>
#include <coroscope/runtime/CoroutineScope.h>

#include <QLatin1String>
#include <QObject>

#include <utility>

namespace coroscope {

namespace detail {

/// A child of the object, so that it goes with it.
class ObjectScope final : public QObject {
public:
    static constexpr QLatin1String name{"coroscope::scope"};

    ObjectScope(QObject& object, CoroutineScope scope)
        : QObject(&object)
        , scope_(std::move(scope)) {
        setObjectName(name);
    }
    ~ObjectScope() override { scope_.cancel("its QObject was destroyed"); }
    const CoroutineScope& scope() const noexcept { return scope_; }

private:
    const CoroutineScope scope_;
};

} // namespace detail

/// The scope of an object, the same for every call: what is launched in it runs on
/// Dispatchers::MainImmediate(), one failure leaves the others alone (SupervisorJob), and all of it is
/// cancelled when the object is destroyed. By then only the QObject part of it is left, and cleanup runs
/// within the destructor: it must not use what a derived class has added. A class whose coroutines do calls
/// `scopeOf(*this).cancel()` in its own destructor. Threads: the object's, which must be the application's.
inline CoroutineScope scopeOf(QObject& object, std::source_location where = std::source_location::current()) {
    const auto found = object.findChild<QObject*>(detail::ObjectScope::name, Qt::FindDirectChildrenOnly);
    if (found)
        return static_cast<const detail::ObjectScope*>(found)->scope();
    CoroutineScope scope(CoroutineContext(Dispatchers::MainImmediate()) + SupervisorJob({}, where), where);
    new detail::ObjectScope(object, scope); // owned by `object`
    return scope;
}

} // namespace coroscope
