// SPDX-License-Identifier: Apache-2.0
// Where to save a dump, or to export to, and in which format.
#pragma once

#include "model/Exports.h"

#include <QFileDialog>

class QCheckBox;

namespace coroscope::app {

class Workspace;

class SaveDialog : public QFileDialog {
    Q_OBJECT
public:
    /// Only our own format, or all of them.
    enum class Formats { Dump, All };
    SaveDialog(const Workspace& workspace, const ExportWish& wish, Formats formats, QWidget* parent);

signals:
    /// There may be an older file of that name.
    void chosen(const QString& path, const coroscope::app::ExportWish& wish);

private:
    observe::ExportFormat filterFormat() const;
    QString suggestion(bool redacted) const;
    void renew();
    void offer(const QString& name);
    void pathChosen(const QString& path);

    const Workspace& workspace_;
    ExportWish wish_;
    Formats formats_;
    QCheckBox* redact_;
    QCheckBox* onlyMatches_ = nullptr;
    QString offered_; ///< the file's name as it was last suggested
};

} // namespace coroscope::app
