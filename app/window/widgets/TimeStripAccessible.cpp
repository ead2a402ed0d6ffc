// SPDX-License-Identifier: Apache-2.0
#include "widgets/TimeStripAccessible.h"

namespace coroscope::app {

namespace {
constexpr double second = 1e9;

QAccessibleInterface* make(const QString&, QObject* object) {
    auto* strip = qobject_cast<TimeStrip*>(object);
    return strip != nullptr ? new TimeStripAccessible(strip) : nullptr;
}
} // namespace

void TimeStripAccessible::install(TimeStrip* strip) {
    [[maybe_unused]] static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    // Where somebody listens from the start, Qt has asked while this was a plain widget, and keeps that.
    if (QAccessible::isActive()) {
        QAccessibleInterface* known = QAccessible::queryAccessibleInterface(strip);
        if (known != nullptr && known->role() != QAccessible::Slider)
            QAccessible::deleteAccessibleInterface(QAccessible::uniqueId(known));
    }
}

TimeStripAccessible::TimeStripAccessible(TimeStrip* strip)
    : QAccessibleWidget(strip, QAccessible::Slider) {}

TimeStrip* TimeStripAccessible::strip() const {
    return static_cast<TimeStrip*>(widget());
}

QString TimeStripAccessible::text(QAccessible::Text kind) const {
    return kind == QAccessible::Value ? strip()->readout() : QAccessibleWidget::text(kind);
}

void* TimeStripAccessible::interface_cast(QAccessible::InterfaceType type) {
    if (type == QAccessible::ValueInterface)
        return static_cast<QAccessibleValueInterface*>(this);
    return QAccessibleWidget::interface_cast(type);
}

QStringList TimeStripAccessible::actionNames() const {
    return QStringList{pressAction()} + QAccessibleWidget::actionNames();
}

void TimeStripAccessible::doAction(const QString& name) {
    if (name == pressAction())
        strip()->openMoment();
    else
        QAccessibleWidget::doAction(name);
}

double TimeStripAccessible::secondsAt(std::int64_t moment) const {
    return static_cast<double>(moment - strip()->history().begun()) / second;
}

QVariant TimeStripAccessible::currentValue() const {
    return secondsAt(strip()->moment().value_or(strip()->history().latest()));
}

void TimeStripAccessible::setCurrentValue(const QVariant& value) {
    strip()->setMoment(strip()->history().begun() + static_cast<std::int64_t>(value.toDouble() * second));
}

QVariant TimeStripAccessible::maximumValue() const {
    return secondsAt(strip()->history().latest());
}

QVariant TimeStripAccessible::minimumValue() const {
    return secondsAt(std::max(strip()->span().first, strip()->history().begun()));
}

QVariant TimeStripAccessible::minimumStepSize() const {
    return static_cast<double>(strip()->history().stepOf(strip()->scale())) / second;
}

} // namespace coroscope::app
