// SPDX-License-Identifier: Apache-2.0
#include "widgets/DrawnId.h"

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// The last one that ids have room for: no slot is used so often.
constexpr std::uint64_t groupGeneration = (std::uint64_t{1} << (64 - JobId::indexBits)) - 1;
} // namespace

Node nodeOfDrawn(const Workspace& workspace, JobId id) {
    if (!id)
        return orphanGroup;
    if (id.generation() != groupGeneration)
        return workspace.tree().find(id);
    const RowGroups* const groups = workspace.rows().groups();
    return groups != nullptr && id.index() < groups->size() ? firstGroup + id.index() : noNode;
}

JobId drawnIdOf(const Workspace& workspace, Node node) {
    if (isPlaceGroup(node))
        return JobId::of(TreeRows::groupNumber(node), groupGeneration);
    return isJob(node) ? workspace.tree().id(node) : JobId{};
}

} // namespace coroscope::app
