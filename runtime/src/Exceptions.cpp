// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Exceptions.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <mutex>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace coroscope {

const detail::Delivery* detail::DeliveryAccess::of(const CancellationException& e) noexcept {
    return e.delivery_.get();
}

void detail::throwDelivered(const std::exception_ptr& original, const Ref<Delivery>& delivery) {
    const CancellationException* const e = cancellationIn(original);
    if (!e)
        return;
    if (typeid(*e) == typeid(CancellationException))
        throw CancellationException(*e, delivery);
    if (typeid(*e) == typeid(TimeoutCancellationException))
        throw TimeoutCancellationException(static_cast<const TimeoutCancellationException&>(*e), delivery);
}

CancellationException::~CancellationException() = default;
TimeoutCancellationException::~TimeoutCancellationException() = default;

namespace {

/// The base of type T in what `e` holds.
template <class T>
const T* baseIn(const std::exception_ptr& e) noexcept {
    if (!e)
        return nullptr;
#ifdef __GLIBCXX__
    // What a catch clause does, without unwinding: 20 ns instead of a microsecond.
    void* object = nullptr;
    static_assert(sizeof(std::exception_ptr) == sizeof(void*));
    std::memcpy(&object, &e, sizeof object);
    // By far the most are of exactly these types, and their descriptions are there once: no need to compare
    // names.
    const std::type_info* const type = e.__cxa_exception_type();
    if (type == &typeid(T))
        return static_cast<const T*>(object);
    if (std::is_same_v<T, TimeoutCancellationException> && type == &typeid(CancellationException))
        return nullptr;
    if (typeid(T).__do_catch(type, &object, 1))
        return static_cast<const T*>(object);
    return nullptr;
#else
    try {
        std::rethrow_exception(e);
    } catch (const T& t) {
        return &t;
    } catch (...) {
        return nullptr;
    }
#endif
}

std::string demangled(const char* mangled) {
    int status = 0;
    char* text = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
    std::string result = status == 0 && text ? text : mangled;
    std::free(text);
    return result;
}

#ifdef __GLIBCXX__

// The suppressed exceptions of an exception live exactly as long as it does. std::exception_ptr tells nobody
// when the last one goes, but the C++ ABI keeps, in front of every exception object, the address of its
// destructor: it is replaced by one that first forgets the list. What stands there is fixed by the Itanium
// C++ ABI (libstdc++ on 64 bits):
struct ExceptionHead {
    const std::type_info* type;
    void (*destructor)(void*);
    void* unexpectedHandler;
    void* terminateHandler;
    void* next;
    int handlerCount;
    int handlerSwitchValue;
    const void* actionRecord;
    const void* languageSpecificData;
    void* catchTemp;
    void* adjustedObject;
    alignas(16) std::byte unwindHeader[32];
};
static_assert(sizeof(void*) != 8 || sizeof(ExceptionHead) == 112);

struct Entry {
    void (*destructor)(void*) = nullptr;
    std::vector<std::exception_ptr> suppressed;
};

// Never destroyed: exceptions may outlive the end of main.
struct Table {
    std::mutex mutex;
    std::unordered_map<void*, Entry> entries;
};
Table& table() {
    static auto* const t = new Table;
    return *t;
}

void forgetAndDestroy(void* object) {
    Entry entry;
    {
        std::lock_guard lock(table().mutex);
        if (auto found = table().entries.find(object); found != table().entries.end()) {
            entry = std::move(found->second);
            table().entries.erase(found);
        }
    }
    if (entry.destructor)
        entry.destructor(object);
}

void* objectOf(const std::exception_ptr& e) noexcept {
    void* object = nullptr;
    std::memcpy(&object, &e, sizeof object);
    return object;
}

/// `from` is `to`, or leads to it by what is attached to what. With the table's lock held.
bool leadsToLocked(void* from, const void* to) {
    std::vector<void*> open{from};
    std::unordered_set<const void*> seen{from};
    while (!open.empty()) {
        void* const object = open.back();
        open.pop_back();
        if (object == to)
            return true;
        if (auto found = table().entries.find(object); found != table().entries.end())
            for (const std::exception_ptr& next : found->second.suppressed)
                if (seen.insert(objectOf(next)).second)
                    open.push_back(objectOf(next));
    }
    return false;
}

#endif

} // namespace

const CancellationException* cancellationIn(const std::exception_ptr& e) noexcept {
    return baseIn<CancellationException>(e);
}

const TimeoutCancellationException* timeoutIn(const std::exception_ptr& e) noexcept {
    return baseIn<TimeoutCancellationException>(e);
}

const std::exception* standardExceptionIn(const std::exception_ptr& e) noexcept {
    return baseIn<std::exception>(e);
}

std::vector<std::exception_ptr> suppressedExceptions(const std::exception_ptr& e) {
#ifdef __GLIBCXX__
    if (e) {
        std::lock_guard lock(table().mutex);
        if (auto found = table().entries.find(objectOf(e)); found != table().entries.end())
            return found->second.suppressed;
    }
#else
    static_cast<void>(e);
#endif
    return {};
}

void addSuppressed(const std::exception_ptr& e, const std::exception_ptr& suppressed) {
    if (!e || !suppressed || e == suppressed)
        return;
#ifdef __GLIBCXX__
    void* const object = objectOf(e);
    std::lock_guard lock(table().mutex);
    // Two failures that met before, the other way round: in a circle they would keep each other for ever.
    if (table().entries.contains(objectOf(suppressed)) && leadsToLocked(objectOf(suppressed), object))
        return;
    auto [entry, added] = table().entries.try_emplace(object);
    if (added) {
        // The caller holds a reference, so nobody is destroying the object now; the count that guards its end
        // makes this store visible to whoever does.
        auto* const head = static_cast<ExceptionHead*>(object) - 1;
        entry->second.destructor = std::exchange(head->destructor, &forgetAndDestroy);
    }
    auto& list = entry->second.suppressed;
    if (std::find(list.begin(), list.end(), suppressed) == list.end())
        list.push_back(suppressed);
#endif
}

std::string typeName(const std::exception_ptr& e) {
#ifdef __GLIBCXX__
    if (e)
        return demangled(e.__cxa_exception_type()->name());
#else
    if (const std::exception* known = standardExceptionIn(e))
        return demangled(typeid(*known).name());
#endif
    return "unknown";
}

std::string describe(const std::exception_ptr& e) {
    if (!e)
        return "nothing";
    const std::exception* known = standardExceptionIn(e);
    std::string text = typeName(e) + (known ? std::string(": ") + known->what() : std::string());
    for (const std::exception_ptr& other : suppressedExceptions(e))
        text += "\n\tsuppressed: " + describe(other);
    return text;
}

} // namespace coroscope
