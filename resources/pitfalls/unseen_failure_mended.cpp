// SPDX-License-Identifier: Apache-2.0
// Mails go out below a supervisor, so that one that cannot be sent does not stop the others. Mended: each is
// awaited, and what came of it is told.
#include "Pitfalls.h"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

using namespace coroscope;

namespace {

Task<> sendMail(int number) {
    co_await yield(); // to the mail server and back
    if (number == 2)
        throw std::runtime_error("no such recipient");
    std::printf("sent mail %d\n", number);
}

Task<> sendMails() {
    int failed = 0;
    auto all = [&failed](CoroutineScope scope) -> Task<> {
        std::vector<Deferred<void>> mails;
        for (int number = 1; number <= 3; ++number)
            mails.push_back(scope.async(CoroutineName("mail"), [number] { return sendMail(number); }));
        for (const Deferred<void>& mail : mails) {
            try {
                co_await mail.await();
            } catch (const CancellationException&) {
                throw;
            } catch (const std::exception& e) {
                ++failed;
                std::printf("a mail has failed: %s\n", e.what());
            }
        }
    };
    co_await supervisorScope(all);
    std::printf("all mails are sent but %d\n", failed);
}

Task<> program() {
    co_await sendMails();
    co_await pitfalls::stay();
}

} // namespace

int main(int count, char** arguments) {
    pitfalls::begin(count, arguments);
    runBlocking([] { return program(); });
}
