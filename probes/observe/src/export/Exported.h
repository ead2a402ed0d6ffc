// SPDX-License-Identifier: Apache-2.0
// What the formats of an export look at, and where they put their text.
#pragma once

#include <coroscope/observe/Dictionary.h>
#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/JobTree.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coroscope::observe {

/// A dump with its jobs in a tree, and which of them are wanted.
struct Exported {
    Dump dump; ///< its jobs are in `tree` instead; `ended` and `incidents` are those that are wanted
    JobTree tree;
    std::vector<Finding> findings; ///< of jobs that are wanted
    std::vector<bool> selected;    ///< by node; empty: all
    Node top = noNode;             ///< the only one at the top; noNode: all roots
    std::uint64_t jobs = 0;        ///< that are wanted
    bool onlyTree = false;

    const Dictionary& words() const noexcept { return *dump.dictionary; }
    JobRow row(Node node) const noexcept { return tree.row(node); }
    std::int64_t now() const noexcept { return dump.info.takenAt; }
    /// A dump that Coroscope took: names are C++'s, and what is not there was not so.
    bool ours() const noexcept { return dump.info.format.empty(); }

    bool wants(Node node) const noexcept { return selected.empty() || selected[node]; }
    Node firstTop() const noexcept { return top != noNode ? top : wanted(tree.firstRoot()); }
    /// Also from one top to the next.
    Node next(Node node) const noexcept { return node == top ? noNode : wanted(tree.nextSibling(node)); }
    Node firstChild(Node node) const noexcept { return wanted(tree.firstChild(node)); }

    /// Parents before children. `enter(node, depth)` and `leave(node)` after all below it; false from
    /// `enter` ends it.
    template <class Enter, class Leave>
    bool walk(Enter&& enter, Leave&& leave) const {
        std::size_t depth = 0;
        for (Node node = firstTop(); node != noNode;) {
            if (!enter(node, depth))
                return false;
            if (const Node child = firstChild(node); child != noNode) {
                node = child;
                ++depth;
                continue;
            }
            for (;;) {
                leave(node);
                if (const Node sibling = next(node); sibling != noNode) {
                    node = sibling;
                    break;
                }
                if (depth == 0)
                    return true;
                node = tree.parent(node);
                --depth;
            }
        }
        return true;
    }
    template <class Enter>
    bool walk(Enter&& enter) const {
        return walk(std::forward<Enter>(enter), [](Node) {});
    }

    /// Indexes into `findings`.
    std::unordered_multimap<JobId, std::size_t> findingsByJob() const {
        std::unordered_multimap<JobId, std::size_t> all;
        for (std::size_t i = 0; i < findings.size(); ++i)
            all.emplace(findings[i].job, i);
        return all;
    }

private:
    Node wanted(Node node) const noexcept {
        while (node != noNode && !wants(node))
            node = tree.nextSibling(node);
        return node;
    }
};

/// Text on its way out, handed on a piece at a time.
class TextOutput {
public:
    /// `sink` answers false when it has failed. `steps`: how often step() will be called, about.
    TextOutput(std::function<bool(std::string_view)> sink, std::function<bool(double)> progress,
               std::uint64_t steps)
        : sink_(std::move(sink))
        , progress_(std::move(progress))
        , steps_(steps == 0 ? 1 : steps) {}

    /// To be appended to.
    std::string& text() noexcept { return text_; }
    /// A part is complete, a job for example. False: it is given up, or has failed.
    bool step() {
        ++done_;
        if (text_.size() >= enough)
            flush();
        if (done_ % stepsBetweenCalls == 0 && progress_ &&
            !progress_(static_cast<double>(done_ < steps_ ? done_ : steps_) / static_cast<double>(steps_)))
            stopped_ = true;
        return sound_ && !stopped_;
    }
    /// The rest. False if anything has failed.
    bool finish() {
        flush();
        return sound_ && !stopped_;
    }
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    static constexpr std::size_t enough = std::size_t{1} << 18;
    static constexpr std::uint64_t stepsBetweenCalls = 4'096;

    void flush() {
        if (sound_ && !text_.empty())
            sound_ = sink_(text_);
        bytes_ += text_.size();
        text_.clear();
    }

    std::function<bool(std::string_view)> sink_;
    std::function<bool(double)> progress_;
    std::uint64_t steps_, done_ = 0, bytes_ = 0;
    bool sound_ = true, stopped_ = false;
    std::string text_;
};

/// Texts that were made of interned numbers, kept as long as they are not too many.
class Fragments {
public:
    template <class Make>
    const std::string& get(std::uint32_t number, Make&& make) {
        if (const auto known = texts_.find(number); known != texts_.end())
            return known->second;
        if (bytes_ > most) {
            texts_.clear();
            bytes_ = 0;
        }
        const std::string& text = texts_.emplace(number, make()).first->second;
        bytes_ += text.size() + 64;
        return text;
    }

private:
    static constexpr std::size_t most = std::size_t{32} << 20;
    std::unordered_map<std::uint32_t, std::string> texts_;
    std::size_t bytes_ = 0;
};

// Each format in a file of its own. They end early when step() says so.
void writeJson(const Exported& what, TextOutput& out);
void writeKotlinText(const Exported& what, TextOutput& out);
void writeJobHierarchy(const Exported& what, TextOutput& out);
void writeMarkdown(const Exported& what, TextOutput& out);
void writeGraphviz(const Exported& what, TextOutput& out);
void writeTraceEvents(const Exported& what, TextOutput& out);

} // namespace coroscope::observe
