// SPDX-License-Identifier: Apache-2.0
#include "widgets/TimeStrip.h"

#include "model/Format.h"
#include "model/MarkRuns.h"
#include "theme/Icons.h"
#include "widgets/TimeStripAccessible.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QSettings>
#include <QToolButton>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <map>

namespace coroscope::app {

using observe::LiveState;
using observe::TimeHistory;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr int margin = 12, headHeight = 26, marksHeight = 11, axisHeight = 15, zoomHeight = 18;
constexpr int tall = 106, low = 84; ///< the widget's height where there is room, and where there is little
constexpr int lowPage = 480;        ///< of a page that is less high than this there is little
constexpr int reach = 5;            ///< px to each side that a click is about

/// From the bottom of the picture to its top. What one looks for is at the top.
constexpr LiveState order[] = {LiveState::WaitsForChildren, LiveState::Suspended, LiveState::Plain,
                               LiveState::Unstarted,        LiveState::Queued,    LiveState::Running,
                               LiveState::Cancelling};

StateLook lookOf(LiveState state) {
    switch (state) {
    case LiveState::WaitsForChildren:
        return StateLook::WaitsForChildren;
    case LiveState::Suspended:
        return StateLook::Suspended;
    case LiveState::Plain:
        return StateLook::Plain;
    case LiveState::Unstarted:
        return StateLook::New;
    case LiveState::Queued:
        return StateLook::Queued;
    case LiveState::Running:
        return StateLook::Running;
    case LiveState::Cancelling:
        return StateLook::Cancelling;
    }
    return StateLook::Plain;
}

QString wordOf(LiveState state) {
    switch (state) {
    case LiveState::WaitsForChildren:
        return TimeStrip::tr("wait for children");
    case LiveState::Suspended:
        return TimeStrip::tr("suspended");
    case LiveState::Plain:
        return TimeStrip::tr("without code");
    case LiveState::Unstarted:
        return TimeStrip::tr("not started");
    case LiveState::Queued:
        return TimeStrip::tr("queued");
    case LiveState::Running:
        return TimeStrip::tr("running");
    case LiveState::Cancelling:
        return TimeStrip::tr("cancelling");
    }
    return {};
}

QColor colourOf(const Tokens& t, LiveState state) {
    const QColor colour = Theme::stateColour(t, lookOf(state));
    // Fills are quieter than signs; the two kinds of waiting are told apart by it.
    const double share = state == LiveState::WaitsForChildren ? 0.34
                         : state == LiveState::Suspended      ? 0.6
                         : state == LiveState::Plain          ? 0.4
                                                              : 0.85;
    return Theme::mix(colour, t.background, share);
}

std::uint32_t countOf(const observe::LiveCounts& live, LiveState state) {
    return live[static_cast<std::size_t>(state)];
}

QString rateOf(double perSecond) {
    return perSecond > 0 && perSecond < 9.95
               ? QStringLiteral("%1/s").arg(perSecond, 0, 'f', 1)
               : TimeStrip::tr("%1/s").arg(countText(static_cast<std::uint64_t>(std::llround(perSecond))));
}

/// Launches and ends of a step are spread over so many seconds.
double secondsOf(const TimeHistory::Step& step) {
    return static_cast<double>(std::max(step.over, TimeHistory::finest)) / static_cast<double>(second);
}

/// Over what cannot be told as usual.
void shade(QPainter& painter, const QRect& where, Qt::BrushStyle pattern) {
    if (where.width() > 0)
        painter.fillRect(where,
                         QBrush(Theme::mix(Theme::tokens().dim, Theme::tokens().background, 0.4), pattern));
}

QColor colourOf(const Tokens& t, MomentKind kind) {
    switch (kind) {
    case MomentKind::Failed:
    case MomentKind::Lost:
        return t.failed;
    case MomentKind::Finding:
    case MomentKind::Incident:
    case MomentKind::Command:
    case MomentKind::Lag:
        return t.cancelling;
    case MomentKind::TargetEnded:
    case MomentKind::Stopped:
    case MomentKind::WentOn:
    case MomentKind::Attached:
    case MomentKind::Ended:
        break;
    }
    return t.dim;
}

/// px from the top of the lane: lines of different kinds do not cover each other.
int lineTop(MomentKind kind) {
    switch (kind) {
    case MomentKind::Lag:
        return 9;
    case MomentKind::Finding:
    case MomentKind::Incident:
        return 6;
    default:
        return 4;
    }
}

/// Each kind has a shape of its own, 8 px wide.
void drawMark(QPainter& painter, const QPointF& middle, MomentKind kind, const QColor& colour) {
    const qreal x = middle.x(), y = middle.y();
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    const auto stroke = [&] {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(colour, 1.4));
    };
    switch (kind) {
    case MomentKind::TargetEnded:
    case MomentKind::Ended:
        painter.drawRect(QRectF(x - 3, y - 3, 6, 6));
        break;
    case MomentKind::Failed:
        painter.drawRoundedRect(QRectF(x - 4, y - 4, 8, 8), 1.5, 1.5);
        painter.setPen(QPen(Theme::tokens().background, 1.2));
        painter.drawLine(QPointF(x - 2, y - 2), QPointF(x + 2, y + 2));
        painter.drawLine(QPointF(x - 2, y + 2), QPointF(x + 2, y - 2));
        break;
    case MomentKind::Incident:
        stroke();
        [[fallthrough]];
    case MomentKind::Finding:
        painter.drawPolygon(QPolygonF({{x - 4, y + 3.5}, {x, y - 4}, {x + 4, y + 3.5}}));
        break;
    case MomentKind::Command:
        painter.drawPolygon(QPolygonF({{x - 4, y}, {x, y - 4}, {x + 4, y}, {x, y + 4}}));
        break;
    case MomentKind::Lost:
        stroke();
        painter.drawLine(QPointF(x - 3, y - 3), QPointF(x + 3, y + 3));
        painter.drawLine(QPointF(x - 3, y + 3), QPointF(x + 3, y - 3));
        break;
    case MomentKind::Lag:
        stroke();
        painter.drawEllipse(middle, 3.2, 3.2);
        painter.drawLine(middle, QPointF(x, y - 2.4));
        break;
    case MomentKind::Stopped:
        painter.drawRect(QRectF(x - 3, y - 3.5, 2, 7));
        painter.drawRect(QRectF(x + 1, y - 3.5, 2, 7));
        break;
    case MomentKind::WentOn:
        painter.drawPolygon(QPolygonF({{x - 3, y - 4}, {x + 4, y}, {x - 3, y + 4}}));
        break;
    case MomentKind::Attached:
        painter.drawPolygon(QPolygonF({{x, y - 4}, {x + 5, y - 1.5}, {x, y + 1}}));
        break;
    }
}

