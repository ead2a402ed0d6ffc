// SPDX-License-Identifier: Apache-2.0
#include "map/JobMap.h"

#include "model/Format.h"
#include "theme/Icons.h"
#include "theme/Theme.h"

#include <algorithm>
#include <map>
#include <utility>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {

/// What a filter leaves out; in every colouring.
constexpr MapLayout::Class leftOut = 0;
/// All jobs look alike to the layout, where age decides: it changes without any news.
constexpr MapLayout::Class anyAge = 1;
constexpr MapLayout::Class otherCategory = 9;

/// By state: the higher, the worse, so that a cell of many shows the worst of them.
constexpr std::array<StateLook, 8> byState{
    StateLook::Plain,   StateLook::New,    StateLook::WaitsForChildren, StateLook::Suspended,
    StateLook::Running, StateLook::Queued, StateLook::Cancelling,       StateLook::Failed};

enum FindingClass : MapLayout::Class { noFinding = 1, orphanFinding, suspectedFinding, provenFinding };

constexpr std::int64_t second = 1'000'000'000;
constexpr std::array<std::int64_t, 5> ageLimits{second, 10 * second, 60 * second, 600 * second,
                                                3600 * second};

/// Numbers of sites or contexts whose colour is remembered.
constexpr std::size_t mostCategories = 200'000;
/// Jobs that are asked which places and dispatchers have most of them: some milliseconds' worth.
constexpr observe::Node mostAsked = 50'000;
/// Work on colours in one frame.
constexpr std::chrono::microseconds reclassBudget{2'000};

QColor solid(const QColor& colour) {
    return QColor(colour.rgb());
}

MapLook lookOf(const QString& text, const QString& icon, const QColor& colour, double share,
               Qt::BrushStyle pattern = Qt::SolidPattern) {
    const Tokens& t = Theme::tokens();
    MapLook look;
    look.text = text;
    look.icon = icon;
    look.colour = colour;
    look.fill = solid(Theme::mix(colour, t.background, share));
    look.onFill = Theme::readable(t, t.text, look.fill);
    look.pattern = pattern;
    return look;
}

} // namespace

QString nameOf(MapColour colour) {
    switch (colour) {
    case MapColour::State:
        return QStringLiteral("state");
    case MapColour::Age:
        return QStringLiteral("age");
    case MapColour::Dispatcher:
        return QStringLiteral("dispatcher");
    case MapColour::Site:
        return QStringLiteral("site");
    case MapColour::Finding:
        return QStringLiteral("finding");
    }
    return {};
}

JobMap::JobMap(Workspace& workspace, QObject* parent)
    : QObject(parent)
    , workspace_(workspace)
    , layout_(workspace.tree()) {
    refreshLooks();
    connect(&workspace_, &Workspace::treeChanged, this, [this](const observe::TreeChanges& changes) {
        if (!active_)
            return;
        if (changes.reset) {
            categories_.clear();
            categoryNames_.clear();
            looksStale_ = true;
            stale_ = true; // it may be another source, in groups or not
            return;
        }
        if (!stale_)
            layout_.apply(changes);
        touched_ = true;
    });
    connect(&workspace_, &Workspace::updated, this, &JobMap::follow);
    connect(&workspace_, &Workspace::findingsChanged, this, &JobMap::findingsChanged);
}

void JobMap::setActive(bool active) {
    if (active == active_)
        return;
    active_ = active;
    if (active)
        rebuild();
    else
        layout_.clear();
}

void JobMap::setColour(MapColour colour) {
    if (colour == colour_)
        return;
    colour_ = colour;
    categories_.clear();
    categoryNames_.clear();
    refreshLooks();
    if (active_)
        rebuild();
    emit colourChanged();
}

void JobMap::rebuild() {
    stale_ = false;
    grouping_ = workspace_.grouping();
    filter_ = workspace_.search();
    filtered_ = workspace_.rows().filtered();
    if (const bool ours = workspace_.info().format.empty(); std::exchange(ours_, ours) != ours)
        looksStale_ = true;
    chooseCategories();
    const bool ordered = colour_ == MapColour::State || colour_ == MapColour::Finding;
    layout_.build([this](Node node) { return classOf(node); },
                  ordered ? MapLayout::Blend::Highest : MapLayout::Blend::MostFrequent,
                  grouping_ ? MapLayout::GroupOf([this](Node node) { return groupOf(node); })
                            : MapLayout::GroupOf());
    tellLooks();
    emit changed();
}

