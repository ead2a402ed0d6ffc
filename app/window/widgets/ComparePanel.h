// SPDX-License-Identifier: Apache-2.0
// What is on show beside an earlier dump of it, or beside another open session: which places have more jobs
// than before, growth first. A double click leads to the jobs at a place.
#pragma once

#include "model/Workspace.h"
#include "widgets/ListPanel.h"

#include <coroscope/observe/Compare.h>

#include <QAbstractTableModel>

#include <memory>
#include <optional>

class QLabel;
class QPushButton;
class QToolButton;

namespace coroscope::app {

class CompareModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum { PlaceColumn, BeforeColumn, AfterColumn, ChangeColumn, NewColumn, GoneColumn, Columns };

    using QAbstractTableModel::QAbstractTableModel;
    void show(observe::Comparison comparison);
    const observe::Comparison& comparison() const noexcept { return comparison_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const observe::GroupChange& group, int column) const;

    observe::Comparison comparison_;
};

/// Dumps are read and compared in the background; what is being observed goes on.
class ComparePanel : public ListPanel {
    Q_OBJECT
public:
    explicit ComparePanel(Workspace& workspace, QWidget* parent = nullptr);

    /// What is on show with what is in this file, or what another open session has.
    void withFile(const QString& path);
    void withSession(int key);
    bool busy() const noexcept { return busy_; }
    const CompareModel& model() const noexcept { return *model_; }

signals:
    /// Something is compared now: the panel wants to be seen.
    void started();
    /// The jobs of this group, in that session.
    void groupRequested(int session, coroscope::observe::GroupBy by, quint64 key);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Side {
        QString name, file;
        int session = 0; ///< its key; 0 for a file that is not open
        std::shared_ptr<const observe::Dump> dump;
    };
    struct Compared {
        Side before, after;
        observe::Comparison comparison;
        QString problem;
    };
    static Compared work(Side before, Side after, observe::GroupBy by, bool byTime);
    Side sideOf(int key) const;
    void start(Side before, Side after, bool byTime);
    void done(Compared compared);
    void say(const QString& sentence);
    void chooseGrouping(observe::GroupBy by);
    void fitWords();
    void activate(const QModelIndex& index);

    Workspace& workspace_;
    CompareModel* model_;
    QLabel *words_, *notes_; ///< what fits of the lines below
    QString counts_, sides_, assumed_;
    observe::GroupBy by_ = observe::GroupBy::CreationSite;
    QToolButton* byButton_;
    QPushButton* swap_;
    QPushButton* again_;
    Side before_, after_;
    bool busy_ = false;
    std::uint64_t round_ = 0; ///< results of an older one are dropped
};

} // namespace coroscope::app
