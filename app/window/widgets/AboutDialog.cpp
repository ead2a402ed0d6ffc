// SPDX-License-Identifier: Apache-2.0
#include "widgets/AboutDialog.h"

#include "program/Log.h"
#include "theme/Icons.h"
#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSettings>
#include <QVBoxLayout>

namespace coroscope::app {

AboutDialog::AboutDialog(QWidget* parent)
    : InfoDialog(QStringLiteral("aboutDialog"), tr("About Coroscope"), parent) {
    setMinimumWidth(460);
    QVBoxLayout* layout = page();
    layout->setContentsMargins(16, 16, 16, 12);
    layout->setSpacing(12);
    auto* head = new QHBoxLayout;
    head->setSpacing(12);
    auto* sign = new QLabel(this);
    sign->setPixmap(iconPixmap(QStringLiteral("coroscope"), Theme::tokens().accent, 40, devicePixelRatioF()));
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    auto* name = new QLabel(tr("Coroscope %1").arg(QStringLiteral(COROSCOPE_VERSION)), this);
    name->setFont(Theme::title());
    words->addWidget(name);
    words->addWidget(dimLabel(tr("Shows, explains and stops the coroutines of a running program."), this));
    head->addWidget(sign, 0, Qt::AlignTop);
    head->addLayout(words, 1);
    layout->addLayout(head);
    QFrame* frame = card(this);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(16);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const auto& [what, text] :
         {std::pair{tr("Licence"), tr("Apache 2.0; fonts Inter and JetBrains Mono, OFL 1.1")},
          std::pair{tr("Qt"), QString::fromLatin1(qVersion())},
          std::pair{tr("Settings"), QSettings().fileName()}, std::pair{tr("Log"), logFile()}}) {
        grid->addWidget(dimLabel(what, frame), row, 0, Qt::AlignTop);
        auto* value = new WrappedLabel(text, frame);
        value->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        grid->addWidget(value, row++, 1);
    }
    qobject_cast<QVBoxLayout*>(frame->layout())->addLayout(grid);
    layout->addWidget(frame);
    layout->addStretch(1);
    closeButton()->setFocus();
}

void AboutDialog::open(QWidget* parent) {
    openOne<AboutDialog>(parent);
}

} // namespace coroscope::app
