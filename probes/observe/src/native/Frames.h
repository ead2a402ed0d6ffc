// SPDX-License-Identifier: Apache-2.0
// Frames of native call stacks in messages.
#pragma once

#include "Message.h"

#include <coroscope/observe/Dictionary.h>

#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::observe::native {

/// "/usr/lib/libc.so.6", "+0x1234": all that is known of an address without symbols.
SiteText unknownFrame(const std::string& path, std::uint64_t address);

void writeFrames(MessageWriter& message, const std::vector<SiteText>& frames);
/// Fit for people, whatever the other side has sent.
std::vector<SiteText> readFrames(MessageReader& message);

} // namespace coroscope::observe::native
