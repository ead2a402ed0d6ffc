// SPDX-License-Identifier: Apache-2.0
#include "widgets/JobsAccessible.h"

namespace coroscope::app {

namespace {
/// Interfaces kept for jobs that left the screen; a reader may still ask for them.
constexpr std::size_t mostKept = 2'000;

QAccessibleInterface* make(const QString&, QObject* object) {
    return dynamic_cast<DrawnJobs*>(object) != nullptr ? new JobsAccessible(static_cast<QWidget*>(object))
                                                       : nullptr;
}
} // namespace

void JobsAccessible::install(QWidget* view) {
    [[maybe_unused]] static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    // Where somebody listens from the start, Qt has asked while the view was a plain widget, and keeps that.
    if (QAccessible::isActive()) {
        QAccessibleInterface* known = QAccessible::queryAccessibleInterface(view);
        if (known != nullptr && known->role() != QAccessible::Tree)
            QAccessible::deleteAccessibleInterface(QAccessible::uniqueId(known));
    }
}

JobsAccessible::JobsAccessible(QWidget* view)
    : QAccessibleWidget(view, QAccessible::Tree) {}

JobsAccessible::~JobsAccessible() {
    for (const auto& [job, id] : jobs_)
        QAccessible::deleteAccessibleInterface(id);
}

const DrawnJobs& JobsAccessible::drawn() const {
    return dynamic_cast<const DrawnJobs&>(*widget());
}

void JobsAccessible::forgetOld() const {
    std::erase_if(jobs_, [](const auto& kept) {
        const QAccessibleInterface* known = QAccessible::accessibleInterface(kept.second);
        const bool old = known == nullptr || !known->isValid();
        if (old)
            QAccessible::deleteAccessibleInterface(kept.second);
        return old;
    });
}

int JobsAccessible::childCount() const {
    return drawn().drawnJobs();
}

QAccessibleInterface* JobsAccessible::child(int index) const {
    if (index < 0 || index >= drawn().drawnJobs())
        return nullptr;
    const JobId job = drawn().drawnJob(index);
    if (const auto found = jobs_.find(job.value); found != jobs_.end())
        return QAccessible::accessibleInterface(found->second);
    if (jobs_.size() >= mostKept)
        forgetOld();
    const QAccessible::Id id = QAccessible::registerAccessibleInterface(new JobAccessible(widget(), job));
    jobs_.emplace(job.value, id);
    return QAccessible::accessibleInterface(id);
}

int JobsAccessible::indexOfChild(const QAccessibleInterface* child) const {
    const auto* job = dynamic_cast<const JobAccessible*>(child);
    return job == nullptr ? -1 : drawn().indexOfDrawn(job->job());
}

QAccessibleInterface* JobsAccessible::childAt(int x, int y) const {
    for (int index = 0; index < childCount(); ++index)
        if (drawn().globalRectOf(drawn().drawnJob(index)).contains(x, y))
            return child(index);
    return nullptr;
}

QAccessibleInterface* JobsAccessible::focusChild() const {
    return child(drawn().indexOfFocus());
}

DrawnJobs* JobAccessible::drawn() const {
    return dynamic_cast<DrawnJobs*>(view_.data());
}

bool JobAccessible::isValid() const {
    const DrawnJobs* jobs = drawn();
    return jobs != nullptr && jobs->isThere(job_);
}

QAccessibleInterface* JobAccessible::parent() const {
    return QAccessible::queryAccessibleInterface(view_.data());
}

QString JobAccessible::text(QAccessible::Text kind) const {
    return isValid() ? drawn()->textOf(job_, kind) : QString();
}

QRect JobAccessible::rect() const {
    return isValid() ? drawn()->globalRectOf(job_) : QRect();
}

QAccessible::State JobAccessible::state() const {
    if (isValid()) {
        QAccessible::State state = drawn()->stateOf(job_);
        state.selectable = state.focusable = true;
        state.focused = state.selected && view_->hasFocus();
        state.offscreen = drawn()->globalRectOf(job_).isEmpty();
        return state;
    }
    QAccessible::State state;
    state.invalid = true;
    return state;
}

void* JobAccessible::interface_cast(QAccessible::InterfaceType type) {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
}

QStringList JobAccessible::actionNames() const {
    return isValid() ? drawn()->actionsOf(job_) : QStringList();
}

void JobAccessible::doAction(const QString& name) {
    if (isValid())
        drawn()->act(job_, name);
}

} // namespace coroscope::app
