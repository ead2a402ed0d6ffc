// SPDX-License-Identifier: Apache-2.0
#include "widgets/SourcesDialog.h"

#include "model/Sources.h"
#include "program/Editor.h"
#include "widgets/Cards.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QVBoxLayout>

namespace coroscope::app {

namespace {
const QString arrow = QStringLiteral(" => ");
}

SourcesDialog::SourcesDialog(QWidget* parent)
    : QDialog(parent)
    , command_(new QLineEdit(this))
    , mappings_(new QPlainTextEdit(this)) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Editor and source files"));
    setMinimumWidth(520);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(8);
    auto* title = new QLabel(tr("Command that opens a source line"), this);
    title->setBuddy(command_);
    command_->setObjectName(QStringLiteral("editorCommand"));
    command_->setText(QSettings().value(QStringLiteral("editor/command")).toString());
    command_->setPlaceholderText(editor::usualCommand(qEnvironmentVariable("VISUAL")));
    layout->addWidget(title);
    layout->addWidget(command_);
    layout->addWidget(dimLabel(tr("{file} and {line} stand for the place. No shell sees it."), this));
    auto* where = new QLabel(tr("Where files are that were compiled elsewhere"), this);
    where->setBuddy(mappings_);
    mappings_->setObjectName(QStringLiteral("sourceMappings"));
    mappings_->setTabChangesFocus(true);
    mappings_->setPlaceholderText(QStringLiteral("/build/orders/ => /home/me/orders/"));
    mappings_->setFixedHeight(110);
    QStringList lines;
    for (const auto& [compiled, here] : Sources::mappings())
        lines << compiled + arrow + here;
    mappings_->setPlainText(lines.join(QLatin1Char('\n')));
    layout->addSpacing(8);
    layout->addWidget(where);
    layout->addWidget(mappings_);
    layout->addWidget(
        dimLabel(tr("One a line: the beginning of the path there => the beginning here."), this));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel, this);
    buttons->button(QDialogButtonBox::Cancel)->setText(tr("Leave as it is"));
    connect(buttons, &QDialogButtonBox::accepted, this, &SourcesDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    layout->addWidget(buttons);
}

void SourcesDialog::accept() {
    editor::setCommand(command_->text());
    std::vector<std::pair<QString, QString>> mappings;
    for (const QString& line : mappings_->toPlainText().split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        const qsizetype at = line.indexOf(QLatin1String("=>"));
        if (at > 0)
            mappings.emplace_back(line.left(at).trimmed(), line.mid(at + 2).trimmed());
    }
    Sources::setMappings(mappings);
    QDialog::accept();
}

} // namespace coroscope::app
