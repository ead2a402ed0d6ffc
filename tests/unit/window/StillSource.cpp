// SPDX-License-Identifier: Apache-2.0
#include "StillSource.h"

#include <array>
#include <string>

namespace coroscope::app {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t taken = 100'000 * second;

constexpr std::array<const char*, 16> texts{
    "",       "intake", "warehouse", "backoffice", "conn-1",  "conn-2", "conn-3", "reader",
    "writer", "stock",  "picker",    "audit",      "reports", "retry",  "flush",  "mail"};
constexpr std::array<const char*, 6> files{"",
                                           "/src/shop/Intake.cpp",
                                           "/src/shop/Warehouse.cpp",
                                           "/src/shop/Backoffice.cpp",
                                           "/src/shop/Connection.cpp",
                                           "/src/shop/Retry.cpp"};
constexpr std::array<const char*, 6> functions{"",
                                               "coroscope::Task<void> Intake::run()",
                                               "coroscope::Task<void> Warehouse::pick(Order)",
                                               "coroscope::Task<int> Backoffice::audit()",
                                               "coroscope::Task<Frame> Connection::read()",
                                               "coroscope::Task<void> Retry::again()"};

class StillDictionary : public observe::Dictionary {
public:
    std::string text(TextId id) const override { return id < texts.size() ? texts[id] : ""; }
    observe::SiteText site(SiteId id) const override {
        return id == 0 || id >= files.size() ? observe::SiteText{}
                                             : observe::SiteText{files[id], functions[id], 10 + 17 * id};
    }
    observe::StackText stack(StackId id) const override {
        return id == 0 ? observe::StackText{} : observe::StackText{{site(id), site(1)}, 0};
    }
    observe::ContextText context(std::uint32_t id) const override {
        return id == 0 ? observe::ContextText{} : observe::ContextText{id == 1 ? "Default" : "IO", ""};
    }
};

class StillSource : public observe::Source {
public:
    StillSource() {
        info_.pid = 4711;
        info_.program = "shop";
        info_.file = "/tmp/evening.coroscope";
        info_.takenAt = taken;
        info_.takenWallClock = 1'800'000'000;
        fill();
    }
    const observe::SourceInfo& info() const override { return info_; }
    std::shared_ptr<const observe::Dictionary> dictionary() const override { return dictionary_; }
    observe::Contact contact() const override { return {}; }
    void read(observe::Batch& batch) override {
        if (read_)
            return;
        read_ = true;
        batch.reset = true;
        batch.rows = rows_;
    }
    void wait(int) override {}
    std::optional<observe::SourceEnd> ended() const override { return std::nullopt; }
    observe::Result<std::uint64_t> cancel(JobId, bool, std::string_view) override {
        return observe::Problem{"It is a file."};
    }
    std::vector<observe::CommandAnswer> answers() override { return {}; }
    std::string failureText(const observe::EndedJob&) const override { return {}; }
    observe::Result<observe::ThreadSample> sample(JobId) const override {
        return observe::Problem{"It is a file."};
    }
    std::uint64_t untrackedJobs() const override { return 0; }

private:
    JobId add(JobId parent, TextId name, SiteId site, Execution execution, int age,
              JobState state = JobState::Active) {
        observe::JobRow row;
        row.number = rows_.size() + 1;
        row.id = JobId::of(static_cast<std::uint32_t>(row.number), 1);
        row.parent = parent;
        row.name = name;
        row.site = site;
        row.suspendedAt = execution == Execution::Suspended ? site : 0;
        row.waitKind = execution == Execution::Suspended ? WaitKind::Channel : WaitKind::Unknown;
        row.context = 1 + site % 2;
        row.kind = JobKind::Launch;
        row.state = state;
        row.execution = execution;
        row.held = true;
        row.createdAt = taken - age * second;
        row.stateSince = row.executionSince = taken - age * second / 3;
        rows_.push_back(row);
        return row.id;
    }
    void fill() {
        const JobId intake = add({}, 1, 1, Execution::Suspended, 7200);
        for (TextId name = 4; name <= 6; ++name) {
            const JobId connection =
                add(intake, name, 4, Execution::WaitsForChildren, 3000 + 100 * static_cast<int>(name));
            add(connection, 7, 4, Execution::Suspended, 2900);
            add(connection, 8, 4, name == 5 ? Execution::Running : Execution::Suspended, 2900);
        }
        const JobId warehouse = add({}, 2, 2, Execution::WaitsForChildren, 7200);
        add(warehouse, 9, 2, Execution::Queued, 4);
        for (int i = 0; i < 40; ++i)
            add(warehouse, 10, 2, i % 9 == 4 ? Execution::Running : Execution::Suspended, 20 + i);
        const JobId backoffice = add({}, 3, 3, Execution::Suspended, 7100);
        const JobId audit = add(backoffice, 11, 3, Execution::WaitsForChildren, 600, JobState::Cancelling);
        add(audit, 12, 3, Execution::Suspended, 590, JobState::Cancelling);
        for (int i = 0; i < 3; ++i)
            add(backoffice, 15, 3, Execution::Suspended, 12);
        const JobId launcher = JobId::of(3, 1);
        const JobId orphan = add({}, 14, 5, Execution::Suspended, 1800);
        rows_.back().flags = JobFlags::launchedInGlobalScope;
        rows_.back().launcher = launcher;
        rows_.back().held = false;
        add(orphan, 13, 5, Execution::Suspended, 1700);
    }

    observe::SourceInfo info_;
    std::shared_ptr<const observe::Dictionary> dictionary_ = std::make_shared<StillDictionary>();
    observe::LargeVector<observe::JobRow> rows_;
    bool read_ = false;
};

} // namespace

std::unique_ptr<observe::Source> stillSource() {
    return std::make_unique<StillSource>();
}

} // namespace coroscope::app
