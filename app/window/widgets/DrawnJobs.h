// SPDX-License-Identifier: Apache-2.0
// What a view that draws jobs by itself tells of them, for screen readers and test tools (JobsAccessible).
#pragma once

#include <coroscope/model/Ids.h>

#include <QAccessible>
#include <QRect>
#include <QString>
#include <QStringList>

namespace coroscope::app {

/// A widget implements it. JobId{} is an element of its own: the group of those without an owner.
class DrawnJobs {
public:
    virtual ~DrawnJobs() = default;

    /// The jobs in sight, in the order in which they are read out.
    virtual int drawnJobs() const = 0;
    virtual JobId drawnJob(int index) const = 0;
    /// -1 when it is out of sight.
    virtual int indexOfDrawn(JobId job) const = 0;
    /// What the keyboard is on: its index, or -1.
    virtual int indexOfFocus() const = 0;
    /// False once the job has ended.
    virtual bool isThere(JobId job) const = 0;
    /// On the screen; empty when it is out of sight.
    virtual QRect globalRectOf(JobId job) const = 0;
    virtual QString textOf(JobId job, QAccessible::Text kind) const = 0;
    virtual QAccessible::State stateOf(JobId job) const = 0;
    /// By the names of QAccessibleActionInterface, and cancelAction().
    virtual QStringList actionsOf(JobId job) const = 0;
    virtual void act(JobId job, const QString& action) = 0;

    /// Asks what a cancel would stop, as Delete does; only a second word cancels.
    static QString cancelAction() { return QStringLiteral("Cancel"); }
};

} // namespace coroscope::app
