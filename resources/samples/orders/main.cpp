// SPDX-License-Identifier: Apache-2.0
// A shop that takes orders: thousands of coroutines, well kept, in a process that one can look into with
// Coroscope.
#include "Backoffice.h"
#include "Control.h"
#include "Errands.h"
#include "Faults.h"
#include "Intake.h"
#include "Log.h"
#include "Metrics.h"
#include "OrderDesk.h"
#include "Sessions.h"
#include "Warehouse.h"

#include <coroscope/coroscope.h>

#include <coroscope/spdlog/LogCommands.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include <unistd.h>

namespace orders {
namespace {

using namespace coroscope;

struct Settings {
    int jobs = 6000;
    double seconds = 0;
    std::string log;
    std::string control;
};

/// Everything that runs, below one job.
struct Shop {
    explicit Shop(const Job& job)
        : metrics(job, faults)
        , desk(job, metrics)
        , intake(job, desk, faults)
        , sessions(job)
        , backoffice(job)
        , errands(job, faults)
        , warehouse(job, faults) {}

    /// About so many jobs are alive once the first orders have come through.
    void open(int jobs) {
        const double scale = std::max(jobs, 100) / 6000.0;
        auto scaled = [scale](double n) { return std::max(1, static_cast<int>(n * scale)); };
        metrics.start();
        backoffice.start(scaled(32), scaled(400), scaled(350));
        errands.start();
        warehouse.start();
        sessions.start(scaled(1000));
        intake.start(std::clamp(scaled(12), 4, 64), 25 * scale);
    }

    Faults faults;
    Metrics metrics;
    OrderDesk desk;
    Intake intake;
    Sessions sessions;
    Backoffice backoffice;
    Errands errands;
    Warehouse warehouse;
};

std::string answer(Shop& shop, const CompletableDeferred<std::string>& stop, const std::string& line) {
    std::istringstream words(line);
    std::string verb, name, state;
    words >> verb >> name >> state;
    if (verb == "fault" && (state == "on" || state == "off")) {
        if (!shop.faults.set(name, state == "on"))
            return "error: no fault " + name;
        log("fault " + name, state);
        return "ok";
    }
    if (verb == "faults") {
        std::string all;
        for (std::size_t i = 0; i < Faults::names.size(); ++i)
            all += (i ? " " : "") + std::string(Faults::names[i]) +
                   (shop.faults.on(static_cast<Fault>(i)) ? "=on" : "=off");
        return all;
    }
    if (verb == "stats")
        return "orders in flight " + std::to_string(shop.desk.inFlight()) + ", done " +
               std::to_string(shop.metrics.ordersDone());
    if (verb == "quit") {
        stop.complete("asked to quit");
        return "ok";
    }
    return "error: fault NAME on|off, faults, stats, quit";
}

/// `settings` lives in run(), which waits for this.
Task<> serve(CoroutineScope scope, const Settings& settings, CompletableDeferred<std::string> stop) {
    const auto shopJob = SupervisorJob(scope.job());
    Shop shop(shopJob);
    std::optional<Control> control;
    if (!settings.control.empty())
        control.emplace(settings.control,
                        [&shop, stop](const std::string& line) { return answer(shop, stop, line); });
    shop.open(settings.jobs);
    std::printf("orders: pid %d, log %s\n", static_cast<int>(::getpid()), settings.log.c_str());
    std::fflush(stdout);

    if (settings.seconds > 0)
        scope.launch(CoroutineName("closing-time"),
                     [stop, seconds = settings.seconds](CoroutineScope) -> Task<> {
                         co_await delay(std::chrono::duration<double>(seconds));
                         stop.complete("closing time");
                     });
    const std::string why = co_await stop.await();
    log("shop", "closing: " + why);
    control.reset();
    co_await shopJob.cancelAndJoin("the shop closes");
    scope.job().cancelChildren("the shop closes");
    log("shop", "all jobs ended");
}

/// Termination is a reason to close like any other: signals go to one thread that waits for them.
class Signals {
public:
    Signals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        sigaddset(&set_, SIGUSR1); // ours, to end the thread
        ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }
    void stopOnSignal(CompletableDeferred<std::string> stop) {
        thread_ = std::thread([this, stop] {
            int signal = 0;
            while (::sigwait(&set_, &signal) == 0 && signal != SIGUSR1)
                stop.complete(signal == SIGINT ? "interrupted" : "terminated");
        });
    }
    ~Signals() {
        if (thread_.joinable()) {
            ::pthread_kill(thread_.native_handle(), SIGUSR1);
            thread_.join();
        }
    }

private:
    sigset_t set_{};
    std::thread thread_;
};

int run(const Settings& settings) {
    Signals signals; // before any other thread, so that all inherit the mask
    openLog(settings.log);
    logCommands();
    const auto stop = newCompletableDeferred<std::string>();
    signals.stopOnSignal(stop);
    runBlocking(CoroutineName("orders"),
                [&](CoroutineScope scope) { return serve(std::move(scope), settings, stop); });
    return 0;
}

} // namespace
} // namespace orders

int main(int count, char** arguments) {
    orders::Settings settings;
    const char* const temporary = std::getenv("TMPDIR");
    settings.log =
        std::string(temporary ? temporary : "/tmp") + "/orders-" + std::to_string(::getpid()) + ".log";

    CLI::App app("A sample program for Coroscope: a shop with thousands of live coroutines.");
    app.add_option("--jobs", settings.jobs, "About so many jobs alive (default 6000)")
        ->check(CLI::Range(100, 2'000'000));
    app.add_option("--seconds", settings.seconds, "Close after so long (default: when told to)");
    app.add_option("--log", settings.log,
                   "Log file (default: orders-PID.log in the directory for temporary files)");
    app.add_option("--control", settings.control,
                   "Listen on this unix socket: fault NAME on|off, faults, stats, quit");
    std::string faults;
    for (const std::string_view name : orders::Faults::names)
        faults += (faults.empty() ? "" : ", ") + std::string(name);
    app.footer("Faults, switched on and off over the control socket: " + faults + '.');
    CLI11_PARSE(app, count, arguments);
    try {
        return orders::run(settings);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "orders: %s\n", e.what());
        return 1;
    }
}
