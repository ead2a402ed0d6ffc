// SPDX-License-Identifier: Apache-2.0
// A dictionary for rows made by hand: text n is "n<number>", site n is "file<number>.cpp:<number>".
#pragma once

#include <coroscope/observe/Dictionary.h>

namespace coroscope::test {

struct Texts : observe::Dictionary {
    std::string text(TextId id) const override { return id == 0 ? "" : "n" + std::to_string(id); }
    observe::SiteText site(SiteId id) const override {
        return id == 0 ? observe::SiteText{}
                       : observe::SiteText{"src/file" + std::to_string(id) + ".cpp", "f", id};
    }
    observe::StackText stack(StackId) const override { return {}; }
    observe::ContextText context(std::uint32_t) const override { return {}; }
};

} // namespace coroscope::test