/// How a scale is called on its button and in the settings.
struct ScaleName {
    const char* text;
    const char* key;
    const char* tip;
};
constexpr ScaleName scaleNames[] = {
    {QT_TRANSLATE_NOOP("coroscope::app::TimeStrip", "1 min"), "minute",
     QT_TRANSLATE_NOOP("coroscope::app::TimeStrip", "Show the last minute")},
    {QT_TRANSLATE_NOOP("coroscope::app::TimeStrip", "10 min"), "tenMinutes",
     QT_TRANSLATE_NOOP("coroscope::app::TimeStrip", "Show the last ten minutes")},
    {QT_TRANSLATE_NOOP("coroscope::app::TimeStrip", "All"), "session",
     QT_TRANSLATE_NOOP("coroscope::app::TimeStrip", "Show all since the attach")}};

} // namespace

TimeStrip::TimeStrip(Workspace& workspace, QWidget* parent)
    : QWidget(parent)
    , workspace_(workspace) {
    TimeStripAccessible::install(this);
    setObjectName(QStringLiteral("timeStrip"));
    setAccessibleName(tr("Time strip: live jobs by state"));
    setAccessibleDescription(
        tr("Left and Right choose a moment, Enter shows what happened then, + and - zoom."));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    setFixedHeight(tall);
    QFont small = Theme::text();
    small.setPixelSize(11);
    const QSettings settings;
    wanted_ = settings.value(QStringLiteral("timeStrip/shown"), true).toBool();
    const QString kept = settings.value(QStringLiteral("timeStrip/scale")).toString();
    for (const Scale scale : TimeHistory::scales) {
        const auto index = static_cast<std::size_t>(scale);
        const ScaleName& name = scaleNames[index];
        auto* button = new QToolButton(this);
        button->setObjectName(QStringLiteral("stripScale"));
        button->setText(tr(name.text));
        button->setToolTip(tr(name.tip));
        button->setAccessibleName(tr(name.tip));
        button->setCheckable(true);
        button->setAutoExclusive(true);
        button->setFont(small);
        button->setCursor(Qt::ArrowCursor);
        button->setFixedSize(QFontMetrics(small).horizontalAdvance(button->text()) + 14, zoomHeight);
        connect(button, &QToolButton::clicked, this, [this, scale] { setScale(scale); });
        scales_[index] = button;
        if (kept == QLatin1String(name.key))
            scale_ = scale;
    }
    scales_[static_cast<std::size_t>(scale_)]->setChecked(true);
    connect(&workspace_, &Workspace::numbersDue, this, [this] { refresh(false); });
    connect(&workspace_, &Workspace::stateChanged, this, &TimeStrip::refreshShown);
    connect(&workspace_, &Workspace::cancelsChanged, this, [this] { refresh(false); });
    connect(&workspace_, &Workspace::switched, this, [this] {
        history_ = {};
        pointer_.reset();
        setMoment(std::nullopt);
        refreshShown();
        refresh(true);
    });
    if (parent != nullptr)
        parent->installEventFilter(this);
    refreshShown();
}

