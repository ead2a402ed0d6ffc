// SPDX-License-Identifier: Apache-2.0
// The map in the window: the drawing, the way to what it shows, what the colours say.
#pragma once

#include "map/JobMap.h"

#include <QPointer>
#include <QWidget>

class QButtonGroup;
class QFileDialog;
class QLabel;
class QStackedWidget;
class QToolButton;

namespace coroscope::app {

class IcicleView;
class JobCanvas;
class LegendBar;
class NodeLinkView;

class MapPanel : public QWidget {
    Q_OBJECT
public:
    explicit MapPanel(Workspace& workspace, QWidget* parent = nullptr);

    JobMap& map() noexcept { return map_; }
    IcicleView& icicle() noexcept { return *icicle_; }
    NodeLinkView& nodes() noexcept { return *nodes_; }
    enum class Drawing { Icicle, Nodes };
    Drawing drawing() const noexcept;
    void setDrawing(Drawing drawing);
    /// The drawing that is on show.
    JobCanvas& canvas() const noexcept;
    /// Brings what is selected into sight.
    void showSelected();
    void setColour(MapColour colour);
    /// Asks for a file, and saves what the map shows as a picture.
    void askExport();
    /// The one that is open, else null.
    QFileDialog* fileDialog() const noexcept;

signals:
    /// A sentence to be shown. Not `done`: it says why.
    void pictureSaved(const QString& sentence, bool done);
    void cancelRequested(coroscope::JobId job);
    void copyRequested();
    void exportRequested(coroscope::JobId job);
    void showInTreeRequested();
    void filterRequested(const QString& condition);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void refreshPath();
    void save(const QString& path);

    Workspace& workspace_;
    JobMap map_;
    QLabel* path_;
    QToolButton* colour_;
    QToolButton* save_;
    QPointer<QFileDialog> dialog_;
    QStackedWidget* drawings_;
    IcicleView* icicle_;
    NodeLinkView* nodes_;
    QButtonGroup* switch_;
    LegendBar* legend_;
};

} // namespace coroscope::app
