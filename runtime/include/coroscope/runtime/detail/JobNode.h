// SPDX-License-Identifier: Apache-2.0
// The control block of a job. The state machine is drawn and explained in src/JobNode.cpp.
#pragma once

#include <coroscope/record/JobRecord.h>
#include <coroscope/runtime/CoroutineStart.h>
#include <coroscope/runtime/Dispatcher.h>
#include <coroscope/runtime/Exceptions.h>
#include <coroscope/runtime/detail/Blocks.h>
#include <coroscope/runtime/detail/ContextElements.h>
#include <coroscope/runtime/detail/Delivery.h>
#include <coroscope/runtime/detail/Lock.h>
#include <coroscope/runtime/detail/PromiseBase.h>
#include <coroscope/runtime/detail/Ref.h>
#include <coroscope/runtime/detail/Registration.h>
#include <coroscope/runtime/detail/Suspension.h>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace coroscope::detail {

class JobWalk;

/// A completion handler. Counted, because it may be disposed of while it runs.
class HandlerNode : public Registration, public FromBlocks {
public:
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }
    virtual void invoke(const std::exception_ptr& cause) = 0;

    bool onCancelling = false;
    bool fired = false; ///< under the lock of the job
    bool last = false;  ///< called when all others are through: lets a thread go that waits for the job's end
    bool observes =
        true; ///< whoever registered it wants to know how the job ends: a failure is not lost any more

protected:
    HandlerNode() noexcept
        : Registration(Kind::Handler) {}
    virtual ~HandlerNode() = default;

private:
    std::atomic<std::uint32_t> references_{1};
};

template <class F>
class HandlerOf final : public HandlerNode {
public:
    explicit HandlerOf(F f)
        : f_(std::move(f)) {}
    void invoke(const std::exception_ptr& cause) override {
        if constexpr (std::is_invocable_v<F&, const std::exception_ptr&>)
            f_(cause);
        else
            f_();
    }

private:
    F f_;
};

/// The place of a suspended join or await, or of such a clause of select, in the list of the job that it
/// waits for.
class WaiterNode : public Registration {
public:
    bool chosen = false; ///< it is by this place that the suspension was decided; under the job's lock
    Suspension* suspension = nullptr;

protected:
    WaiterNode() noexcept
        : Registration(Kind::Waiter) {}
    ~WaiterNode() = default;
};

class JobNode;

/// What a scope has besides other jobs: a coroutine that awaits it.
struct ScopeEnd {
    enum class Return : std::uint8_t { Undecided, InPlace, Dispatched };
    JobNode* outer = nullptr; ///< the job of that coroutine
    /// Of a scope on another dispatcher, that may end before the awaiting coroutine is through suspending.
    std::atomic<Return> way{Return::Dispatched};
    bool cameBackDispatched = false;
};

/// Facts about a kind of job that never change.
namespace Traits {
inline constexpr std::uint16_t supervisor = 1; ///< a child's failure is none of its business
inline constexpr std::uint16_t scoped =
    2; ///< its failure is thrown to whoever awaits it, not told to the parent
inline constexpr std::uint16_t endsOnCancel =
    4; ///< has no code that would have to see the cancellation first
inline constexpr std::uint16_t handlesException = 8; ///< somebody above or itself deals with failures
inline constexpr std::uint16_t uncaughtHandler =
    16; ///< hands a failure that nobody took to the exception handler
inline constexpr std::uint16_t nonCancellable =
    32;                                         ///< the one NonCancellable: always active, without children
inline constexpr std::uint16_t dispatched = 64; ///< a scope on another dispatcher than its caller's
inline constexpr std::uint16_t bound = 128;     ///< its context has thread-bound elements
inline constexpr std::uint16_t rebinds =
    256; ///< a scope that sets thread-bound elements where its caller runs
inline constexpr std::uint16_t awaited = 512; ///< a coroutine waits in a scope function: there is a ScopeEnd
inline constexpr std::uint16_t tellsHeld =
    1024; ///< the record is told whether a handle exists: only of roots, the others have an owner anyway
} // namespace Traits

