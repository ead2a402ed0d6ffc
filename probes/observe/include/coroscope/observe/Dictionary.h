// SPDX-License-Identifier: Apache-2.0
// Resolves the interned numbers of one target: texts, sites, stacks, contexts.
#pragma once

#include <coroscope/model/Ids.h>

#include <cstdint>
#include <string>
#include <vector>

namespace coroscope::observe {

struct SiteText {
    std::string file;     ///< as the compiler wrote it, often a whole path
    std::string function; ///< as the compiler wrote it: a whole signature
    std::uint32_t line = 0;

    bool known() const noexcept { return !file.empty(); }
    std::string fileName() const;      ///< last part of the path
    std::string shortFunction() const; ///< "Reader::next" of "coroscope::Task<int> Reader::next(Buffer&)"
    std::string shortText() const; ///< "reader.cpp:88"; without a line "reader.cpp"; "unknown" when not known
};

struct StackText {
    std::vector<SiteText> frames; ///< innermost first
    std::uint32_t cut = 0;        ///< callers that did not fit
};

/// A native call stack; functions that were inlined are frames like others. A frame without line is known by
/// its symbol only, its file is that of the code; one without symbol is "+0x1234" in that file.
struct CallStackText {
    std::vector<SiteText> frames; ///< innermost first
    std::uint32_t cut = 0;        ///< not 0: there were more callers
    std::string note;             ///< sentences on what is missing, and why; empty when all is known
};

struct ContextText {
    std::string dispatcher;
    std::string elements;
};

/// Every number is allowed: one that means nothing gives an empty answer. Threads: any, at any time, as long
/// as somebody holds it. Equal numbers give equal answers for ever, so callers may cache.
class Dictionary {
public:
    virtual ~Dictionary() = default;
    virtual std::string text(TextId id) const = 0;
    virtual SiteText site(SiteId id) const = 0;
    virtual StackText stack(StackId id) const = 0;
    virtual ContextText context(std::uint32_t id) const = 0;
    /// Of a live process it is made out of debug information: tenths of a second at the first meeting with a
    /// large file, more where that is bad. Not for a thread that must not wait.
    virtual CallStackText callStack(CallStackId) const { return {}; }
};

} // namespace coroscope::observe
