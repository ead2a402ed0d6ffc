// SPDX-License-Identifier: Apache-2.0
// The words of a dump that another program wrote: each text, place, stack and context once.
#pragma once

#include <coroscope/observe/Dictionary.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// Filled by one thread, and only read once it is a dump's dictionary.
class ForeignTables : public Dictionary {
public:
    ForeignTables();

    TextId addText(std::string_view text);
    /// `file` and `function` may be empty.
    SiteId addSite(std::string_view file, std::string_view function, std::uint32_t line);
    /// Innermost first. None for no frames.
    /// `note`: CallStackText::note.
    StackId addStack(std::span<const SiteId> frames, std::uint32_t cut = 0, std::string_view note = {});
    std::uint32_t addContext(std::string_view dispatcher, std::string_view elements);

    std::string text(TextId id) const override;
    SiteText site(SiteId id) const override;
    StackText stack(StackId id) const override;
    ContextText context(std::uint32_t id) const override;
    /// Of the same numbers as stacks.
    CallStackText callStack(CallStackId id) const override;

private:
    struct Site {
        TextId file, function;
        std::uint32_t line;
        friend bool operator==(const Site&, const Site&) = default;
    };
    struct SiteHash {
        std::size_t operator()(const Site& site) const noexcept;
    };
    struct Stack {
        std::uint64_t first; ///< in frames_
        std::uint32_t depth, cut;
        TextId note;
    };

    std::deque<std::string> texts_; ///< stay where they are: textIds_ looks into them
    std::unordered_map<std::string_view, TextId> textIds_;
    std::vector<Site> sites_;
    std::unordered_map<Site, SiteId, SiteHash> siteIds_;
    std::vector<SiteId> frames_;
    std::vector<Stack> stacks_;
    std::vector<std::pair<TextId, TextId>> contexts_;
    std::unordered_map<std::uint64_t, std::uint32_t> contextIds_;
};

} // namespace coroscope::observe
