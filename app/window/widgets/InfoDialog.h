// SPDX-License-Identifier: Apache-2.0
// A page to read beside the window: about the program, its keys.
#pragma once

#include <QDialog>

class QPushButton;
class QVBoxLayout;

namespace coroscope::app {

/// The window goes on meanwhile. Of each kind one at a time is open.
class InfoDialog : public QDialog {
    Q_OBJECT
protected:
    InfoDialog(const QString& name, const QString& title, QWidget* parent);

    /// What there is to read; the button to close it stands below.
    QVBoxLayout* page() const noexcept { return page_; }
    QPushButton* closeButton() const noexcept { return close_; }

    /// Makes one, or raises the one that `parent` has.
    template <class Dialog>
    static void openOne(QWidget* parent) {
        auto* dialog = parent->findChild<Dialog*>(QString(), Qt::FindDirectChildrenOnly);
        if (dialog == nullptr)
            dialog = new Dialog(parent);
        dialog->show();
        dialog->raise();
        dialog->activateWindow();
    }

private:
    QVBoxLayout* page_;
    QPushButton* close_;
};

} // namespace coroscope::app
