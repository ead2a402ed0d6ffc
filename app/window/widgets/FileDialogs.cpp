// SPDX-License-Identifier: Apache-2.0
#include "widgets/FileDialogs.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QHeaderView>
#include <QScreen>
#include <QSplitter>
#include <QTreeView>

#include <algorithm>

namespace coroscope::app {

namespace {
enum FileColumn { NameColumn, SizeColumn, TypeColumn, DateColumn };
constexpr int side = 130;
} // namespace

void tidy(QFileDialog& dialog) {
    const QSize room = dialog.screen() != nullptr ? dialog.screen()->availableSize() : QSize(720, 480);
    dialog.resize(std::min(720, room.width() - 40), std::min(480, room.height() - 60));
    dialog.setLabelText(QFileDialog::Reject, QCoreApplication::translate("FileDialogs", "Close"));
    if (auto* list = dialog.findChild<QTreeView*>(QStringLiteral("treeView"))) {
        QHeaderView* header = list->header();
        header->setStretchLastSection(false);
        header->setSectionHidden(TypeColumn, true);
        header->setSectionResizeMode(NameColumn, QHeaderView::Stretch);
        header->setSectionResizeMode(SizeColumn, QHeaderView::ResizeToContents);
        header->setSectionResizeMode(DateColumn, QHeaderView::ResizeToContents);
    }
    if (auto* splitter = dialog.findChild<QSplitter*>(QStringLiteral("splitter")))
        splitter->setSizes({side, dialog.width() - side});
}

} // namespace coroscope::app
