// SPDX-License-Identifier: Apache-2.0
#include "theme/SystemAppearance.h"

#include <QApplication>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QEvent>
#include <QFileInfo>
#include <QPalette>

namespace coroscope::app {

namespace {
const QString service = QStringLiteral("org.freedesktop.portal.Desktop");
const QString path = QStringLiteral("/org/freedesktop/portal/desktop");
const QString interface = QStringLiteral("org.freedesktop.portal.Settings");
const QString group = QStringLiteral("org.freedesktop.appearance");
const QString key = QStringLiteral("color-scheme");

/// Looking for a bus that does not exist would start one, which nobody ever ends.
bool busExists() {
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS") ||
           QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus"));
}

/// Portals wrap the value once or twice.
unsigned number(QVariant value) {
    while (value.canConvert<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value.toUInt();
}
} // namespace

SystemAppearance::SystemAppearance(QObject* parent)
    : SystemAppearance(busExists() ? QDBusConnection::sessionBus() : QDBusConnection(QString()), parent) {}

SystemAppearance::SystemAppearance(const QDBusConnection& bus, QObject* parent)
    : QObject(parent) {
    lookAtPalette();
    QCoreApplication::instance()->installEventFilter(this);
    if (bus.isConnected())
        ask(bus);
}

void SystemAppearance::ask(QDBusConnection bus) {
    bus.connect(service, path, interface, QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QDBusMessage)));
    QDBusMessage question = QDBusMessage::createMethodCall(service, path, interface, QStringLiteral("Read"));
    question << group << key;
    auto* answer = new QDBusPendingCallWatcher(bus.asyncCall(question), this);
    connect(answer, &QDBusPendingCallWatcher::finished, this, [this, answer] {
        answer->deleteLater();
        const QDBusPendingReply<QDBusVariant> reply = *answer;
        if (!reply.isError())
            become(paletteDark_, number(QVariant::fromValue(reply.value())));
    });
}

/// The whole message, because Qt takes no QDBusVariant here before it has met one elsewhere.
void SystemAppearance::settingChanged(const QDBusMessage& message) {
    const QVariantList told = message.arguments();
    if (told.size() == 3 && told[0].toString() == group && told[1].toString() == key)
        become(paletteDark_, number(told[2]));
}

/// Our own palette hides the platform's: put aside, that one shows.
void SystemAppearance::lookAtPalette() {
    const QPalette ours = QApplication::palette();
    const bool own = QCoreApplication::testAttribute(Qt::AA_SetPalette);
    if (own)
        QApplication::setPalette(QPalette());
    const bool isDark = QApplication::palette().color(QPalette::Window).lightness() < 128;
    if (own)
        QApplication::setPalette(ours);
    become(isDark, scheme_);
}

void SystemAppearance::become(bool paletteDark, unsigned scheme) {
    const bool before = dark();
    paletteDark_ = paletteDark;
    scheme_ = scheme;
    if (dark() != before)
        emit changed();
}

bool SystemAppearance::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ThemeChange)
        lookAtPalette();
    return QObject::eventFilter(watched, event);
}

} // namespace coroscope::app
