// SPDX-License-Identifier: Apache-2.0
#include "widgets/SaveDialog.h"

#include "model/Workspace.h"

#include <QCheckBox>
#include <QFileInfo>
#include <QGridLayout>
#include <QLineEdit>

namespace coroscope::app {

namespace {

QString text(std::string_view words) {
    return QString::fromUtf8(words.data(), static_cast<int>(words.size()));
}

QString filterOf(const observe::ExportFormatInfo& format) {
    return QStringLiteral("%1 (*%2)").arg(text(format.title), text(format.ending));
}

} // namespace

SaveDialog::SaveDialog(const Workspace& workspace, const ExportWish& wish, Formats formats, QWidget* parent)
    : QFileDialog(parent)
    , workspace_(workspace)
    , wish_(wish)
    , formats_(formats) {
    setWindowTitle(formats == Formats::Dump ? tr("Save a dump")
                   : wish.job               ? tr("Export this subtree")
                                            : tr("Export the jobs"));
    setAcceptMode(QFileDialog::AcceptSave);
    setOption(QFileDialog::DontUseNativeDialog); // a native one has no room for our check boxes
    // Its own question would wait in a loop of its own: who saves asks.
    setOption(QFileDialog::DontConfirmOverwrite);
    QStringList filters;
    for (const observe::ExportFormatInfo& format : observe::exportFormats())
        if (formats == Formats::All || format.format == wish.format)
            filters.append(filterOf(format));
    if (formats == Formats::Dump)
        filters.append(tr("All files (*)"));
    setNameFilters(filters);
    selectNameFilter(filterOf(observe::exportFormatInfo(wish.format)));
    redact_ = new QCheckBox(tr("Replace names, files, functions and messages by pseudonyms"), this);
    redact_->setObjectName(QStringLiteral("saveRedact"));
    redact_->setChecked(wish.redact);
    auto* const grid = qobject_cast<QGridLayout*>(layout());
    if (grid != nullptr)
        grid->addWidget(redact_, grid->rowCount(), 0, 1, -1);
    if (formats == Formats::All && !workspace.search().isEmpty()) {
        onlyMatches_ = new QCheckBox(tr("Only what the filter shows"), this);
        onlyMatches_->setObjectName(QStringLiteral("saveOnlyMatches"));
        onlyMatches_->setChecked(true);
        if (grid != nullptr)
            grid->addWidget(onlyMatches_, grid->rowCount(), 0, 1, -1);
    }
    renew();
    // A name that says whose dump it is would undo it.
    connect(redact_, &QCheckBox::toggled, this, &SaveDialog::renew);
    connect(this, &QFileDialog::filterSelected, this, &SaveDialog::renew);
    connect(this, &QFileDialog::fileSelected, this, &SaveDialog::pathChosen);
}

observe::ExportFormat SaveDialog::filterFormat() const {
    for (const observe::ExportFormatInfo& format : observe::exportFormats())
        if (filterOf(format) == selectedNameFilter())
            return format.format;
    return wish_.format;
}

QString SaveDialog::suggestion(bool redacted) const {
    return QString::fromStdString(observe::suggestedFileName(workspace_.info(), filterFormat(), redacted));
}

/// Another name is offered as long as nobody has chosen one.
void SaveDialog::renew() {
    setDefaultSuffix(text(observe::exportFormatInfo(filterFormat()).ending).mid(1));
    const QStringList chosen = selectedFiles();
    const QString name = chosen.isEmpty() ? QString() : QFileInfo(chosen.first()).fileName();
    // Chosen or not, a name keeps what stands before an ending of ours.
    if (!offered_.isEmpty() && name != offered_) {
        for (const observe::ExportFormatInfo& format : observe::exportFormats()) {
            const QString ending = text(format.ending);
            if (observe::exportFormatOf(name.toStdString()) == format.format && name.endsWith(ending) &&
                format.format != filterFormat()) {
                offer(name.left(name.size() - ending.size()) +
                      text(observe::exportFormatInfo(filterFormat()).ending));
                return;
            }
        }
        return;
    }
    offered_ = suggestion(redact_->isChecked());
    offer(offered_);
}

void SaveDialog::offer(const QString& name) {
    selectFile(name);
    // Where somebody could be typing, that has left it as it was.
    if (auto* edit = findChild<QLineEdit*>(QStringLiteral("fileNameEdit")))
        edit->setText(name);
}

void SaveDialog::pathChosen(const QString& path) {
    ExportWish wish = wish_;
    wish.format = formats_ == Formats::Dump
                      ? observe::ExportFormat::Dump
                      : observe::exportFormatOf(path.toStdString()).value_or(filterFormat());
    wish.redact = redact_->isChecked();
    wish.onlyMatches = onlyMatches_ != nullptr && onlyMatches_->isChecked();
    emit chosen(path, wish);
}

} // namespace coroscope::app
