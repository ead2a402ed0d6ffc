// SPDX-License-Identifier: Apache-2.0
#include "foreign/Lines.h"

#include <algorithm>
#include <cstring>

namespace coroscope::observe {

Lines::Lines(ByteSource& bytes)
    : bytes_(bytes)
    , buffer_(2 * longest) {}

bool Lines::fill() {
    std::memmove(buffer_.data(), buffer_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
    const std::size_t got = bytes_.read(buffer_.data() + to_, buffer_.size() - to_);
    to_ += got;
    return got > 0;
}

bool Lines::next() {
    for (;;) {
        const char* const begin = buffer_.data() + from_;
        const std::size_t here = to_ - from_;
        const auto* const end =
            here == 0 ? nullptr : static_cast<const char*>(std::memchr(begin, '\n', here));
        const std::size_t size = end != nullptr ? static_cast<std::size_t>(end - begin) : here;
        if (skips_) {
            skips_ = end == nullptr;
            from_ += skips_ ? size : size + 1;
            if (skips_ && !fill())
                return false;
            continue;
        }
        if (end == nullptr && size <= longest && fill())
            continue;
        if (end == nullptr && size == 0)
            return false;
        unfinished_ = end == nullptr && size <= longest;
        skips_ = end == nullptr && size > longest;
        from_ += end != nullptr ? size + 1 : size;
        cut_ += size > longest;
        line_ = {begin, std::min(size, longest)};
        if (!line_.empty() && line_.back() == '\r')
            line_.remove_suffix(1);
        ++number_;
        return true;
    }
}

} // namespace coroscope::observe
