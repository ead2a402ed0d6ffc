// SPDX-License-Identifier: Apache-2.0
// What Go's runtime/pprof gives with debug=1: stacks of goroutines, and how many stand at each.
#include "foreign/Section.h"
#include "foreign/Text.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coroscope::observe {

namespace {

constexpr std::string_view head = "goroutine profile: total ";
constexpr std::string_view labels = "# labels: ";

/// "1000" of "1000 @ 0x43a00e 0x40d0a5".
std::optional<std::uint64_t> countOf(std::string_view line) {
    const std::size_t end = line.find(" @");
    if (end == std::string_view::npos ||
        line.find_first_not_of("0123456789abcdefx ", end + 2) != std::string_view::npos)
        return {};
    return decimal(line.substr(0, end));
}

class GoroutineProfileSection final : public Section {
public:
    explicit GoroutineProfileSection(ForeignDump& dump)
        : dump_(dump) {}

    void start(const TextLine& line) override {
        dump_.startOver(line.number);
        dump_.describe("Go", "a profile of Go's goroutines", false);
    }

    bool take(const TextLine& line) override {
        if (const auto count = countOf(line.text)) {
            endStack();
            count_ = *count;
            return true;
        }
        if (line.text.empty()) {
            endStack();
            return true;
        }
        if (count_ == 0)
            return false;
        if (line.text.starts_with(labels)) {
            labels_ = line.text.substr(labels.size(), longestLabels);
            return true;
        }
        return takeFrame(line.text);
    }

    void finish() override { endStack(); }

private:
    static constexpr std::size_t longestLabels = 10'000;
    static constexpr std::size_t mostFrames = 10'000;

    /// "#\t0x6d0b24\tmain.worker+0x44\t/src/main.go:30": in columns, so that several tabs may follow each
    /// other.
    bool takeFrame(std::string_view text) {
        if (!text.starts_with('#'))
            return false;
        const auto next = [&text] {
            text = unindented(text);
            const std::string_view word = text.substr(0, text.find_first_of(" \t"));
            text.remove_prefix(word.size());
            return word;
        };
        text.remove_prefix(1);
        if (!next().starts_with("0x"))
            return false;
        std::string_view function = next(), file = trimmed(text);
        if (function.empty())
            return false;
        function = function.substr(0, function.rfind("+0x"));
        std::uint32_t line = 0;
        if (const std::size_t colon = file.rfind(':'); colon != std::string_view::npos)
            if (const auto value = decimal(file.substr(colon + 1)); value && *value < 0xffff'ffff) {
                line = static_cast<std::uint32_t>(*value);
                file = file.substr(0, colon);
            }
        if (frames_.size() == mostFrames)
            ++cut_;
        else
            frames_.push_back(dump_.tables().addSite(file, function, line));
        outermost_ = function;
        return true;
    }

    void endStack() {
        if (count_ > 0) {
            JobRow row;
            row.kind = JobKind::Goroutine;
            row.state = JobState::Active;
            row.suspendedAt = dump_.tables().addStack(frames_, cut_);
            row.name = dump_.tables().addText(outermost_);
            row.context = dump_.tables().addContext({}, labels_);
            const std::uint32_t first = dump_.add(row);
            if (first != ForeignDump::none)
                dump_.repeatFrom(first, count_);
        }
        count_ = 0;
        cut_ = 0;
        frames_.clear();
        outermost_.clear();
        labels_.clear();
    }

    ForeignDump& dump_;
    std::uint64_t count_ = 0; ///< of the stack that is being read; 0: none is
    std::uint32_t cut_ = 0;
    std::vector<SiteId> frames_; ///< innermost first
    std::string outermost_, labels_;
};

} // namespace

std::unique_ptr<Section> beginGoroutineProfile(const TextLine& line, ForeignDump& dump) {
    if (!line.text.starts_with(head) || !decimal(trimmed(line.text.substr(head.size()))))
        return nullptr;
    return std::make_unique<GoroutineProfileSection>(dump);
}

} // namespace coroscope::observe
