// SPDX-License-Identifier: Apache-2.0
#include "map/MapExport.h"

#include "map/JobCanvas.h"
#include "map/MapPainter.h"
#include "model/Format.h"
#include "theme/Theme.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>

namespace coroscope::app {

namespace {

constexpr int titleHeight = 56, margin = 6, side = 16;
constexpr int leastWidth = 900, leastHeight = 200;

QString text(const char* words) {
    return QCoreApplication::translate("coroscope::app::MapExport", words);
}

int legendWidth(int width) {
    return width - 2 * (side + 8);
}

void paintAll(QPainter& painter, JobCanvas& map, const QSize& size, const QString& title,
              const QString& subtitle) {
    const Tokens& t = Theme::tokens();
    const std::vector<MapLook> legend = map.map().legend();
    const int below = legendHeight(legendWidth(size.width()), legend) + 2 * margin;
    painter.fillRect(QRect(QPoint(), size), t.background);
    const QRectF area(side, titleHeight, size.width() - 2 * side, size.height() - titleHeight - below);
    map.paint(painter, area, false);
    // Over what may reach beyond the map: a picture made of shapes is not clipped.
    painter.fillRect(QRectF(0, 0, size.width(), titleHeight), t.background);
    painter.fillRect(QRectF(0, area.bottom(), size.width(), below), t.background);
    painter.setFont(Theme::title());
    painter.setPen(t.text);
    painter.drawText(QRectF(side + 8, 8, size.width() - 2 * side, 24), Qt::AlignVCenter | Qt::TextSingleLine,
                     title);
    painter.setFont(Theme::text());
    painter.setPen(t.dim);
    painter.drawText(QRectF(side + 8, 32, size.width() - 2 * side, 20), Qt::AlignVCenter | Qt::TextSingleLine,
                     subtitle);
    paintLegend(painter, QRectF(side + 8, area.bottom() + margin, legendWidth(size.width()), below - margin),
                legend);
}

} // namespace

QString exportMap(JobCanvas& map, const QString& path) {
    const Workspace& workspace = map.workspace();
    const observe::SourceInfo& info = workspace.info();
    const QString title = text("%1, pid %2").arg(QString::fromStdString(info.program)).arg(info.pid);
    QString subtitle = text("%1 on %2 · colours by %3")
                           .arg(jobsText(workspace.tree().size()),
                                QDateTime::fromSecsSinceEpoch(workspace.wallClock(workspace.now()))
                                    .toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")),
                                nameOf(map.map().colour()));
    if (const observe::Node focus = workspace.tree().find(map.focus());
        map.focus() && focus != observe::noNode)
        subtitle += text(" · below %1").arg(workspace.labels().fullName(workspace.tree().row(focus)));
    if (!workspace.search().isEmpty())
        subtitle += text(" · search: %1").arg(workspace.search());
    const int width = std::max(map.pictureSize().width(), leastWidth) + 2 * side;
    const int legend = legendHeight(legendWidth(width), map.map().legend()) + 2 * margin;
    const QSize size(width, std::max(map.pictureSize().height(), leastHeight) + titleHeight + legend);
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return text("%1 cannot be written: %2").arg(path, file.errorString());
    if (QFileInfo(path).suffix().compare(QStringLiteral("svg"), Qt::CaseInsensitive) == 0) {
        QSvgGenerator svg;
        svg.setOutputDevice(&file);
        svg.setSize(size);
        svg.setViewBox(QRect(QPoint(), size));
        svg.setTitle(title);
        svg.setDescription(subtitle);
        QPainter painter(&svg);
        paintAll(painter, map, size, title, subtitle);
    } else {
        QImage image(size * 2, QImage::Format_RGB32);
        image.setDevicePixelRatio(2);
        QPainter painter(&image);
        paintAll(painter, map, size, title, subtitle);
        painter.end();
        if (!image.save(&file, "PNG"))
            return text("%1 cannot be written.").arg(path);
    }
    map.update(); // what was painted last was not for the screen
    if (!file.commit())
        return text("%1 cannot be written: %2").arg(path, file.errorString());
    return {};
}

} // namespace coroscope::app
