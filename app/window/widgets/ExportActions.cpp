// SPDX-License-Identifier: Apache-2.0
#include "widgets/ExportActions.h"

#include "model/Workspace.h"

#include <QCoreApplication>
#include <QMenu>

#include <utility>

namespace coroscope::app {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("ExportActions", text);
}

} // namespace

void addExportActions(QMenu& menu, Workspace& workspace, JobId job, std::function<void()> ask) {
    using Format = observe::ExportFormat;
    // A dump that knows no parents is a list of coroutines; else the tree says more.
    const Format kotlin = workspace.info().parentsTold ? Format::JobHierarchy : Format::KotlinText;
    for (const auto& [name, text, format] :
         {std::tuple{"copyMarkdown", tr("Copy as Markdown"), Format::Markdown},
          std::tuple{"copyKotlin", tr("Copy as Kotlin text"), kotlin}}) {
        QAction* action = menu.addAction(text, &workspace, [&workspace, job, wanted = format] {
            workspace.exportTo({}, {.format = wanted, .job = job});
        });
        action->setObjectName(QLatin1String(name));
    }
    QAction* action = menu.addAction(tr("Export this subtree…"), &workspace, std::move(ask));
    action->setObjectName(QStringLiteral("exportSubtree"));
}

} // namespace coroscope::app
