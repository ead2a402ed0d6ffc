// SPDX-License-Identifier: Apache-2.0
// One of several widgets, as high as that one. A QStackedWidget is as high as the highest of its pages, and
// lets one scroll through what the others would need.
#pragma once

#include <QVBoxLayout>
#include <QWidget>

namespace coroscope::app {

class PageStack : public QWidget {
public:
    explicit PageStack(QWidget* parent = nullptr)
        : QWidget(parent)
        , layout_(new QVBoxLayout(this)) {
        layout_->setContentsMargins(0, 0, 0, 0);
    }
    /// The first one is shown.
    void addPage(QWidget* page) {
        layout_->addWidget(page);
        if (current_ == nullptr)
            current_ = page;
        page->setVisible(page == current_);
    }
    void setCurrentPage(QWidget* page) {
        if (page == current_)
            return;
        current_->hide();
        current_ = page;
        current_->show();
    }
    QWidget* currentPage() const noexcept { return current_; }

private:
    QVBoxLayout* layout_;
    QWidget* current_ = nullptr;
};

} // namespace coroscope::app
