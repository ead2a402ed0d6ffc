// SPDX-License-Identifier: Apache-2.0
// What Qt's own file dialog lacks to look like one of ours.
#pragma once

class QFileDialog;

namespace coroscope::app {

/// Gives names and dates the room, and its button another word than the one that ends coroutines. Before it
/// is shown; only for dialogs that are not the system's.
void tidy(QFileDialog& dialog);

} // namespace coroscope::app
