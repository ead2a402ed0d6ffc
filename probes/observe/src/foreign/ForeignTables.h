// SPDX-License-Identifier: Apache-2.0
// The words of a dump that another program wrote: each text, place, stack and context once.
#pragma once

#include "foreign/HashIndex.h"

#include <coroscope/observe/Dictionary.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// Filled by one thread, and only read once it is a dump's dictionary.
class ForeignTables : public Dictionary {
public:
    ForeignTables();

    TextId addText(std::string_view text);
    /// Among a million texts addText() waits for memory three times, each time for what says where to look
    /// next. Whoever knows early what it will add gives these hints, from 0 to 2, some 100 ns apart.
    void expectText(std::uint64_t hash, int hint) const noexcept;
    static std::uint64_t hashOfText(std::string_view text) noexcept { return hashOf(text).first; }
    /// `file` and `function` may be empty.
    SiteId addSite(std::string_view file, std::string_view function, std::uint32_t line);
    /// Innermost first. None for no frames.
    /// `note`: CallStackText::note.
    StackId addStack(std::span<const SiteId> frames, std::uint32_t cut = 0, std::string_view note = {});
    /// Of a stack of these tables. Good until the next addStack().
    std::span<const SiteId> framesOf(StackId stack) const noexcept {
        return std::span(frames_).subspan(stacks_[stack].first, stacks_[stack].depth);
    }
    std::uint32_t addContext(std::string_view dispatcher, std::string_view elements) {
        return addContext(addText(dispatcher), addText(elements));
    }
    std::uint32_t addContext(TextId dispatcher, TextId elements) {
        return addContext({dispatcher, elements});
    }
    /// With `number`, in decimal digits, between two texts: what differs from thread to thread need not be a
    /// text of its own for each. A new one each time.
    std::uint32_t addNumberedContext(std::string_view before, std::uint64_t number, std::string_view behind);

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
    struct Stack {
        std::uint64_t first; ///< in frames_
        std::uint32_t depth, cut;
        TextId note;
    };

    struct Context {
        TextId dispatcher = 0, elements = 0;
        TextId behind = 0; ///< the number
        bool numbered = false;
        std::uint64_t number = 0;
        friend bool operator==(const Context&, const Context&) = default;
    };
    std::uint32_t addContext(const Context& context);
    std::uint32_t newContext(const Context& context);

    /// Where the characters stay.
    std::string_view kept(std::string_view text);

    std::vector<LargeVector<char>> pages_; ///< none ever grows beyond what it has
    LargeVector<std::string_view> texts_;
    HashIndex textIds_;
    std::vector<Site> sites_;
    HashIndex siteIds_;
    std::vector<SiteId> frames_;
    std::vector<Stack> stacks_;
    LargeVector<Context> contexts_;
    HashIndex contextIds_;
};

} // namespace coroscope::observe
