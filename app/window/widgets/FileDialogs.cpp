// SPDX-License-Identifier: Apache-2.0
#include "widgets/FileDialogs.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QMessageBox>
#include <QPushButton>
#include <QScreen>
#include <QSplitter>
#include <QTreeView>

#include <algorithm>
#include <utility>

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

void askToReplace(QWidget* parent, const QString& title, const QString& path, std::function<void()> write) {
    if (!QFileInfo::exists(path)) {
        write();
        return;
    }
    const auto tr = [](const char* text) { return QCoreApplication::translate("FileDialogs", text); };
    auto* box =
        new QMessageBox(QMessageBox::NoIcon, title, tr("%1 exists already.").arg(QFileInfo(path).fileName()),
                        QMessageBox::NoButton, parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    const QPushButton* replace = box->addButton(tr("Replace it"), QMessageBox::AcceptRole);
    box->setDefaultButton(box->addButton(tr("Keep it"), QMessageBox::RejectRole));
    QObject::connect(replace, &QPushButton::clicked, parent, [write = std::move(write)] { write(); });
    box->open();
}

} // namespace coroscope::app
