// SPDX-License-Identifier: Apache-2.0
#include "theme/Theme.h"

#include <QApplication>
#include <QFontDatabase>
#include <QPalette>
#include <QStyleFactory>

#include <cmath>

static void initResources() {
    Q_INIT_RESOURCE(coroscope);
}

namespace coroscope::app {

namespace {

Tokens lightTokens() {
    return {.background = QColor("#ffffff"),
            .panel = QColor("#f6f7f9"),
            .line = QColor("#dfe3e8"),
            .text = QColor("#1b2330"),
            .dim = QColor("#5f6a7d"),
            .faint = QColor("#98a2b3"),
            .selection = QColor("#e3edfd"),
            .selectionEdge = QColor("#3b7dd8"),
            .accent = QColor("#2f6fd0"),
            .running = QColor("#0b8f6a"),
            .suspended = QColor("#3b7dd8"),
            .queued = QColor("#7a6ff0"),
            .cancelling = QColor("#c77700"),
            .failed = QColor("#cc3d3f"),
            .ended = QColor("#8a94a6"),
            .orphan = QColor("#9a4fc4"),
            .categories = {QColor("#3b7dd8"), QColor("#c77700"), QColor("#0b8f6a"), QColor("#9a4fc4"),
                           QColor("#0f8ca0"), QColor("#b8336a"), QColor("#6b7d1f"), QColor("#8a5a2b")},
            .dark = false};
}

Tokens darkTokens() {
    return {.background = QColor("#16191f"),
            .panel = QColor("#1c2027"),
            .line = QColor("#2d333d"),
            .text = QColor("#e6e9ee"),
            .dim = QColor("#9aa4b2"),
            .faint = QColor("#6b7686"),
            .selection = QColor("#22344f"),
            .selectionEdge = QColor("#5b9bf0"),
            .accent = QColor("#6aa5f5"),
            .running = QColor("#35c79b"),
            .suspended = QColor("#6aa5f5"),
            .queued = QColor("#a79dff"),
            .cancelling = QColor("#f0a742"),
            .failed = QColor("#f0706f"),
            .ended = QColor("#7f8a9b"),
            .orphan = QColor("#c78be8"),
            .categories = {QColor("#6aa5f5"), QColor("#f0a742"), QColor("#35c79b"), QColor("#c78be8"),
                           QColor("#4cc9dd"), QColor("#f07fae"), QColor("#b5cc5a"), QColor("#d0a070")},
            .dark = true};
}

bool currentIsDark = false;

double channel(double value) {
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}
double luminance(const QColor& c) {
    return 0.2126 * channel(c.redF()) + 0.7152 * channel(c.greenF()) + 0.0722 * channel(c.blueF());
}

QFont sized(const QString& family, int pixels, QFont::Weight weight) {
    QFont font(family);
    font.setPixelSize(pixels);
    font.setWeight(weight);
    font.setStyleStrategy(QFont::PreferAntialias);
    return font;
}

QString styleSheet(const Tokens& t) {
    const QString danger = t.dark ? t.failed.name() : Theme::mix(t.failed, t.text, 0.94).name();
    QString sheet = QStringLiteral(R"(
QMainWindow, QDialog { background: @panel; }
QMainWindow::separator { background: @line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }
QToolTip { background: @background; color: @text; border: 1px solid @line; padding: 4px; }
QLabel#filterProblem { background: @panel; color: @text; border: 1px solid @line; border-radius: 6px; padding: 7px 10px; }
QFrame#pathBar { background: @panel; border: none; border-bottom: 1px solid @line; }
QFrame#toolbar { background: @panel; border: none; border-bottom: 1px solid @line; }
QFrame#dockTitle { background: @panel; }
QWidget#page { background: @background; }
QWidget#sidePage { background: @panel; }
QFrame#card { background: @background; border: 1px solid @line; border-radius: 6px; }
QFrame#provenCard { background: @background; border: 1px solid @line; border-left: 3px solid @failed; border-radius: 6px; }
QFrame#suspectedCard { background: @background; border: 1px solid @line; border-left: 3px solid @cancelling; border-radius: 6px; }
QFrame#banner { background: @bannerFill; border: none; border-bottom: 1px solid @line; }
QFrame#rule { background: @line; border: none; }
QLabel { background: transparent; }
QLabel[dim="true"] { color: @dim; }
QPushButton { background: @background; color: @text; border: 1px solid @line; border-radius: 6px; padding: 5px 12px; }
QPushButton:hover { border-color: @faint; }
QPushButton:pressed { background: @line; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @faint; }
QPushButton[danger="true"] { background: @danger; color: @onDanger; border-color: @danger; font-weight: 600; }
QPushButton[danger="true"]:hover { border-color: @text; }
QPushButton[danger="true"]:focus { border-color: @text; }
QPushButton[danger="true"]:disabled { background: @line; color: @dim; border-color: @line; }
QPushButton[quietDanger="true"] { color: @dangerText; }
QPushButton[quietDanger="true"]:disabled { color: @faint; }
QPushButton[segment="true"] { border-radius: 0; padding: 5px 14px; }
QPushButton#showTree { border-top-left-radius: 6px; border-bottom-left-radius: 6px; border-right: none; }
QPushButton#showMap { border-top-right-radius: 6px; border-bottom-right-radius: 6px; }
QPushButton#showIcicle { border-top-left-radius: 5px; border-bottom-left-radius: 5px; border-right: none; }
QPushButton#showNodes { border-top-right-radius: 5px; border-bottom-right-radius: 5px; }
QPushButton[small="true"] { padding: 2px 10px; }
QPushButton[segment="true"]:checked { background: @selection; color: @accentText; font-weight: 600; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 4px; }
QToolButton:hover { background: @line; }
QToolButton:checked { background: @selection; border-color: @accent; }
QToolButton:focus { border-color: @accent; }
QToolButton::menu-indicator { image: none; }
QToolButton#stripScale { color: @dim; padding: 0 6px; }
QToolButton#stripScale:checked { color: @accentText; border-color: transparent; }
QToolButton#stripScale:checked:focus { border-color: @accent; }
QWidget#momentPanel { background: @background; border: 1px solid @faint; border-radius: 6px; }
QToolButton#mapColour, QToolButton#mapSave, QToolButton#compareBy { color: @dim; padding: 2px 8px; border: 1px solid @line; }
QToolButton#mapColour:hover, QToolButton#mapColour:focus, QToolButton#mapSave:hover, QToolButton#mapSave:focus, QToolButton#compareBy:hover, QToolButton#compareBy:focus { color: @text; }
QLineEdit { background: @background; color: @text; border: 1px solid @line; border-radius: 6px; padding: 4px 8px; selection-background-color: @accent; selection-color: @background; }
QLineEdit:focus { border-color: @accent; }
QComboBox { background: @background; color: @text; border: 1px solid @line; border-radius: 6px; padding: 4px 8px; selection-background-color: @accent; selection-color: @background; }
QComboBox:focus, QComboBox:on { border-color: @accent; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url(:/icons/down.svg); width: 12px; height: 12px; }
QComboBox QLineEdit { background: transparent; border: none; padding: 0; }
QComboBox QAbstractItemView { background: @background; color: @text; border: 1px solid @line; selection-background-color: @selection; selection-color: @text; outline: 0; padding: 4px; }
QPlainTextEdit { background: @background; color: @text; border: 1px solid @line; border-radius: 6px; padding: 2px 4px; selection-background-color: @accent; selection-color: @background; }
QPlainTextEdit:focus { border-color: @accent; }
QFrame#banner[calm="true"] { background: @hover; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPlainTextEdit#bannerMore, QPlainTextEdit#bannerMore:focus { background: transparent; border: none; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator { width: 13px; height: 13px; border: 1px solid @faint; border-radius: 3px; background: @background; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(:/icons/check.svg); }
QCheckBox::indicator:focus { border-color: @accent; }
QMenu { background: @background; color: @text; border: 1px solid @line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @faint; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QMenu::icon { padding-left: 6px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }
QStatusBar { background: @panel; border-top: 1px solid @line; }
QStatusBar::item { border: none; }
QStatusBar QToolButton { color: @dim; padding: 1px 6px; }
QStatusBar QToolButton:hover { color: @text; }
QHeaderView { background: @background; border: none; }
QHeaderView::section { background: @background; color: @dim; border: none; border-bottom: 1px solid @line; padding: 0 8px; }
QListView, QTreeView { border: none; outline: 0; }
QTreeView#findings::item, QTreeView#ended::item, QTreeView#commands::item, QTreeView#compare::item, QTreeView#moments::item { padding: 0 8px; border: none; }
QTreeView#findings::item:selected, QTreeView#ended::item:selected, QTreeView#commands::item:selected, QTreeView#compare::item:selected, QTreeView#moments::item:selected { background: @selection; }
QTreeView#findings::item:hover:!selected, QTreeView#ended::item:hover:!selected, QTreeView#commands::item:hover:!selected, QTreeView#compare::item:hover:!selected, QTreeView#moments::item:hover:!selected { background: @hover; }
QMainWindow > QTabBar { background: @panel; }
QTabBar::tab { background: @panel; color: @dim; border: none; border-top: 2px solid transparent; padding: 5px 14px; }
QTabBar::tab:selected { background: @background; color: @text; border-top: 2px solid @accent; }
QTabBar::tab:hover:!selected { color: @text; }
QScrollArea { border: none; background: transparent; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle { background: @scroll; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: @line; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @running; border-radius: 3px; }
)");
    const std::pair<const char*, QString> words[] = {
        {"@background", t.background.name()},
        {"@panel", t.panel.name()},
        {"@line", t.line.name()},
        {"@text", t.text.name()},
        {"@dim", t.dim.name()},
        {"@faint", t.faint.name()},
        {"@selection", t.selection.name()},
        {"@hover", Theme::mix(t.selection, t.background, 0.4).name()},
        {"@accentText", Theme::readable(t, t.accent, t.selection).name()},
        {"@accent", t.accent.name()},
        {"@running", t.running.name()},
        {"@cancelling", t.cancelling.name()},
        {"@failed", t.failed.name()},
        {"@bannerFill", Theme::mix(t.cancelling, t.background, 0.12).name()},
        {"@scroll", Theme::mix(t.faint, t.panel, 0.45).name()},
        {"@dangerText", Theme::readable(t, t.failed, t.background).name()},
        {"@danger", danger},
        {"@onDanger", t.dark ? t.background.name() : QStringLiteral("#ffffff")},
    };
    for (const auto& [word, value] : words)
        sheet.replace(QLatin1String(word), value);
    return sheet;
}

} // namespace

StateLook lookOf(JobState state, Execution execution) noexcept {
    switch (state) {
    case JobState::New:
        return StateLook::New;
    case JobState::Cancelling:
        return StateLook::Cancelling;
    case JobState::Completed:
        return StateLook::Completed;
    case JobState::Cancelled:
        return StateLook::Cancelled;
    case JobState::Failed:
        return StateLook::Failed;
    case JobState::Active:
    case JobState::Completing:
        break;
    }
    switch (execution) {
    case Execution::None:
        return StateLook::Plain;
    case Execution::Unstarted:
        return StateLook::New;
    case Execution::Queued:
        return StateLook::Queued;
    case Execution::Running:
        return StateLook::Running;
    case Execution::Suspended:
        return StateLook::Suspended;
    case Execution::WaitsForChildren:
        return StateLook::WaitsForChildren;
    }
    return StateLook::Plain;
}

const Tokens& Theme::tokens(bool isDark) noexcept {
    static const Tokens lightOnes = lightTokens();
    static const Tokens darkOnes = darkTokens();
    return isDark ? darkOnes : lightOnes;
}
const Tokens& Theme::tokens() noexcept {
    return tokens(currentIsDark);
}

QFont Theme::text() {
    return sized(QStringLiteral("Inter"), 13, QFont::Normal);
}
QFont Theme::mono() {
    return sized(QStringLiteral("JetBrains Mono"), 12, QFont::Normal);
}
QFont Theme::heading() {
    QFont font = sized(QStringLiteral("Inter"), 11, QFont::DemiBold);
    font.setLetterSpacing(QFont::AbsoluteSpacing, 0.4);
    return font;
}
QFont Theme::title() {
    return sized(QStringLiteral("Inter"), 16, QFont::DemiBold);
}

double Theme::contrast(const QColor& a, const QColor& b) {
    const double first = luminance(a), second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor Theme::mix(const QColor& over, const QColor& under, double share) {
    const auto part = [share](double a, double b) { return static_cast<float>(a * share + b * (1 - share)); };
    return QColor::fromRgbF(part(over.redF(), under.redF()), part(over.greenF(), under.greenF()),
                            part(over.blueF(), under.blueF()));
}

QColor Theme::readable(const Tokens& tokens, const QColor& colour, const QColor& ground) {
    for (double share = 1.0; share > 0; share -= 0.05) {
        const QColor tried = mix(colour, tokens.text, share).toRgb();
        if (contrast(QColor(tried.rgb()), ground) >= 4.5)
            return QColor(tried.rgb());
    }
    return tokens.text;
}

QColor Theme::stateColour(const Tokens& t, StateLook look) {
    switch (look) {
    case StateLook::New:
        return t.dim;
    case StateLook::Queued:
        return t.queued;
    case StateLook::Running:
        return t.running;
    case StateLook::Suspended:
    case StateLook::WaitsForChildren:
        return t.suspended;
    case StateLook::Cancelling:
        return t.cancelling;
    case StateLook::Plain:
        return t.dim;
    case StateLook::Completed:
    case StateLook::Cancelled:
        return t.ended;
    case StateLook::Failed:
        return t.failed;
    }
    return t.dim;
}

ChipColours Theme::chip(const Tokens& t, ChipKind kind) {
    const QColor base = kind == ChipKind::Proven      ? t.failed
                        : kind == ChipKind::Suspected ? t.cancelling
                        : kind == ChipKind::Orphan    ? t.orphan
                                                      : t.dim;
    const QColor fill(mix(base, t.background, kind == ChipKind::Orphan ? 0.06 : t.dark ? 0.2 : 0.13).rgb());
    return {readable(t, base, fill), fill, base};
}

void Theme::apply(QApplication& application, ThemeChoice choice, bool systemDark) {
    [[maybe_unused]] static const bool once = [] {
        initResources();
        for (const char* file :
             {"Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf",
              "JetBrainsMono-Medium.ttf", "JetBrainsMono-SemiBold.ttf"})
            QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/") + QLatin1String(file));
        return true;
    }();
    currentIsDark = choice == ThemeChoice::Auto ? systemDark : choice == ThemeChoice::Dark;
    const Tokens& t = tokens();
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QPalette palette;
    palette.setColor(QPalette::Window, t.panel);
    palette.setColor(QPalette::WindowText, t.text);
    palette.setColor(QPalette::Base, t.background);
    palette.setColor(QPalette::AlternateBase, t.panel);
    palette.setColor(QPalette::Text, t.text);
    palette.setColor(QPalette::PlaceholderText, t.dim);
    palette.setColor(QPalette::Button, t.panel);
    palette.setColor(QPalette::ButtonText, t.text);
    palette.setColor(QPalette::ToolTipBase, t.background);
    palette.setColor(QPalette::ToolTipText, t.text);
    palette.setColor(QPalette::Highlight, t.accent);
    palette.setColor(QPalette::HighlightedText, t.background);
    palette.setColor(QPalette::Link, readable(t, t.accent, t.panel));
    palette.setColor(QPalette::LinkVisited, readable(t, t.accent, t.panel));
    palette.setColor(QPalette::Mid, t.line);
    palette.setColor(QPalette::Dark, t.line);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, t.faint);
    QApplication::setPalette(palette);
    QApplication::setFont(text());
    application.setStyleSheet(styleSheet(t));
}

ThemeChoice themeChoice(const QString& name) {
    if (name == QLatin1String("light"))
        return ThemeChoice::Light;
    return name == QLatin1String("dark") ? ThemeChoice::Dark : ThemeChoice::Auto;
}

QString nameOf(ThemeChoice choice) {
    switch (choice) {
    case ThemeChoice::Light:
        return QStringLiteral("light");
    case ThemeChoice::Dark:
        return QStringLiteral("dark");
    case ThemeChoice::Auto:
        break;
    }
    return QStringLiteral("auto");
}

} // namespace coroscope::app