/// Takes in what the workspace has applied since the last time.
void JobMap::follow() {
    if (!active_)
        return;
    if (stale_ || workspace_.grouping() != grouping_) {
        touched_ = false;
        rebuild();
        return;
    }
    const TreeRows& rows = workspace_.rows();
    // While the filter is still looked for, what was shown before stays.
    if (!rows.scanning() && (rows.filtered() != filtered_ || workspace_.search() != filter_)) {
        filtered_ = rows.filtered();
        filter_ = workspace_.search();
        layout_.reclassAll();
        touched_ = looksStale_ = true;
    }
    if (!layout_.reclassSome(reclassBudget))
        touched_ = true;
    if (!touched_)
        return;
    touched_ = false;
    layout_.flush();
    tellLooks();
    emit changed();
}

void JobMap::appearanceChanged() {
    looksStale_ = true;
    tellLooks();
}

void JobMap::tellLooks() {
    if (!std::exchange(looksStale_, false))
        return;
    refreshLooks();
    emit colourChanged();
}

void JobMap::findingsChanged() {
    if (!active_ || colour_ != MapColour::Finding)
        return;
    const auto again = [this](JobId job) {
        if (const Node node = workspace_.tree().find(job); node != noNode)
            layout_.reclass(node);
    };
    for (const JobId job : marked_)
        again(job);
    marked_.clear();
    for (const observe::Finding& finding : workspace_.findings().all()) {
        marked_.push_back(finding.job);
        again(finding.job);
    }
    touched_ = true;
}

std::uint32_t JobMap::groupOf(Node node) const {
    const RowGroups* const groups = workspace_.rows().groups();
    const std::uint32_t group = groups == nullptr ? RowGroups::none : groups->groupOf(node);
    return group == RowGroups::none ? 0 : group;
}

MapLayout::Class JobMap::classOf(Node node) {
    const observe::JobTree& tree = workspace_.tree();
    if (filtered_ && !workspace_.rows().matched(node))
        return leftOut;
    switch (colour_) {
    case MapColour::State: {
        const StateLook state = app::lookOf(tree.state(node), tree.execution(node));
        const auto found = std::find(byState.begin(), byState.end(), state);
        return static_cast<MapLayout::Class>(found == byState.end() ? 1 : found - byState.begin() + 1);
    }
    case MapColour::Age:
        return anyAge;
    case MapColour::Dispatcher:
    case MapColour::Site:
        return category(tree.row(node));
    case MapColour::Finding: {
        MapLayout::Class worst = noFinding;
        for (const std::uint32_t index : workspace_.findings().of(tree.id(node))) {
            const observe::Finding& finding = workspace_.findings().all()[index];
            const bool orphan = finding.rule.substr(0, 6) == "orphan";
            worst = std::max<MapLayout::Class>(worst, orphan ? orphanFinding
                                                      : finding.confidence == observe::Confidence::Proven
                                                          ? provenFinding
                                                          : suspectedFinding);
        }
        return worst;
    }
    }
    return anyAge;
}

/// Colours of their own for those with the most jobs. Among very many, some are asked for all.
void JobMap::chooseCategories() {
    if (!categoryNames_.empty() || (colour_ != MapColour::Dispatcher && colour_ != MapColour::Site))
        return;
    const observe::JobTree& tree = workspace_.tree();
    const Node step = std::max<Node>(1, tree.endNode() / mostAsked);
    std::unordered_map<std::uint32_t, std::uint32_t> byKey;
    for (Node node = 0; node < tree.endNode(); node += step)
        if (tree.isLive(node))
            ++byKey[categoryKey(tree.row(node))];
    std::map<QString, std::uint32_t> byName;
    for (const auto& [key, jobs] : byKey)
        byName[categoryName(key)] += jobs;
    std::vector<std::pair<std::uint32_t, QString>> order;
    for (const auto& [name, jobs] : byName)
        order.emplace_back(~jobs, name); // the most first, and those alike by name
    std::sort(order.begin(), order.end());
    for (const auto& [jobs, name] : order)
        if (categoryNames_.size() < otherCategory)
            categoryNames_.emplace(name, static_cast<MapLayout::Class>(categoryNames_.size() + 1));
    looksStale_ = true;
}

