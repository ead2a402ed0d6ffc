// SPDX-License-Identifier: Apache-2.0
#include "widgets/StartDialog.h"

#include "theme/Theme.h"
#include "widgets/Cards.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace coroscope::app {

StartDialog::StartDialog(QWidget* parent)
    : QDialog(parent)
    , recent_(recentLaunches()) {
    setObjectName(QStringLiteral("startDialog"));
    setWindowTitle(tr("Start a program"));
    resize(560, 320);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    auto* form = new QFormLayout;
    form->setSpacing(8);
    command_ = new QComboBox(this);
    command_->setObjectName(QStringLiteral("startCommand"));
    command_->setEditable(true);
    command_->setInsertPolicy(QComboBox::NoInsert);
    command_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    command_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    command_->setAccessibleName(tr("Command line"));
    command_->lineEdit()->setAccessibleName(command_->accessibleName());
    command_->lineEdit()->setPlaceholderText(tr("program with its arguments"));
    for (const Launch& launch : recent_)
        command_->addItem(launch.command);
    form->addRow(tr("Command line"), command_);
    auto* where = new QHBoxLayout;
    folder_ = new QLineEdit(this);
    folder_->setObjectName(QStringLiteral("startFolder"));
    folder_->setPlaceholderText(tr("where this window was started"));
    folder_->setAccessibleName(tr("Working directory"));
    auto* browse = new QPushButton(tr("Choose…"), this);
    browse->setAutoDefault(false);
    where->addWidget(folder_, 1);
    where->addWidget(browse);
    form->addRow(tr("Working directory"), where);
    environment_ = new QPlainTextEdit(this);
    environment_->setObjectName(QStringLiteral("startEnvironment"));
    environment_->setFont(Theme::mono());
    environment_->setTabChangesFocus(true);
    environment_->setPlaceholderText(QStringLiteral("COROSCOPE=stacks"));
    environment_->setAccessibleName(tr("Environment, a line of the form NAME=value each"));
    form->addRow(tr("Environment"), environment_);
    layout->addLayout(form, 1);
    problem_ = new QLabel(this);
    problem_->setObjectName(QStringLiteral("startProblem"));
    problem_->setWordWrap(true);
    problem_->setTextFormat(Qt::PlainText);
    problem_->hide();
    layout->addWidget(problem_);
    QLabel* note = dimLabel(tr("The program ends when this window is closed."), this);
    note->setWordWrap(true);
    layout->addWidget(note);
    auto* buttons = new QHBoxLayout;
    auto* close = new QPushButton(tr("Close"), this);
    close->setAutoDefault(false);
    auto* start = new QPushButton(tr("Start"), this);
    start->setObjectName(QStringLiteral("startGo"));
    start->setDefault(true);
    buttons->addStretch(1);
    buttons->addWidget(close);
    buttons->addWidget(start);
    layout->addLayout(buttons);
    connect(command_, &QComboBox::activated, this, [this](int index) {
        if (index >= 0 && static_cast<std::size_t>(index) < recent_.size())
            fill(recent_[static_cast<std::size_t>(index)]);
    });
    connect(browse, &QPushButton::clicked, this, &StartDialog::chooseFolder);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(start, &QPushButton::clicked, this, [this] {
        setProblem({});
        emit startRequested(launch());
    });
    if (!recent_.empty())
        fill(recent_.front());
    command_->setFocus();
    command_->lineEdit()->selectAll();
}

void StartDialog::fill(const Launch& launch) {
    command_->setEditText(launch.command);
    folder_->setText(launch.folder);
    environment_->setPlainText(launch.environment.join(QLatin1Char('\n')));
}

Launch StartDialog::launch() const {
    Launch launch{command_->currentText().trimmed(), folder_->text().trimmed(), {}};
    for (const QString& line : environment_->toPlainText().split(QLatin1Char('\n')))
        if (!line.trimmed().isEmpty())
            launch.environment << line.trimmed();
    return launch;
}

void StartDialog::setProblem(const QString& sentence) {
    const Tokens& t = Theme::tokens();
    QPalette palette = problem_->palette();
    palette.setColor(QPalette::WindowText, Theme::readable(t, t.failed, t.panel));
    problem_->setPalette(palette);
    problem_->setText(sentence);
    problem_->setVisible(!sentence.isEmpty());
}

void StartDialog::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Working directory"), folder_->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, folder_, &QLineEdit::setText);
    dialog->open();
}

} // namespace coroscope::app