void TimeStrip::setWanted(bool wanted) {
    if (wanted == wanted_)
        return;
    wanted_ = wanted;
    QSettings().setValue(QStringLiteral("timeStrip/shown"), wanted);
    refreshShown();
    emit wantedChanged(wanted);
}

void TimeStrip::refreshShown() {
    const Workspace::State state = workspace_.state();
    setVisible(wanted_ && (state == Workspace::State::Live || state == Workspace::State::Ended));
}

void TimeStrip::setScale(Scale scale) {
    const auto index = static_cast<std::size_t>(scale);
    scales_[index]->setChecked(true);
    if (scale == scale_)
        return;
    scale_ = scale;
    QSettings().setValue(QStringLiteral("timeStrip/scale"), QString::fromLatin1(scaleNames[index].key));
    if (moment_ && *moment_ < span().first)
        setMoment(std::nullopt);
    refresh(true);
}

/// Takes what is new, and draws it where there is something to see.
void TimeStrip::refresh(bool anew) {
    if (!isVisible())
        return;
    const bool news = workspace_.timeHistory(history_);
    const std::size_t happened = workspace_.cancels().size() + workspace_.findingLog().appeared().size() +
                                 workspace_.endedJobs().incidents().size();
    if (!news && !anew && std::exchange(marksKnown_, happened) == happened)
        return;
    marksKnown_ = happened;
    picture_ = {};
    if (moment_ && *moment_ < span().first)
        setMoment(std::nullopt);
    update();
}

std::pair<std::int64_t, std::int64_t> TimeStrip::span() const noexcept {
    const std::int64_t to = history_.latest();
    // No more than there is: at first a strip of ten minutes would be empty but for a stroke at its end.
    const std::int64_t all = std::min(history_.begun(), to - 10 * second);
    switch (scale_) {
    case Scale::Minute:
        return {std::max(all, to - 60 * second), to};
    case Scale::TenMinutes:
        return {std::max(all, to - 600 * second), to};
    case Scale::Session:
        break;
    }
    return {all, to};
}

TimeStrip::Lanes TimeStrip::lanes() const {
    Lanes at;
    const int across = std::max(1, width() - 2 * margin);
    at.head = QRect(margin, 1, across, headHeight);
    at.marks = QRect(margin, at.head.bottom() + 1, across, marksHeight);
    at.axis = QRect(margin, height() - axisHeight, across, axisHeight);
    const int rest = at.axis.top() - at.marks.bottom() - 2;
    const int rates = std::clamp(rest / 3, 8, 16);
    at.rates = QRect(margin, at.axis.top() - rates, across, rates);
    at.graph = QRect(margin, at.marks.bottom() + 1, across, rest - rates - 1);
    return at;
}

int TimeStrip::xOf(std::int64_t moment) const {
    const auto [from, to] = span();
    const double share =
        static_cast<double>(moment - from) / static_cast<double>(std::max<std::int64_t>(1, to - from));
    return margin + static_cast<int>(std::lround(share * (width() - 2 * margin)));
}

std::int64_t TimeStrip::momentAt(int x) const {
    const auto [from, to] = span();
    const double share =
        std::clamp(static_cast<double>(x - margin) / std::max(1, width() - 2 * margin), 0.0, 1.0);
    return from + static_cast<std::int64_t>(share * static_cast<double>(to - from));
}

std::int64_t TimeStrip::shownMoment() const noexcept {
    if (pointer_)
        return momentAt(*pointer_);
    return moment_.value_or(history_.latest() - 1);
}

void TimeStrip::setMoment(std::optional<std::int64_t> moment) {
    if (moment) {
        const auto [from, to] = span();
        moment = std::clamp(*moment, std::max(from, history_.begun()), std::max(from, to - 1));
    }
    if (moment == moment_)
        return;
    moment_ = moment;
    update();
    emit momentChanged();
    QAccessibleValueChangeEvent event(this, readout());
    QAccessible::updateAccessibility(&event);
}

void TimeStrip::step(int steps) {
    const std::int64_t length = history_.stepOf(scale_);
    const std::int64_t from = moment_.value_or(history_.latest() - 1);
    pointer_.reset();
    setMoment(from + steps * length);
}

