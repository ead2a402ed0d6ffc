// SPDX-License-Identifier: Apache-2.0
#include "theme/Icons.h"

#include <QFile>
#include <QHash>
#include <QPainter>
#include <QSvgRenderer>

namespace coroscope::app {

QPixmap iconPixmap(const QString& name, const QColor& colour, int size, qreal pixelRatio) {
    static QHash<QString, QPixmap> kept;
    const QString key = QStringLiteral("%1 %2 %3 %4").arg(name, colour.name()).arg(size).arg(pixelRatio);
    if (const auto found = kept.constFind(key); found != kept.constEnd())
        return *found;
    QPixmap pixmap(QSize(size, size) * pixelRatio);
    pixmap.setDevicePixelRatio(pixelRatio);
    pixmap.fill(Qt::transparent);
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (file.open(QIODevice::ReadOnly)) {
        QByteArray svg = file.readAll();
        svg.replace("#000", colour.name().toLatin1());
        QSvgRenderer renderer(svg);
        QPainter painter(&pixmap);
        renderer.render(&painter, QRectF(0, 0, size, size));
    }
    kept.insert(key, pixmap);
    return pixmap;
}

QIcon icon(const QString& name, const QColor& colour, int size) {
    QIcon made;
    for (const qreal ratio : {1.0, 2.0})
        made.addPixmap(iconPixmap(name, colour, size, ratio));
    return made;
}

QString iconName(StateLook look) {
    switch (look) {
    case StateLook::New:
        return QStringLiteral("state-new");
    case StateLook::Queued:
        return QStringLiteral("state-queued");
    case StateLook::Running:
        return QStringLiteral("state-running");
    case StateLook::Suspended:
        return QStringLiteral("state-suspended");
    case StateLook::WaitsForChildren:
        return QStringLiteral("state-waits");
    case StateLook::Cancelling:
        return QStringLiteral("state-cancelling");
    case StateLook::Plain:
        return QStringLiteral("state-plain");
    case StateLook::Completed:
        return QStringLiteral("state-completed");
    case StateLook::Cancelled:
        return QStringLiteral("state-cancelled");
    case StateLook::Failed:
        return QStringLiteral("state-failed");
    }
    return QStringLiteral("state-plain");
}

} // namespace coroscope::app
