// SPDX-License-Identifier: Apache-2.0
// Which jobs a node-link drawing shows, and where: parents on the left, each depth a column, siblings below
// each other. What there is no room for is folded into one box that stands for all of it.
#pragma once

#include "map/MapLayout.h"

#include <QRectF>

#include <functional>
#include <vector>

namespace coroscope::app {

namespace measure {
inline constexpr double nodeWidth = 156, nodeHeight = 24, nodeGap = 36, nodeRow = 30;
} // namespace measure

/// One job, a group, or several siblings folded (then `box.merged` is how many, and `box.node` the first of
/// them).
struct NodeBox {
    static constexpr std::uint32_t none = 0xffffffff;

    MapBox box;
    JobId job;                   ///< none for groups; of several: the first
    std::uint32_t parent = none; ///< index of its parent's box
    QRectF rect;                 ///< at scale 1; the drawing begins at (0, 0)
};

class NodeLinkLayout {
public:
    using Node = observe::Node;

    struct Wish {
        /// What is drawn: these with all below them. Groups are welcome.
        std::vector<Node> roots;
        /// Is drawn with all above it, whatever else is folded; noNode without one.
        Node wanted = observe::noNode;
        /// So many boxes below each other. A little more or less.
        std::uint32_t rows = 30;
        /// So many children of this node are drawn at least.
        std::function<std::uint32_t(Node)> unfolded;
    };
    /// Answers parents before their children. Costs what is drawn, and what the siblings of it cost in
    /// blocks.
    static std::vector<NodeBox> place(const observe::JobTree& tree, const MapLayout& layout,
                                      const Wish& wish);
};

} // namespace coroscope::app
