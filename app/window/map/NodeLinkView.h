// SPDX-License-Identifier: Apache-2.0
// The map as boxes and links: a subtree of up to some hundred jobs, the rest folded, live.
#pragma once

#include "map/JobCanvas.h"
#include "map/NodeLinkLayout.h"

#include <QElapsedTimer>
#include <QTimer>

#include <unordered_map>
#include <vector>

namespace coroscope::app {

/// Shows as many jobs as there is room for; zooming in unfolds more before it makes them larger. What is
/// looked at keeps its place while jobs come and go.
class NodeLinkView : public JobCanvas {
    Q_OBJECT
public:
    explicit NodeLinkView(JobMap& map, QWidget* parent = nullptr);

    void show(Node node) override;
    void zoomTo(Node node) override;
    bool zoomOut() override;
    void fit() override;
    std::vector<SeenJob> seen() const override;
    JobId focus() const override { return focus_; }
    std::optional<std::uint64_t> focusGroup() const override { return focusGroup_; }
    void paint(QPainter& painter, const QRectF& area, bool live) override;
    QSize pictureSize() const override;
    QRectF rectOfNode(Node node) const override;
    /// What is drawn.
    const std::vector<NodeBox>& boxes() const noexcept { return boxes_; }
    /// Boxes are on their way to their places.
    bool moving() const noexcept { return frames_.isActive(); }
    /// Where that box lies in the widget.
    QRectF rectOf(const NodeBox& box) const;

protected:
    std::optional<MapBox> boxAt(const QPointF& position) const override;
    void zoomBy(double factor, const QPointF& around) override;
    void panBy(const QPointF& distance) override;
    void open(const MapBox& folded, const QPointF& at) override;
    QString foldedText() const override;
    int direction(int key) const override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Anchor {
        JobId job;
        QPointF at; ///< in the widget
    };
    void place(bool smoothly);
    void placeAround(const std::optional<Anchor>& anchor, bool smoothly);
    std::optional<Anchor> anchorAt(const QPointF& position) const;
    std::optional<Anchor> anchor() const;
    void bound();
    void fitScale();
    void layoutChanged();
    void refreshKinds();
    std::uint32_t roomFor() const;
    bool inside(Node node) const;
    bool alive(const NodeBox& box) const;
    const NodeBox* find(Node node) const;
    QRectF bounds() const;
    QPointF toScene(const QPointF& position) const { return position / scale_ + origin_; }
    void paintLinks(QPainter& painter, const std::vector<QRectF>& rects) const;
    void paintOrphans(QPainter& painter, const std::vector<QRectF>& rects) const;

    std::vector<NodeBox> boxes_;
    std::vector<QRectF> from_;                                  ///< where the boxes were, while they move
    double share_ = 1;                                          ///< of the way
    JobId focus_;                                               ///< whose subtree is drawn; none: all
    std::optional<std::uint64_t> focusGroup_;                   ///< instead of a job
    std::vector<JobId> focusPath_;                              ///< of it, for when it ends
    std::unordered_map<std::uint64_t, std::uint32_t> unfolded_; ///< by job, or group
    double scale_ = 1;
    QPointF origin_;    ///< the scene's point in the widget's corner
    double detail_ = 1; ///< so many times the rows that fit
    bool fitted_ = true;
    QElapsedTimer moving_;
    QTimer frames_;
    QTimer news_; ///< bounds how often the boxes are placed anew
};

} // namespace coroscope::app
