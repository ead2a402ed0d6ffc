// SPDX-License-Identifier: Apache-2.0
// How often a view is painted anew for news: with all that are shown, so that the next ones come into a
// picture of their own, but painting takes a share of the time at most. A view that is dear to paint is
// painted less often.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <QWidget>

#include <algorithm>

namespace coroscope::app {

class PaintPace {
public:
    /// `view` must outlive it.
    explicit PaintPace(QWidget* view)
        : view_(view) {
        later_.setSingleShot(true);
        later_.setTimerType(Qt::PreciseTimer);
        QObject::connect(&later_, &QTimer::timeout, view, qOverload<>(&QWidget::update));
    }

    /// There is something new to paint.
    void soon() {
        if (later_.isActive())
            return;
        const qint64 left = painted_.isValid() ? timesItsCost * cost_ - painted_.nsecsElapsed() : 0;
        if (left <= 0)
            view_->update();
        else
            later_.start(static_cast<int>(std::min(left, longestWait) / 1'000'000));
    }

    /// As long as the view is being painted.
    class Painting {
    public:
        explicit Painting(PaintPace& pace)
            : pace_(pace) {
            timer_.start();
        }
        ~Painting() {
            pace_.cost_ = timer_.nsecsElapsed();
            pace_.painted_.start();
        }
        Painting(const Painting&) = delete;
        Painting& operator=(const Painting&) = delete;

    private:
        PaintPace& pace_;
        QElapsedTimer timer_;
    };

private:
    /// One part of the time in so many; but what is on show is never older than the longest wait, in ns.
    static constexpr qint64 timesItsCost = 5, longestWait = 100'000'000;

    QWidget* view_;
    QTimer later_;
    QElapsedTimer painted_; ///< since it was painted last
    qint64 cost_ = 0;       ///< ns that took
};

} // namespace coroscope::app
