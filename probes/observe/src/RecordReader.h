// SPDX-License-Identifier: Apache-2.0
// Reads a record (model/RecordLayout.h) that may be hostile and may change under the reader's eyes. Every
// offset, index, size and enumerator is checked when it is used, everything is read once, every loop is
// bounded. What makes no sense reads as absent, empty or "unknown"; only a header that makes no sense is
// refused.
#pragma once

#include "OwnNames.h"
#include "TickClock.h"

#include "native/Symboliser.h"

#include <coroscope/model/RecordLayout.h>
#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/JobRow.h>
#include <coroscope/observe/Result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace coroscope::observe {

/// Threads: any; all but construction is const and keeps no state.
class RecordReader {
public:
    /// Maps the record read-only. The descriptor must be a memfd sealed against shrinking and growing:
    /// reading another would be at its owner's mercy. It stays the caller's.
    static Result<std::shared_ptr<const RecordReader>> open(int descriptor);
    /// The record at `memory`, 8-aligned, which must outlive the reader.
    static Result<std::shared_ptr<const RecordReader>> over(const void* memory, std::size_t size);
    ~RecordReader();
    RecordReader(const RecordReader&) = delete;
    RecordReader& operator=(const RecordReader&) = delete;

    // Facts that do not change.
    std::uint32_t pid() const noexcept { return header_.pid; } ///< as the target sees itself
    std::uint64_t processStart() const noexcept { return header_.processStart; }
    /// Of the memory behind it: tells whether another descriptor is of the same. 0 of a copy.
    std::uint64_t inode() const noexcept { return inode_; }
    ClockPoints clock() const noexcept;
    std::string program() const;
    std::string runtimeVersion() const;

    // Facts that change; clamped to what the tables can hold.
    std::uint32_t slotsHighWater() const noexcept;
    std::uint32_t threadsHighWater() const noexcept;
    std::uint64_t untracked() const noexcept;
    bool commandsAllowed() const noexcept;
    bool saidGoodbye() const noexcept;
    std::string socketAddress() const;
    /// Why there is no agent, as far as the target says so.
    std::string noAgentBecause() const;

    /// What tells whether a slot has changed, at the price of two cache lines.
    struct Fingerprint {
        JobId id;
        std::uint32_t jobVersion = 0;
        std::uint32_t executionSequence = 0;
        std::uint32_t others = 0; ///< of the fields that no version guards
        friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
    };
    /// Of a free slot: no id.
    Fingerprint fingerprint(std::uint32_t index) const noexcept;
    /// Of a row as it was read.
    static Fingerprint fingerprintOf(const JobRow& row) noexcept;

    enum class SlotRead {
        Free,
        Job,
        Unstable ///< taken by one job after the other, each time we looked
    };
    /// Reads one slot by the writers' protocol. `row` is of use only if it has a job.
    SlotRead readSlot(std::uint32_t index, const TickClock& clock, JobRow& row) const noexcept;
    /// Reads the slot of a job that has ended with this version of its job word. False when the slot is in
    /// use again: then `row` is as it was.
    bool readEnded(JobId id, std::uint32_t version, const TickClock& clock, JobRow& row) const noexcept;
    /// The job's own name, where a row has `found` for its name and isOwnName(found). Empty when job or name
    /// are others meanwhile.
    std::string ownName(JobId job, TextId found) const;
    /// Of a job that has ended with this version of its job word.
    std::string ownNameOfEnded(JobId job, TextId found, std::uint32_t version) const;
    /// Jobs in the slab now. Costs one cache line a slot.
    std::uint64_t countJobs() const noexcept;

    struct RunningOn {
        std::uint32_t tid = 0;    ///< as the target counts threads
        std::uint64_t slices = 0; ///< tells this stretch of running from the next
        std::string name;
    };
    /// The thread that runs this job now.
    std::optional<RunningOn> threadOf(JobId job) const;

    std::uint64_t ringHead(std::uint32_t thread) const noexcept;
    std::uint64_t ringCapacity() const noexcept { return header_.rings.capacity; }
    /// Appends the events [from, to) of a ring, of which there are at most `ringCapacity()`; answers how many
    /// of the first of them had been overwritten and were left out.
    std::uint64_t readEvents(std::uint32_t thread, std::uint64_t from, std::uint64_t to,
                             std::vector<layout::Event>& events) const;

    /// Incidents ever begun; 0 for a record that keeps none.
    std::uint64_t incidentsHead() const noexcept;
    std::uint64_t incidentCapacity() const noexcept { return header_.incidents.capacity; }
    enum class IncidentRead {
        Read,
        NotYet, ///< being written, or never will be
        Gone    ///< its entry has a later one
    };
    /// Reads one incident by the writers' protocol. `ownName`: where the job's name is its own.
    IncidentRead readIncident(std::uint64_t number, const TickClock& clock, Incident& incident,
                              std::string& ownName) const;

    /// Of each resource what is in its row now, in the order of their indices. A row that is taken by one
    /// after the other, each time we look, is left out.
    std::vector<Resource> resources() const;

    std::string text(TextId id) const;
    SiteText site(SiteId id) const;
    StackText stack(StackId id) const;
    ContextText context(std::uint32_t id) const;
    native::RawCallStack callStack(CallStackId id) const;
    /// `failure` as an Ended event gives it: 1 + the incident's number.
    std::string failureText(JobId job, std::uint64_t failure) const;

private:
    RecordReader(const std::byte* base, std::size_t size, bool mapped) noexcept;
    static Result<std::shared_ptr<const RecordReader>> checked(std::shared_ptr<RecordReader> reader);
    std::string problemWithHeader() const;
    native::ModuleName module(std::uint32_t id) const;
    std::string nameBeside(std::uint32_t index) const;
    void readFields(const layout::Slot& slot, const TickClock& clock, JobRow& read) const noexcept;

    template <class T>
    const T& at(std::uint64_t offset) const noexcept {
        return *reinterpret_cast<const T*>(base_ + offset);
    }
    template <class T>
    const T& row(const layout::Table& table, std::uint64_t index) const noexcept {
        return at<T>(table.offset + index * table.stride);
    }
    const layout::Header& live() const noexcept { return at<layout::Header>(0); }

    const std::byte* base_;
    std::size_t size_;
    bool mapped_;
    std::uint64_t inode_ = 0;
    layout::Header header_{}; ///< a copy, so that what was checked is what is used
};

/// The dictionary of one record and of the names that its jobs keep; keeps the record mapped.
class RecordDictionary : public Dictionary {
public:
    RecordDictionary(std::shared_ptr<const RecordReader> reader, std::shared_ptr<const OwnNames> names,
                     int pid)
        : reader_(std::move(reader))
        , names_(std::move(names))
        , symboliser_(pid) {}
    std::string text(TextId id) const override {
        return isOwnName(id) ? names_->text(id) : reader_->text(id);
    }
    SiteText site(SiteId id) const override { return reader_->site(id); }
    StackText stack(StackId id) const override { return reader_->stack(id); }
    ContextText context(std::uint32_t id) const override { return reader_->context(id); }
    CallStackText callStack(CallStackId id) const override {
        return id == 0 ? CallStackText{} : symboliser_.textOf(reader_->callStack(id));
    }

private:
    std::shared_ptr<const RecordReader> reader_;
    std::shared_ptr<const OwnNames> names_;
    mutable native::Symboliser symboliser_;
};

} // namespace coroscope::observe
