// SPDX-License-Identifier: Apache-2.0
// What the map tells screen readers of the jobs and groups in sight: those with room for a label, and the
// selected one first.
#include "map/JobCanvas.h"

#include "widgets/DrawnId.h"

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

int JobCanvas::drawnJobs() const {
    return static_cast<int>(seen().size());
}

JobId JobCanvas::drawnJob(int index) const {
    return seen()[static_cast<std::size_t>(index)].job;
}

int JobCanvas::indexOfDrawn(JobId job) const {
    const std::vector<SeenJob> all = seen();
    const auto at =
        std::find_if(all.begin(), all.end(), [job](const SeenJob& each) { return each.job == job; });
    return at == all.end() ? -1 : static_cast<int>(at - all.begin());
}

int JobCanvas::indexOfFocus() const {
    return current() == noNode ? -1 : indexOfDrawn(drawnIdOf(workspace(), current()));
}

bool JobCanvas::isThere(JobId job) const {
    return nodeOfDrawn(workspace(), job) != noNode;
}

QRect JobCanvas::globalRectOf(JobId job) const {
    for (const SeenJob& each : seen())
        if (each.job == job)
            return QRect(mapToGlobal(each.rect.topLeft()), each.rect.size());
    return {};
}

QString JobCanvas::textOf(JobId job, QAccessible::Text kind) const {
    return kind == QAccessible::Name ? accessibleName(nodeOfDrawn(workspace(), job)) : QString();
}

QAccessible::State JobCanvas::stateOf(JobId job) const {
    QAccessible::State state;
    state.selected = current() == nodeOfDrawn(workspace(), job);
    return state;
}

QStringList JobCanvas::actionsOf(JobId job) const {
    QStringList names{QAccessibleActionInterface::pressAction()};
    if (isJob(nodeOfDrawn(workspace(), job)) && workspace().state() == Workspace::State::Live)
        names << cancelAction();
    return names;
}

void JobCanvas::act(JobId job, const QString& action) {
    const Node node = nodeOfDrawn(workspace(), job);
    if (action == QAccessibleActionInterface::pressAction())
        select(node);
    else if (action == cancelAction() && isJob(node))
        emit cancelRequested(job);
}

} // namespace coroscope::app