/// Its Registration is its place in the list of its parent. There may be millions: what few jobs need is
/// elsewhere (Failures, ScopeEnd), and members fill what their neighbours leave free.
class JobNode : public Runnable, public FromBlocks, private Registration {
public:
    struct Origin {
        JobKind kind;
        std::uint16_t traits = 0;
        std::uint16_t flags = 0; ///< JobFlags
        CoroutineStart start = CoroutineStart::Default;
        Execution execution = Execution::Unstarted;
        std::source_location where{};
        JobNode* parent = nullptr;      ///< told of failures, waits for this one
        JobNode* shownParent = nullptr; ///< the parent in the record, where it is not `parent`
        JobNode* scope = nullptr; ///< the job of the scope it was launched in, for those cut off from it
        const ContextElements* elements = nullptr; ///< there until the job is attached
        ElementsRef made{};                        ///< the same, where they were made for this job
        bool held = false; ///< begins with a handle (and its reference) for the caller

        void give(ElementsRef e) noexcept {
            made = std::move(e);
            elements = made.get();
        }
    };

    // Life. A node begins with one reference, which the maker has; with Origin::held that one is a handle.
    // Those of its parent's list and of its body are counted from the beginning too.
    void retain() noexcept { counts_.fetch_add(1, std::memory_order_relaxed); }
    /// For who has no reference, but knows that the memory is still there. False: the job is just going.
    bool tryRetain() noexcept;
    void release() noexcept;
    void addHandle() noexcept;
    void dropHandle() noexcept;

    /// Second step of making a job: begins its record and attaches it to its parent, which may cancel it at
    /// once.
    void attach(const Origin& origin);
    /// Third step, for jobs with a body.
    void startBody(CoroutineStart how);
    /// The third step of a scope that is awaited by the coroutine `outer.goesOnAt()` (rules 45 - 50). Answers
    /// who goes on here. With Traits::dispatched the body starts on its dispatcher, and its end comes back
    /// through that of `outer`, unless it has ended before this is through.
    std::coroutine_handle<> startScope(JobNode& outer, const PromiseBase& leaf) noexcept;
    /// True if a scope's result came back through a dispatcher, so that cancellation of the outer job loses
    /// it.
    bool cameBackDispatched() noexcept { return scopeEnd()->cameBackDispatched; }
    /// The scope that is the body's parameter comes and goes. The first by the body's thread.
    void lendBodyScope() noexcept { bodyScope_.store(BodyScope::Out, std::memory_order_relaxed); }
    void bodyScopeGoes() noexcept;
    /// True if the body was ever suspended so far.
    bool everSuspended() const noexcept { return everSuspended_; }
    /// True if the body ended without an exception, whatever became of the job.
    bool bodyReturnedValue() const noexcept { return bodyReturnedValue_; }

    // What users ask. Threads: any.
    bool isNew() const noexcept { return phase() == 0; }
    bool isActive() const noexcept;
    bool isCompleted() const noexcept { return (phase() & finalPhase) != 0; }
    bool isCancelled() const noexcept { return (phase() & cancellingPhase) != 0; }
    JobState state() const noexcept;
    bool start();
    /// Throws std::logic_error for NonCancellable, which never ends.
    void checkJoinable() const {
        if (traits_ & Traits::nonCancellable)
            throw std::logic_error("NonCancellable never ends: it cannot be joined");
    }
    /// False if it was too late.
    bool cancel(std::exception_ptr cause);
    /// The same, asked for by an observer of the record.
    void cancelFromOutside(bool childrenOnly, std::string_view reason);
    void cancelChildren(const std::exception_ptr& cause);
    std::vector<Ref<JobNode>> children();
    Ref<JobNode> parent();
    std::string toString();
    JobKind kind() const noexcept { return kind_; }
    /// As Kotlin calls the class.
    std::string_view kindName() const noexcept;
    JobId id() const noexcept { return record_.id(); }
    std::uint64_t number() const noexcept { return number_; }
    /// For the body, and for whoever knows that the job has not ended. Not counted.
    const ContextElements* elements() const noexcept { return elements_; }
    /// For whoever has no more than a reference to the job. Null when it has ended, unless they have a name
    /// or a handler in them.
    ElementsRef keptElements() noexcept;
    std::uint16_t traits() const noexcept { return traits_; }
    /// Rule 8, for the body: what is thrown into it. Only while cancelling or after.
    std::exception_ptr cancellation();
    /// Rule 8, in full. Throws std::logic_error while New or Active.
    std::exception_ptr getCancellationException();
    /// Null unless it has ended by an exception.
    std::exception_ptr finalException();
    /// The failure (no cancellation) that it ends or has ended by, as far as it is known; null without one.
    std::exception_ptr failureSoFar();
    /// Somebody waits for its result, or was told: a failure is not lost any more.
    void noteObserver() noexcept { observed_.store(true, std::memory_order_relaxed); }