void TimeStrip::openMoment() {
    if (history_.begun() == 0)
        return;
    if (!moment_)
        setMoment(history_.latest() - 1);
    // Whole steps, so that what is counted and what is listed is of the same time.
    const auto [first, last] = span();
    const std::int64_t length = history_.stepOf(scale_);
    const std::int64_t wide = (last - first) / std::max(1, width() - 2 * margin) * reach;
    const std::int64_t begin = *moment_ / length * length, more = (wide + length - 1) / length * length;
    emit momentRequested(*moment_, begin - more, begin + length + more);
}

QString TimeStrip::readout() const {
    const std::int64_t at = shownMoment();
    const TimeHistory::Step* step = history_.at(scale_, at);
    const QString clock = clockText(workspace_.wallClock(at));
    if (step == nullptr)
        return tr("%1, not watched then").arg(clock);
    QStringList parts;
    for (const LiveState state : order)
        if (const std::uint32_t count = countOf(step->live, state); count > 0)
            parts.prepend(tr("%1 %2").arg(countText(count), wordOf(state)));
    const double seconds = secondsOf(*step);
    QString text = tr("%1, %2").arg(clock, jobsText(step->jobs()));
    if (!parts.isEmpty())
        text += tr(": %1").arg(parts.join(QStringLiteral(", ")));
    text += tr("; %1 launched, %2 ended")
                .arg(rateOf(static_cast<double>(step->launched) / seconds),
                     rateOf(static_cast<double>(step->ended) / seconds));
    if (const QString marks = marksText(xOf(at)); !marks.isEmpty())
        text += QStringLiteral("; ") + marks;
    return text;
}

/// "2 × failures, commands" of the marks around a place.
QString TimeStrip::marksText(int x) const {
    std::map<MomentKind, int> kinds;
    for (const DrawnMark& mark : marks_)
        if (std::abs(mark.x - x) <= reach)
            ++kinds[mark.kind];
    QStringList parts;
    for (const auto& [kind, count] : kinds)
        parts << momentName(kind);
    return parts.join(QStringLiteral(", "));
}

void TimeStrip::drawPicture() {
    const qreal ratio = devicePixelRatioF();
    picture_ = QPixmap(size() * ratio);
    picture_.setDevicePixelRatio(ratio);
    dark_ = Theme::dark();
    const Tokens& t = Theme::tokens();
    picture_.fill(t.background);
    QPainter painter(&picture_);
    const Lanes at = lanes();
    most_ = 0;
    mostRate_ = 0;
    marks_.clear();
    if (history_.begun() == 0)
        return;
    const std::int64_t from = span().first;
    std::vector<double> rates;
    for (const TimeHistory::Step& step : history_.steps(scale_)) {
        if (step.until < from)
            continue;
        most_ = std::max(most_, step.jobs());
        const double seconds = secondsOf(step);
        rates.push_back(static_cast<double>(std::max(step.launched, step.ended)) / seconds);
    }
    // A burst must not make all the rest look like nothing: it is cut off.
    if (!rates.empty()) {
        const auto high = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() * 19 / 20);
        std::nth_element(rates.begin(), high, rates.end());
        mostRate_ = *high > 0 ? *high * 1.25 : *std::max_element(rates.begin(), rates.end());
    }
    drawGaps(painter, at);
    painter.setRenderHint(QPainter::Antialiasing);
    drawJobs(painter, at.graph);
    painter.setRenderHint(QPainter::Antialiasing, false);
    drawRates(painter, at.rates);
    drawMarks(painter, at);
    drawScale(painter, at.graph);
    drawAxis(painter, at.axis);
}

/// Nothing drawn would say that there were no jobs.
void TimeStrip::drawGaps(QPainter& painter, const Lanes& at) const {
    for (const TimeHistory::Gap& gap : history_.gaps(scale_)) {
        const int x0 = std::max(at.graph.left(), xOf(gap.from)), x1 = xOf(gap.to);
        shade(painter, QRect(x0, at.graph.top(), x1 - x0, at.graph.height()), Qt::Dense6Pattern);
    }
}

