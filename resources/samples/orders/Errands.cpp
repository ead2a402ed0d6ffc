// SPDX-License-Identifier: Apache-2.0
#include "Errands.h"
#include "Chance.h"
#include "Log.h"

#include <stdexcept>

namespace orders {

using namespace coroscope;
using namespace std::chrono_literals;

namespace {

constexpr int mostDropped = 3;

Task<> waitForTheNetwork() {
    co_await delay(300ms);
}

/// The answer of a mail server, now and then.
void refuse(const std::string& mail) {
    throw std::runtime_error(mail + ": the mail server answered 550");
}

} // namespace

Errands::Errands(const Job& shop, const Faults& faults)
    : part_(shop, "errands")
    , faults_(faults) {}

void Errands::start() {
    part_.scope().launch(CoroutineName("welcome"), [this] { return welcomeVisitors(); });
    part_.scope().launch(CoroutineName("couriers"),
                         [this](CoroutineScope scope) { return sendCouriers(std::move(scope)); });
    part_.scope().launch(CoroutineName("stock"),
                         [this](CoroutineScope scope) { return takeStock(std::move(scope)); });
    part_.scope().launch(CoroutineName("mails"), [this] { return sendMails(); });
}

// A visitor's recommendations are computed in a scope that belongs to the visit. Fault::DroppedScope is made
// here.
Task<> Errands::welcomeVisitors() {
    for (int number = 1;; ++number) {
        co_await delay(between(200ms, 500ms));
        const std::string visitor = "visitor-" + std::to_string(number);
        const CoroutineScope visit(Dispatchers::Default() + SupervisorJob() + CoroutineName(visitor));
        if (faults_.on(Fault::DroppedScope)) {
            // The fault: the visit is over at the end of this block, and its scope with it; its work is not.
            if (dropped_ < mostDropped) {
                ++dropped_;
                visit.launch(CoroutineName("recommend-" + visitor),
                             [this, visitor] { return computeRecommendations(visitor); });
            }
            continue;
        }
        std::exception_ptr how;
        try {
            visit.launch(CoroutineName("recommend-" + visitor), []() -> Task<> { co_await delay(5s); });
            co_await delay(100ms);
        } catch (...) {
            how = std::current_exception();
        }
        visit.cancel("the visitor has left");
        if (how)
            std::rethrow_exception(how);
    }
}

Task<> Errands::computeRecommendations(std::string visitor) {
    log("recommend-" + visitor, "its visitor has left");
    std::exception_ptr how;
    try {
        while (faults_.on(Fault::DroppedScope))
            co_await delay(250ms);
    } catch (...) {
        how = std::current_exception();
    }
    --dropped_;
    log("recommend-" + visitor, how ? "cancelled" : "ended");
    if (how)
        std::rethrow_exception(how);
}

// A courier is tracked until the parcel is handed over; then the tracker is called off.
Task<> Errands::sendCouriers(CoroutineScope scope) {
    for (int number = 1;; ++number) {
        const std::string courier = "courier-" + std::to_string(number);
        const Job tracker =
            scope.launch(CoroutineName("track-" + courier), [this, courier] { return track(courier); });
        co_await delay(between(300ms, 700ms));
        tracker.cancel(courier + " has arrived");
        co_await tracker.join();
    }
}

/// Asks for the position again and again. Fault::Swallow is made here.
Task<> Errands::track(std::string courier) {
    for (int failures = 0; failures < 3;) {
        try {
            co_await delay(100ms);
            continue;
        } catch (const CancellationException&) {
            // The fault: whatever is thrown is taken for a failure of the network.
            if (!faults_.on(Fault::Swallow))
                throw;
        }
        ++failures;
        log("track-" + courier, "no answer, trying again");
        auto pause = [] { return waitForTheNetwork(); };
        co_await withContext(NonCancellable(), pause);
    }
}

// A stocktaking is broken off after a while; each shelf's count is signed off, which takes its moment.
Task<> Errands::takeStock(CoroutineScope scope) {
    for (int number = 1;; ++number) {
        const std::string shelf = "shelf-" + std::to_string(number);
        const Job counting = scope.launch(CoroutineName(shelf), [this, shelf] { return count(shelf); });
        co_await delay(between(300ms, 700ms));
        counting.cancel("the shop needs " + shelf);
        co_await counting.join();
    }
}

Task<> Errands::count(std::string shelf) {
    auto items = []() -> Task<> {
        for (;;)
            co_await delay(50ms);
    };
    co_await withCleanup(items(), signOff(shelf));
}

/// Fault::SlowCancel is made here.
Task<> Errands::signOff(std::string shelf) {
    co_await delay(20ms);
    // The fault: the office does not answer, and nothing limits how long it is waited for.
    while (faults_.on(Fault::SlowCancel))
        co_await delay(100ms);
    log(shelf, "cleanup done");
}

// One mail that cannot be sent must not stop the others, so they go out below a supervisor.
// Fault::SilentSupervisor is made here.
Task<> Errands::sendMails() {
    auto batch = [this](CoroutineScope scope) -> Task<> {
        const CoroutineExceptionHandler notice([](const CoroutineContext&, const std::exception_ptr& e) {
            log("mails", "failed: " + describe(e));
        });
        for (int number = 1;; ++number) {
            const std::string mail = "mail-" + std::to_string(number);
            // The fault: neither does anybody await the receipt, nor is there a handler.
            if (faults_.on(Fault::SilentSupervisor))
                (void)scope.async(CoroutineName(mail), [this, mail] { return sendMail(mail); });
            else
                scope.launch(notice + CoroutineName(mail), [this, mail] { return sendMail(mail); });
            co_await delay(between(100ms, 300ms));
        }
    };
    co_await supervisorScope(batch);
}

Task<> Errands::sendMail(std::string mail) {
    co_await delay(between(20ms, 80ms));
    if (oneIn100(faults_.on(Fault::SilentSupervisor) ? 50 : 5))
        refuse(mail);
}

} // namespace orders
