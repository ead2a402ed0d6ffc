// SPDX-License-Identifier: Apache-2.0
// Pseudonyms for what a program tells about its owner. Equal texts get equal pseudonyms, within one dump.
// docs/DUMP_FORMAT.md says what is replaced and what is not.
#pragma once

#include <coroscope/observe/Dictionary.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace coroscope::observe {

class Redaction {
public:
    std::string name(const std::string& text); ///< "name-3"
    SiteText site(const SiteText& site);       ///< "file-3.cpp", "function-7"; the line stays
    ContextText
    context(const ContextText& context); ///< "dispatcher-1", "elements-4"; our own dispatchers stay
    /// Of each exception: the type, if it is the standard library's or ours, else "exception-2"; "message-5".
    std::string failure(const std::string& text);
    std::uint64_t address(std::uint64_t address); ///< 1, 2, 3 ...; 0 stays

private:
    using Numbers = std::unordered_map<std::string, std::size_t>;
    static std::string numbered(Numbers& numbers, const char* kind, const std::string& text);
    std::string exception(std::string_view text);

    Numbers names_, files_, functions_, dispatchers_, elements_, types_, messages_;
    std::unordered_map<std::uint64_t, std::uint64_t> addresses_;
};

} // namespace coroscope::observe
