// SPDX-License-Identifier: Apache-2.0
#include "widgets/CommandsPanel.h"

#include "model/Format.h"
#include "widgets/Cards.h"

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QSaveFile>
#include <QSettings>
#include <QTreeView>

#include <algorithm>

namespace coroscope::app {

namespace {
bool sameCommand(const CommandLine& a, const CommandLine& b) {
    return a.job == b.job && a.own == b.own && a.why == b.why && a.what == b.what && a.who == b.who;
}
bool sameWords(const CommandLine& a, const CommandLine& b) {
    return a.outcome == b.outcome && a.wallClock == b.wallClock && a.problem == b.problem;
}
} // namespace

void CommandModel::show(std::vector<CommandLine> lines) {
    const std::size_t more = lines.size() - std::min(lines.size(), lines_.size());
    if (lines.size() < lines_.size() ||
        !std::equal(lines_.begin(), lines_.end(), lines.begin() + static_cast<std::ptrdiff_t>(more),
                    lines.end(), sameCommand)) {
        beginResetModel();
        lines_ = std::move(lines);
        endResetModel();
        return;
    }
    if (more > 0) {
        beginInsertRows({}, 0, static_cast<int>(more) - 1);
        lines_.insert(lines_.begin(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(more));
        endInsertRows();
    }
    for (std::size_t row = more; row < lines.size(); ++row) {
        if (sameWords(lines_[row], lines[row]))
            continue;
        lines_[row] = lines[row];
        emit dataChanged(index(static_cast<int>(row), 0), index(static_cast<int>(row), Columns - 1));
    }
}

int CommandModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(lines_.size());
}
int CommandModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant CommandModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || static_cast<std::size_t>(index.row()) >= lines_.size())
        return {};
    const CommandLine& line = lines_[static_cast<std::size_t>(index.row())];
    const Tokens& t = Theme::tokens();
    const QString texts[] = {clockText(line.wallClock), line.who, line.what,
                             line.why.isEmpty() ? tr("no reason given") : line.why, line.outcome};
    switch (role) {
    case jobRole:
        return QVariant::fromValue<quint64>(line.job.value);
    case Qt::DisplayRole:
        return texts[index.column()];
    case Qt::ToolTipRole:
        return (index.column() == WhenColumn ? dateText(line.wallClock) : texts[index.column()])
            .toHtmlEscaped();
    case Qt::ForegroundRole:
        if (index.column() == WhatColumn || (index.column() == WhyColumn && !line.why.isEmpty()))
            return t.text;
        if (index.column() == OutcomeColumn && line.problem)
            return Theme::readable(t, t.cancelling, t.selection);
        return Theme::readable(t, t.dim, t.selection);
    default:
        return {};
    }
}

QVariant CommandModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section >= Columns)
        return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignLeft | Qt::AlignVCenter);
    const QString names[] = {tr("When"), tr("Who"), tr("Cancels"), tr("Why"), tr("Outcome")};
    return role == Qt::DisplayRole ? QVariant(names[section]) : QVariant();
}

CommandsPanel::CommandsPanel(Workspace& workspace, QWidget* parent)
    : ListPanel(QStringLiteral("commands"), tr("Commands"), new CommandModel, parent)
    , workspace_(workspace)
    , model_(static_cast<CommandModel*>(list()->model()))
    , note_(dimLabel(QString(), this))
    , copy_(new QPushButton(tr("Copy"), this))
    , save_(new QPushButton(tr("Save as text…"), this)) {
    note_->setWordWrap(true); // must not make the window wider
    copy_->setObjectName(QStringLiteral("commandsCopy"));
    copy_->setToolTip(tr("Copy the whole list as text"));
    save_->setObjectName(QStringLiteral("commandsSave"));
    top()->addWidget(note_, 1);
    top()->addWidget(copy_);
    top()->addWidget(save_);
    const auto go = [this](const QModelIndex& index) {
        if (index.isValid())
            emit jobClicked(JobId{index.data(CommandModel::jobRole).toULongLong()});
    };
    connect(list(), &QTreeView::clicked, this, go);
    connect(list(), &QTreeView::activated, this, go);
    connect(copy_, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    connect(save_, &QPushButton::clicked, this, &CommandsPanel::askSave);
    const auto now = [this] {
        due_ = 0;
        refresh();
    };
    connect(&workspace_, &Workspace::stateChanged, this, now);
    connect(&workspace_, &Workspace::cancelsChanged, this, &CommandsPanel::refresh);
    connect(&workspace_, &Workspace::numbersDue, this, &CommandsPanel::refresh);
    refresh();
}

/// A few times a second at most: it looks through all that the program remembers.
void CommandsPanel::refresh() {
    const std::int64_t at = observe::monotonicNow();
    if (at < due_)
        return;
    model_->show(workspace_.shows() ? commandLines(workspace_) : std::vector<CommandLine>());
    due_ = at + std::max<std::int64_t>(200'000'000, 50 * (observe::monotonicNow() - at));
    const bool any = model_->rowCount() > 0;
    for (QWidget* widget :
         {static_cast<QWidget*>(copy_), static_cast<QWidget*>(save_), static_cast<QWidget*>(note_)})
        widget->setVisible(any);
    note_->setText(tr("Cancels that came from outside of the program, of this window and of others"));
    showListOr(!workspace_.shows()
                   ? tr("Who has cancelled what, when and why shows here.")
                   : tr("Nobody has cancelled anything from outside, as far as the program remembers."));
    emit refreshed();
}

QString CommandsPanel::text() const {
    return commandText(workspace_, commandLines(workspace_));
}

QString CommandsPanel::saveTo(const QString& path) const {
    QSaveFile file(path);
    const QByteArray bytes = text().toUtf8();
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit())
        return {};
    return tr("%1 was not saved: %2.").arg(path, file.errorString());
}

QFileDialog* CommandsPanel::fileDialog() const noexcept {
    return dialog_.data();
}

void CommandsPanel::askSave() {
    if (dialog_ != nullptr)
        return;
    dialog_ = new QFileDialog(this, tr("Save the commands as text"));
    dialog_->setAttribute(Qt::WA_DeleteOnClose);
    dialog_->setOption(QFileDialog::DontUseNativeDialog);
    dialog_->setAcceptMode(QFileDialog::AcceptSave);
    dialog_->setDefaultSuffix(QStringLiteral("txt"));
    dialog_->setNameFilters({tr("Text (*.txt)"), tr("All files (*)")});
    dialog_->setDirectory(QSettings().value(QStringLiteral("dumps"), QDir::homePath()).toString());
    dialog_->selectFile(tr("commands-%1-%2.txt")
                            .arg(QString::fromStdString(workspace_.info().program))
                            .arg(workspace_.info().pid));
    connect(dialog_, &QFileDialog::fileSelected, this, [this](const QString& path) {
        const QString problem = saveTo(path);
        note_->setText(problem.isEmpty() ? tr("Saved to %1").arg(path) : problem);
        due_ = observe::monotonicNow() + 4'000'000'000; // long enough to be read
    });
    dialog_->open();
}

void CommandsPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int all = std::max(360, width());
    QHeaderView* header = list()->header();
    header->resizeSection(CommandModel::WhenColumn, 92);
    header->resizeSection(CommandModel::WhoColumn, std::clamp(all / 6, 90, 170));
    header->resizeSection(CommandModel::WhatColumn, std::clamp(all / 4, 100, 260));
    header->resizeSection(CommandModel::WhyColumn, std::clamp(all / 5, 80, 260));
}

} // namespace coroscope::app
