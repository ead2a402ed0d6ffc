// SPDX-License-Identifier: Apache-2.0
// Shows the coroutines of an Asio program, through Asio's hooks for handler tracking and the record's C
// interface: compile with -DASIO_CUSTOM_HANDLER_TRACKING="AsioJobs.h" and link Coroscope::record. Asio itself
// stays as it is.
//
// Asio knows no coroutines here, only handlers: what is to be called when an operation is done. A coroutine
// is a chain of them, each made while the one before it is called. So:
//   a handler made while another is called, by an operation that is awaited    continues that one's job
//   a handler made otherwise, by co_spawn or outside all handlers              begins a job, a child of the
//   calling one a handler that was called and not continued                                ends its job
//
// Not to be seen through these hooks: whether a coroutine ended by an exception, and how to cancel it.
#pragma once

#include <coroscope/record/CRecord.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace asio {
class execution_context;
}

namespace asio_jobs {

/// One coroutine.
struct Task {
    coroscope_job job = 0;
    bool named = false;
};

/// The places in the source on the way to the operation that is being started, innermost first.
class Location {
public:
    Location(const char* file, int line, const char* function) noexcept
        : file_(file)
        , function_(function)
        , line_(static_cast<std::uint32_t>(line))
        , outer_(innermost) {
        innermost = this;
    }
    ~Location() { innermost = outer_; }
    Location(const Location&) = delete;
    Location& operator=(const Location&) = delete;

    static bool any() noexcept { return innermost != nullptr; }
    /// In the first step of a coroutine: co_spawn may call it in place.
    static bool inSpawn() noexcept {
        const Location* at = innermost;
        while (at && !at->isSpawn())
            at = at->outer_;
        return at != nullptr;
    }
    /// The innermost place that is not in Asio itself, or null.
    static const Location* ofUser() noexcept {
        const Location* at = innermost;
        while (at && at->inAsio())
            at = at->outer_;
        return at;
    }
    const char* function() const noexcept { return function_; }

    /// Of one coroutine: places beyond a co_spawn are another's.
    static std::uint32_t stack() {
        std::array<std::uint32_t, 16> sites;
        std::size_t depth = 0;
        for (const Location* at = innermost; at && !at->isSpawn() && depth < sites.size(); at = at->outer_)
            sites[depth++] = coroscope_site(at->file_, at->function_, at->line_);
        return coroscope_stack(sites.data(), depth);
    }

private:
    bool isSpawn() const noexcept { return function_ && std::strcmp(function_, "co_spawn_entry_point") == 0; }
    bool inAsio() const noexcept {
        return !file_ || std::string_view(file_).find("/asio/") != std::string_view::npos;
    }

    const char* file_;
    const char* function_;
    std::uint32_t line_;
    const Location* outer_;
    inline static thread_local const Location* innermost = nullptr;
};

class Completion;

/// Base of Asio's operations.
class TrackedHandler {
protected:
    TrackedHandler() = default;
    ~TrackedHandler() = default;

private:
    friend class Completion;
    friend void creation(asio::execution_context&, TrackedHandler&, const char*, void*, std::uintmax_t,
                         const char*);
    std::shared_ptr<Task> task_;
};

/// Lives while a handler is taken out and called.
class Completion {
public:
    explicit Completion(const TrackedHandler& handler)
        : task_(handler.task_)
        , outer_(current) {
        current = this;
    }
    ~Completion() {
        current = outer_;
        if (task_ && !continued_)
            coroscope_job_end(task_->job, called_ ? COROSCOPE_COMPLETED : COROSCOPE_CANCELLED, nullptr, 0);
    }
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

    template <class... Results>
    void invocationBegins(const Results&...) {
        called_ = true;
        if (task_)
            coroscope_job_runs(task_->job);
    }
    void invocationEnds() noexcept {}

private:
    friend void creation(asio::execution_context&, TrackedHandler&, const char*, void*, std::uintmax_t,
                         const char*);
    std::shared_ptr<Task> task_;
    Completion* outer_;
    bool called_ = false, continued_ = false;
    inline static thread_local Completion* current = nullptr;
};

inline coroscope_wait_kind waitKind(std::string_view object, std::string_view operation) noexcept {
    if (operation == "execute" || operation == "post" || operation == "dispatch" || operation == "defer")
        return COROSCOPE_WAIT_YIELD;
    return object.find("timer") != std::string_view::npos ? COROSCOPE_WAIT_DELAY : COROSCOPE_WAIT_EVENT;
}

inline void creation(asio::execution_context&, TrackedHandler& handler, const char* object, void* address,
                     std::uintmax_t, const char* operation) {
    Completion* const caller = Completion::current;
    const bool continues = caller && caller->task_ && caller->called_ && !caller->continued_ &&
                           Location::any() && !Location::inSpawn();
    if (continues) {
        caller->continued_ = true;
        handler.task_ = caller->task_;
    } else {
        handler.task_ = std::make_shared<Task>();
        coroscope_birth birth{};
        birth.size = sizeof birth;
        birth.parent = caller && caller->task_ ? caller->task_->job : 0;
        birth.context = coroscope_context("io_context", nullptr);
        handler.task_->job = coroscope_job_begin(&birth);
    }
    Task& task = *handler.task_;
    if (const Location* const user = Location::ofUser(); user && !task.named) {
        task.named = true;
        coroscope_job_renamed(task.job, coroscope_text(user->function()));
    }
    const coroscope_wait_kind kind = waitKind(object, operation);
    if (kind == COROSCOPE_WAIT_YIELD)
        coroscope_job_queued(task.job);
    else
        coroscope_job_suspends(task.job, Location::stack(), kind,
                               kind == COROSCOPE_WAIT_EVENT ? reinterpret_cast<std::uintptr_t>(address) : 0);
}

template <class... Facts>
void ignore(const Facts&...) noexcept {}

} // namespace asio_jobs

#define ASIO_INHERIT_TRACKED_HANDLER : public asio_jobs::TrackedHandler
#define ASIO_ALSO_INHERIT_TRACKED_HANDLER , public asio_jobs::TrackedHandler
#define ASIO_HANDLER_TRACKING_INIT ::coroscope_start()
#define ASIO_HANDLER_LOCATION(arguments) const asio_jobs::Location trackedLocation arguments
#define ASIO_HANDLER_CREATION(arguments) asio_jobs::creation arguments
#define ASIO_HANDLER_COMPLETION(arguments) asio_jobs::Completion trackedCompletion arguments
#define ASIO_HANDLER_INVOCATION_BEGIN(arguments) trackedCompletion.invocationBegins arguments
#define ASIO_HANDLER_INVOCATION_END trackedCompletion.invocationEnds()
#define ASIO_HANDLER_OPERATION(arguments) asio_jobs::ignore arguments
#define ASIO_HANDLER_REACTOR_REGISTRATION(arguments) asio_jobs::ignore arguments
#define ASIO_HANDLER_REACTOR_DEREGISTRATION(arguments) asio_jobs::ignore arguments
#define ASIO_HANDLER_REACTOR_READ_EVENT 1
#define ASIO_HANDLER_REACTOR_WRITE_EVENT 2
#define ASIO_HANDLER_REACTOR_ERROR_EVENT 4
#define ASIO_HANDLER_REACTOR_EVENTS(arguments) asio_jobs::ignore arguments
#define ASIO_HANDLER_REACTOR_OPERATION(arguments) asio_jobs::ignore arguments
