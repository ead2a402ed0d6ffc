// SPDX-License-Identifier: Apache-2.0
#include "model/OpeningText.h"

#include "model/Format.h"

#include <QCoreApplication>

#include <algorithm>

namespace coroscope::app {

namespace {
QString tr(const char* text) {
    return QCoreApplication::translate("OpeningText", text);
}
} // namespace

QString openingText(const Workspace& workspace) {
    if (!workspace.openingThrough().isEmpty())
        return tr("Attaching through %1…").arg(workspace.openingThrough());
    if (workspace.openingFile().isEmpty())
        return tr("Attaching to pid %1…").arg(workspace.attachingPid());
    const QString opening = tr("Opening %1…").arg(workspace.openingFile());
    const Workspace::OpeningProgress progress = workspace.openingProgress();
    if (progress.size == 0)
        return opening;
    const std::uint64_t percent =
        std::min<std::uint64_t>(progress.read / std::max<std::uint64_t>(progress.size / 100, 1), 100);
    return tr("%1 %2 % of %3").arg(opening, QString::number(percent), sizeText(progress.size));
}

} // namespace coroscope::app
