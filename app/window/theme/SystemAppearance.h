// SPDX-License-Identifier: Apache-2.0
// Whether the desktop is dark or light, now and whenever that changes.
#pragma once

#include <QDBusConnection>
#include <QDBusMessage>
#include <QObject>

namespace coroscope::app {

/// Asks the desktop portal, which may answer later or never; until then, and where it has no preference, the
/// palette that the platform gives programs decides. Threads: the window's.
class SystemAppearance : public QObject {
    Q_OBJECT
public:
    /// On the user's own bus, if there is one.
    explicit SystemAppearance(QObject* parent = nullptr);
    explicit SystemAppearance(const QDBusConnection& bus, QObject* parent = nullptr);

    bool dark() const noexcept { return scheme_ == none ? paletteDark_ : scheme_ == preferDark; }

signals:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private slots:
    void settingChanged(const QDBusMessage& message);

private:
    /// As the portal counts.
    enum Scheme : unsigned { none = 0, preferDark = 1, preferLight = 2 };

    void ask(QDBusConnection bus);
    void lookAtPalette();
    void become(bool paletteDark, unsigned scheme);

    bool paletteDark_ = false;
    unsigned scheme_ = none;
};

} // namespace coroscope::app
