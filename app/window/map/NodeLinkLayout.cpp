// SPDX-License-Identifier: Apache-2.0
#include "map/NodeLinkLayout.h"

#include <algorithm>
#include <array>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

/// Chains may be deep without being wide.
constexpr std::size_t mostBoxes = 1'200;
/// Siblings drawn each, the most first: the first of these with which all fits is taken.
constexpr std::array<std::uint32_t, 10> widths{200, 100, 50, 24, 12, 8, 5, 3, 2, 1};
/// So many columns are what one looks at first.
constexpr std::uint32_t shallow = 4;
/// Space between what belongs to different parents.
constexpr double between = 8;

class Placing {
public:
    Placing(const observe::JobTree& tree, const MapLayout& layout, const NodeLinkLayout::Wish& wish)
        : tree_(tree)
        , layout_(layout)
        , wish_(wish) {
        for (Node at = wish.wanted; at != noNode && layout.known(at); at = layout.parent(at))
            path_.push_back(at);
    }

    std::vector<NodeBox> place() {
        for (const std::uint32_t width : widths) {
            if (collect(width, false))
                break;
        }
        if (rows_ > wish_.rows)
            collect(2, true);
        arrange();
        return std::move(boxes_);
    }

private:
    bool onPath(Node node) const { return std::find(path_.begin(), path_.end(), node) != path_.end(); }

    void add(Node node, std::uint32_t merged, std::uint8_t kind, std::uint32_t parent) {
        NodeBox made;
        made.box.node = node;
        made.box.merged = merged;
        made.box.kind = kind;
        made.parent = parent;
        if (isJob(node))
            made.job = tree_.row(node).id;
        if (parent != NodeBox::none)
            made.box.row = boxes_[parent].box.row + 1;
        boxes_.push_back(made);
    }

    void fold(Node first, std::uint32_t count, std::uint32_t parent) {
        add(first, count, layout_.blendedFrom(first), parent);
    }

    /// Level by level. False when it gets too much; with `stop`, what is too much is folded instead.
    bool collect(std::uint32_t width, bool stop) {
        boxes_.clear();
        for (const Node root : wish_.roots)
            add(root, 0, layout_.own(root), NodeBox::none);
        rows_ = static_cast<std::uint32_t>(boxes_.size());
        std::uint32_t extra = 0;
        for (std::uint32_t at = 0; at < boxes_.size(); ++at) {
            const Node node = boxes_[at].box.node;
            const std::uint32_t children = boxes_[at].box.merged > 0 ? 0 : layout_.childCount(node);
            if (children == 0)
                continue;
            // Near the roots, where one begins to read, more of them.
            const std::uint32_t least = boxes_[at].box.row < shallow ? std::min(12u, wish_.rows / 2) : 1u;
            std::uint32_t shown = std::min(children, std::max(width, least));
            if ((stop && rows_ + shown > wish_.rows + extra) || boxes_.size() + shown > mostBoxes)
                shown = 0;
            if (const std::uint32_t more = wish_.unfolded ? std::min(wish_.unfolded(node), children) : 0;
                more > shown && boxes_.size() + more <= mostBoxes) {
                extra += more - shown;
                shown = more;
            }
            if (children == shown + 1 && (shown > 0 || !stop))
                ++shown; // a fold takes as much room as the one in it
            std::uint32_t drawn = 0;
            Node child = layout_.firstChild(node);
            for (; drawn < shown && child != noNode; ++drawn, child = layout_.next(child))
                add(child, 0, layout_.own(child), at);
            if (drawn < children) {
                const auto wanted = std::find_if(path_.begin(), path_.end(),
                                                 [&](Node each) { return layout_.parent(each) == node; });
                const bool apart = wanted != path_.end() && !has(*wanted, at);
                if (apart) {
                    add(*wanted, 0, layout_.own(*wanted), at);
                    ++drawn;
                    if (child == *wanted)
                        child = layout_.next(child);
                }
                if (drawn < children && child != noNode) {
                    fold(child, children - drawn, at);
                    ++drawn;
                }
            }
            rows_ += drawn > 0 ? drawn - 1 : 0;
            if (!stop && rows_ > wish_.rows + extra)
                return false;
        }
        return true;
    }

    /// Among the children that were added last.
    bool has(Node node, std::uint32_t parent) const {
        for (std::size_t i = boxes_.size(); i-- > 0 && boxes_[i].parent == parent;) {
            if (boxes_[i].box.node == node)
                return true;
        }
        return false;
    }

    /// Each is in the middle of its children. Children lie behind their parents in the list, and side by
    /// side.
    void arrange() {
        const std::size_t count = boxes_.size();
        std::vector<double> heights(count, 0), middles(count, 0), next(count, 0);
        for (std::size_t i = count; i-- > 0;) {
            heights[i] = heights[i] == 0 ? measure::nodeRow : heights[i] + between;
            if (boxes_[i].parent != NodeBox::none)
                heights[boxes_[i].parent] += heights[i];
        }
        double top = 0;
        for (std::size_t i = 0; i < count; ++i) {
            double& at = boxes_[i].parent == NodeBox::none ? top : next[boxes_[i].parent];
            next[i] = at;
            middles[i] = at + measure::nodeRow / 2;
            at += heights[i];
        }
        std::vector<double> first(count, -1), last(count, -1);
        for (std::size_t i = count; i-- > 0;) {
            if (first[i] >= 0)
                middles[i] = (first[i] + last[i]) / 2;
            if (boxes_[i].parent == NodeBox::none)
                continue;
            first[boxes_[i].parent] = middles[i];
            if (last[boxes_[i].parent] < 0)
                last[boxes_[i].parent] = middles[i];
        }
        for (std::size_t i = 0; i < count; ++i) {
            boxes_[i].rect =
                QRectF(boxes_[i].box.row * (measure::nodeWidth + measure::nodeGap),
                       middles[i] - measure::nodeHeight / 2, measure::nodeWidth, measure::nodeHeight);
        }
    }

    const observe::JobTree& tree_;
    const MapLayout& layout_;
    const NodeLinkLayout::Wish& wish_;
    std::vector<Node> path_; ///< from the wanted one upwards
    std::vector<NodeBox> boxes_;
    std::uint32_t rows_ = 0;
};

} // namespace

std::vector<NodeBox> NodeLinkLayout::place(const observe::JobTree& tree, const MapLayout& layout,
                                           const Wish& wish) {
    return Placing(tree, layout, wish).place();
}

} // namespace coroscope::app
