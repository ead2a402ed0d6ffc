// SPDX-License-Identifier: Apache-2.0
#include "map/JobCanvasAccessible.h"

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
constexpr std::size_t mostKept = 2'000;

QAccessibleInterface* make(const QString&, QObject* object) {
    auto* canvas = qobject_cast<JobCanvas*>(object);
    return canvas != nullptr ? new JobCanvasAccessible(canvas) : nullptr;
}
} // namespace

void JobCanvasAccessible::install(JobCanvas* canvas) {
    [[maybe_unused]] static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    // Where somebody listens from the start, Qt has asked while this was a plain widget, and keeps that.
    if (QAccessible::isActive()) {
        QAccessibleInterface* known = QAccessible::queryAccessibleInterface(canvas);
        if (known != nullptr && known->role() != QAccessible::Tree)
            QAccessible::deleteAccessibleInterface(QAccessible::uniqueId(known));
    }
}

JobCanvasAccessible::JobCanvasAccessible(JobCanvas* canvas)
    : QAccessibleWidget(canvas, QAccessible::Tree) {}

JobCanvasAccessible::~JobCanvasAccessible() {
    for (const auto& [job, id] : jobs_)
        QAccessible::deleteAccessibleInterface(id);
}

JobCanvas* JobCanvasAccessible::canvas() const {
    return static_cast<JobCanvas*>(widget());
}

QAccessibleInterface* JobCanvasAccessible::of(JobId job) const {
    if (const auto found = jobs_.find(job); found != jobs_.end())
        return QAccessible::accessibleInterface(found->second);
    if (jobs_.size() >= mostKept) {
        std::erase_if(jobs_, [](const auto& kept) {
            const QAccessibleInterface* known = QAccessible::accessibleInterface(kept.second);
            const bool old = known == nullptr || !known->isValid();
            if (old)
                QAccessible::deleteAccessibleInterface(kept.second);
            return old;
        });
    }
    const QAccessible::Id id = QAccessible::registerAccessibleInterface(new SeenJobAccessible(canvas(), job));
    jobs_.emplace(job, id);
    return QAccessible::accessibleInterface(id);
}

int JobCanvasAccessible::childCount() const {
    return static_cast<int>(canvas()->seen().size());
}

QAccessibleInterface* JobCanvasAccessible::child(int index) const {
    const std::vector<SeenJob> seen = canvas()->seen();
    return index < 0 || static_cast<std::size_t>(index) >= seen.size()
               ? nullptr
               : of(seen[static_cast<std::size_t>(index)].job);
}

int JobCanvasAccessible::indexOfChild(const QAccessibleInterface* child) const {
    const std::vector<SeenJob> seen = canvas()->seen();
    for (std::size_t i = 0; i < seen.size(); ++i) {
        if (of(seen[i].job) == child)
            return static_cast<int>(i);
    }
    return -1;
}

QAccessibleInterface* JobCanvasAccessible::childAt(int x, int y) const {
    const QPoint at = canvas()->mapFromGlobal(QPoint(x, y));
    for (const SeenJob& each : canvas()->seen()) {
        if (each.rect.contains(at))
            return of(each.job);
    }
    return nullptr;
}

QAccessibleInterface* JobCanvasAccessible::focusChild() const {
    const Node node = canvas()->current();
    return node == noNode ? nullptr : of(canvas()->workspace().tree().row(node).id);
}

Node SeenJobAccessible::node() const {
    return canvas_.isNull() ? noNode : canvas_->workspace().tree().find(job_);
}

QAccessibleInterface* SeenJobAccessible::parent() const {
    return QAccessible::queryAccessibleInterface(canvas_.data());
}

QString SeenJobAccessible::text(QAccessible::Text kind) const {
    return isValid() && kind == QAccessible::Name ? canvas_->accessibleName(node()) : QString();
}

QRect SeenJobAccessible::rect() const {
    if (!isValid())
        return {};
    for (const SeenJob& each : canvas_->seen()) {
        if (each.job == job_)
            return QRect(canvas_->mapToGlobal(each.rect.topLeft()), each.rect.size());
    }
    return {};
}

QAccessible::State SeenJobAccessible::state() const {
    QAccessible::State state;
    if (!isValid()) {
        state.invalid = true;
        return state;
    }
    state.selectable = state.focusable = true;
    state.selected = canvas_->current() == node();
    state.focused = state.selected && canvas_->hasFocus();
    state.offscreen = rect().isEmpty();
    return state;
}

void* SeenJobAccessible::interface_cast(QAccessible::InterfaceType type) {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
}

void SeenJobAccessible::doAction(const QString& name) {
    if (isValid() && name == pressAction())
        canvas_->workspace().select(job_);
}

} // namespace coroscope::app