    /// Ends a job that has no body. False if it was completed or cancelled before. `failure` may be empty.
    bool complete(std::exception_ptr failure);

    /// Takes the handler's first reference. Answers false, and has called it, if the job was already final.
    bool addHandler(HandlerNode& handler, bool onCancelling);
    void removeHandler(HandlerNode& handler) noexcept;
    /// False: the job is final, nothing was registered.
    bool addWaiter(WaiterNode& waiter) noexcept;
    void removeWaiter(WaiterNode& waiter) noexcept;

    // The side of the coroutine.
    Dispatcher& dispatcher() const noexcept { return *elements_->dispatcher; }
    /// `leaf`: the coroutine that came to a suspension.
    void throwIfCancelled(const PromiseBase& leaf) {
        if (isCancelled())
            throwCancellation(leaf);
    }
    [[noreturn]] void throwCancellation(const PromiseBase& leaf);
    /// The same for a body that asks of itself whether it is cancelled, and waits for nothing.
    [[noreturn]] void throwAskedFor();
    /// Throws the outcome of another job that this one waited for.
    [[noreturn]] void throwOutcome(std::exception_ptr failure);
    /// The cancelled body comes to a suspension.
    void judgeDelivery(const PromiseBase& leaf) noexcept;
    /// A hint by the holder of the continuation that it is about to say what follows, or comes to run().
    void approach() const noexcept final {
        __builtin_prefetch(&list_, 1);
        if (goesOn_)
            __builtin_prefetch(goesOn_, 1);
        record_.approach();
    }
    /// The holder of the continuation says: go on, on a thread of the dispatcher. `this` may be gone
    /// afterwards.
    void resumeLater() noexcept;
    /// The same, here and now.
    void resumeNow() noexcept;
    /// The coroutine itself says: go on after others that are ready. `this` may be gone afterwards.
    void givesWay() noexcept;
    void run() noexcept final;
    void rejected() noexcept final;
    /// The coroutine to go on with. By the holder of the continuation.
    void goesOnAt(std::coroutine_handle<> coroutine) noexcept { goesOn_ = coroutine.address(); }
    /// Makes this the job of this thread and its record running.
    void entersThread() noexcept;
    static JobNode* current() noexcept;

    /// Called at the end of `body` by that coroutine. Answers who goes on.
    std::coroutine_handle<> bodyEnds(std::coroutine_handle<> body) noexcept;

    /// Where `leaf` and its callers wait, innermost first, as an interned stack.
    static StackId stackOf(const PromiseBase& leaf) noexcept;

    record::JobRecord& record() noexcept { return record_; }

protected:
    explicit JobNode(Origin& origin);
    virtual ~JobNode();

    /// Calls the user's callable. Answers the body's coroutine, its promise filled in.
    virtual std::coroutine_handle<> createBody() = 0;
    /// Moves the result out of the body's coroutine, destroys it and the callable. Answers the body's
    /// exception.
    virtual std::exception_ptr takeResult(std::coroutine_handle<> body) noexcept = 0;
    /// The body never ran and never will: destroys the callable.
    virtual void dropBody() noexcept = 0;
    /// Of a job with Traits::awaited.
    virtual ScopeEnd* scopeEnd() noexcept { return nullptr; }

private:
    friend class JobWalk;
    friend class Suspension;