/// One area above the other. Each place across shows the step with the most jobs there.
void TimeStrip::drawJobs(QPainter& painter, const QRect& lane) const {
    const Tokens& t = Theme::tokens();
    painter.fillRect(QRectF(lane.left(), lane.bottom() + 1, lane.width(), 1), t.line);
    if (most_ == 0)
        return;
    struct Column {
        qreal x;
        const TimeHistory::Step* step;
    };
    std::vector<Column> columns;
    const auto [from, to] = span();
    const std::int64_t length = history_.stepOf(scale_);
    const double scale =
        static_cast<double>(lane.width()) / static_cast<double>(std::max<std::int64_t>(1, to - from));
    const auto flush = [&](qreal end) {
        if (columns.empty())
            return;
        // The last one is as wide as its time.
        columns.push_back({std::max(columns.back().x, end), columns.back().step});
        std::vector<qreal> base(columns.size(), lane.bottom() + 1);
        const double high = lane.height() - 2;
        for (const LiveState state : order) {
            QPolygonF area;
            bool any = false;
            for (std::size_t i = 0; i < columns.size(); ++i)
                area << QPointF(columns[i].x, base[i]);
            for (std::size_t i = columns.size(); i-- > 0;) {
                const std::uint32_t count = countOf(columns[i].step->live, state);
                double up = high * static_cast<double>(count) / static_cast<double>(most_);
                // Few that run or are cancelled among very many must not vanish.
                if (count > 0 && state != LiveState::Plain && state != LiveState::Unstarted)
                    up = std::max(up, 1.0);
                any = any || count > 0;
                base[i] = std::max<qreal>(lane.top(), base[i] - up);
                area << QPointF(columns[i].x, base[i]);
            }
            if (!any)
                continue;
            painter.setPen(Qt::NoPen);
            painter.setBrush(colourOf(t, state));
            painter.drawPolygon(area);
        }
        columns.clear();
    };
    const qreal left = lane.left(), right = lane.right() + 1;
    const std::vector<TimeHistory::Gap> gaps = history_.gaps(scale_);
    auto gap = gaps.begin();
    for (const TimeHistory::Step& step : history_.steps(scale_)) {
        if (step.from + length < from)
            continue;
        const std::int64_t begin = std::max(step.from, history_.begun());
        const qreal x0 = std::max(left, left + static_cast<double>(begin - from) * scale);
        const qreal x1 = std::min(right, left + static_cast<double>(step.from + length - from) * scale);
        while (gap != gaps.end() && gap->to <= step.from) {
            flush(left + static_cast<double>(gap->from - from) * scale);
            ++gap;
        }
        if (columns.empty())
            columns.push_back({x0, &step});
        const qreal x = (x0 + x1) / 2;
        if (columns.size() > 1 && x < columns.back().x + 1) {
            if (step.jobs() > columns.back().step->jobs())
                columns.back().step = &step;
        } else {
            columns.push_back({x, &step});
        }
    }
    flush(right);
}

/// How many jobs the full height means.
void TimeStrip::drawScale(QPainter& painter, const QRect& lane) const {
    if (most_ == 0)
        return;
    const Tokens& t = Theme::tokens();
    QFont font = Theme::text();
    font.setPixelSize(10);
    const QString text = tr("at most %1").arg(countText(most_));
    const QFontMetrics metrics(font);
    const QRectF box(lane.left() + 2, lane.top() + 2, metrics.horizontalAdvance(text) + 8, 13);
    QColor ground = t.background;
    ground.setAlphaF(0.8f);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(ground);
    painter.drawRoundedRect(box, 3, 3);
    painter.setFont(font);
    painter.setPen(t.dim);
    painter.drawText(box, Qt::AlignCenter, text);
}

/// Launches upwards, ends downwards, to one scale.
void TimeStrip::drawRates(QPainter& painter, const QRect& lane) const {
    const Tokens& t = Theme::tokens();
    if (mostRate_ <= 0)
        return;
    const auto [from, to] = span();
    const std::int64_t length = history_.stepOf(scale_);
    const double scale =
        static_cast<double>(lane.width()) / static_cast<double>(std::max<std::int64_t>(1, to - from));
    const double half = lane.height() / 2.0;
    const qreal middle = lane.top() + half;
    const QColor up = Theme::mix(t.accent, t.background, 0.8), down = Theme::mix(t.ended, t.background, 0.8);
    for (const TimeHistory::Step& step : history_.steps(scale_)) {
        if (step.from + length < from)
            continue;
        // What happened while nobody looked is known in sum.
        const std::int64_t begin = std::max(std::min(step.from, step.until - step.over), history_.begun());
        const double x0 = std::max(0.0, static_cast<double>(begin - from) * scale);
        const double x1 =
            std::min<double>(lane.width(), static_cast<double>(step.from + length - from) * scale);
        const double wide = std::max(1.0, x1 - x0 - (x1 - x0 > 3 ? 1 : 0));
        const double seconds = secondsOf(step);
        const auto high = [&](std::uint64_t count) {
            return count == 0
                       ? 0.0
                       : std::clamp((half - 1) * static_cast<double>(count) / seconds / mostRate_, 1.0, half);
        };
        if (const double h = high(step.launched); h > 0)
            painter.fillRect(QRectF(lane.left() + x0, middle - h, wide, h), up);
        if (const double h = high(step.ended); h > 0)
            painter.fillRect(QRectF(lane.left() + x0, middle, wide, h), down);
    }
}