std::uint32_t JobMap::categoryKey(const observe::JobRow& row) const noexcept {
    return colour_ == MapColour::Site ? row.site : row.context;
}

QString JobMap::categoryName(std::uint32_t key) const {
    return colour_ == MapColour::Site ? workspace_.labels().site(key) : workspace_.labels().dispatcher(key);
}

/// What comes later gets one of the colours that are left; the others share one.
MapLayout::Class JobMap::category(const observe::JobRow& row) {
    const std::uint32_t key = categoryKey(row);
    if (const auto found = categories_.find(key); found != categories_.end())
        return found->second;
    const QString name = categoryName(key);
    MapLayout::Class kind = otherCategory;
    if (const auto known = categoryNames_.find(name); known != categoryNames_.end()) {
        kind = known->second;
    } else if (categoryNames_.size() < otherCategory) {
        kind = static_cast<MapLayout::Class>(categoryNames_.size() + 1);
        categoryNames_.emplace(name, kind);
        looksStale_ = true;
    }
    if (categories_.size() >= mostCategories)
        categories_.clear(); // a target may make up sites without end
    categories_.emplace(key, kind);
    return kind;
}

std::size_t JobMap::ageClass(std::int64_t createdAt) const {
    const std::int64_t age = workspace_.now() - createdAt;
    return static_cast<std::size_t>(std::upper_bound(ageLimits.begin(), ageLimits.end(), age) -
                                    ageLimits.begin());
}

const MapLook& JobMap::look(const MapBox& box) const {
    if (colour_ != MapColour::Age || box.kind == leftOut || !isJob(box.node) || !layout_.known(box.node))
        return looks_[box.kind];
    // Siblings lie in the order in which they came: the first of many is the oldest.
    return ages_[ageClass(workspace_.tree().createdAt(box.node))];
}

const MapLook& JobMap::look(Node node) const {
    MapBox box;
    box.node = node;
    box.kind = layout_.own(node);
    return look(box);
}

void JobMap::refreshLooks() {
    const Tokens& t = Theme::tokens();
    const double usual = t.dark ? 0.42 : 0.34;
    looks_.fill(lookOf({}, {}, t.line, t.dark ? 0.55 : 0.6));
    looks_[leftOut] = lookOf(filtered_ ? tr("does not match") : QString(), {}, t.line, t.dark ? 0.45 : 0.5);
    looks_[leftOut].onFill = Theme::readable(t, t.dim, looks_[leftOut].fill);
    switch (colour_) {
    case MapColour::State:
        for (std::size_t i = 0; i < byState.size(); ++i) {
            const StateLook state = byState[i];
            QString text;
            double share = usual;
            Qt::BrushStyle pattern = Qt::SolidPattern;
            switch (state) {
            case StateLook::Plain:
                text = ours_ ? tr("no code") : tr("no code, or not told");
                share = 0.22;
                break;
            case StateLook::New:
                text = tr("not started");
                share = 0.12;
                pattern = Qt::Dense6Pattern;
                break;
            case StateLook::WaitsForChildren:
                text = tr("waits for children");
                share = usual / 2;
                break;
            case StateLook::Suspended:
                text = tr("suspended");
                break;
            case StateLook::Running:
                text = tr("running");
                share = usual * 1.25;
                break;
            case StateLook::Queued:
                text = tr("queued");
                pattern = Qt::Dense7Pattern;
                break;
            case StateLook::Cancelling:
                text = tr("cancelling");
                pattern = Qt::BDiagPattern;
                break;
            default:
                text = tr("failed");
                pattern = Qt::DiagCrossPattern;
                break;
            }
            looks_[i + 1] = lookOf(text, iconName(state), Theme::stateColour(t, state), share, pattern);
        }
        break;
    case MapColour::Age: {
        const QString texts[] = {tr("< 1 s"),    tr("< 10 s"), tr("< 1 min"),
                                 tr("< 10 min"), tr("< 1 h"),  tr("1 h and more")};
        for (std::size_t i = 0; i < ages_.size(); ++i)
            ages_[i] = lookOf(texts[i], {}, t.queued, 0.1 + 0.12 * static_cast<double>(i));
        break;
    }
    case MapColour::Dispatcher:
    case MapColour::Site:
        for (const auto& [name, kind] : categoryNames_) {
            if (kind < otherCategory)
                looks_[kind] = lookOf(name.isEmpty() ? tr("none") : name, {}, t.categories[kind - 1u], usual);
        }
        looks_[otherCategory] =
            lookOf(categoryNames_.size() >= otherCategory ? tr("others") : QString(), {}, t.dim, 0.3);
        break;
    case MapColour::Finding:
        looks_[noFinding] = lookOf(tr("nothing found"), {}, t.dim, 0.22);
        looks_[orphanFinding] = lookOf(tr("orphan"), QStringLiteral("broken-link"), t.orphan, usual);
        looks_[suspectedFinding] =
            lookOf(tr("suspected"), QStringLiteral("suspected"), t.cancelling, usual, Qt::BDiagPattern);
        looks_[provenFinding] =
            lookOf(tr("proven"), QStringLiteral("warning"), t.failed, usual * 1.2, Qt::DiagCrossPattern);
        break;
    }
}

