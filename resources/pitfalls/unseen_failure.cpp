// SPDX-License-Identifier: Apache-2.0
// Mails go out below a supervisor, so that one that cannot be sent does not stop the others. The fault: that
// is all. Nobody awaits them, so nobody learns that one has failed.
#include "Pitfalls.h"

#include <cstdio>
#include <stdexcept>

using namespace coroscope;

namespace {

Task<> sendMail(int number) {
    co_await yield(); // to the mail server and back
    if (number == 2)
        throw std::runtime_error("no such recipient");
    std::printf("sent mail %d\n", number);
}

Task<> sendMails() {
    auto all = [](CoroutineScope scope) -> Task<> {
        for (int number = 1; number <= 3; ++number)
            (void)scope.async(CoroutineName("mail"), [number] { return sendMail(number); });
        co_return;
    };
    co_await supervisorScope(all);
    std::puts("all mails are sent");
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