/// Where several are in one place, the weightiest is drawn; what goes on is a line.
void TimeStrip::drawMarks(QPainter& painter, const Lanes& at) {
    const Tokens& t = Theme::tokens();
    const std::int64_t from = span().first;
    std::int64_t stopped = 0;
    const auto standsStill = [&](std::int64_t begin, std::int64_t end) {
        const int x0 = std::max(at.graph.left(), xOf(begin)), x1 = xOf(end);
        shade(painter, QRect(x0, at.marks.top(), x1 - x0, at.axis.top() - at.marks.top()), Qt::BDiagPattern);
    };
    for (const TimeHistory::Turn& turn : history_.turns()) {
        if (turn.kind == TimeHistory::TurnKind::Stopped)
            stopped = turn.at;
        else if (stopped != 0)
            standsStill(std::exchange(stopped, 0), turn.at);
    }
    if (stopped != 0)
        standsStill(stopped, history_.latest());
    constexpr int apart = 9;
    std::vector<PlacedMark> placed;
    for (const Mark& mark : marksOf(workspace_, history_, scale_)) {
        if (mark.at < from)
            continue;
        const int x = xOf(mark.at);
        marks_.push_back({x, mark.at, mark.kind});
        placed.push_back({x / apart, mark.kind, mark.slight});
        if (mark.kind == MomentKind::Attached || mark.kind == MomentKind::TargetEnded)
            painter.fillRect(QRectF(x - 0.5, at.marks.top() + 2, 1, at.axis.top() - at.marks.top() - 2),
                             t.dim);
    }
    const std::vector<MarkRun> runs = runsOf(placed);
    const qreal middle = at.marks.center().y() + 0.5, right = at.marks.right();
    // Lines first, so that signs of what is rarer stand on them.
    for (const MarkRun& run : runs) {
        if (run.first == run.last && run.kind != MomentKind::Lag)
            continue;
        const int x = run.first * apart + (run.sign ? apart / 2 : 0);
        const int end = std::min((run.last + 1) * apart, at.marks.right());
        // Lag is ours and not the program's: it is the quietest.
        const QColor colour = run.kind == MomentKind::Lag ? t.dim : colourOf(t, run.kind);
        painter.fillRect(QRect(x, at.marks.top() + lineTop(run.kind), end - x, 2),
                         Theme::mix(colour, t.background, 0.5));
    }
    painter.setRenderHint(QPainter::Antialiasing);
    for (const MarkRun& run : runs) {
        if (!run.sign)
            continue;
        qreal x = run.first * apart + apart / 2.0;
        if (run.kind == MomentKind::Attached || run.kind == MomentKind::TargetEnded) // on its line
            for (const DrawnMark& mark : marks_)
                if (mark.kind == run.kind && mark.x / apart == run.first)
                    x = mark.x;
        drawMark(painter, {std::min<qreal>(x, right - 3), middle}, run.kind, colourOf(t, run.kind));
    }
}

void TimeStrip::drawAxis(QPainter& painter, const QRect& lane) const {
    const Tokens& t = Theme::tokens();
    QFont font = Theme::text();
    font.setPixelSize(10);
    painter.setFont(font);
    painter.setPen(t.dim);
    const auto [from, to] = span();
    const bool over = workspace_.state() == Workspace::State::Ended;
    const QString now = over ? tr("%1, ended").arg(clockText(workspace_.wallClock(to))) : tr("now");
    painter.drawText(lane, Qt::AlignRight | Qt::AlignVCenter, now);
    const QFontMetrics metrics(font);
    const int limit = lane.right() - metrics.horizontalAdvance(now) - 8;
    const int wide = metrics.horizontalAdvance(QStringLiteral("00:00:00"));
    // Full seconds and minutes by the clock on the wall, as close to each other as can be read.
    constexpr std::int64_t distances[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                          600, 900, 1800, 3600, 7200, 21600, 86400, 604800};
    const double perSecond =
        static_cast<double>(lane.width()) * 1e9 / static_cast<double>(std::max<std::int64_t>(1, to - from));
    std::int64_t distance = distances[std::size(distances) - 1];
    for (const std::int64_t each : distances)
        if (static_cast<double>(each) * perSecond > 1.8 * wide) {
            distance = each;
            break;
        }
    const std::int64_t wallFrom = workspace_.wallClock(from), wallTo = workspace_.wallClock(to);
    for (std::int64_t wall = wallFrom / distance * distance; wall <= wallTo; wall += distance) {
        const int x = xOf(to - (wallTo - wall) * second);
        if (x - wide / 2 < lane.left() || x + wide / 2 > limit)
            continue;
        painter.fillRect(QRectF(x - 0.5, lane.top(), 1, 3), t.line);
        painter.drawText(QRect(x - wide / 2, lane.top() + 1, wide, lane.height() - 1), Qt::AlignCenter,
                         clockText(wall));
    }
}

