// SPDX-License-Identifier: Apache-2.0
#include "foreign/ForeignTables.h"

#include "Utf8.h"

namespace coroscope::observe {

namespace {
constexpr std::size_t longestText = 4'096;
}

std::size_t ForeignTables::SiteHash::operator()(const Site& site) const noexcept {
    const std::uint64_t names = std::uint64_t{site.file} << 32 | site.function;
    return std::hash<std::uint64_t>{}(names * 0x9e37'79b9'7f4a'7c15u + site.line);
}

ForeignTables::ForeignTables() {
    addText({});
    addSite({}, {}, 0);
    stacks_.push_back({0, 0, 0, 0});
    addContext({}, {});
}

TextId ForeignTables::addText(std::string_view text) {
    if (const auto known = textIds_.find(text); known != textIds_.end())
        return known->second;
    // What is kept is not what was looked for when that was not fit to be shown: it is found by both.
    std::string kept = presentable(cutUtf8(text, longestText));
    const auto id = static_cast<TextId>(texts_.size());
    if (const auto known = textIds_.find(kept); known != textIds_.end())
        return known->second;
    texts_.push_back(std::move(kept));
    textIds_.emplace(texts_.back(), id);
    return id;
}

SiteId ForeignTables::addSite(std::string_view file, std::string_view function, std::uint32_t line) {
    const Site site{addText(file), addText(function), line};
    const auto [at, added] = siteIds_.try_emplace(site, static_cast<SiteId>(sites_.size()));
    if (added)
        sites_.push_back(site);
    return at->second;
}

StackId ForeignTables::addStack(std::span<const SiteId> frames, std::uint32_t cut, std::string_view note) {
    if (frames.empty() && cut == 0 && note.empty())
        return 0;
    stacks_.push_back({frames_.size(), static_cast<std::uint32_t>(frames.size()), cut, addText(note)});
    frames_.insert(frames_.end(), frames.begin(), frames.end());
    return static_cast<StackId>(stacks_.size() - 1);
}

std::uint32_t ForeignTables::addContext(std::string_view dispatcher, std::string_view elements) {
    const std::pair context{addText(dispatcher), addText(elements)};
    const auto [at, added] = contextIds_.try_emplace(std::uint64_t{context.first} << 32 | context.second,
                                                     static_cast<std::uint32_t>(contexts_.size()));
    if (added)
        contexts_.push_back(context);
    return at->second;
}

std::string ForeignTables::text(TextId id) const {
    return id < texts_.size() ? texts_[id] : std::string();
}

SiteText ForeignTables::site(SiteId id) const {
    if (id >= sites_.size())
        return {};
    const Site& site = sites_[id];
    return {texts_[site.file], texts_[site.function], site.line};
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
    return {texts_[contexts_[id].first], texts_[contexts_[id].second]};
}

CallStackText ForeignTables::callStack(CallStackId id) const {
    StackText text = stack(id);
    return {std::move(text.frames), text.cut, id < stacks_.size() ? texts_[stacks_[id].note] : std::string()};
}

} // namespace coroscope::observe
