// SPDX-License-Identifier: Apache-2.0
#include "widgets/CancelList.h"

#include "widgets/CancelCard.h"
#include "widgets/Cards.h"

#include <QVBoxLayout>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr std::size_t mostShown = 4;              ///< in both parts together
constexpr std::int64_t newsLast = 60'000'000'000; ///< ns after it was sent
} // namespace

CancelList::CancelList(Workspace& workspace, Part part, QWidget* parent)
    : QWidget(parent)
    , workspace_(workspace)
    , part_(part)
    , layout_(new QVBoxLayout(this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(8);
    if (part == Part::Earlier) {
        QLabel* title = dimLabel(tr("CANCELS"), this);
        title->setFont(Theme::heading());
        layout_->addWidget(title);
    }
    hide();
    connect(&workspace_, &Workspace::cancelsChanged, this, &CancelList::refresh);
    connect(&workspace_, &Workspace::selectionChanged, this, &CancelList::refresh);
}

bool CancelList::latestIsNews() const {
    const auto& cancels = workspace_.cancels();
    if (cancels.empty())
        return false;
    const auto& latest = cancels.back();
    if (workspace_.now() - latest.sentAt < newsLast)
        return true;
    const std::vector<JobId>& jobs = latest.progress.jobs();
    return workspace_.selected() &&
           std::find(jobs.begin(), jobs.end(), workspace_.selected()->id) != jobs.end();
}

void CancelList::refresh() {
    const auto& cancels = workspace_.cancels();
    const std::size_t all = std::min(cancels.size(), mostShown), news = latestIsNews() ? 1 : 0;
    const std::size_t first = part_ == Part::Latest ? 0 : news;
    const std::size_t count = part_ == Part::Latest ? news : all - news;
    while (cards_.size() > count) {
        delete cards_.back();
        cards_.pop_back();
    }
    while (cards_.size() < count) {
        cards_.push_back(new CancelCard(this));
        layout_->addWidget(cards_.back());
    }
    for (std::size_t i = 0; i < count; ++i)
        cards_[i]->show(workspace_, cancels[cancels.size() - 1 - first - i]);
    setVisible(count > 0);
}

} // namespace coroscope::app
