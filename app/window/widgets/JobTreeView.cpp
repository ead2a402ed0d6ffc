// SPDX-License-Identifier: Apache-2.0
#include "widgets/JobTreeView.h"

#include "model/Conditions.h"
#include "model/SiblingOrder.h"
#include "theme/Theme.h"
#include "widgets/ExportActions.h"
#include "widgets/JobsAccessible.h"
#include "widgets/PopupMenu.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QHelpEvent>
#include <QMenu>
#include <QPaintEvent>
#include <QPointer>
#include <QScopedValueRollback>
#include <QScrollBar>
#include <QSettings>
#include <QStandardItemModel>
#include <QToolTip>

#include <algorithm>

namespace coroscope::app {

using observe::Node;
using observe::noNode;

namespace {
struct ColumnInfo {
    const char* title;
    int least; ///< pixels
    int usual; ///< pixels
    int share; ///< of what is left over
    bool number;
};
constexpr ColumnInfo columns[ColumnCount] = {
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Job"), 184, 370, 5, false},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Findings"), 72, 78, 1, false},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "State"), 146, 150, 0, false},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Where suspended"), 130, 142, 5, false},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Age"), 84, 86, 0, true},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "In state"), 84, 86, 0, true},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Dispatcher"), 92, 96, 0, false},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Created at"), 110, 130, 2, false},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Jobs"), 62, 70, 0, true},
    {QT_TRANSLATE_NOOP("coroscope::app::JobTreeView", "Resumed"), 68, 76, 0, true},
};
/// Shown until a person chooses.
constexpr int usualColumns = CreatedColumn;
constexpr std::size_t mostTypedAhead = 200'000;
constexpr int spacious = 900; ///< pixels; in less, names need the room of what is least asked for
/// Times are looked for among so many jobs of a dump.
constexpr Node mostLookedAt = 50'000;

/// Most dumps of other programs tell none: then there is nothing to say in two columns.
bool tellsTimes(const Workspace& workspace) {
    const observe::JobTree& tree = workspace.tree();
    if (workspace.info().format.empty() || tree.size() == 0)
        return true;
    for (Node node = 0; node < std::min(tree.endNode(), mostLookedAt); ++node)
        if (tree.isLive(node) && (tree.createdAt(node) != 0 || tree.row(node).timeInState(0)))
            return true;
    return false;
}

/// On the screen, where the menu of a row opens that the keyboard asks for.
QPoint besideRow(const JobTreeView& tree, std::size_t row) {
    const QWidget* const rows = tree.viewport();
    const QRect rect = tree.rowRect(row);
    return rows->mapToGlobal(rect.isEmpty() ? rows->rect().center() : rect.bottomLeft() + QPoint(40, 0));
}
} // namespace