/// The numbers of the moment, each beside the sign of its state.
void TimeStrip::paintHead(QPainter& painter, const QRect& head) const {
    const Tokens& t = Theme::tokens();
    QFont font = Theme::text();
    font.setPixelSize(12);
    QFont strong = font;
    strong.setWeight(QFont::DemiBold);
    const QFontMetrics metrics(font), strongMetrics(strong);
    const TimeHistory::Step* step = history_.at(scale_, shownMoment());
    const bool then = pointer_ || moment_;
    const int right = scales_[0]->x() - 12;
    int x = head.left();
    const auto write = [&](const QString& text, const QFont& with, const QColor& colour, int width) {
        painter.setFont(with);
        painter.setPen(colour);
        painter.drawText(QRect(x, head.top(), width, head.height()), Qt::AlignVCenter | Qt::AlignLeft, text);
        x += width;
    };
    const QString clock = then ? clockText(workspace_.wallClock(shownMoment())) : tr("Live jobs");
    const int clockWidth = std::max(strongMetrics.horizontalAdvance(tr("Live jobs")),
                                    strongMetrics.horizontalAdvance(QStringLiteral("00:00:00")));
    constexpr int little = 330; // where the numbers need all there is
    if (then || right - head.left() >= little)
        write(clock, strong, t.text, clockWidth + 10);
    if (step == nullptr) {
        write(then ? tr("not watched then") : QString(), font, t.dim, right - x);
        return;
    }
    write(countText(step->jobs()), strong, t.text,
          strongMetrics.horizontalAdvance(countText(std::max<std::uint64_t>(most_, 1))) + 16);
    // What is never there is left out. Each has the room of its greatest number, so that nothing jumps.
    observe::LiveCounts highest{};
    for (const TimeHistory::Step& each : history_.steps(scale_))
        if (each.until >= span().first)
            for (std::size_t i = 0; i < highest.size(); ++i)
                highest[i] = std::max(highest[i], each.live[i]);
    constexpr int sign = 17, gap = 12;
    const auto wordWidth = [&](LiveState state) { return metrics.horizontalAdvance(wordOf(state)) + 5; };
    const auto numberWidth = [&](LiveState state) {
        return metrics.horizontalAdvance(countText(countOf(highest, state))) + 2;
    };
    std::vector<LiveState> shown;
    int room = right - x;
    for (const LiveState state :
         {LiveState::Running, LiveState::Suspended, LiveState::Cancelling, LiveState::Queued,
          LiveState::WaitsForChildren, LiveState::Unstarted, LiveState::Plain}) {
        const bool always = state == LiveState::Running || state == LiveState::Suspended;
        const int wide = sign + numberWidth(state) + gap;
        if ((!always && countOf(highest, state) == 0) || wide > room)
            continue;
        shown.push_back(state);
        room -= wide;
    }
    std::sort(shown.begin(), shown.end(), std::greater{}); // as in the picture, the top first
    const double seconds = secondsOf(*step);
    const QString rates = tr("↑ %1  ↓ %2")
                              .arg(rateOf(static_cast<double>(step->launched) / seconds),
                                   rateOf(static_cast<double>(step->ended) / seconds));
    const int ratesWidth =
        metrics.horizontalAdvance(tr("↑ %1  ↓ %2").arg(rateOf(mostRate_), rateOf(mostRate_))) + 8;
    const bool withRates = room >= ratesWidth;
    room -= withRates ? ratesWidth : 0;
    for (const LiveState state : shown) {
        painter.drawPixmap(QPointF(x, head.center().y() - 6),
                           iconPixmap(iconName(lookOf(state)), Theme::stateColour(t, lookOf(state)), 13,
                                      devicePixelRatioF()));
        x += sign;
        if (wordWidth(state) <= room) {
            room -= wordWidth(state);
            write(wordOf(state), font, t.dim, wordWidth(state));
        }
        write(countText(countOf(step->live, state)), font, t.text, numberWidth(state) + gap);
    }
    if (withRates)
        write(rates, font, t.dim, ratesWidth);
}

