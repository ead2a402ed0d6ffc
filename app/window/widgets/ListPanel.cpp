// SPDX-License-Identifier: Apache-2.0
#include "widgets/ListPanel.h"

#include "widgets/Cards.h"
#include "widgets/RowHeight.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QTreeView>
#include <QVBoxLayout>

namespace coroscope::app {

ListPanel::ListPanel(const QString& name, const QString& accessibleName, QAbstractItemModel* model,
                     QWidget* parent)
    : QWidget(parent)
    , top_(new QHBoxLayout)
    , none_(dimLabel(QString(), this))
    , list_(new QTreeView(this)) {
    setObjectName(QStringLiteral("page"));
    setAttribute(Qt::WA_StyledBackground);
    setMinimumHeight(84);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    top_->setContentsMargins(12, 4, 12, 4);
    layout->addLayout(top_);
    none_->setContentsMargins(12, 8, 12, 10);
    none_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    none_->setWordWrap(true);
    layout->addWidget(none_, 1);
    layout->addWidget(list_, 1);
    model->setParent(this);
    list_->setObjectName(name);
    list_->setAccessibleName(accessibleName);
    list_->setModel(model);
    list_->setRootIsDecorated(false);
    list_->setUniformRowHeights(true);
    list_->setIndentation(0);
    list_->setIconSize({16, 16});
    list_->setItemDelegate(new RowHeight(list_));
    list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setTextElideMode(Qt::ElideRight);
    list_->setFrameShape(QFrame::NoFrame);
    list_->header()->setStretchLastSection(true);
    list_->header()->setMinimumSectionSize(40);
    list_->header()->setSectionsMovable(false);
    setFocusProxy(list_);
}

void ListPanel::showListOr(const QString& sentence) {
    const bool any = list_->model()->rowCount() > 0;
    none_->setText(sentence);
    none_->setVisible(!any);
    list_->setVisible(any);
}

} // namespace coroscope::app
