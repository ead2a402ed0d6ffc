// SPDX-License-Identifier: Apache-2.0
// For GoogleTest: a test that leaves jobs behind fails, and its report shows them as a tree.
#pragma once

#include <coroscope/record/OwnJobs.h>
#include <coroscope/record/Record.h>
#include <coroscope/runtime/DebugProbes.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

namespace coroscope {

/// What jobs that are just ending get by default.
inline constexpr std::chrono::milliseconds endingJobs{1000};

/// Adds a failure to the running test if jobs that began during this object's life are still alive at its
/// end, and after `grace`. Waits only as long as there are such jobs. Jobs from before do not count. One per
/// test at a time: it looks at the whole process. With the record off it fails, because then it could see
/// nothing.
class NoJobsLeft {
public:
    explicit NoJobsLeft(std::chrono::milliseconds grace = endingJobs)
        : grace_(grace) {
        record::start();
        for (const JobId id : record::ownJobIds())
            before_.insert(id);
    }
    NoJobsLeft(const NoJobsLeft&) = delete;
    NoJobsLeft& operator=(const NoJobsLeft&) = delete;
    ~NoJobsLeft() {
        if (!record::isOn()) {
            ADD_FAILURE() << "jobs that are left behind cannot be seen: " << record::stoppedBecause();
            return;
        }
        const auto deadline = std::chrono::steady_clock::now() + grace_;
        std::vector<JobId> left = leftJobs();
        while (!left.empty() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            left = leftJobs();
        }
        // Some may end just now: then there is nothing to show of them.
        if (const std::string text = left.empty() ? std::string() : DebugProbes::jobsToString(left);
            !text.empty())
            ADD_FAILURE() << "this test left jobs behind, " << grace_.count() << " ms after its end:\n"
                          << text;
    }

private:
    std::vector<JobId> leftJobs() const {
        std::vector<JobId> left;
        for (const JobId id : record::ownJobIds())
            if (!before_.contains(id))
                left.push_back(id);
        return left;
    }
    std::chrono::milliseconds grace_;
    std::unordered_set<JobId> before_;
};

/// The same for every test of the program: call once, in main before RUN_ALL_TESTS, or as the initializer of
/// something static. GoogleTest owns the listener.
inline bool failTestsThatLeaveJobs(std::chrono::milliseconds grace = endingJobs) {
    class Listener final : public ::testing::EmptyTestEventListener {
    public:
        explicit Listener(std::chrono::milliseconds g)
            : grace_(g) {}
        void OnTestStart(const ::testing::TestInfo&) override {
            watch_ = std::make_unique<NoJobsLeft>(grace_);
        }
        void OnTestEnd(const ::testing::TestInfo&) override { watch_.reset(); }

    private:
        std::chrono::milliseconds grace_;
        std::unique_ptr<NoJobsLeft> watch_;
    };
    ::testing::UnitTest::GetInstance()->listeners().Append(new Listener(grace));
    return true;
}

} // namespace coroscope
