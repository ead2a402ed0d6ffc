// SPDX-License-Identifier: Apache-2.0
// What all drawings of the map share: the layout that follows the tree, what the colours say, and the filter.
#pragma once

#include "map/MapLayout.h"
#include "model/Workspace.h"

#include <QColor>
#include <QObject>
#include <QString>

#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

namespace coroscope::app {

enum class MapColour { State, Age, Dispatcher, Site, Finding };
inline constexpr std::array allMapColours{MapColour::State, MapColour::Age, MapColour::Dispatcher,
                                          MapColour::Site, MapColour::Finding};

/// How a job is drawn, and what that is called.
struct MapLook {
    QString text;  ///< in the legend; empty where nothing is to be said
    QString icon;  ///< empty without one
    QColor colour; ///< of the icon
    QColor fill;   ///< of the box
    QColor onFill; ///< of text in it
    Qt::BrushStyle pattern = Qt::SolidPattern;
};

/// Costs nothing while nobody looks: see setActive. Threads: the window's.
class JobMap : public QObject {
    Q_OBJECT
public:
    explicit JobMap(Workspace& workspace, QObject* parent = nullptr);

    /// Follows the tree from now on, or forgets what is known of it.
    void setActive(bool active);
    bool active() const noexcept { return active_; }

    MapColour colour() const noexcept { return colour_; }
    void setColour(MapColour colour);

    Workspace& workspace() const noexcept { return workspace_; }
    const MapLayout& layout() const noexcept { return layout_; }

    const MapLook& look(const MapBox& box) const;
    const MapLook& look(observe::Node node) const;
    /// What the colours mean; where they have an order, the worst first.
    std::vector<MapLook> legend() const;
    /// What is written beside the name of a job, as the colours have it: "#4711", "4 m 02 s", "IO".
    QString detail(const observe::JobRow& row) const;
    /// "orders", "Orphans", the place that a group has in common, or the name of the job.
    QString title(observe::Node node) const;
    /// The jobs that a box stands for, with all below them, or of all these groups.
    std::uint64_t jobs(const MapBox& box) const;
    /// Who launched a root that nobody owns; noNode where that is not known, or has ended.
    observe::Node launcher(observe::Node orphan) const;
    /// The colours of the appearance are others than before.
    void appearanceChanged();

signals:
    /// The layout is another than before.
    void changed();
    void colourChanged();

private:
    MapLayout::Class classOf(observe::Node node);
    std::uint32_t groupOf(observe::Node node) const;
    void chooseCategories();
    std::uint32_t categoryKey(const observe::JobRow& row) const noexcept;
    QString categoryName(std::uint32_t key) const;
    MapLayout::Class category(const observe::JobRow& row);
    void rebuild();
    void follow();
    void refreshLooks();
    void tellLooks();
    void findingsChanged();
    std::size_t ageClass(std::int64_t createdAt) const;

    Workspace& workspace_;
    MapLayout layout_;
    MapColour colour_ = MapColour::State;
    bool active_ = false;
    bool touched_ = false;
    bool stale_ = false;                       ///< the layout is of another tree than the workspace's
    std::optional<observe::GroupBy> grouping_; ///< as the layout has it
    bool filtered_ = false;
    bool looksStale_ = false;
    bool ours_ = true; ///< the source is no other program's dump, and tells what each job does
    QString filter_;
    std::array<MapLook, MapLayout::classes> looks_;
    std::array<MapLook, 6> ages_;
    std::unordered_map<std::uint32_t, MapLayout::Class> categories_; ///< by context or site
    std::unordered_map<QString, MapLayout::Class> categoryNames_;
    std::vector<JobId> marked_; ///< jobs with findings, as the layout knows them
};

QString nameOf(MapColour colour);

} // namespace coroscope::app
