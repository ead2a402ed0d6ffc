// SPDX-License-Identifier: Apache-2.0
// Attach, search, cancel and the menu, over everything else.
#pragma once

#include "map/ViewSwitch.h"
#include "widgets/FilterField.h"

#include <QFrame>

class QLabel;
class QMenu;
class QPushButton;
class QToolButton;

namespace coroscope::app {

class Toolbar : public QFrame {
    Q_OBJECT
public:
    explicit Toolbar(Workspace& workspace, QWidget* parent = nullptr);

    QMenu* menu() const noexcept { return menu_; }
    FilterField* search() const noexcept { return search_; }
    ViewSwitch& views() const noexcept { return *views_; }

signals:
    void attachRequested();
    void cancelRequested();
    /// All that the search leaves.
    void cancelMatchingRequested();
    /// Esc or Down in the search field: the keyboard belongs to the tree.
    void leaveSearch();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void refreshIcons();
    void placeCount();

    Workspace& workspace_;
    QPushButton* attach_;
    FilterField* search_;
    QToolButton* kept_;
    QAction* searchIcon_;
    QLabel* count_;
    ViewSwitch* views_;
    QPushButton* cancel_;
    QPushButton* cancelMatching_;
    QToolButton* menuButton_;
    QMenu* menu_;
};

} // namespace coroscope::app
