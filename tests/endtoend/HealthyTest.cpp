// SPDX-License-Identifier: Apache-2.0
// The large program without faults: looked at from its first moment to its last, it never has a finding.
#include "Observer.h"
#include "Process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

using namespace endtoend;
namespace observe = coroscope::observe;

namespace {

/// Follows the program and keeps what was ever found.
class Watch {
public:
    explicit Watch(int pid)
        : observer_(pid) {}

    /// Once more. False when the process has ended.
    bool look() {
        const bool more = observer_.look();
        for (const observe::JobRow& row : observer_.news().rows) {
            if (row.id.index() >= uses_.size())
                uses_.resize(row.id.index() + 1);
            uses_[row.id.index()] = std::max(uses_[row.id.index()], row.id.generation());
        }
        mostAlive_ = std::max(mostAlive_, observer_.tree().size());
        for (const observe::Finding& finding : observer_.findings())
            found_.try_emplace(std::string(finding.rule) + " at " + finding.where.shortText() + ", " +
                                   finding.where.shortFunction(),
                               finding.jobName + ". " + finding.evidence);
        ++looks_;
        return more;
    }
    std::size_t mostAlive() const { return mostAlive_; }
    /// How many jobs the process has launched, at least: how often its slots were seen to be used.
    std::uint64_t jobs() const { return std::accumulate(uses_.begin(), uses_.end(), std::uint64_t{0}); }
    int looks() const { return looks_; }
    std::string found() const {
        std::string text;
        for (const auto& [finding, example] : found_)
            text += finding + ": " + example + "\n";
        return text;
    }

private:
    Observer observer_;
    std::map<std::string, std::string> found_; ///< with one example of each
    std::vector<std::uint64_t> uses_;
    std::size_t mostAlive_ = 0;
    int looks_ = 0;
};

} // namespace

TEST(Healthy, aLargeProgramWithoutFaultsHasNoFindingFromItsStartToItsEnd) {
    const ScratchDirectory directory;
    const std::string output = directory.path() + "/output";
    Process process({COROSCOPE_HEALTHY, "25000", "8", "6000"}, {{"XDG_RUNTIME_DIR", directory.path()}},
                    output);
    setenv("XDG_RUNTIME_DIR", directory.path().c_str(), 1);
    Watch watch(process.pid());

    std::map<std::string, int> looksIn;
    std::string part;
    const auto lookUntil = [&](const std::function<bool()>& enough) {
        eventually([&] {
            for (int i = 0; i < 20 && process.isRunning(); ++i)
                watch.look();
            const std::string text = contentsOf(output);
            const std::size_t last = text.rfind("part: ");
            part = last == std::string::npos ? "" : text.substr(last, text.find('\n', last) - last);
            looksIn[part] += 20;
            return enough() || !process.isRunning();
        });
    };
    lookUntil([&] { return part == "part: quiet"; });
    ASSERT_EQ(part, "part: quiet") << contentsOf(output);
    // Long enough for what is suspected after some seconds only.
    const auto quietSince = std::chrono::steady_clock::now();
    lookUntil([&] { return std::chrono::steady_clock::now() - quietSince > std::chrono::seconds(4); });
    process.signal(SIGTERM);
    lookUntil([] { return false; });

    EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(watch.found(), "");
    EXPECT_GE(watch.jobs(), 100'000u);
    EXPECT_GE(watch.mostAlive(), 5'000u);
    EXPECT_GE(looksIn["part: load"], 20);
    EXPECT_GE(looksIn["part: bursts"], 20);
    std::istringstream text(contentsOf(output));
    int patterns = 0;
    for (std::string line; std::getline(text, line);) {
        EXPECT_FALSE(line.starts_with("broken")) << line;
        if (line.starts_with("pattern: ")) {
            ++patterns;
            EXPECT_FALSE(line.ends_with(" 0")) << line;
        }
    }
    EXPECT_GE(patterns, 60) << "the program ends by telling which patterns ran";
    std::printf("%llu jobs, at most %zu alive, %d looks\n", static_cast<unsigned long long>(watch.jobs()),
                watch.mostAlive(), watch.looks());
}
