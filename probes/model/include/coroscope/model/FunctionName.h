// SPDX-License-Identifier: Apache-2.0
// What people call a function, out of the signature that the compiler gives.
#pragma once

#include <string>
#include <string_view>

namespace coroscope {

namespace detail {

inline void replaceAll(std::string& text, std::string_view what, std::string_view with) {
    std::size_t at = 0;
    while ((at = text.find(what, at)) != std::string::npos) {
        text.replace(at, what.size(), with);
        at += with.size();
    }
}

/// Without everything between `open` and its partner, both included. Unbalanced rests stay cut.
inline std::string withoutBracketed(std::string_view text, char open, char close) {
    std::string out;
    int depth = 0;
    for (const char c : text) {
        if (c == open)
            ++depth;
        else if (c == close && depth > 0)
            --depth;
        else if (depth == 0)
            out += c;
    }
    return out;
}

} // namespace detail

/// "Reader::next" of "coroscope::Task<int> Reader::next(Buffer&)", for every compiler's way of writing it.
///
/// A signature as both compilers write it: result, qualified name, parameters, then what the template was
/// made with. Lambdas are "main()::(anonymous class)::operator()() const" to one and "main()::<lambda()>" to
/// the other.
inline std::string shortFunctionName(std::string_view function) {
    using namespace detail;
    std::string text(function);
    if (text.find(".(*") != std::string::npos) // a method in Go: "net.(*conn).Read"
        return text;
    if (const std::size_t with = text.find(") ["); with != std::string::npos)
        text.erase(with + 1);
    if (const std::size_t with = text.find(" [with "); with != std::string::npos)
        text.erase(with);
    replaceAll(text, "(anonymous namespace)::", "");
    replaceAll(text, "{anonymous}::", "");
    replaceAll(text, "(anonymous class)::operator()", "lambda");
    replaceAll(text, "<lambda", "lambda<");
    replaceAll(text, "operator()", "operator\x01");
    text = withoutBracketed(text, '(', ')');
    if (text.find("operator<") == std::string::npos && text.find("operator>") == std::string::npos &&
        text.find("operator-") == std::string::npos)
        text = withoutBracketed(text, '<', '>');
    for (const std::string_view suffix : {" const", " volatile", " &&", " &", " noexcept"})
        if (text.size() > suffix.size() && text.ends_with(suffix))
            text.erase(text.size() - suffix.size());
    // The name begins after the last blank, but the blank of a conversion operator belongs to it.
    const std::size_t conversion = text.find("operator ");
    const std::size_t blank = text.rfind(' ', conversion);
    if (blank != std::string::npos)
        text.erase(0, blank + 1);
    while (!text.empty() && (text.front() == '*' || text.front() == '&'))
        text.erase(0, 1);
    replaceAll(text, "\x01", "()");
    if (const std::size_t last = text.rfind("::"); last != std::string::npos && last > 0)
        if (const std::size_t before = text.rfind("::", last - 1); before != std::string::npos)
            text.erase(0, before + 2);
    return text.empty() ? std::string(function) : text;
}

} // namespace coroscope
