// SPDX-License-Identifier: Apache-2.0
// The filters that were in use, to go back to and forth again.
#pragma once

#include <QString>
#include <QStringList>

#include <cstdint>

namespace coroscope::app {

class FilterHistory {
public:
    /// A filter is in use from now on. What is typed on within moments counts as one.
    void use(const QString& text, bool typed, std::int64_t milliseconds);
    bool canGoBack() const noexcept { return at_ > 0; }
    bool canGoForward() const noexcept { return at_ + 1 < texts_.size(); }
    QString back();
    QString forward();
    const QString& current() const { return texts_[at_]; }

private:
    QStringList texts_{QString()};
    qsizetype at_ = 0;
    bool typing_ = false;
    std::int64_t usedAt_ = 0;
};

} // namespace coroscope::app
