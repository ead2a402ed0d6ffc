// SPDX-License-Identifier: Apache-2.0
#include "map/ViewSwitch.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QPushButton>

namespace coroscope::app {

ViewSwitch::ViewSwitch(QWidget* parent)
    : QWidget(parent)
    , buttons_(new QButtonGroup(this)) {
    setObjectName(QStringLiteral("viewSwitch"));
    setAccessibleName(tr("View"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    const auto add = [&](View view, const QString& name, const QString& text, const QString& tip) {
        auto* button = new QPushButton(text, this);
        button->setObjectName(name);
        button->setProperty("segment", true);
        button->setCheckable(true);
        button->setToolTip(tip);
        buttons_->addButton(button, view);
        layout->addWidget(button);
    };
    add(Tree, QStringLiteral("showTree"), tr("Tree"), tr("The jobs as rows (Ctrl+1)"));
    add(Map, QStringLiteral("showMap"), tr("Map"), tr("The jobs as a picture (Ctrl+2)"));
    buttons_->button(Tree)->setChecked(true);
    // Whoever uses it without a mouse toggles it and never clicks.
    connect(buttons_, &QButtonGroup::idToggled, this, [this](int id, bool on) {
        if (on && !setting_)
            emit viewChosen(static_cast<View>(id));
    });
}

ViewSwitch::View ViewSwitch::view() const {
    return static_cast<View>(buttons_->checkedId());
}

void ViewSwitch::setView(View view) {
    setting_ = true;
    buttons_->button(view)->setChecked(true);
    setting_ = false;
}

} // namespace coroscope::app