JobTreeView::JobTreeView(Workspace& workspace, QWidget* parent)
    : QAbstractScrollArea(parent)
    , workspace_(workspace)
    , painter_(workspace)
    , header_(new QHeaderView(Qt::Horizontal, this))
    , headerModel_(new QStandardItemModel(0, ColumnCount, this)) {
    JobsAccessible::install(this);
    setObjectName(QStringLiteral("jobTree"));
    setAccessibleName(tr("Jobs"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    viewport()->setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
    viewport()->setBackgroundRole(QPalette::Base);
    buildHeader();

    connect(&workspace_, &Workspace::aboutToUpdate, this, &JobTreeView::rememberAnchor);
    connect(&workspace_, &Workspace::updated, this, &JobTreeView::workspaceUpdated);
    connect(&workspace_, &Workspace::treeChanged, this, [this](const observe::TreeChanges& changes) {
        if (changes.reset)
            layoutColumns();
    });
    connect(&workspace_, &Workspace::selectionChanged, this, &JobTreeView::selectionChanged);
    connect(&workspace_, &Workspace::findingsChanged, viewport(), qOverload<>(&QWidget::update));
    connect(&workspace_, &Workspace::stateChanged, viewport(), qOverload<>(&QWidget::update));
    const QSettings settings;
    if (const int column = settings.value(QStringLiteral("tree/sort"), -1).toInt(); column >= 0)
        sortBy(column, settings.value(QStringLiteral("tree/sortDescending")).toBool());
    if (settings.value(QStringLiteral("tree/fold")).toBool())
        setFolding(true);
    agesTimer_.setInterval(250);
    connect(&agesTimer_, &QTimer::timeout, this, [this] {
        if (workspace_.state() == Workspace::State::Live && isVisible())
            viewport()->update();
    });
    agesTimer_.start();
}

void JobTreeView::buildHeader() {
    for (int column = 0; column < ColumnCount; ++column) {
        headerModel_->setHeaderData(
            column, Qt::Horizontal,
            static_cast<int>((columns[column].number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter),
            Qt::TextAlignmentRole);
    }
    entitleColumns();
    header_->setModel(headerModel_);
    header_->setFont(Theme::text());
    header_->setMinimumSectionSize(48);
    header_->setSectionsMovable(true);
    header_->setFirstSectionMovable(false);
    header_->setHighlightSections(false);
    header_->setTextElideMode(Qt::ElideRight);
    header_->setSectionResizeMode(QHeaderView::Interactive);
    header_->setContextMenuPolicy(Qt::CustomContextMenu);
    header_->setFocusPolicy(Qt::NoFocus);
    header_->setSectionsClickable(true);
    for (int column = usualColumns; column < ColumnCount; ++column)
        header_->hideSection(column);
    const QSettings settings;
    const QByteArray state = settings.value(QStringLiteral("tree/header")).toByteArray();
    columnsByHand_ = !state.isEmpty() && header_->restoreState(state);
    header_->setSortIndicatorShown(false); // as earlier versions have kept it
    connect(header_, &QHeaderView::sectionClicked, this, &JobTreeView::headerClicked);
    connect(header_, &QHeaderView::customContextMenuRequested, this, &JobTreeView::headerMenu);
    connect(header_, &QHeaderView::sectionResized, this, [this] {
        if (!layingOut_)
            columnsByHand_ = true;
        updateScrollBars();
        viewport()->update();
    });
    connect(header_, &QHeaderView::sectionMoved, this, [this] {
        columnsByHand_ = true;
        viewport()->update();
    });
}

void JobTreeView::saveColumns() const {
    if (columnsByHand_)
        QSettings().setValue(QStringLiteral("tree/header"), header_->saveState());
}

/// Gives every column what it needs and the long ones the rest, until a person has drawn the borders.
void JobTreeView::layoutColumns() {
    if (columnsByHand_)
        return;
    const QScopedValueRollback inside(layingOut_, true); // another size of a column may make it begin anew
    const int width = viewport()->width();
    // In a narrow window the details have to say it.
    int needed = 0;
    for (int i = 0; i < usualColumns; ++i)
        needed += columns[i].least;
    const auto saysNothing = [told = tellsTimes(workspace_)](Column column) {
        return !told && (column == AgeColumn || column == InStateColumn);
    };
    for (const Column column : {AgeColumn, InStateColumn})
        needed -= saysNothing(column) ? columns[column].least : 0;
    for (const Column column : {DispatcherColumn, AgeColumn, InStateColumn, WhereColumn}) {
        if (saysNothing(column)) {
            header_->setSectionHidden(column, true);
            continue;
        }
        const bool hidden = width < needed || (column == DispatcherColumn && width < spacious);
        header_->setSectionHidden(column, hidden);
        needed -= hidden ? columns[column].least : 0;
    }
    int least = 0, usual = 0, shares = 0;
    for (int i = 0; i < ColumnCount; ++i) {
        if (header_->isSectionHidden(i))
            continue;
        const ColumnInfo& column = columns[i];
        least += column.least;
        usual += column.usual;
        shares += column.share;
    }
    for (int i = 0; i < ColumnCount; ++i) {
        if (header_->isSectionHidden(i))
            continue;
        const ColumnInfo& column = columns[i];
        int size = column.least;
        if (width >= usual)
            size = column.usual + (width - usual) * column.share / shares;
        else if (width > least)
            size = column.least + (width - least) * (column.usual - column.least) / (usual - least);
        header_->resizeSection(i, size);
    }
}

void JobTreeView::headerMenu(const QPoint& position) {
    auto* menu = new PopupMenu(this, tr("Columns"));
    for (int column = 1; column < ColumnCount; ++column) {
        QAction* action = menu->addAction(tr(columns[column].title));
        action->setCheckable(true);
        action->setChecked(!header_->isSectionHidden(column));
        connect(action, &QAction::toggled, this, [this, column](bool on) {
            columnsByHand_ = true;
            header_->setSectionHidden(column, !on);
            if (on)
                makeRoomFor(column);
        });
    }
    menu->addSeparator();
    menu->addAction(tr("Sort as they came"), this, [this] { sortBy(-1, false); })
        ->setEnabled(sortColumn_ >= 0);
    menu->addAction(tr("Reset columns"), this, [this] {
        columnsByHand_ = false;
        QSettings().remove(QStringLiteral("tree/header"));
        for (int column = 0; column < ColumnCount; ++column) {
            header_->setSectionHidden(column, column >= usualColumns);
            header_->moveSection(header_->visualIndex(column), column);
        }
        columnsByHand_ = false;
        layoutColumns();
        viewport()->update();
    });
    menu->popup(header_->mapToGlobal(position));
}

/// Who asks for a column wants to see it: the others give what they have beyond the least, the widest share
/// first, and what is still out of sight is scrolled to.
void JobTreeView::makeRoomFor(int wanted) {
    header_->resizeSection(wanted, columns[wanted].usual);
    std::vector<int> givers;
    for (int column = 0; column < ColumnCount; ++column)
        if (column != wanted && !header_->isSectionHidden(column))
            givers.push_back(column);
    std::sort(givers.begin(), givers.end(), [](int a, int b) { return columns[a].share > columns[b].share; });
    for (const int column : givers) {
        const int beyond = header_->length() - viewport()->width();
        const int spare = header_->sectionSize(column) - columns[column].least;
        if (beyond > 0 && spare > 0)
            header_->resizeSection(column, header_->sectionSize(column) - std::min(beyond, spare));
    }
    updateScrollBars();
    const int right = header_->sectionPosition(wanted) + header_->sectionSize(wanted);
    if (right - horizontalScrollBar()->value() > viewport()->width())
        horizontalScrollBar()->setValue(right - viewport()->width());
}

QString JobTreeView::cellsText(Node node) const {
    QStringList cells;
    for (int place = 0; place < ColumnCount; ++place) {
        const int column = header_->logicalIndex(place);
        if (column == JobColumn || column == StateColumn || header_->isSectionHidden(column))
            continue;
        if (const QString text = painter_.text(node, static_cast<Column>(column)); !text.isEmpty())
            cells << tr(columns[column].title) + QStringLiteral(": ") + text;
    }
    return cells.join(QStringLiteral("; "));
}

/// First the order that one expects of the column, then the other way round, then as they came.
void JobTreeView::headerClicked(int column) {
    const bool first = columns[column].number || column == FindingsColumn;
    if (sortColumn_ != column)
        sortBy(column, first);
    else if (descending_ == first)
        sortBy(column, !first);
    else
        sortBy(-1, false);
}

void JobTreeView::sortBy(int column, bool descending) {
    rememberAnchor();
    sortColumn_ = column < ColumnCount ? column : -1;
    descending_ = descending;
    entitleColumns();
    const bool some = sortColumn_ >= 0;
    const Column sorted = some ? static_cast<Column>(sortColumn_) : JobColumn;
    workspace_.rows().sortBy(some ? sortKeys(workspace_, sorted) : TreeRows::SortKeys(), descending,
                             some && sortsByChange(sorted));
    QSettings settings;
    settings.setValue(QStringLiteral("tree/sort"), sortColumn_);
    settings.setValue(QStringLiteral("tree/sortDescending"), descending);
    rowsArranged();
}

/// The arrow stands beside the word. Qt's own lies at the right border, over the last letters of numbers'
/// titles.
void JobTreeView::entitleColumns() {
    for (int column = 0; column < ColumnCount; ++column) {
        const QString title = tr(columns[column].title);
        const QChar arrow = descending_ ? u'↓' : u'↑';
        headerModel_->setHeaderData(column, Qt::Horizontal,
                                    column != sortColumn_    ? title
                                    : columns[column].number ? arrow + (QChar::Nbsp + title)
                                                             : title + QChar::Nbsp + arrow);
        headerModel_->setHeaderData(column, Qt::Horizontal,
                                    column != sortColumn_ ? title
                                    : descending_         ? tr("%1, sorted downwards").arg(title)
                                                          : tr("%1, sorted upwards").arg(title),
                                    Qt::AccessibleTextRole);
    }
}

void JobTreeView::setFolding(bool on) {
    if (on == workspace_.rows().folds())
        return;
    rememberAnchor();
    workspace_.rows().foldAlike(on ? likeness(workspace_) : TreeRows::Alike());
    QSettings().setValue(QStringLiteral("tree/fold"), on);
    rowsArranged();
    emit foldingChanged(on);
}

/// The rows are the same ones in other places.
void JobTreeView::rowsArranged() {
    seenGeneration_ = workspace_.rows().generation();
    updateScrollBars();
    restoreAnchor();
    viewport()->update();
}

void JobTreeView::expandTo(unsigned levels) {
    rememberAnchor();
    workspace_.rows().expandTo(currentRow() == TreeRows::noRow ? noNode : current(), levels);
    rowsArranged();
}

void JobTreeView::collapseAll() {
    workspace_.rows().expandTo(noNode, 0);
    updateScrollBars();
    // The selected job goes with those above it: the keyboard stays on what is left of them.
    Node node = current();
    while (node != noNode && !workspace_.rows().visible(node))
        node = workspace_.rows().parent(node);
    if (node != noNode && node != current())
        setCurrent(node);
    viewport()->update();
}

void JobTreeView::goToParent() {
    const Node node = current();
    if (node == noNode)
        return;
    if (const Node above = workspace_.rows().parent(node); above != noNode) {
        setCurrent(above);
        show(above);
    }
}

bool JobTreeView::pinned(JobId job) const {
    return std::find(pins_.begin(), pins_.end(), job) != pins_.end();
}

void JobTreeView::setPinned(JobId job, bool on) {
    if (!job || pinned(job) == on)
        return;
    if (on)
        pins_.push_back(job);
    else
        std::erase(pins_, job);
    emit pinsChanged();
}

Node JobTreeView::current() const noexcept {
    if (groupCurrent_)
        return orphanGroup;
    const Node group = workspace_.selectedGroup();
    return group != noNode ? group : workspace_.selectedNode();
}

std::size_t JobTreeView::currentRow() const noexcept {
    const Node node = current();
    return node == noNode ? TreeRows::noRow : workspace_.rows().rowOf(node);
}

void JobTreeView::setCurrent(Node node) {
    groupCurrent_ = node == orphanGroup;
    if (isPlaceGroup(node) && workspace_.rows().groups() != nullptr) {
        workspace_.selectGroup(workspace_.rows().groups()->place(TreeRows::groupNumber(node)).key);
        return;
    }
    workspace_.select(isJob(node) ? workspace_.tree().id(node) : JobId{});
    if (groupCurrent_)
        selectionChanged();
}

void JobTreeView::show(Node node) {
    workspace_.rows().reveal(node);
    updateScrollBars();
    if (const std::size_t row = workspace_.rows().rowOf(node); row != TreeRows::noRow)
        ensureVisible(row);
    viewport()->update();
}

std::size_t JobTreeView::firstVisibleRow() const noexcept {
    return static_cast<std::size_t>(verticalScrollBar()->value() / measure::row);
}

int JobTreeView::rowsInView() const noexcept {
    return std::max(1, viewport()->height() / measure::row);
}

QRect JobTreeView::rowRect(std::size_t row) const {
    const qint64 y = static_cast<qint64>(row) * measure::row - verticalScrollBar()->value();
    if (y < -measure::row || y > viewport()->height())
        return {};
    return {0, static_cast<int>(y), viewport()->width(), measure::row};
}

Node JobTreeView::nodeAt(const QPoint& position) const {
    if (!viewport()->rect().contains(position))
        return noNode;
    const auto row = static_cast<std::size_t>((position.y() + verticalScrollBar()->value()) / measure::row);
    return row < workspace_.rows().size() ? workspace_.rows().at(row) : noNode;
}

/// What must not move: the selected row, else the one under the pointer, else the first that survives.
void JobTreeView::rememberAnchor() {
    anchors_.clear();
    const TreeRows& rows = workspace_.rows();
    seenGeneration_ = rows.generation();
    const auto add = [&](Node node, std::size_t row) {
        const JobId id = idOf(node);
        anchors_.push_back(
            {node, id,
             static_cast<int>(static_cast<qint64>(row) * measure::row) - verticalScrollBar()->value()});
    };
    const std::size_t first = firstVisibleRow();
    const auto count = static_cast<std::size_t>(rowsInView() + 2);
    if (const std::size_t row = currentRow(); row != TreeRows::noRow) {
        lastRow_ = row;
        if (row >= first && row < first + count)
            add(current(), row);
    }
    if (const Node pointed = nodeAt(pointer_); pointed != noNode)
        add(pointed, rows.rowOf(pointed));
    std::size_t row = first;
    rows.forEach(first, count, [&](Node node) { add(node, row++); });
}

void JobTreeView::restoreAnchor() {
    const TreeRows& rows = workspace_.rows();
    for (const Anchor& anchor : anchors_) {
        const Node node = nodeOf(anchor.id);
        if (node == noNode)
            continue;
        const std::size_t row = rows.rowOf(node);
        if (row == TreeRows::noRow)
            continue;
        // At the very top the view stays at the top: what is new there should be seen, unless someone is
        // working with a row.
        const bool chosen =
            node == current() || nodeAt(pointer_) != noNode || verticalScrollBar()->value() > 0;
        if (chosen)
            verticalScrollBar()->setValue(static_cast<int>(static_cast<qint64>(row) * measure::row) -
                                          anchor.y);
        return;
    }
}

void JobTreeView::updateScrollBars() {
    const qint64 height = static_cast<qint64>(workspace_.rows().size()) * measure::row;
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(measure::row);
    verticalScrollBar()->setRange(0, static_cast<int>(std::max<qint64>(0, height - viewport()->height())));
    horizontalScrollBar()->setPageStep(viewport()->width());
    horizontalScrollBar()->setRange(0, std::max(0, header_->length() - viewport()->width()));
    const int headerHeight = measure::row + 2;
    setViewportMargins(0, headerHeight, 0, 0);
    header_->setGeometry(viewport()->geometry().left(), viewport()->geometry().top() - headerHeight,
                         viewport()->width(), headerHeight);
    header_->setOffset(horizontalScrollBar()->value());
}

void JobTreeView::workspaceUpdated(bool newSource) {
    TreeRows& rows = workspace_.rows();
    const std::vector<Node> dirty = rows.takeDirty();
    if (newSource) {
        if (!pins_.empty()) {
            pins_.clear();
            emit pinsChanged();
        }
        groupCurrent_ = false;
        lastRow_ = 0;
        updateScrollBars();
        verticalScrollBar()->setValue(0);
        viewport()->update();
        seenGeneration_ = rows.generation();
        return;
    }
    const bool moved = rows.generation() != seenGeneration_;
    if (moved) {
        seenGeneration_ = rows.generation();
        updateScrollBars();
        restoreAnchor();
    }
    if (moved || !dirty.empty())
        pace_.soon();
}

void JobTreeView::selectionChanged() {
    if (workspace_.selected() && !workspace_.selected()->ended)
        groupCurrent_ = false;
    viewport()->update();
    announce();
}

void JobTreeView::announce() {
    if (!QAccessible::isActive() || current() == noNode)
        return;
    QAccessibleEvent event(this, QAccessible::Focus);
    const std::size_t row = currentRow();
    const std::size_t first = firstVisibleRow();
    if (row != TreeRows::noRow && row >= first)
        event.setChild(static_cast<int>(row - first));
    QAccessible::updateAccessibility(&event);
}

void JobTreeView::paintEvent(QPaintEvent* event) {
    const PaintPace::Painting painting(pace_);
    QPainter painter(viewport());
    const QRect area = event->rect();
    const TreeRows& rows = workspace_.rows();
    const std::size_t first = firstVisibleRow();
    const auto count = static_cast<std::size_t>(viewport()->height() / measure::row + 2);
    std::vector<Node> visible;
    visible.reserve(count);
    rows.forEach(first, count, [&](Node node) { visible.push_back(node); });

    RowLook look;
    look.cells.resize(ColumnCount);
    look.dimmed = workspace_.state() == Workspace::State::Ended;
    look.focused = hasFocus();
    const Node selected = current();
    hovered_ = nodeAt(pointer_);
    int y = static_cast<int>(static_cast<qint64>(first) * measure::row - verticalScrollBar()->value());
    for (const Node node : visible) {
        look.rect = QRect(0, y, viewport()->width(), measure::row);
        y += measure::row;
        if (!look.rect.intersects(area))
            continue;
        for (int column = 0; column < ColumnCount; ++column) {
            look.cells[static_cast<std::size_t>(column)] =
                header_->isSectionHidden(column)
                    ? QRect()
                    : QRect(header_->sectionViewportPosition(column), look.rect.top(),
                            header_->sectionSize(column), measure::row);
        }
        look.selected = node == selected;
        look.hovered = node == hovered_;
        look.offersCancel =
            look.hovered && isJob(node) && rows.folded(node) == 0 && workspace_.cancelProblem().isEmpty();
        painter_.paint(painter, look, node);
    }
    if (y < viewport()->height())
        painter.fillRect(QRect(0, y, viewport()->width(), viewport()->height() - y),
                         Theme::tokens().background);
    if (visible.empty() && rows.filtered()) {
        painter.setFont(Theme::text());
        painter.setPen(Theme::tokens().dim);
        painter.drawText(viewport()->rect().adjusted(16, 24, -16, 0), Qt::AlignHCenter | Qt::AlignTop,
                         tr("No job matches “%1”. Esc shows all jobs again.").arg(workspace_.search()));
    }
    workspace_.rows().setPainted(std::move(visible));
}

void JobTreeView::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    layoutColumns();
    updateScrollBars();
}

void JobTreeView::scrollContentsBy(int, int) {
    header_->setOffset(horizontalScrollBar()->value());
    viewport()->update();
}

void JobTreeView::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        viewport()->update();
}

void JobTreeView::ensureVisible(std::size_t row) {
    const qint64 top = static_cast<qint64>(row) * measure::row;
    const int value = verticalScrollBar()->value();
    if (top < value)
        verticalScrollBar()->setValue(static_cast<int>(top));
    else if (top + measure::row > value + viewport()->height())
        verticalScrollBar()->setValue(static_cast<int>(top + measure::row - viewport()->height()));
}

void JobTreeView::moveTo(std::size_t row) {
    TreeRows& rows = workspace_.rows();
    if (rows.size() == 0)
        return;
    row = std::min(row, rows.size() - 1);
    lastRow_ = row;
    setCurrent(rows.at(row));
    ensureVisible(row);
}

void JobTreeView::keyPressEvent(QKeyEvent* event) {
    TreeRows& rows = workspace_.rows();
    const std::size_t at = currentRow();
    const bool any = at != TreeRows::noRow;
    const std::size_t row = any ? at : std::min(lastRow_, rows.size());
    const Node node = current();
    const auto page = static_cast<std::size_t>(std::max(1, rowsInView() - 1));
    const auto toggle = [&](bool expand) {
        rows.setExpanded(node, expand);
        updateScrollBars();
        viewport()->update();
        announce();
    };
    if (event->matches(QKeySequence::Copy)) {
        emit copyRequested();
        return;
    }
    switch (event->key()) {
    case Qt::Key_Up:
        moveTo(any && row > 0 ? row - 1 : row);
        return;
    case Qt::Key_Down:
        moveTo(any ? row + 1 : row);
        return;
    case Qt::Key_PageUp:
        moveTo(row > page ? row - page : 0);
        return;
    case Qt::Key_PageDown:
        moveTo(row + page);
        return;
    case Qt::Key_Home:
        moveTo(0);
        return;
    case Qt::Key_End:
        moveTo(rows.size());
        return;
    case Qt::Key_Left:
        if (!any)
            break;
        if (rows.expanded(node))
            toggle(false);
        else if (const Node above = rows.parent(node); above != noNode && rows.visible(above))
            moveTo(rows.rowOf(above));
        return;
    case Qt::Key_Right:
        if (!any || !rows.expandable(node))
            break;
        if (!rows.expanded(node))
            toggle(true);
        else
            moveTo(row + 1);
        return;
    case Qt::Key_Plus:
        if (any)
            toggle(true);
        return;
    case Qt::Key_Minus:
        if (any)
            toggle(false);
        return;
    case Qt::Key_Asterisk:
        if (any) {
            rows.expandAll(node);
            updateScrollBars();
            viewport()->update();
        }
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (any)
            toggle(!rows.expanded(node));
        return;
    case Qt::Key_Backspace:
        goToParent();
        return;
    case Qt::Key_Delete:
        if (any && rows.folded(node) > 0) { // which of them?
            toggle(true);
            return;
        }
        if (any && isJob(node))
            emit cancelRequested(workspace_.tree().id(node));
        return;
    case Qt::Key_Menu:
        if (any)
            showMenu(node, besideRow(*this, row));
        return;
    default:
        break;
    }
    const QString text = event->text();
    if (!text.isEmpty() && text[0].isPrint() &&
        !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
        typeAhead(text);
        return;
    }
    QAbstractScrollArea::keyPressEvent(event);
}

void JobTreeView::typeAhead(const QString& text) {
    if (!typedAt_.isValid() || typedAt_.elapsed() > QApplication::keyboardInputInterval() * 2)
        typed_.clear();
    typedAt_.start();
    const bool again = typed_ == text; // the same letter again goes on to the next one
    if (!again)
        typed_ += text;
    const TreeRows& rows = workspace_.rows();
    if (rows.size() == 0)
        return;
    const std::size_t at = currentRow();
    const std::size_t start = at == TreeRows::noRow ? 0 : at + (typed_.size() == 1 ? 1 : 0);
    std::size_t found = TreeRows::noRow;
    std::size_t looked = 0;
    const auto look = [&](std::size_t from, std::size_t to) {
        std::size_t row = from;
        while (row < to && found == TreeRows::noRow && looked < mostTypedAhead) {
            const Node node = rows.at(row);
            ++looked;
            const QString name = isJob(node)           ? workspace_.labels().name(workspace_.tree().row(node))
                                 : node == orphanGroup ? tr("Orphans")
                                                       : painter_.groupName(node);
            if (name.startsWith(typed_, Qt::CaseInsensitive))
                found = row;
            ++row;
        }
    };
    look(std::min(start, rows.size()), rows.size());
    look(0, std::min(start, rows.size()));
    if (found != TreeRows::noRow)
        moveTo(found);
}

void JobTreeView::mousePressEvent(QMouseEvent* event) {
    const QPoint position = event->position().toPoint();
    const Node node = nodeAt(position);
    if (node == noNode) {
        groupCurrent_ = false;
        workspace_.select({});
        return;
    }
    const std::size_t row = workspace_.rows().rowOf(node);
    const QRect rect = rowRect(row);
    const QRect cell(header_->sectionViewportPosition(JobColumn), rect.top(), header_->sectionSize(JobColumn),
                     rect.height());
    if (event->button() == Qt::LeftButton) {
        if (workspace_.rows().expandable(node) && painter_.expander(cell, node).contains(position)) {
            workspace_.rows().setExpanded(node, !workspace_.rows().expanded(node));
            updateScrollBars();
            viewport()->update();
            return;
        }
        if (isJob(node) && workspace_.rows().folded(node) == 0 && workspace_.cancelProblem().isEmpty() &&
            RowPainter::cancelButton(rect).contains(position)) {
            emit cancelRequested(workspace_.tree().id(node));
            return;
        }
    }
    lastRow_ = row;
    setCurrent(node);
}

void JobTreeView::mouseDoubleClickEvent(QMouseEvent* event) {
    const Node node = nodeAt(event->position().toPoint());
    if (node == noNode || event->button() != Qt::LeftButton)
        return;
    const QRect rect = rowRect(workspace_.rows().rowOf(node));
    const QRect cell(header_->sectionViewportPosition(JobColumn), rect.top(), header_->sectionSize(JobColumn),
                     rect.height());
    if (painter_.expander(cell, node).contains(event->position().toPoint())) {
        mousePressEvent(event);
        return;
    }
    if (isJob(node) && workspace_.rows().folded(node) == 0 && workspace_.cancelProblem().isEmpty() &&
        RowPainter::cancelButton(rect).contains(event->position().toPoint()))
        return;
    setExpanded(node, !workspace_.rows().expanded(node));
}

void JobTreeView::setExpanded(Node node, bool expanded) {
    workspace_.rows().setExpanded(node, expanded);
    updateScrollBars();
    viewport()->update();
}

void JobTreeView::setHovered(const QPoint& position) {
    pointer_ = position;
    const Node node = nodeAt(position);
    if (node != hovered_) {
        hovered_ = node;
        viewport()->update();
    }
}

void JobTreeView::mouseMoveEvent(QMouseEvent* event) {
    setHovered(event->position().toPoint());
}

void JobTreeView::focusInEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}
void JobTreeView::focusOutEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

