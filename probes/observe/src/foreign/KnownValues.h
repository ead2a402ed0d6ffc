// SPDX-License-Identifier: Apache-2.0
// What was made of values of JSON before: most jobs were created and stand at the same few places, so whole
// objects and arrays come again and again as they are.
#pragma once

#include "foreign/HashIndex.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// Numbers by the characters of a value, brackets and all. Threads: one.
class KnownValues {
public:
    struct Found {
        std::size_t size = 0; ///< of the value
        std::uint32_t what = 0;
    };

    /// The value that `rest` begins with, if it is one of those that came lately.
    std::optional<Found> lately(std::string_view rest) {
        // A value that begins with all of another one, brackets and all, is that one.
        for (std::size_t i = 0; i < few; ++i)
            if (const Lately& each = lately_[i]; !each.value.empty() && rest.starts_with(each.value)) {
                const Found found{each.value.size(), each.what};
                if (i > 0)
                    std::swap(lately_[i],
                              lately_[i - 1]); // so what comes often stays, and is looked at early
                return found;
            }
        return {};
    }
    /// One of all that came. Where it is none of them, add() will be about it.
    std::optional<std::uint32_t> find(std::string_view value) {
        const TextHash hash = hashOf(value);
        const std::uint32_t found =
            index_.find(hash.first, [&](std::uint32_t number) { return all_[number].first == hash; });
        asked_.reset();
        if (found == HashIndex::none) {
            asked_ = hash;
            return {};
        }
        lately_.back() = {std::string(value), all_[found].second};
        return all_[found].second;
    }
    /// What was made of the value that was asked for last and not found; nothing without one.
    void add(std::uint32_t what) {
        if (!asked_)
            return;
        index_.add(asked_->first, static_cast<std::uint32_t>(all_.size()));
        all_.emplace_back(*std::exchange(asked_, {}), what);
    }
    /// That value will not be told to its end, or is none that could be known.
    void giveUp() noexcept { asked_.reset(); }

private:
    struct Lately {
        std::string value;
        std::uint32_t what = 0;
    };
    static constexpr std::size_t few = 12;

    std::array<Lately, few> lately_; ///< to be compared with what comes; what came last is at the end
    std::vector<std::pair<TextHash, std::uint32_t>> all_;
    HashIndex index_;
    std::optional<TextHash> asked_;
};

} // namespace coroscope::observe
