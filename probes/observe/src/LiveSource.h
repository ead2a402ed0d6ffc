// SPDX-License-Identifier: Apache-2.0
// A running process as a Source.
//
// The state of a job always comes from its slot, never from an event: events only say which slots are worth a
// look. So an event that was lost, torn or made up can delay news until the next scrub, but cannot falsify
// them. What a job was at its end is the one thing that only events know.
#pragma once

#include "AgentLink.h"
#include "FailureTexts.h"
#include "OwnNames.h"
#include "Process.h"
#include "RecordReader.h"
#include "TickClock.h"

#include <coroscope/observe/Source.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coroscope::observe {

class LiveSource : public Source {
public:
    /// `link` may be called only, or unconnected: then the memory is scanned again and again until the agent
    /// answers. `silence` says why it does not, as the second half of a sentence: "has no agent".
    /// `process` is the pidfd, or nothing on systems without.
    LiveSource(const ProcessFacts& facts, Descriptor process, std::shared_ptr<const RecordReader> reader,
               AgentLink link, std::string silence);

    const SourceInfo& info() const override { return info_; }
    std::shared_ptr<const Dictionary> dictionary() const override { return dictionary_; }
    Contact contact() const override { return contact_; }
    void read(Batch& batch) override;
    void wait(int milliseconds) override;
    std::optional<SourceEnd> ended() const override { return ended_; }
    Result<std::uint64_t> cancel(JobId job, bool childrenOnly, std::string_view reason) override;
    std::vector<CommandAnswer> answers() override;
    std::string failureText(const EndedJob& job) const override;
    Result<ThreadSample> sample(JobId job) const override;
    std::uint64_t untrackedJobs() const override { return reader_->untracked(); }

private:
    static constexpr unsigned printBits = 33;
    static constexpr std::uint64_t printMask = (std::uint64_t{1} << printBits) - 1;
    /// What was last told of the job in one slot. There is one for each slot: every byte of it is a megabyte.
    struct [[gnu::packed]] Known {
        std::uint64_t generation : 64 - JobId::indexBits = 0; ///< of the id; its index is the place of this
        std::uint64_t used : 1 = 0;          ///< something was told, and is known by the rest
        std::uint64_t state : 4 = 0;         ///< a JobState
        std::uint64_t alive : 1 = 0;         ///< told and not yet ended
        std::uint64_t listed : 1 = 0;        ///< in toRead_
        std::uint64_t print : printBits = 0; ///< of what its fingerprint has beside the id

        /// Both versions count up. What has changed less than sixty thousand times since it was told is never
        /// taken for unchanged; what has changed more often, or has another name or parent, by a chance of
        /// one in eight thousand million, where its events were lost and it does not change again.
        static std::uint64_t printOf(const RecordReader::Fingerprint& of) noexcept {
            constexpr std::uint64_t apart = 65'537;
            const std::uint64_t sum =
                of.jobVersion * apart + of.executionSequence + of.others * std::uint64_t{0x9e3779b97f4a7c15};
            return sum & printMask;
        }
        /// For ids of this slot.
        bool holds(JobId id) const noexcept { return used && generation == id.generation(); }
        bool is(const RecordReader::Fingerprint& of) const noexcept {
            return holds(of.id) && print == printOf(of);
        }
        void tell(const RecordReader::Fingerprint& of) noexcept {
            used = 1;
            generation = of.id.generation();
            print = printOf(of) & printMask;
        }
    };
    static_assert(sizeof(Known) == 10);

    void noteRingHeads();
    void readRings(Batch& batch);
    bool ringsHaveMore() const noexcept;
    void take(const layout::Event& event, Batch& batch);
    void lookAt(std::uint32_t index);
    JobTree readAllSlots();
    void readSlots(Batch& batch);
    void readSlot(std::uint32_t index, Batch& batch);
    void scan(std::uint32_t from, std::uint32_t to);
    void scrub(std::int64_t now);
    void endTheVanished(Batch& batch);
    void readIncidents(Batch& batch);
    void readResources(Batch& batch);
    void takeFailure(const Incident& incident, Batch& batch);
    void end(Known& known, const EndedJob& job, Batch& batch);
    EndedJob endedOf(const layout::Event& event, JobId id);
    void tell(Known& known, const JobRow& row) noexcept;
    void numberName(JobRow& row);
    Known& known(std::uint32_t index);
    bool processIsGone();
    bool programWasReplaced();
    void keepContact();
    void hearHello();
    void callAgain(std::int64_t now);
    void sayContact();
    void finish(std::string text);

    SourceInfo info_;
    ProcessFacts facts_;
    std::string label_;
    Descriptor process_;
    std::shared_ptr<const RecordReader> reader_;
    std::shared_ptr<OwnNames> names_ = std::make_shared<OwnNames>();
    std::shared_ptr<const Dictionary> dictionary_;
    AgentLink link_;
    std::string silence_;
    Contact contact_;
    TickClock clock_;
    std::optional<SourceEnd> ended_;
    std::vector<CommandAnswer> answers_;
    FailureTexts failureTexts_;
    std::unordered_map<JobId, EndedJob>
        failing_; ///< known jobs whose failure was told, and not yet their end
    std::int64_t linkLostAt_ = 0;
    bool replaced_ = false; ///< who answers in the process has another record
    std::int64_t nextContact_ = 0;
    std::int64_t nextCall_ = 0;

    bool started_ = false;
    bool closing_ = false; ///< this is the last read
    LargeVector<Known> slots_;
    bool busy_ = false;                     ///< there was much to read last time
    std::vector<std::uint64_t> ringsRead_;  ///< events of each ring that were read or counted as lost
    std::vector<layout::Event> events_;     ///< scratch
    std::vector<std::uint32_t> toRead_;     ///< slots to look at
    std::vector<JobId> vanished_;           ///< gone from their slots without an event so far
    std::uint64_t incidentsRead_ = 0;       ///< smaller numbers were read or are among the unfinished
    std::vector<std::uint64_t> unfinished_; ///< incidents that were being written, or never will be

    std::vector<Resource> resources_; ///< as last told
    std::int64_t nextResources_ = 0;

    // The scrub goes round through the slab in steps, one a read(). After a loss it begins at once.
    std::uint32_t scrubNext_ = 0;
    std::uint32_t scrubLeft_ = 0; ///< slots that this round still has to look at
    std::uint32_t scrubSteps_ = 1;
    bool eventsLost_ = false; ///< since the round began: look at all slots once more
    std::int64_t nextScrub_ = 0;
};

} // namespace coroscope::observe
