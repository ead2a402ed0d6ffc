// SPDX-License-Identifier: Apache-2.0
// The command line of the window.
#pragma once

#include <QSize>
#include <QString>

#include <optional>

namespace coroscope::app {

struct Arguments {
    int pid = 0;
    QString via;  ///< the command that leads to it; without a pid: whose programs are shown
    QString file; ///< a dump to open
    bool demo = false;
    bool verbose = false;
    QString screenshot;
    double after = 3; ///< seconds
    std::optional<QSize> size;
    QString theme; ///< "light", "dark", "auto", or empty: as remembered
    QString select;
    QString filter;
    QString groupBy;    ///< "site", "suspension", "stack", or empty: the tree
    QString compare;    ///< a dump that is compared with what is opened
    QString view;       ///< "tree", "map", "nodes", or empty: as remembered
    QString mapPicture; ///< to be saved after `after`
};

/// When there is no program to be run (help, version, a mistake), `exitCode` is set and the words are
/// printed.
struct ArgumentsResult {
    Arguments arguments;
    std::optional<int> exitCode;
};
ArgumentsResult readArguments(int argc, const char* const* argv);

} // namespace coroscope::app