bool JobTreeView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::Leave)
        setHovered({-1, -1});
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const Node node = nodeAt(help->pos());
        const int column = header_->logicalIndexAt(help->pos().x());
        QString tip;
        if (node != noNode && column >= 0)
            tip = painter_.text(node, static_cast<Column>(column));
        QToolTip::showText(help->globalPos(), tip.isEmpty() ? QString() : tip.toHtmlEscaped(), viewport());
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void JobTreeView::contextMenuEvent(QContextMenuEvent* event) {
    if (event->reason() == QContextMenuEvent::Mouse) {
        if (const Node node = nodeAt(viewport()->mapFromGlobal(event->globalPos())); node != noNode)
            showMenu(node, event->globalPos());
    } else if (const std::size_t row = currentRow(); row != TreeRows::noRow) {
        showMenu(current(), besideRow(*this, row));
    }
}

/// What the job has in common with others, each as a filter.
void JobTreeView::addFilters(QMenu* menu, const observe::JobRow& row) {
    for (const Condition& condition : conditionsOf(row, workspace_))
        menu->addAction(QStringLiteral("%1\t%2").arg(condition.words, condition.filter), this,
                        [this, filter = condition.filter] { emit filterRequested(filter); });
}

void JobTreeView::showMenu(Node node, const QPoint& globalPosition) {
    auto* menu = new PopupMenu(this, painter_.accessibleName(node));
    TreeRows& rows = workspace_.rows();
    const bool group = !isJob(node);
    const JobId id = idOf(node);
    const auto stillThere = [this, id] { return nodeOf(id); };
    if (rows.expandable(node)) {
        const bool expanded = rows.expanded(node);
        menu->addAction(expanded ? tr("Collapse") : tr("Expand"), this, [this, stillThere, expanded] {
            if (const Node there = stillThere(); there != noNode)
                workspace_.rows().setExpanded(there, !expanded);
            updateScrollBars();
            viewport()->update();
        });
        // A group's jobs stand below it without those below them.
        QMenu* levels = isPlaceGroup(node) ? nullptr : menu->addMenu(tr("Expand to level"));
        for (unsigned level = 1; levels != nullptr && level <= 5; ++level)
            levels->addAction(QString::number(level), this, [this, stillThere, level] {
                if (const Node there = stillThere(); there != noNode)
                    workspace_.rows().expandTo(there, level);
                updateScrollBars();
                viewport()->update();
            });
        if (levels != nullptr)
            menu->addAction(tr("Expand all below"), this, [this, stillThere] {
                if (const Node there = stillThere(); there != noNode)
                    workspace_.rows().expandAll(there);
                updateScrollBars();
                viewport()->update();
            });
        if (levels != nullptr)
            menu->addAction(tr("Collapse all below"), this, [this, stillThere] {
                if (const Node there = stillThere(); there != noNode)
                    workspace_.rows().expandTo(there, 0);
                updateScrollBars();
                viewport()->update();
            });
        menu->addSeparator();
    }
    if (rows.parent(node) != noNode)
        menu->addAction(tr("Go to parent"), this, &JobTreeView::goToParent)->setShortcut(Qt::Key_Backspace);
    if (rows.unfolded(node))
        menu->addAction(tr("Fold those alike"), this, [this, stillThere] {
            rememberAnchor();
            if (const Node there = stillThere(); there != noNode)
                workspace_.rows().foldAgain(there);
            rowsArranged();
        });
    if (isPlaceGroup(node)) {
        const observe::GroupPlace& place = rows.groups()->place(TreeRows::groupNumber(node));
        const Condition condition = conditionOf(place, *workspace_.grouping());
        if (!condition.filter.isEmpty())
            menu->addAction(condition.words, this,
                            [this, filter = condition.filter] { emit filterRequested(filter); });
        menu->addAction(tr("Copy name"), this, [name = QString::fromStdString(place.label())] {
            QApplication::clipboard()->setText(name);
        });
    }
    if (!group) {
        const bool on = pinned(id);
        menu->addAction(on ? tr("Unpin") : tr("Pin"), this, [this, id, on] { setPinned(id, !on); })
            ->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_P));
        menu->addSeparator();
        const QString name = workspace_.labels().fullName(workspace_.tree().row(node));
        addFilters(menu->addMenu(tr("Show only")), workspace_.tree().row(node));
        menu->addSeparator();
        menu->addAction(tr("Copy name"), this, [name] { QApplication::clipboard()->setText(name); });
        menu->addAction(tr("Copy report"), this, &JobTreeView::copyRequested);
        addExportActions(*menu, workspace_, id, [this, id] { emit exportRequested(id); });
        if (rows.folded(node) == 0) { // else, which of them?
            menu->addSeparator();
            connect(menu->addCancel(workspace_.cancelProblem()), &QAction::triggered, this,
                    [this, id] { emit cancelRequested(id); });
        }
    }
    menu->popup(globalPosition);
}

} // namespace coroscope::app
