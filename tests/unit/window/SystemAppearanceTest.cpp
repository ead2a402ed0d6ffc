// SPDX-License-Identifier: Apache-2.0
// The desktop's wish for dark or light, as the portal says it: on a real bus, from another connection.
#include "theme/SystemAppearance.h"
#include "theme/Theme.h"
#include "widgets/MainWindow.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QDBusVirtualObject>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include <gtest/gtest.h>

namespace coroscope::app {
namespace {

constexpr int patience = 20'000; // ms

/// The part of the portal that knows the colour scheme.
class Portal : public QDBusVirtualObject {
public:
    explicit Portal(unsigned scheme)
        : scheme_(scheme) {}
    QString introspect(const QString&) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override {
        if (message.member() != QLatin1String("Read"))
            return false;
        const QVariant value = QVariant::fromValue(QDBusVariant(scheme_));
        return connection.send(message.createReply(QVariant::fromValue(QDBusVariant(value))));
    }
    static QDBusMessage changed(const QString& key, unsigned scheme) {
        QDBusMessage signal = QDBusMessage::createSignal(QStringLiteral("/org/freedesktop/portal/desktop"),
                                                         QStringLiteral("org.freedesktop.portal.Settings"),
                                                         QStringLiteral("SettingChanged"));
        signal << QStringLiteral("org.freedesktop.appearance") << key
               << QVariant::fromValue(QDBusVariant(scheme));
        return signal;
    }

private:
    unsigned scheme_;
};

TEST(SystemAppearance, theWindowFollowsTheDesktop) {
    const QString daemon = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    if (daemon.isEmpty())
        GTEST_SKIP() << "no dbus-daemon here";
    QProcess bus;
    bus.start(daemon,
              {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--print-address")});
    ASSERT_TRUE(bus.waitForReadyRead(patience));
    const QString address = QString::fromUtf8(bus.readLine()).trimmed();
    {
        QDBusConnection theirs = QDBusConnection::connectToBus(address, QStringLiteral("portal"));
        ASSERT_TRUE(theirs.isConnected());
        Portal portal(1);
        ASSERT_TRUE(theirs.registerVirtualObject(QStringLiteral("/org/freedesktop/portal/desktop"), &portal));
        ASSERT_TRUE(theirs.registerService(QStringLiteral("org.freedesktop.portal.Desktop")));

        const SystemAppearance appearance(QDBusConnection::connectToBus(address, QStringLiteral("window")));
        const bool palette = appearance.dark();
        EXPECT_FALSE(palette) << "before the portal has answered";
        MainWindow window(ThemeChoice::Auto, &appearance);
        EXPECT_TRUE(QTest::qWaitFor([] { return Theme::dark(); }, patience)) << "dark, as the portal says";
        EXPECT_TRUE(theirs.send(Portal::changed(QStringLiteral("accent-color"), 2)));
        EXPECT_TRUE(theirs.send(Portal::changed(QStringLiteral("color-scheme"), 2)));
        EXPECT_TRUE(QTest::qWaitFor([] { return !Theme::dark(); }, patience)) << "light from now on";
        EXPECT_TRUE(theirs.send(Portal::changed(QStringLiteral("color-scheme"), 1)));
        EXPECT_TRUE(QTest::qWaitFor([] { return Theme::dark(); }, patience)) << "and dark again";
        EXPECT_LT(QApplication::palette().color(QPalette::Window).lightness(), 128);
        EXPECT_TRUE(theirs.send(Portal::changed(QStringLiteral("color-scheme"), 0)));
        EXPECT_TRUE(QTest::qWaitFor([&] { return Theme::dark() == palette; }, patience))
            << "without a preference the palette decides";
    }
    QDBusConnection::disconnectFromBus(QStringLiteral("window"));
    QDBusConnection::disconnectFromBus(QStringLiteral("portal"));
    bus.terminate();
    bus.waitForFinished();
    Theme::apply(*qobject_cast<QApplication*>(QCoreApplication::instance()), ThemeChoice::Light);
}

} // namespace
} // namespace coroscope::app