    static constexpr std::uint32_t startedPhase = 1;
    static constexpr std::uint32_t completingPhase = 2;
    static constexpr std::uint32_t cancellingPhase = 4;
    static constexpr std::uint32_t sealedPhase = 8;
    static constexpr std::uint32_t finalPhase = 16;
    static constexpr std::uint32_t failedPhase = 32;

    static constexpr std::uint64_t oneReference = 1;
    static constexpr std::uint64_t oneHandle = std::uint64_t{1} << 32;

    static constexpr std::uint32_t ownPart = 1;
    static constexpr std::uint32_t oneChild = 2;

    /// What a node begins with, worked out of its Origin before anything is stored.
    struct Beginning {
        JobKind kind;
        bool runs;
        bool ownsElements;
        std::uint16_t traits;
        std::uint16_t flags;
        std::uint32_t phase;
        std::uint64_t counts;
        const ContextElements* elements;
    };
    static Beginning begun(Origin& origin) noexcept;
    explicit JobNode(const Beginning& b) noexcept;

    std::uint32_t phase() const noexcept { return phase_.load(std::memory_order_acquire); }
    static JobState stateOf(std::uint32_t phase) noexcept;
    void tellHeld() noexcept;
    void drop(std::uint64_t counts) noexcept;
    void dropOfEnded(std::uint64_t counts) noexcept;
    bool endAtOnce() noexcept;
    /// Of the parent: the last one has gone. `last`: and nothing else is waited for.
    [[gnu::noinline]] void childrenHaveLeft(bool last) noexcept;
    void ownElements() noexcept;
    /// Of a scope: the job whose body awaits it.
    JobNode* outer() noexcept { return traits_ & Traits::awaited ? scopeEnd()->outer : nullptr; }
    /// A withContext(NonCancellable).
    bool shields() const noexcept {
        return kind_ == JobKind::WithContext && (flags_ & JobFlags::shielded) != 0;
    }
    void goBackToOuter() noexcept;
    void addException(const std::exception_ptr& e);
    /// What it ends by; null for a normal end. When it is sealed.
    const std::exception_ptr& aggregateExceptions();
    std::exception_ptr childCause();
    /// False if it came to nobody but the default of the process.
    bool handleUncaught(const std::exception_ptr& e) noexcept;
    void deliver(const std::exception_ptr& cancellation);
    void tellSwallowed(IncidentKind what, const PromiseBase* leaf) noexcept;
    std::exception_ptr judgeEnd(std::exception_ptr failure) noexcept;
    bool belowSupervisor() noexcept;
    bool hasHandlers() noexcept;
    /// The canceller has come to what was registered as number `before`.
    void cancelSuspension(std::uint32_t before) noexcept;
    void goesOnIn(Suspension& suspension) noexcept { goesOn_ = &suspension; }
    std::coroutine_handle<> goesOnAt() const noexcept {
        return std::coroutine_handle<>::from_address(goesOn_);
    }
    /// run(), of a job whose record may say so already.
    void runHere(bool recorded) noexcept;
    std::coroutine_handle<> beginBody() noexcept;
    std::coroutine_handle<> endBody(std::exception_ptr failure) noexcept;
    std::exception_ptr cancellationLocked();
    void appendLocked(Registration& r) noexcept;
    void invokeHandler(HandlerNode& handler, const std::exception_ptr& cause,
                       std::exception_ptr& firstFailure) noexcept;
    bool attachChild(JobNode& child) noexcept;

    struct Failures : FromBlocks {
        std::exception_ptr root;
        std::vector<std::exception_ptr> others;
        std::exception_ptr childCause; ///< made when first needed
        std::exception_ptr wrapped;    ///< the root as a cancellation; made when first needed
        std::exception_ptr final;
        Ref<Delivery> delivery;                  ///< the body's own; made when first needed
        std::unique_ptr<record::JobFacts> facts; ///< of an async whose failure is nobody's business so far
    };

