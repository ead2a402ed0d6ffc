// SPDX-License-Identifier: Apache-2.0
#include "widgets/KeysDialog.h"

#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <QGridLayout>
#include <QScrollArea>
#include <QVBoxLayout>

#include <utility>
#include <vector>

namespace coroscope::app {

namespace {

struct Chapter {
    QString title;
    std::vector<std::pair<QString, QString>> keys;
};

std::vector<Chapter> chapters() {
    const auto tr = [](const char* text) { return KeysDialog::tr(text); };
    return {
        {tr("The tree"),
         {{tr("Up, Down, Page, Home, End"), tr("move")},
          {tr("Left, Right, +, -, *"), tr("collapse, expand, expand all below")},
          {tr("letters"), tr("go to the next job whose name begins so")},
          {tr("Backspace"), tr("go to the parent")},
          {tr("F8, Shift+F8"), tr("next finding, the one before")},
          {tr("Ctrl+P"), tr("pin the job above the tree")},
          {tr("Ctrl+G"), tr("jobs in groups, and back")}}},
        {tr("The map"),
         {{tr("arrows"), tr("to siblings, parent, first child")},
          {tr("Enter, Backspace"), tr("zoom to the job, back out")},
          {tr("Home"), tr("show everything")}}},
        {tr("Cancel"),
         {{tr("Delete"), tr("the selected job and all below it; asks first")},
          {tr("Shift+Delete"), tr("all that the filter leaves; asks first")}}},
        {tr("Find"),
         {{tr("Ctrl+F, Esc"), tr("filter, show all again")},
          {tr("Alt+Left, Alt+Right"), tr("the filter before, the next")},
          {tr("Ctrl+Space, Tab"), tr("what could be written there; take it")}}},
        {tr("Programs and dumps"),
         {{tr("Ctrl+T, Ctrl+Shift+T"), tr("attach, attach through a command")},
          {tr("Ctrl+R"), tr("start a program")},
          {tr("Ctrl+O, Ctrl+V"), tr("open a dump, open what was copied")},
          {tr("Ctrl+S, Ctrl+E"), tr("save a dump, export")},
          {tr("Ctrl+W"), tr("detach")},
          {tr("Ctrl+C"), tr("copy the report on the selected job")}}},
        {tr("Views"),
         {{tr("Ctrl+1, Ctrl+2"), tr("tree, map")},
          {tr("Alt+1 to Alt+7"), tr("programs, details, findings, ended, commands, output, compare")},
          {tr("Alt+0"), tr("time strip; in it Left, Right, Enter, +, -")},
          {tr("Ctrl+Q"), tr("quit")}}},
    };
}

QWidget* sheetOf(const std::vector<Chapter>& all, QWidget* parent) {
    auto* sheet = new QWidget(parent);
    sheet->setObjectName(QStringLiteral("sidePage"));
    auto* grid = new QGridLayout(sheet);
    grid->setContentsMargins(16, 8, 16, 12);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(5);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const Chapter& chapter : all) {
        QLabel* title = dimLabel(chapter.title.toUpper(), sheet);
        title->setFont(Theme::heading());
        title->setContentsMargins(0, row == 0 ? 4 : 12, 0, 2);
        grid->addWidget(title, row++, 0, 1, 2);
        for (const auto& [keys, does] : chapter.keys) {
            auto* what = new WrappedLabel(does, sheet);
            grid->addWidget(new QLabel(keys, sheet), row, 0, Qt::AlignTop);
            grid->addWidget(what, row++, 1, Qt::AlignTop);
        }
    }
    grid->setRowStretch(row, 1);
    return sheet;
}

} // namespace

KeysDialog::KeysDialog(QWidget* parent)
    : InfoDialog(QStringLiteral("keysDialog"), tr("Keys"), parent) {
    resize(520, 560);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(sheetOf(chapters(), scroll));
    scroll->setAccessibleName(tr("Keys"));
    page()->addWidget(scroll, 1);
}

void KeysDialog::open(QWidget* parent) {
    openOne<KeysDialog>(parent);
}

} // namespace coroscope::app
