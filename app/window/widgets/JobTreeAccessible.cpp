// SPDX-License-Identifier: Apache-2.0
// What the tree tells screen readers of its rows.
#include "widgets/DrawnId.h"
#include "widgets/JobTreeView.h"

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

Node JobTreeView::nodeOf(JobId job) const {
    return nodeOfDrawn(workspace_, job);
}

JobId JobTreeView::idOf(Node node) const {
    return drawnIdOf(workspace_, node);
}

int JobTreeView::drawnJobs() const {
    const TreeRows& rows = workspace_.rows();
    const std::size_t first = firstVisibleRow();
    return first >= rows.size() ? 0
                                : static_cast<int>(std::min<std::size_t>(
                                      rows.size() - first, static_cast<std::size_t>(rowsInView())));
}

JobId JobTreeView::drawnJob(int index) const {
    return idOf(workspace_.rows().at(firstVisibleRow() + static_cast<std::size_t>(index)));
}

int JobTreeView::indexOfDrawn(JobId job) const {
    const std::size_t row = isThere(job) ? workspace_.rows().rowOf(nodeOf(job)) : TreeRows::noRow;
    const std::size_t first = firstVisibleRow();
    if (row == TreeRows::noRow || row < first || row - first >= static_cast<std::size_t>(drawnJobs()))
        return -1;
    return static_cast<int>(row - first);
}

int JobTreeView::indexOfFocus() const {
    const Node node = current();
    if (node == noNode)
        return -1;
    return indexOfDrawn(idOf(node));
}

bool JobTreeView::isThere(JobId job) const {
    return nodeOf(job) != noNode;
}

QRect JobTreeView::globalRectOf(JobId job) const {
    const std::size_t row = workspace_.rows().rowOf(nodeOf(job));
    const QRect rect = row == TreeRows::noRow ? QRect() : rowRect(row);
    return rect.isEmpty() ? QRect() : QRect(viewport()->mapToGlobal(rect.topLeft()), rect.size());
}

QString JobTreeView::textOf(JobId job, QAccessible::Text kind) const {
    if (kind == QAccessible::Name)
        return painter_.accessibleName(nodeOf(job));
    if (kind == QAccessible::Description && job)
        return cellsText(nodeOf(job));
    return {};
}

QAccessible::State JobTreeView::stateOf(JobId job) const {
    const TreeRows& rows = workspace_.rows();
    const Node node = nodeOf(job);
    QAccessible::State state;
    state.selected = current() == node;
    state.expandable = rows.expandable(node);
    state.expanded = rows.expanded(node);
    state.collapsed = state.expandable && !state.expanded;
    return state;
}

QStringList JobTreeView::actionsOf(JobId job) const {
    QStringList names{QAccessibleActionInterface::pressAction()};
    if (workspace_.rows().expandable(nodeOf(job)))
        names << QAccessibleActionInterface::toggleAction();
    if (isJob(nodeOf(job)) && workspace_.state() == Workspace::State::Live)
        names << cancelAction();
    return names;
}

void JobTreeView::act(JobId job, const QString& action) {
    const Node node = nodeOf(job);
    if (action == QAccessibleActionInterface::pressAction())
        setCurrent(node);
    else if (action == QAccessibleActionInterface::toggleAction())
        setExpanded(node, !workspace_.rows().expanded(node));
    else if (action == cancelAction() && isJob(node) && node != noNode)
        emit cancelRequested(job);
}

} // namespace coroscope::app
