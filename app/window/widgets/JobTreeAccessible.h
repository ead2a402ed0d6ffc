// SPDX-License-Identifier: Apache-2.0
// The job tree as screen readers and test tools see it: a tree whose children are the rows on the screen.
#pragma once

#include "widgets/JobTreeView.h"

#include <QAccessibleWidget>
#include <QPointer>

#include <unordered_map>

namespace coroscope::app {

class JobTreeAccessible : public QAccessibleWidget {
public:
    explicit JobTreeAccessible(JobTreeView* view);
    ~JobTreeAccessible() override;

    /// Makes this the interface of `view`, which calls it first of all in its constructor.
    static void install(JobTreeView* view);

    int childCount() const override;
    QAccessibleInterface* child(int index) const override;
    int indexOfChild(const QAccessibleInterface* child) const override;
    QAccessibleInterface* childAt(int x, int y) const override;
    QAccessibleInterface* focusChild() const override;

private:
    JobTreeView* view() const;
    void forgetOld() const;

    mutable std::unordered_map<std::uint64_t, QAccessible::Id> rows_; ///< by job id; the group is 0
};

/// One row. It belongs to a job and becomes invalid when that has ended.
class JobRowAccessible : public QAccessibleInterface, public QAccessibleActionInterface {
public:
    JobRowAccessible(JobTreeView* view, JobId job)
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
    observe::Node node() const;

private:
    QPointer<JobTreeView> view_;
    JobId job_;
};

} // namespace coroscope::app
