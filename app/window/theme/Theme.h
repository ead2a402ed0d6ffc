// SPDX-License-Identifier: Apache-2.0
// Colours, fonts and measures of the window. The only place where they are written down.
#pragma once

#include <coroscope/model/States.h>

#include <QColor>
#include <QFont>
#include <QString>

#include <array>

class QApplication;

namespace coroscope::app {

enum class ThemeChoice { Light, Dark, Auto };

/// The colours of one appearance.
struct Tokens {
    QColor background, panel, line;
    QColor text, dim, faint;
    QColor selection, selectionEdge, accent;
    QColor running, suspended, queued;
    QColor cancelling, failed, ended, orphan;
    std::array<QColor, 8> categories; ///< for things that have no order: dispatchers, places
    bool dark = false;
};

/// A chip's colours: the text on the fill holds a contrast of 4.5 to 1.
struct ChipColours {
    QColor text, fill, edge;
};
enum class ChipKind { Proven, Suspected, Orphan, Neutral };

/// What a job is shown as: its two axes folded into one picture.
enum class StateLook {
    New,
    Queued,
    Running,
    Suspended,
    WaitsForChildren,
    Cancelling,
    Plain,
    Completed,
    Cancelled,
    Failed
};
StateLook lookOf(JobState state, Execution execution) noexcept;

namespace measure {
inline constexpr int unit = 4;
inline constexpr int row = 25;
inline constexpr int toolbar = 44;
inline constexpr int statusBar = 26;
inline constexpr int targets = 228;
inline constexpr int details = 392;
inline constexpr int radius = 6;
} // namespace measure

/// The appearance in use. Threads: the window's.
class Theme {
public:
    /// Fonts, style, palette and style sheet for the whole program. May be called again to change the
    /// appearance. `systemDark` is what Auto means.
    static void apply(QApplication& application, ThemeChoice choice, bool systemDark = false);
    static const Tokens& tokens() noexcept;
    static const Tokens& tokens(bool dark) noexcept;
    static bool dark() noexcept { return tokens().dark; }

    static QFont text();
    static QFont mono();
    static QFont heading(); ///< 11 px capitals over a panel
    static QFont title();

    static ChipColours chip(const Tokens& tokens, ChipKind kind);
    /// For icons and fills.
    static QColor stateColour(const Tokens& tokens, StateLook look);
    /// `colour`, moved towards the text colour as far as reading it on `ground` needs.
    static QColor readable(const Tokens& tokens, const QColor& colour, const QColor& ground);
    static QColor mix(const QColor& over, const QColor& under, double share);
    /// From 1 (equal) to 21 (black on white).
    static double contrast(const QColor& a, const QColor& b);
};

/// "light", "dark" or "auto"; anything else is Auto.
ThemeChoice themeChoice(const QString& name);
QString nameOf(ThemeChoice choice);

} // namespace coroscope::app
