// SPDX-License-Identifier: Apache-2.0
#include "widgets/JobTreeAccessible.h"

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
/// Interfaces kept for rows that left the screen; a reader may still ask for them.
constexpr std::size_t mostKept = 2'000;

QAccessibleInterface* make(const QString&, QObject* object) {
    auto* view = qobject_cast<JobTreeView*>(object);
    return view != nullptr ? new JobTreeAccessible(view) : nullptr;
}
} // namespace

void JobTreeAccessible::install(JobTreeView* view) {
    [[maybe_unused]] static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    // Where somebody listens from the start, Qt has asked while the view was a plain scroll area, and keeps
    // that.
    if (QAccessible::isActive()) {
        QAccessibleInterface* known = QAccessible::queryAccessibleInterface(view);
        if (known != nullptr && known->role() != QAccessible::Tree)
            QAccessible::deleteAccessibleInterface(QAccessible::uniqueId(known));
    }
}

JobTreeAccessible::JobTreeAccessible(JobTreeView* view)
    : QAccessibleWidget(view, QAccessible::Tree) {}

JobTreeAccessible::~JobTreeAccessible() {
    for (const auto& [job, id] : rows_)
        QAccessible::deleteAccessibleInterface(id);
}

JobTreeView* JobTreeAccessible::view() const {
    return static_cast<JobTreeView*>(widget());
}

void JobTreeAccessible::forgetOld() const {
    for (auto at = rows_.begin(); at != rows_.end();) {
        const QAccessibleInterface* row = QAccessible::accessibleInterface(at->second);
        if (row != nullptr && row->isValid()) {
            ++at;
            continue;
        }
        QAccessible::deleteAccessibleInterface(at->second);
        at = rows_.erase(at);
    }
}

int JobTreeAccessible::childCount() const {
    const TreeRows& rows = view()->workspace().rows();
    const std::size_t first = view()->firstVisibleRow();
    return first >= rows.size() ? 0
                                : static_cast<int>(std::min<std::size_t>(
                                      rows.size() - first, static_cast<std::size_t>(view()->rowsInView())));
}

QAccessibleInterface* JobTreeAccessible::child(int index) const {
    if (index < 0 || index >= childCount())
        return nullptr;
    const Workspace& workspace = view()->workspace();
    const Node node = workspace.rows().at(view()->firstVisibleRow() + static_cast<std::size_t>(index));
    const JobId job = node == orphanGroup ? JobId{} : workspace.tree().row(node).id;
    if (const auto found = rows_.find(job.value); found != rows_.end())
        return QAccessible::accessibleInterface(found->second);
    if (rows_.size() >= mostKept)
        forgetOld();
    const QAccessible::Id id = QAccessible::registerAccessibleInterface(new JobRowAccessible(view(), job));
    rows_.emplace(job.value, id);
    return QAccessible::accessibleInterface(id);
}

int JobTreeAccessible::indexOfChild(const QAccessibleInterface* child) const {
    for (int index = 0; index < childCount(); ++index) {
        if (this->child(index) == child)
            return index;
    }
    return -1;
}

QAccessibleInterface* JobTreeAccessible::childAt(int x, int y) const {
    for (int index = 0; index < childCount(); ++index) {
        QAccessibleInterface* row = child(index);
        if (row != nullptr && row->rect().contains(x, y))
            return row;
    }
    return nullptr;
}

QAccessibleInterface* JobTreeAccessible::focusChild() const {
    const Node node = view()->current();
    if (node == noNode)
        return nullptr;
    const std::size_t row = view()->workspace().rows().rowOf(node);
    const std::size_t first = view()->firstVisibleRow();
    return row == TreeRows::noRow || row < first ? nullptr : child(static_cast<int>(row - first));
}

Node JobRowAccessible::node() const {
    if (view_.isNull())
        return noNode;
    return job_ ? view_->workspace().tree().find(job_) : orphanGroup;
}

bool JobRowAccessible::isValid() const {
    return node() != noNode;
}

QAccessibleInterface* JobRowAccessible::parent() const {
    return QAccessible::queryAccessibleInterface(view_.data());
}

QString JobRowAccessible::text(QAccessible::Text kind) const {
    if (!isValid())
        return {};
    if (kind == QAccessible::Name)
        return view_->painter().accessibleName(node());
    if (kind == QAccessible::Description && job_)
        return view_->cellsText(node());
    return {};
}

QRect JobRowAccessible::rect() const {
    if (!isValid())
        return {};
    const std::size_t row = view_->workspace().rows().rowOf(node());
    if (row == TreeRows::noRow)
        return {};
    const QRect rect = view_->rowRect(row);
    return rect.isEmpty() ? QRect() : QRect(view_->viewport()->mapToGlobal(rect.topLeft()), rect.size());
}

QAccessible::State JobRowAccessible::state() const {
    QAccessible::State state;
    if (!isValid()) {
        state.invalid = true;
        return state;
    }
    const TreeRows& rows = view_->workspace().rows();
    state.selectable = state.focusable = true;
    state.selected = view_->current() == node();
    state.focused = state.selected && view_->hasFocus();
    state.expandable = rows.expandable(node());
    state.expanded = rows.expanded(node());
    state.collapsed = state.expandable && !state.expanded;
    state.offscreen = view_->rowRect(rows.rowOf(node())).isEmpty();
    return state;
}

void* JobRowAccessible::interface_cast(QAccessible::InterfaceType type) {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
}

QStringList JobRowAccessible::actionNames() const {
    QStringList names{pressAction()};
    if (isValid() && view_->workspace().rows().expandable(node()))
        names << toggleAction();
    return names;
}

void JobRowAccessible::doAction(const QString& name) {
    if (!isValid())
        return;
    if (name == pressAction())
        view_->setCurrent(node());
    else if (name == toggleAction())
        view_->setExpanded(node(), !view_->workspace().rows().expanded(node()));
}

} // namespace coroscope::app
