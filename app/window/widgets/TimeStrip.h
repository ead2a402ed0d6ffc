// SPDX-License-Identifier: Apache-2.0
// Below the tree: live jobs by state since the attach, launches and ends, and marks for what happened. Under
// the pointer the numbers of that moment; a click or Enter asks what happened then.
#pragma once

#include "model/Moments.h"

#include <QPixmap>
#include <QWidget>

#include <array>
#include <optional>
#include <vector>

class QToolButton;

namespace coroscope::app {

/// Keeps a picture of the session's TimeHistory and makes it anew with each sample, four times a second.
/// Shows itself only where there is a history: not without a program, not for a dump, which is one moment.
class TimeStrip : public QWidget {
    Q_OBJECT
public:
    using Scale = observe::TimeHistory::Scale;

    explicit TimeStrip(Workspace& workspace, QWidget* parent = nullptr);

    /// Whether it is to be there at all; remembered.
    bool wanted() const noexcept { return wanted_; }
    void setWanted(bool wanted);
    Scale scale() const noexcept { return scale_; }
    void setScale(Scale scale); ///< remembered

    const observe::TimeHistory& history() const noexcept { return history_; }
    /// The moment that was chosen, ns of the target's clock.
    std::optional<std::int64_t> moment() const noexcept { return moment_; }
    /// Within what can be seen; none lets go of it.
    void setMoment(std::optional<std::int64_t> moment);
    /// Asks for what happened at the chosen moment, else now.
    void openMoment();
    /// What is shown, from and to.
    std::pair<std::int64_t, std::int64_t> span() const noexcept;
    int xOf(std::int64_t moment) const;
    std::int64_t momentAt(int x) const;
    /// The numbers of the moment under the pointer, else of the chosen one, else of now; a sentence.
    QString readout() const;

signals:
    void momentRequested(std::int64_t moment, std::int64_t from, std::int64_t to);
    void momentChanged();
    void wantedChanged(bool wanted);

protected:
    bool event(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    struct Lanes {
        QRect head, marks, graph, rates, axis;
    };
    Lanes lanes() const;
    void refresh(bool anew);
    void refreshShown();
    void step(int steps);
    std::int64_t shownMoment() const noexcept;
    void drawPicture();
    void drawGaps(QPainter& painter, const Lanes& at) const;
    void drawJobs(QPainter& painter, const QRect& lane) const;
    void drawScale(QPainter& painter, const QRect& lane) const;
    void drawRates(QPainter& painter, const QRect& lane) const;
    void drawMarks(QPainter& painter, const Lanes& at);
    void drawAxis(QPainter& painter, const QRect& lane) const;
    void paintHead(QPainter& painter, const QRect& head) const;
    void paintCursor(QPainter& painter, const Lanes& at) const;
    QString marksText(int x) const;

    Workspace& workspace_;
    observe::TimeHistory history_;
    std::array<QToolButton*, 3> scales_{};
    Scale scale_ = Scale::TenMinutes;
    bool wanted_ = true;
    QPixmap picture_; ///< all but head and cursor
    bool dark_ = false;
    std::uint64_t most_ = 0; ///< jobs in what is shown
    double mostRate_ = 0;    ///< launches or ends a second that fill the height
    struct DrawnMark {
        int x;
        std::int64_t at;
        MomentKind kind;
    };
    std::vector<DrawnMark> marks_;
    std::size_t marksKnown_ = 0;
    std::optional<std::int64_t> moment_;
    std::optional<int> pointer_;
    int wheel_ = 0;
};

} // namespace coroscope::app
