// SPDX-License-Identifier: Apache-2.0
// What Qt's own file dialog lacks to look like one of ours.
#pragma once

#include <QString>

#include <functional>

class QFileDialog;
class QWidget;

namespace coroscope::app {

/// Gives names and dates the room, and its button another word than the one that ends coroutines. Before it
/// is shown; only for dialogs that are not the system's.
void tidy(QFileDialog& dialog);

/// Calls `write` at once, or after a yes where there is such a file already. Enter alone keeps it.
void askToReplace(QWidget* parent, const QString& title, const QString& path, std::function<void()> write);

} // namespace coroscope::app