void TimeStrip::paintCursor(QPainter& painter, const Lanes& at) const {
    const Tokens& t = Theme::tokens();
    const auto line = [&](int x, const QColor& colour) {
        painter.fillRect(QRectF(x - 0.5, at.marks.top(), 1, at.axis.top() - at.marks.top()), colour);
    };
    if (moment_)
        line(xOf(*moment_), t.accent);
    if (!pointer_ && !moment_)
        return;
    const int x = pointer_ ? std::clamp(*pointer_, at.graph.left(), at.graph.right()) : xOf(*moment_);
    if (pointer_)
        line(x, t.text);
    QFont font = Theme::text();
    font.setPixelSize(10);
    painter.setFont(font);
    const QString clock = clockText(workspace_.wallClock(shownMoment()));
    const int wide = QFontMetrics(font).horizontalAdvance(clock) + 10;
    const QRect box(std::clamp(x - wide / 2, at.axis.left(), at.axis.right() - wide + 1), at.axis.top() + 1,
                    wide, at.axis.height() - 2);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(t.text);
    painter.drawRoundedRect(box, 3, 3);
    painter.setPen(t.background);
    painter.drawText(box, Qt::AlignCenter, clock);
}

void TimeStrip::paintEvent(QPaintEvent*) {
    const Tokens& t = Theme::tokens();
    if (picture_.isNull() || picture_.size() != size() * devicePixelRatioF() || dark_ != Theme::dark())
        drawPicture();
    QPainter painter(this);
    painter.drawPixmap(0, 0, picture_);
    painter.fillRect(QRectF(0, 0, width(), 1), t.line);
    const Lanes at = lanes();
    if (history_.begun() != 0) {
        paintHead(painter, at.head);
        paintCursor(painter, at);
    }
    if (hasFocus()) {
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setPen(QPen(t.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void TimeStrip::mouseMoveEvent(QMouseEvent* event) {
    const QPoint at = event->position().toPoint();
    pointer_ = lanes().head.contains(at) ? std::nullopt : std::optional<int>(at.x());
    setCursor(pointer_ ? Qt::CrossCursor : Qt::ArrowCursor);
    update();
}

void TimeStrip::mousePressEvent(QMouseEvent* event) {
    const QPoint at = event->position().toPoint();
    if (event->button() != Qt::LeftButton || at.y() < headHeight || history_.begun() == 0)
        return;
    setMoment(momentAt(at.x()));
    openMoment();
}

void TimeStrip::leaveEvent(QEvent*) {
    pointer_.reset();
    update();
}

/// Up shows less time, finer.
void TimeStrip::wheelEvent(QWheelEvent* event) {
    constexpr int notch = 120;
    wheel_ += event->angleDelta().y();
    const int steps = wheel_ / notch;
    wheel_ -= steps * notch;
    event->accept();
    if (steps != 0)
        setScale(static_cast<Scale>(std::clamp(static_cast<int>(scale_) - steps, 0, 2)));
}

void TimeStrip::keyPressEvent(QKeyEvent* event) {
    constexpr int page = 20;
    switch (event->key()) {
    case Qt::Key_Left:
        step(-1);
        break;
    case Qt::Key_Right:
        step(1);
        break;
    case Qt::Key_PageUp:
        step(-page);
        break;
    case Qt::Key_PageDown:
        step(page);
        break;
    case Qt::Key_Home:
        pointer_.reset();
        setMoment(span().first);
        break;
    case Qt::Key_End:
        pointer_.reset();
        setMoment(span().second);
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        setScale(static_cast<Scale>(std::max(static_cast<int>(scale_) - 1, 0)));
        break;
    case Qt::Key_Minus:
        setScale(static_cast<Scale>(std::min(static_cast<int>(scale_) + 1, 2)));
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        openMoment();
        break;
    case Qt::Key_Escape:
        if (moment_) {
            setMoment(std::nullopt);
            break;
        }
        [[fallthrough]];
    default:
        QWidget::keyPressEvent(event);
    }
}

void TimeStrip::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}

void TimeStrip::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

void TimeStrip::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    int x = width() - margin;
    for (std::size_t i = scales_.size(); i-- > 0;) {
        x -= scales_[i]->width();
        scales_[i]->move(x, 1 + (headHeight - zoomHeight) / 2);
        x -= 2;
    }
}

void TimeStrip::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh(true);
}

bool TimeStrip::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        const QString marks = marksText(help->pos().x());
        if (lanes().head.contains(help->pos()))
            QToolTip::showText(help->globalPos(), readout(), this);
        else if (!marks.isEmpty())
            QToolTip::showText(help->globalPos(), tr("%1: click to see").arg(marks), this);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

/// Where the page is low, the tree needs the room more.
bool TimeStrip::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Resize && watched == parent())
        setFixedHeight(static_cast<QResizeEvent*>(event)->size().height() < lowPage ? low : tall);
    return QWidget::eventFilter(watched, event);
}

} // namespace coroscope::app