    /// The scope that the body gets as its parameter is covered by the body's own reference, so that it costs
    /// no counting, as long as it goes where it came from.
    enum class BodyScope : std::uint8_t {
        None,    ///< none was given, or the body itself is through with it
        Out,     ///< somebody has it
        Gone,    ///< another thread or job is through with it
        Survives ///< it is still out at the end of the job: the body's reference is its
    };
    /// True if the body's reference is now the scope's: then it may go at any time.
    bool bodyScopeSurvives() noexcept;
    /// With the lock held, at the end: those of the parent may go with it.
    void leaveElements() noexcept;

    JobKind kind_;
    std::atomic<bool> observed_{false};
    std::atomic<BodyScope> bodyScope_{BodyScope::None};
    /// references (lower 32) and handles (upper 32); a handle is also a reference.
    std::atomic<std::uint64_t> counts_;
    record::JobRecord record_;
    std::uint64_t number_;

    /// The coroutine to go on with; set before the continuation is published. While it waits in a Suspension,
    /// that one.
    void* goesOn_ = nullptr;
    JobNode* parent_ = nullptr;          ///< its children keep it, together: see attachChild
    std::atomic<std::uint64_t> wait_{0}; ///< see Suspension
    std::unique_ptr<Failures> failures_;
    const ContextElements* elements_; ///< see ownsElements_
    std::atomic<std::uint32_t> phase_;
    Lock lock_;
    std::uint32_t pending_ = ownPart; ///< what it waits for: its own part, and a child for each oneChild
    std::uint16_t traits_;
    std::uint16_t flags_;
    /// Who wants to hear of this job. The head's `order` changes under the lock.
    [[no_unique_address]] Registration list_{Registration::Kind::Head};

    // Written by whoever holds the continuation: one after the other.
    bool bodyBegun_ : 1 = false;
    bool skipCancelledBody_ : 1 = true; ///< a body that was cancelled before it began does not run
    bool everSuspended_ : 1 = false;
    bool bodyReturnedValue_ : 1 = false;
    bool runs_ : 1;              ///< the body holds a reference, from its start to the end of the job
    bool delivered_ : 1 = false; ///< the cancellation was thrown into the body
    bool unjudged_ : 1 = false;  ///< since then it came to no suspension
    bool askedOnce_ : 1 = false; ///< it asked whether it is cancelled after it had let go of the cancellation
    bool swallowed_ : 1 = false; ///< that was told
    /// Counted for this job. Otherwise they are its parent's, which keeps them until this job has ended.
    bool ownsElements_ : 1 = false;

protected:
    bool keepsCallable_ : 1 = false; ///< of the derived class
};

inline void Suspension::begin(PromiseBase& leaf) noexcept {
    leaf_ = &leaf;
    number_ = numberIn(leaf.job->wait_.load(std::memory_order_relaxed));
}

/// Adds the place where a result of type T is kept until the last handle is gone.
template <class T>
class ResultNode : public JobNode {
public:
    const T& value() const noexcept { return place_.value; }
    T& value() noexcept { return place_.value; }

protected:
    using JobNode::JobNode;
    ~ResultNode() override {
        if (hasValue_)
            std::destroy_at(std::addressof(place_.value));
    }
    /// Once.
    template <class... V>
    void setValue(V&&... value) {
        ::new (static_cast<void*>(std::addressof(place_.value))) T(std::forward<V>(value)...);
        hasValue_ = true;
    }

private:
    bool hasValue_ = false; // first: there is room for it behind JobNode
    union Place {
        Place() noexcept {}
        ~Place() {}
        T value;
    } place_;
};

template <>
class ResultNode<void> : public JobNode {
protected:
    using JobNode::JobNode;
    ~ResultNode() override = default;
};

} // namespace coroscope::detail
