// SPDX-License-Identifier: Apache-2.0
#include <coroscope/runtime/Select.h>

#include <random>

namespace coroscope::detail {

bool TimerClause::enroll(Suspension& select) {
    suspension_ = &select;
    source_ = &select.job().dispatcher().timers();
    source_->schedule(*this, time_);
    return true;
}

void TimerClause::withdraw() noexcept {
    if (source_)
        source_->dispose(*this);
}

bool TimerClause::claim() noexcept {
    chosen_ = true;
    const Suspension::Claim claim = suspension_->claim();
    // Under the source's lock, which withdraw takes before the clause may go.
    if (claim == Suspension::Claim::Lost)
        chosen_ = false;
    return claim == Suspension::Claim::Won;
}

void TimerClause::fire(bool inPlace) noexcept {
    if (inPlace)
        suspension_->job().resumeNow();
    else
        suspension_->job().resumeLater();
}

bool SelectBase::poll() {
    JobNode& job = *leaf_->job;
    for (std::size_t i = 0; i < count_; ++i) {
        if (!clauses_[i]->poll(job))
            continue;
        selected_ = clauses_[i];
        for (std::size_t before = 0; before < i; ++before)
            clauses_[before]->passOver(job);
        return true;
    }
    return false;
}

bool SelectBase::ready(SelectClause* const* clauses, std::size_t count) {
    clauses_ = clauses;
    count_ = count;
    return poll();
}

void SelectBase::withdraw(std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i)
        clauses_[i]->withdraw();
}

bool SelectBase::wait() {
    PromiseBase& leaf = *leaf_;
    begin(leaf);
    for (;;) {
        std::size_t enrolled = 0;
        try {
            while (enrolled < count_ && clauses_[enrolled]->enroll(*this))
                ++enrolled;
        } catch (...) {
            withdraw(enrolled);
            throw;
        }
        if (enrolled == count_) {
            registered_ = true;
            return suspend(leaf, WaitKind::Select, 0);
        }
        withdraw(enrolled);
        registered_ = isDecided(); // one of them was quicker than that
        if (registered_ || poll())
            return false;
    }
}

void SelectBase::unregister() noexcept {
    withdraw(count_);
}

SelectClause& SelectBase::selected() {
    if (!registered_)
        return *selected_;
    JobNode& job = *leaf_->job;
    const bool cancelled = wasCancelled();
    if (!cancelled)
        withdraw(count_);
    for (std::size_t i = 0; i < count_; ++i) {
        if (clauses_[i]->chosen())
            selected_ = clauses_[i];
        else
            clauses_[i]->passOver(job);
    }
    if (cancelled)
        job.throwCancellation(*leaf_);
    if (job.isCancelled()) {
        selected_->undo(job);
        job.throwCancellation(*leaf_);
    }
    return *selected_;
}

void shuffle(SelectClause** clauses, std::size_t count) noexcept {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::shuffle(clauses, clauses + count, random);
}

} // namespace coroscope::detail
