// SPDX-License-Identifier: Apache-2.0
#include "Actors.h"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace healthy {

namespace {

/// Messages for one receiver.
class Mailbox {
public:
    void send(int message) {
        std::optional<CancellableContinuation<int>> receiver;
        {
            const std::lock_guard lock(mutex_);
            receiver.swap(receiver_);
            if (!receiver) {
                if (messages_.size() < 100)
                    messages_.push_back(message);
                return;
            }
        }
        receiver->resume(message);
    }
    /// For suspendCancellableCoroutine.
    void operator()(const CancellableContinuation<int>& continuation) {
        int message;
        {
            const std::lock_guard lock(mutex_);
            if (messages_.empty()) {
                receiver_ = continuation;
                return;
            }
            message = messages_.front();
            messages_.pop_front();
        }
        continuation.resume(message);
    }

private:
    std::mutex mutex_;
    std::deque<int> messages_;
    std::optional<CancellableContinuation<int>> receiver_;
};
using MailboxPtr = std::shared_ptr<Mailbox>;

Task<> handle(MailboxPtr answers, int message) {
    co_await work();
    if (message % 5 != 4)
        answers->send(message + 1);
}

Task<> act(CoroutineScope scope, MailboxPtr own, MailboxPtr next) {
    Mailbox& box = *own;
    for (;;) {
        const int message = co_await suspendCancellableCoroutine<int>(std::ref(box));
        scope.launch(CoroutineName("message"), [next, message] { return handle(next, message); });
    }
}

Task<> tick(MailboxPtr box) {
    for (int i = 0;; ++i) {
        co_await delay(between(500ms, 2s));
        if (i % 8 == 0)
            box->send(i);
    }
}

/// A catalogue that is read when somebody asks for it, or not at all.
Task<> keepCatalogue(CoroutineScope scope) {
    for (;;) {
        const Deferred<int> catalogue = scope.async(CoroutineStart::Lazy, [] { return workAndGive(100); });
        co_await delay(between(1ms, 2s));
        if (between(0ms, 1ms).count() == 0)
            (void)co_await catalogue.await();
        else
            catalogue.cancel("nobody asked");
    }
}

} // namespace

void launchActors(Program& program, int actors) {
    std::vector<MailboxPtr> boxes;
    for (int i = 0; i < actors; ++i)
        boxes.push_back(std::make_shared<Mailbox>());
    for (int i = 0; i < actors; ++i) {
        const auto n = static_cast<std::size_t>(i);
        const MailboxPtr own = boxes[n];
        const MailboxPtr next = boxes[(n + 1) % boxes.size()];
        const CoroutineContext elements =
            i % 4 == 0 ? CoroutineContext(program.ownThread) : CoroutineContext();
        program.scope.launch(elements + CoroutineName("actor-" + std::to_string(i)),
                             [own, next](CoroutineScope scope) { return act(std::move(scope), own, next); });
        for (int j = 0; j < 20; ++j)
            program.scope.launch(CoroutineName("timer-" + std::to_string(i)), [own] { return tick(own); });
    }
    for (int i = 0; i < 10; ++i)
        program.scope.launch(CoroutineName("catalogue"),
                             [](CoroutineScope scope) { return keepCatalogue(std::move(scope)); });
}

} // namespace healthy
