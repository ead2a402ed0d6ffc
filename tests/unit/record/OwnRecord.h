// SPDX-License-Identifier: Apache-2.0
// A process's own record, mapped once more and read as an observer would: through a read-only mapping of its
// own.
#pragma once

#include <coroscope/model/RecordLayout.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace coroscope::test {

class OwnRecord {
public:
    /// Maps the record behind `descriptor` (default: this process's).
    explicit OwnRecord(int descriptor = -1);
    ~OwnRecord();
    OwnRecord(const OwnRecord&) = delete;
    OwnRecord& operator=(const OwnRecord&) = delete;

    const layout::Header& header() const;
    const layout::Slot& slot(std::uint32_t index) const;
    const layout::Thread& thread(std::uint32_t entry) const;
    std::string text(TextId id) const;
    layout::Site site(SiteId id) const;
    layout::Stack stack(StackId id) const;
    layout::CallStack callStack(CallStackId id) const;
    layout::Module module(std::uint32_t id) const;
    layout::SiteCounter counters(SiteId id) const; ///< summed over all threads

    struct Row {
        layout::Slot slot;
        layout::JobWord job;
        layout::ExecutionWord execution;
        std::string name; ///< interned or its own
    };
    /// The row of a job by the reader's protocol; nothing when it is gone.
    std::optional<Row> read(JobId id) const;

    /// The row of a resource by the reader's protocol; nothing when it is gone.
    std::optional<layout::Resource> resource(ResourceId id) const;
    /// Whatever is in that row.
    std::optional<layout::Resource> resourceAt(std::uint32_t index) const;

    struct Incident {
        layout::Incident head;
        std::string name; ///< of the job, interned or its own
        std::string text;
    };
    /// The incident of that number by the reader's protocol; nothing when the ring does not have it whole.
    std::optional<Incident> incident(std::uint64_t number) const;

    /// Events in the ring of `entry` from position `from` on.
    std::vector<layout::Event> events(std::uint32_t entry, std::uint64_t from) const;
    /// Entry of the calling thread.
    std::uint32_t entryOfThisThread() const;

private:
    template <class T>
    const T& at(std::uint64_t offset) const {
        return *reinterpret_cast<const T*>(base_ + offset);
    }
    const std::byte* base_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace coroscope::test
