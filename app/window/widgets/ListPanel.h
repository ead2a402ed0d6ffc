// SPDX-License-Identifier: Apache-2.0
// What the panels that list something have in common: a flat list, a line of words and buttons above it, and
// a sentence in its place while there is nothing to list.
#pragma once

#include <QWidget>

class QAbstractItemModel;
class QHBoxLayout;
class QLabel;
class QTreeView;

namespace coroscope::app {

class ListPanel : public QWidget {
    Q_OBJECT
public:
    QTreeView* list() const noexcept { return list_; }

protected:
    /// `name` is the list's for style sheets and tests, `accessibleName` for screen readers.
    ListPanel(const QString& name, const QString& accessibleName, QAbstractItemModel* model, QWidget* parent);
    /// Above the list; takes no room while it is empty.
    QHBoxLayout* top() const noexcept { return top_; }
    /// Shows the list, or with an empty one this sentence instead.
    void showListOr(const QString& sentence);

private:
    QHBoxLayout* top_;
    QLabel* none_;
    QTreeView* list_;
};

} // namespace coroscope::app