std::vector<MapLook> JobMap::legend() const {
    std::vector<MapLook> items;
    if (colour_ == MapColour::Age)
        items.assign(ages_.begin(), ages_.end());
    for (std::size_t i = 1; i < looks_.size(); ++i) {
        if (!looks_[i].text.isEmpty())
            items.push_back(looks_[i]);
    }
    // Where not all fits, the worst is what one has to know.
    if (colour_ == MapColour::State || colour_ == MapColour::Finding)
        std::reverse(items.begin(), items.end());
    if (filtered_)
        items.push_back(looks_[leftOut]);
    return items;
}

QString JobMap::detail(const observe::JobRow& row) const {
    switch (colour_) {
    case MapColour::State: {
        const std::string_view kind = coroscope::name(row.kind);
        const QString number = row.number == 0 ? QString() : QStringLiteral("#%1").arg(row.number);
        const QString what = QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
        return row.name == 0 ? number : (what + u' ' + number).trimmed();
    }
    case MapColour::Age:
        return durationText(row.age(workspace_.now()));
    case MapColour::Dispatcher:
        return workspace_.labels().dispatcher(row.context);
    case MapColour::Site:
        return workspace_.labels().site(row.site);
    case MapColour::Finding:
        for (const std::uint32_t index : workspace_.findings().of(row.id)) {
            const std::string_view chip = workspace_.findings().all()[index].chip;
            return QString::fromUtf8(chip.data(), static_cast<qsizetype>(chip.size()));
        }
        return {};
    }
    return {};
}

QString JobMap::title(Node node) const {
    if (node == orphanGroup)
        return tr("Orphans");
    if (node == programGroup)
        return QString::fromStdString(workspace_.info().program);
    if (isPlaceGroup(node)) {
        const RowGroups* const groups = workspace_.rows().groups();
        const std::uint32_t number = TreeRows::groupNumber(node);
        return groups == nullptr || number >= groups->size() ? QString()
                                                             : QString::fromStdString(groups->name(number));
    }
    return workspace_.labels().name(workspace_.tree().row(node));
}

std::uint64_t JobMap::jobs(const MapBox& box) const {
    const TreeRows& rows = workspace_.rows();
    if (box.node == programGroup)
        return workspace_.tree().size() - (grouping_ ? 0 : rows.orphans());
    if (grouping_ && isJob(box.node))
        return std::max<std::uint32_t>(box.merged, 1);
    std::uint64_t jobs = 0;
    std::uint32_t left = std::max<std::uint32_t>(box.merged, 1);
    for (Node node = box.node; node != noNode && left > 0; node = layout_.next(node), --left)
        jobs += rows.subtreeSize(node);
    return jobs;
}

Node JobMap::launcher(Node orphan) const {
    const observe::JobTree& tree = workspace_.tree();
    const observe::JobRow& row = tree.row(orphan);
    JobId who = row.launcher;
    // An island is a Job that was made, perhaps, where no job ran; then what was launched into it knows more.
    if (const Node child = tree.firstChild(orphan); !who && child != noNode)
        who = tree.row(child).launcher;
    return who ? tree.find(who) : noNode;
}

} // namespace coroscope::app
