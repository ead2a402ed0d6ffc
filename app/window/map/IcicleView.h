// SPDX-License-Identifier: Apache-2.0
// The map as an icicle: each job as wide as what is below it, depth downwards, live.
#pragma once

#include "map/JobCanvas.h"
#include "map/MapPainter.h"
#include "widgets/PaintPace.h"

#include <QElapsedTimer>
#include <QPixmap>
#include <QTimer>

#include <optional>
#include <vector>

namespace coroscope::app {

/// What is looked at keeps its place while jobs come and go: a job that was zoomed to stays as wide as the
/// view, else what is selected, pointed at, or lies in the middle does not move.
class IcicleView : public JobCanvas {
    Q_OBJECT
public:
    explicit IcicleView(JobMap& map, QWidget* parent = nullptr);

    void show(Node node) override;
    void zoomTo(Node node) override;
    bool zoomOut() override;
    void fit() override;
    std::vector<SeenJob> seen() const override;

    /// All of the map is in sight.
    bool fitted() const noexcept { return goal_.fitted; }
    /// The job that was zoomed to; none when the view was moved since.
    JobId focus() const noexcept override { return goal_.focus; }
    std::optional<std::uint64_t> focusGroup() const noexcept override { return goal_.group; }
    /// It is on its way there.
    bool moving() const noexcept { return frames_.isActive(); }
    /// Where the drawing is going, in units of the layout.
    double left() const noexcept { return goal_.left; }
    double right() const noexcept { return goal_.right; }
    QRectF rectOfNode(Node node) const override;
    /// Paints what is in sight, at the size of `area`.
    void paint(QPainter& painter, const QRectF& area, bool live) override;
    QSize pictureSize() const override;

protected:
    std::optional<MapBox> boxAt(const QPointF& position) const override;
    void zoomBy(double factor, const QPointF& around) override;
    void panBy(const QPointF& distance) override;
    bool pressedOverlay(const QPointF& position) override;
    void draggedOverlay(const QPointF& position) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Look {
        double left = 0, right = 1;
        double top = 0; ///< pixels
        bool fitted = true;
        JobId focus;
        std::optional<std::uint64_t> group; ///< zoomed to, by its key
        void unfocus() noexcept {
            focus = {};
            group.reset();
        }
    };
    void chooseRowHeight();
    void moveTo(Look look, bool smoothly);
    void animate();
    void bound(Look& look) const;
    Look lookAt(Node node) const;
    void rememberAnchor();
    void layoutChanged();
    void paintLinks(QPainter& painter, const QRectF& area) const;
    void paintFindings(QPainter& painter, const QRectF& area);
    void paintOverview(QPainter& painter);
    QRectF overview() const;
    bool overviewShown() const;
    void collect(const QRectF& area);

    Look goal_, shown_, from_;
    double rowHeight_ = measure::mapRow;
    std::uint32_t mostRows_ = 0; ///< of this session
    QElapsedTimer moving_;
    QTimer frames_; ///< of an animation
    PaintPace pace_{this};
    QTimer ages_;
    std::vector<JobId> focusPath_; ///< of the job zoomed to, for when it ends
    std::vector<MapBox> boxes_;    ///< as painted last
    MapStyle style_;

    struct Anchor {
        JobId job;
        double x = 0;
    };
    std::optional<Anchor> anchor_;

    QPixmap overview_;
    QElapsedTimer overviewAge_;
    struct Mark {
        JobId job;
        QColor colour;
        MapLayout::Extent extent;
    };
    std::vector<Mark> marks_; ///< findings, where they are
    QElapsedTimer marksAge_;
};

} // namespace coroscope::app
