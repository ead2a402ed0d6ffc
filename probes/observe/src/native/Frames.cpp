// SPDX-License-Identifier: Apache-2.0
#include "Frames.h"
#include "Utf8.h"

#include <cstdio>

namespace coroscope::observe::native {

namespace {
/// Names of templates may be longer than anybody reads.
constexpr std::size_t longestName = 4'096;
} // namespace

SiteText unknownFrame(const std::string& path, std::uint64_t address) {
    char text[32];
    std::snprintf(text, sizeof text, "%s0x%llx", path.empty() ? "" : "+",
                  static_cast<unsigned long long>(address));
    return {path, text, 0};
}

void writeFrames(MessageWriter& message, const std::vector<SiteText>& frames) {
    message.number(frames.size());
    for (const SiteText& frame : frames) {
        message.text(frame.file);
        message.text(frame.function);
        message.number(frame.line);
    }
}

std::vector<SiteText> readFrames(MessageReader& message) {
    std::vector<SiteText> frames;
    const std::uint64_t count = message.count();
    for (std::uint64_t i = 0; i < count && message.ok(); ++i) {
        SiteText frame;
        frame.file = presentable(cutUtf8(message.text(), longestName));
        frame.function = presentable(cutUtf8(message.text(), longestName));
        frame.line = static_cast<std::uint32_t>(message.number());
        frames.push_back(std::move(frame));
    }
    return frames;
}

} // namespace coroscope::observe::native
