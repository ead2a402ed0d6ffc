// SPDX-License-Identifier: Apache-2.0
#include "program/Arguments.h"

#include <CLI/CLI.hpp>

#include <QFile>

namespace coroscope::app {

ArgumentsResult readArguments(int argc, const char* const* argv) {
    ArgumentsResult result;
    Arguments& a = result.arguments;
    std::string via, file, screenshot, size, theme, select, filter, view, mapPicture, groupBy, compare;
    CLI::App app("Shows, explains and stops the coroutines of a running program.", "coroscope");
    app.set_version_flag("--version", std::string("coroscope ") + COROSCOPE_VERSION);
    app.add_option("--pid", a.pid, "Attach to this process")->check(CLI::PositiveNumber);
    app.add_option("--via", via,
                   "Attach through a command to the process --pid, or show those there: 'ssh host'");
    app.add_option("FILE", file, "Open this dump");
    app.add_flag("--demo", a.demo, "Start the sample program and attach to it");
    app.add_option("--screenshot", screenshot, "Save a picture of the window to this file and leave");
    app.add_option("--after", a.after, "Seconds before a picture is taken, 3 by default")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--size", size, "Size of the window, as 1600x1000")->check([](const std::string& text) {
        int w = 0, h = 0;
        char rest = 0;
        const bool good = std::sscanf(text.c_str(), "%dx%d%c", &w, &h, &rest) == 2 && w >= 400 && h >= 300 &&
                          w <= 16384 && h <= 16384;
        return good ? std::string()
                    : "a size is written as 1600x1000, at least 400x300, not \"" + text + "\"";
    });
    app.add_option("--theme", theme, "Appearance")->check(CLI::IsMember({"light", "dark", "auto"}));
    app.add_option("--select", select, "Select the first job with this name");
    app.add_option("--filter", filter, "Show the jobs that match: 'state:suspended age>30s'");
    app.add_option("--group-by", groupBy, "Show the jobs by what they have in common")
        ->check(CLI::IsMember({"site", "suspension", "stack"}));
    app.add_option("--compare", compare, "Show what has changed since this dump");
    app.add_option("--view", view, "Show the jobs as rows or as a picture")
        ->check(CLI::IsMember({"tree", "map", "nodes"}));
    app.add_option("--map-picture", mapPicture, "Save the map to this file, PNG or SVG, and leave");
    app.add_flag("--verbose", a.verbose, "Write the log to the terminal, too");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        result.exitCode = app.exit(error);
        return result;
    }
    a.file = QFile::decodeName(file.c_str());
    a.via = QString::fromStdString(via);
    a.screenshot = QString::fromStdString(screenshot);
    a.theme = QString::fromStdString(theme);
    a.filter = QString::fromStdString(filter);
    a.select = QString::fromStdString(select);
    a.groupBy = QString::fromStdString(groupBy);
    a.compare = QFile::decodeName(compare.c_str());
    a.view = QString::fromStdString(view);
    a.mapPicture = QFile::decodeName(mapPicture.c_str());
    if (!size.empty()) {
        int w = 0, h = 0;
        if (std::sscanf(size.c_str(), "%dx%d", &w, &h) == 2)
            a.size = QSize(w, h);
    }
    return result;
}

} // namespace coroscope::app
