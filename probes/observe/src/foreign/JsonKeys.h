// SPDX-License-Identifier: Apache-2.0
// Which of some known keys a key of JSON is.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace coroscope::observe {

/// A key mostly follows the one that it followed before, so that one is looked at first.
class JsonKeys {
public:
    /// `names`, best in the order in which they are written, must outlive it.
    explicit JsonKeys(std::span<const std::string_view> names)
        : names_(names)
        , behind_(names.size() + 1) {
        for (std::size_t i = 0; i < names.size(); ++i)
            behind_[i] = i + 1;
    }

    /// The number of the name; how many there are for none of them.
    std::size_t find(std::string_view name) {
        const std::size_t count = names_.size();
        std::size_t at = behind_[last_];
        for (std::size_t i = 0; i < count; ++i, ++at) {
            at = at < count ? at : 0;
            if (names_[at] == name)
                return last_ = behind_[last_] = at;
        }
        return last_ = count;
    }
    /// Whether a text of JSON begins with the key that is looked at first, and a colon right behind it: how
    /// long both are then, and it is the one that last() tells. 0: neither, it has to be found.
    std::size_t expected(std::string_view text) noexcept {
        const std::size_t at = behind_[last_];
        if (at >= names_.size())
            return 0;
        const std::string_view name = names_[at];
        if (text.size() < name.size() + 3 || !text.substr(1).starts_with(name) ||
            text[name.size() + 1] != '"' || text[name.size() + 2] != ':')
            return 0;
        last_ = at;
        return name.size() + 3;
    }
    std::size_t last() const noexcept { return last_; }

private:
    std::span<const std::string_view> names_;
    std::vector<std::size_t> behind_; ///< by number, what came behind it last
    std::size_t last_ = 0;
};

} // namespace coroscope::observe
