// SPDX-License-Identifier: Apache-2.0
// The search field: the filter language with completion, its problems, and the way back to earlier filters.
#pragma once

#include "model/FilterCompletion.h"
#include "model/FilterHistory.h"
#include "model/Workspace.h"

#include <QElapsedTimer>
#include <QLineEdit>
#include <QTimer>

class QCompleter;
class QLabel;
class QMenu;
class QStandardItemModel;

namespace coroscope::app {

class FilterField : public QLineEdit {
    Q_OBJECT
public:
    explicit FilterField(Workspace& workspace, QWidget* parent = nullptr);

    /// Puts this filter in place of the one that is there.
    void setFilter(const QString& text);
    /// Leaves only those of what is shown that also meet this condition; takes the condition away if it is
    /// there.
    void narrow(const QString& condition);
    void back();
    void forward();
    const FilterHistory& history() const noexcept { return history_; }
    /// The kept filters, to choose from and to look after. Filled when it is about to be shown.
    QMenu* keptMenu() const noexcept { return kept_; }
    /// The list of completions is open.
    bool completing() const;

signals:
    /// Esc, Down or Return: the keyboard belongs to the tree.
    void left();

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void apply(bool typed);
    void edited();
    void offerCompletions();
    void complete(const QModelIndex& index);
    void showProblem();
    void fillKeptMenu();
    void askName(const QString& title, const QString& question, const QString& button,
                 const QString& suggested, std::function<void(const QString&)> then);

    Workspace& workspace_;
    FilterCompletion completion_;
    FilterHistory history_;
    QElapsedTimer clock_;
    QTimer debounce_;
    QTimer problemDelay_; ///< who types has not made a mistake yet
    QCompleter* completer_;
    QStandardItemModel* choices_;
    qsizetype replaceFrom_ = 0, replaceLength_ = 0;
    QLabel* problem_;
    QMenu* kept_;
};

} // namespace coroscope::app
