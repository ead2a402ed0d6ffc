// SPDX-License-Identifier: Apache-2.0
// An echo server with its own clients, written with Asio and nothing of Coroscope's. What shows its
// coroutines is AsioJobs.h, on the compiler's command line.
//   asio_echo [CLIENTS]      says "ready PORT" when all clients have had an answer; runs until SIGTERM
#include <asio.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

using asio::awaitable;
using asio::ip::tcp;

namespace {

/// As asio::use_awaitable, and tells where it stands.
asio::use_awaitable_t<> here(const char* function, int line) {
    return asio::use_awaitable_t<>(__FILE__, line, function);
}
#define HERE here(__func__, __LINE__)

int answered = 0;

void sayReady(int port) {
    std::printf("ready %d\n", port);
    std::fflush(stdout);
}

awaitable<void> session(tcp::socket socket) {
    char data[256];
    for (;;) {
        const std::size_t size = co_await socket.async_read_some(asio::buffer(data), HERE);
        co_await asio::async_write(socket, asio::buffer(data, size), HERE);
    }
}

void ended(const std::exception_ptr&) {} // a client has hung up

awaitable<void> acceptor(tcp::acceptor& listening) {
    for (;;) {
        tcp::socket socket = co_await listening.async_accept(HERE);
        asio::co_spawn(listening.get_executor(), session(std::move(socket)), ended);
    }
}

awaitable<void> client(tcp::endpoint server, int clients) {
    auto executor = co_await asio::this_coro::executor;
    tcp::socket socket(executor);
    co_await socket.async_connect(server, HERE);
    asio::steady_timer pause(executor);
    std::string answer(5, ' ');
    for (bool first = true;; first = false) {
        co_await asio::async_write(socket, asio::buffer("hello", 5), HERE);
        co_await asio::async_read(socket, asio::buffer(answer), HERE);
        if (first && ++answered == clients)
            sayReady(server.port());
        pause.expires_after(std::chrono::seconds(1));
        co_await pause.async_wait(HERE);
    }
}

} // namespace

int main(int count, char** arguments) {
    const int clients = count > 1 ? std::atoi(arguments[1]) : 10;
    asio::io_context context;
    tcp::acceptor listening(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    asio::co_spawn(context, acceptor(listening), ended);
    for (int i = 0; i < clients; ++i)
        asio::co_spawn(context, client(listening.local_endpoint(), clients), ended);
    if (clients == 0)
        sayReady(listening.local_endpoint().port());
    asio::signal_set stop(context, SIGTERM, SIGINT);
    stop.async_wait([&](const asio::error_code&, int) { context.stop(); });
    context.run();
}
