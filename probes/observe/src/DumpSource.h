// SPDX-License-Identifier: Apache-2.0
// A dump as a Source: gives everything with the first read, then nothing more.
#pragma once

#include <coroscope/observe/Dump.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

class DumpSource : public Source {
public:
    explicit DumpSource(Dump dump);

    const SourceInfo& info() const override { return dump_.info; }
    std::shared_ptr<const Dictionary> dictionary() const override { return dump_.dictionary; }
    void read(Batch& batch) override;
    void wait(int) override {}
    Contact contact() const override { return contact_; }
    std::optional<SourceEnd> ended() const override { return end_; }
    Result<std::uint64_t> cancel(JobId, bool, std::string_view) override { return Problem{contact_.problem}; }
    std::vector<CommandAnswer> answers() override { return {}; }
    std::string failureText(const EndedJob& job) const override { return dump_.failureText(job); }
    Result<ThreadSample> sample(JobId) const override { return Problem{"Nothing runs in a dump."}; }
    std::uint64_t untrackedJobs() const override { return dump_.untracked; }

private:
    Dump dump_;
    Contact contact_;
    std::optional<SourceEnd> end_;
};

} // namespace coroscope::observe
