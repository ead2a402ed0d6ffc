// SPDX-License-Identifier: Apache-2.0
#include "foreign/ForeignTables.h"

#include "Utf8.h"

#include <algorithm>

namespace coroscope::observe {

namespace {

constexpr std::size_t longestText = 4'096;
constexpr std::size_t firstPage = std::size_t{1} << 14, largestPage = std::size_t{1} << 23;

/// Most texts are: they need not be made fit to be shown.
bool isPlain(std::string_view text) noexcept {
    unsigned odd = 0;
    for (const char c : text)
        odd |= static_cast<unsigned>(static_cast<unsigned char>(c) - 0x20u >= 0x5fu);
    return odd == 0;
}

} // namespace

ForeignTables::ForeignTables() {
    addText({});
    addSite({}, {}, 0);
    stacks_.push_back({0, 0, 0, 0});
    addContext(Context{});
}

std::string_view ForeignTables::kept(std::string_view text) {
    if (text.empty())
        return {};
    if (pages_.empty() || pages_.back().capacity() - pages_.back().size() < text.size())
        pages_.emplace_back().reserve(
            std::min(firstPage << std::min<std::size_t>(pages_.size(), 16), largestPage));
    LargeVector<char>& page = pages_.back();
    page.insert(page.end(), text.begin(), text.end());
    return {page.data() + page.size() - text.size(), text.size()};
}

TextId ForeignTables::addText(std::string_view text) {
    const std::uint64_t hash = hashOf(text).first;
    if (const std::uint32_t known = textIds_.find(hash, [&](std::uint32_t id) { return texts_[id] == text; });
        known != HashIndex::none)
        return known;
    // What is kept is not what was looked for when that was not fit to be shown.
    if (text.size() > longestText || !isPlain(text))
        if (const std::string fit = presentable(cutUtf8(text, longestText)); fit != text)
            return addText(cutUtf8(fit, longestText));
    const auto id = static_cast<TextId>(texts_.size());
    makeRoom(texts_);
    texts_.push_back(kept(text));
    textIds_.add(hash, id);
    return id;
}

void ForeignTables::expectText(std::uint64_t hash, int hint) const noexcept {
    if (hint == 0) {
        textIds_.expect(hash);
        return;
    }
    const std::uint32_t id = textIds_.likely(hash);
    if (id == HashIndex::none)
        return;
    if (hint == 1)
        __builtin_prefetch(&texts_[id]);
    else
        for (std::size_t at = 0; at < std::min<std::size_t>(texts_[id].size(), 256); at += 64)
            __builtin_prefetch(texts_[id].data() + at);
}

SiteId ForeignTables::addSite(std::string_view file, std::string_view function, std::uint32_t line) {
    const Site site{addText(file), addText(function), line};
    const std::uint64_t hash = hashOf(hashOf(std::uint64_t{site.file} << 32 | site.function) + site.line);
    if (const std::uint32_t known = siteIds_.find(hash, [&](std::uint32_t id) { return sites_[id] == site; });
        known != HashIndex::none)
        return known;
    const auto id = static_cast<SiteId>(sites_.size());
    sites_.push_back(site);
    siteIds_.add(hash, id);
    return id;
}

StackId ForeignTables::addStack(std::span<const SiteId> frames, std::uint32_t cut, std::string_view note) {
    if (frames.empty() && cut == 0 && note.empty())
        return 0;
    stacks_.push_back({frames_.size(), static_cast<std::uint32_t>(frames.size()), cut, addText(note)});
    frames_.insert(frames_.end(), frames.begin(), frames.end());
    return static_cast<StackId>(stacks_.size() - 1);
}

std::uint32_t ForeignTables::addContext(const Context& context) {
    const std::uint64_t hash = hashOf(std::uint64_t{context.dispatcher} << 32 | context.elements);
    if (const std::uint32_t known =
            contextIds_.find(hash, [&](std::uint32_t id) { return contexts_[id] == context; });
        known != HashIndex::none)
        return known;
    const std::uint32_t id = newContext(context);
    contextIds_.add(hash, id);
    return id;
}

std::uint32_t ForeignTables::newContext(const Context& context) {
    const auto id = static_cast<std::uint32_t>(contexts_.size());
    makeRoom(contexts_);
    contexts_.push_back(context);
    return id;
}

std::uint32_t ForeignTables::addNumberedContext(std::string_view before, std::uint64_t number,
                                                std::string_view behind) {
    return newContext({0, addText(before), addText(behind), true, number});
}

std::string ForeignTables::text(TextId id) const {
    return std::string(id < texts_.size() ? texts_[id] : std::string_view());
}

SiteText ForeignTables::site(SiteId id) const {
    if (id >= sites_.size())
        return {};
    const Site& site = sites_[id];
    return {std::string(texts_[site.file]), std::string(texts_[site.function]), site.line};
}

StackText ForeignTables::stack(StackId id) const {
    StackText text;
    if (id >= stacks_.size())
        return text;
    const Stack& stack = stacks_[id];
    text.cut = stack.cut;
    text.frames.reserve(stack.depth);
    for (std::uint64_t i = 0; i < stack.depth; ++i)
        text.frames.push_back(site(frames_[stack.first + i]));
    return text;
}

ContextText ForeignTables::context(std::uint32_t id) const {
    if (id >= contexts_.size())
        return {};
    const Context& context = contexts_[id];
    ContextText text{std::string(texts_[context.dispatcher]), std::string(texts_[context.elements])};
    if (context.numbered)
        text.elements += std::to_string(context.number).append(texts_[context.behind]);
    return text;
}

CallStackText ForeignTables::callStack(CallStackId id) const {
    StackText text = stack(id);
    return {std::move(text.frames), text.cut,
            std::string(id < stacks_.size() ? texts_[stacks_[id].note] : std::string_view())};
}

} // namespace coroscope::observe
