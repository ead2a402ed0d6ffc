// SPDX-License-Identifier: Apache-2.0
// For spdlog: which job wrote a line.
#pragma once

#include <coroscope/runtime/DebugProbes.h>

#include <spdlog/pattern_formatter.h>

#include <memory>
#include <string>
#include <utility>

namespace coroscope {

/// A pattern flag that stands for the job that runs on the logging thread, as `name#number`; `-` where no job
/// runs. The same text, pasted into the search of the window, finds the job.
///
///     auto formatter = std::make_unique<spdlog::pattern_formatter>();
///     formatter->add_flag<coroscope::CurrentJobFlag>('*').set_pattern("%H:%M:%S.%e [%*] %v");
///     logger->set_formatter(std::move(formatter));
///
/// It asks the logging thread, so it belongs into a logger that formats where it is called, not into an
/// asynchronous one. Padding (`%-20*`) works as for other flags.
class CurrentJobFlag final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& into) override {
        std::string job = DebugProbes::currentJobName();
        if (job.empty())
            job = "-";
        const std::size_t width = padinfo_.enabled() ? padinfo_.width_ : 0;
        const std::size_t missing = width > job.size() ? width - job.size() : 0;
        const bool left = padinfo_.side_ == spdlog::details::padding_info::pad_side::left;
        if (left)
            job.insert(0, missing, ' ');
        else
            job.append(missing, ' ');
        into.append(job.data(), job.data() + job.size());
    }
    std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<CurrentJobFlag>();
    }
};

} // namespace coroscope
