// SPDX-License-Identifier: Apache-2.0
#include "Redaction.h"

#include <algorithm>
#include <array>

namespace coroscope::observe {

namespace {

/// Types that tell nothing about whose program it is.
bool isPublic(std::string_view type) noexcept {
    constexpr std::array<std::string_view, 24> known{
        "std::exception",         "std::runtime_error",       "std::logic_error",
        "std::invalid_argument",  "std::out_of_range",        "std::length_error",
        "std::domain_error",      "std::range_error",         "std::overflow_error",
        "std::underflow_error",   "std::system_error",        "std::bad_alloc",
        "std::bad_cast",          "std::bad_typeid",          "std::bad_array_new_length",
        "std::bad_function_call", "std::bad_optional_access", "std::bad_variant_access",
        "std::bad_any_cast",      "std::bad_weak_ptr",        "std::future_error",
        "std::regex_error",       "std::format_error",        "unknown",
    };
    if (std::find(known.begin(), known.end(), type) != known.end())
        return true;
    constexpr std::array<std::string_view, 2> ours{"coroscope::CancellationException",
                                                   "coroscope::TimeoutCancellationException"};
    return std::find(ours.begin(), ours.end(), type) != ours.end();
}

bool isPublicDispatcher(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 10> known{"Default",
                                                     "IO",
                                                     "Main",
                                                     "Unconfined",
                                                     "Dispatchers.Default",
                                                     "Dispatchers.IO",
                                                     "Dispatchers.Main",
                                                     "Dispatchers.Unconfined",
                                                     "runBlocking",
                                                     "TestDispatcher"};
    return std::find(known.begin(), known.end(), name) != known.end();
}

/// ".cpp" where it is one that sources have.
std::string_view sourceSuffix(std::string_view file) noexcept {
    constexpr std::array<std::string_view, 14> known{".c",   ".cc",  ".cpp", ".cxx", ".c++",  ".h",   ".hh",
                                                     ".hpp", ".hxx", ".h++", ".ipp", ".cppm", ".ixx", ".inl"};
    const std::size_t dot = file.rfind('.');
    if (dot == std::string_view::npos)
        return {};
    const std::string_view suffix = file.substr(dot);
    return std::find(known.begin(), known.end(), suffix) == known.end() ? std::string_view() : suffix;
}

constexpr std::string_view suppressed = "\n\tsuppressed: ";

} // namespace

std::string Redaction::numbered(Numbers& numbers, const char* kind, const std::string& text) {
    if (text.empty())
        return {};
    const std::size_t number = numbers.try_emplace(text, numbers.size() + 1).first->second;
    return std::string(kind) + '-' + std::to_string(number);
}

std::string Redaction::name(const std::string& text) {
    return numbered(names_, "name", text);
}

SiteText Redaction::site(const SiteText& site) {
    SiteText redacted;
    redacted.file = numbered(files_, "file", site.file) += sourceSuffix(site.file);
    redacted.function = numbered(functions_, "function", site.function);
    redacted.line = site.line;
    return redacted;
}

ContextText Redaction::context(const ContextText& context) {
    return {isPublicDispatcher(context.dispatcher) ? context.dispatcher
                                                   : numbered(dispatchers_, "dispatcher", context.dispatcher),
            numbered(elements_, "elements", context.elements)};
}

std::string Redaction::exception(std::string_view text) {
    // "type: message", or the message on a line of its own.
    const std::size_t end = std::min(text.find(": "), text.find('\n'));
    const std::string type(text.substr(0, end));
    std::string redacted = isPublic(type) ? type : numbered(types_, "exception", type);
    if (end == std::string_view::npos)
        return redacted;
    const std::string_view separator = text[end] == '\n' ? "\n" : ": ";
    redacted += separator;
    return redacted + numbered(messages_, "message", std::string(text.substr(end + separator.size())));
}

std::string Redaction::failure(const std::string& text) {
    std::string redacted;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t next = rest.find(suppressed);
        redacted += exception(rest.substr(0, next));
        if (next == std::string_view::npos)
            break;
        redacted += suppressed;
        rest.remove_prefix(next + suppressed.size());
    }
    return redacted;
}

std::uint64_t Redaction::address(std::uint64_t address) {
    return address == 0 ? 0 : addresses_.try_emplace(address, addresses_.size() + 1).first->second;
}

} // namespace coroscope::observe
