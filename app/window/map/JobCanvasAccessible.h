// SPDX-License-Identifier: Apache-2.0
// A drawing of the map as screen readers and test tools see it: the jobs with room for a label, and the
// selected one first.
#pragma once

#include "map/JobCanvas.h"

#include <QAccessibleWidget>
#include <QPointer>

#include <unordered_map>

namespace coroscope::app {

class JobCanvasAccessible : public QAccessibleWidget {
public:
    explicit JobCanvasAccessible(JobCanvas* canvas);
    ~JobCanvasAccessible() override;

    /// Makes this the interface of `canvas`, which calls it first of all in its constructor.
    static void install(JobCanvas* canvas);

    int childCount() const override;
    QAccessibleInterface* child(int index) const override;
    int indexOfChild(const QAccessibleInterface* child) const override;
    QAccessibleInterface* childAt(int x, int y) const override;
    QAccessibleInterface* focusChild() const override;

private:
    JobCanvas* canvas() const;
    QAccessibleInterface* of(JobId job) const;

    mutable std::unordered_map<JobId, QAccessible::Id> jobs_;
};

/// One job. It becomes invalid when that has ended.
class SeenJobAccessible : public QAccessibleInterface, public QAccessibleActionInterface {
public:
    SeenJobAccessible(JobCanvas* canvas, JobId job)
        : canvas_(canvas)
        , job_(job) {}

    bool isValid() const override { return node() != observe::noNode; }
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

    QStringList actionNames() const override { return {pressAction()}; }
    void doAction(const QString& name) override;
    QStringList keyBindingsForAction(const QString&) const override { return {}; }

    JobId job() const noexcept { return job_; }

private:
    observe::Node node() const;

    QPointer<JobCanvas> canvas_;
    JobId job_;
};

} // namespace coroscope::app
