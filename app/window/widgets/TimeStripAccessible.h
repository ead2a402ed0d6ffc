// SPDX-License-Identifier: Apache-2.0
// The time strip as screen readers and test tools see it: a slider over time whose value says what was then.
#pragma once

#include "widgets/TimeStrip.h"

#include <QAccessibleWidget>

namespace coroscope::app {

class TimeStripAccessible : public QAccessibleWidget, public QAccessibleValueInterface {
public:
    explicit TimeStripAccessible(TimeStrip* strip);
    /// Makes this the interface of `strip`, which calls it first of all in its constructor.
    static void install(TimeStrip* strip);

    QString text(QAccessible::Text kind) const override;
    void* interface_cast(QAccessible::InterfaceType type) override;
    QStringList actionNames() const override;
    void doAction(const QString& name) override;

    /// In seconds since the attach.
    QVariant currentValue() const override;
    void setCurrentValue(const QVariant& value) override;
    QVariant maximumValue() const override;
    QVariant minimumValue() const override;
    QVariant minimumStepSize() const override;

private:
    TimeStrip* strip() const;
    double secondsAt(std::int64_t moment) const;
};

} // namespace coroscope::app
