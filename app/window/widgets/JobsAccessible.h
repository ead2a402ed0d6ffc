// SPDX-License-Identifier: Apache-2.0
// A view of jobs as screen readers and test tools see it: a tree whose children are the jobs in sight.
#pragma once

#include "widgets/DrawnJobs.h"

#include <QAccessibleWidget>
#include <QPointer>
#include <QWidget>

#include <unordered_map>

namespace coroscope::app {

class JobsAccessible : public QAccessibleWidget {
public:
    /// `view` is a DrawnJobs, too.
    explicit JobsAccessible(QWidget* view);
    ~JobsAccessible() override;

    /// Makes this the interface of `view`, which calls it first of all in its constructor.
    static void install(QWidget* view);

    int childCount() const override;
    QAccessibleInterface* child(int index) const override;
    int indexOfChild(const QAccessibleInterface* child) const override;
    QAccessibleInterface* childAt(int x, int y) const override;
    QAccessibleInterface* focusChild() const override;

private:
    const DrawnJobs& drawn() const;
    void forgetOld() const;

    mutable std::unordered_map<std::uint64_t, QAccessible::Id> jobs_; ///< by job id
};

/// One job. It becomes invalid when that has ended.
class JobAccessible : public QAccessibleInterface, public QAccessibleActionInterface {
public:
    JobAccessible(QWidget* view, JobId job)
        : view_(view)
        , job_(job) {}

    bool isValid() const override;
    QObject* object() const override { return nullptr; }
    QAccessibleInterface* parent() const override;
    QAccessibleInterface* child(int) const override { return nullptr; }
    QAccessibleInterface* childAt(int, int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    QString text(QAccessible::Text kind) const override;
    void setText(QAccessible::Text, const QString&) override {}
    QRect rect() const override;
    QAccessible::Role role() const override { return QAccessible::TreeItem; }
    QAccessible::State state() const override;
    void* interface_cast(QAccessible::InterfaceType type) override;

    QStringList actionNames() const override;
    void doAction(const QString& name) override;
    QStringList keyBindingsForAction(const QString&) const override { return {}; }

    JobId job() const noexcept { return job_; }

private:
    /// Null when the view is gone.
    DrawnJobs* drawn() const;

    QPointer<QWidget> view_;
    JobId job_;
};

} // namespace coroscope::app
