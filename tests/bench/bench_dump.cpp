// SPDX-License-Identifier: Apache-2.0
// How long it takes to save a dump of what is observed, to have the tree again from the file, to export it,
// to group its jobs, and to compare it with another; and to open dumps of each format that is read.
#include "DumpFiles.h"
#include "Figure.h"
#include "Target.h"

#include <coroscope/observe/Compare.h>
#include <coroscope/observe/Dump.h>
#include <coroscope/observe/Export.h>
#include <coroscope/observe/Groups.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <stdlib.h>

namespace coroscope::bench {
namespace {

/// So much memory this process has had at most, since the last time that this was reset.
double peakMemory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return std::stod(line.substr(6)) * 1024;
    return 0;
}
void resetPeak() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

double fileSize(const std::string& path) {
    return static_cast<double>(std::filesystem::file_size(path));
}

/// From the file to a tree of all its jobs, as the window and coroscopectl have it.
void openFigures(std::string_view format, const std::string& file, std::size_t jobs, int times) {
    std::vector<double> opens;
    double memory = 0;
    for (int i = 0; i < times; ++i) {
        observe::JobTree tree;
        observe::TreeChanges changes;
        observe::Batch all;
        resetPeak();
        const double before = peakMemory();
        const auto from = std::chrono::steady_clock::now();
        auto opened = observe::open(file);
        if (!opened)
            fail(opened.problem().c_str());
        (*opened)->read(all);
        tree.apply(std::move(all), changes);
        opens.push_back(secondsSince(from) * 1e3);
        memory = peakMemory() - before;
        if (tree.size() < jobs || !(*opened)->info().problems.empty())
            fail((file + " was not read as a whole").c_str());
    }
    print(("dump.open." + std::string(format) + ".1m_ms").c_str(), median(opens), "ms", 2'000,
          "MB of the file", fileSize(file) / 1e6);
    std::fprintf(stderr, "%s: %.0f bytes of memory a job at the peak\n", file.c_str(),
                 memory / static_cast<double>(jobs));
}

/// `only`: the format; empty for all.
void foreignFigures(std::size_t jobs, int times, const std::string& directory, std::string_view only = {}) {
    for (const DumpFile& each : dumpFiles()) {
        if (!only.empty() && each.name != only)
            continue;
        const std::string file = directory + "/bench-" + std::string(each.name);
        writeDumpFile(each, jobs, file);
        openFigures(each.name, file, jobs, times);
        std::filesystem::remove(file);
    }
}

/// Each format once, with the copy that whoever observes hands over.
void exportFigures(const observe::Source& source, const observe::JobTree& tree,
                   const observe::EndedJobs& ended, const std::string& directory, int times) {
    const auto jobs = static_cast<double>(tree.size());
    for (const observe::ExportFormatInfo& format : observe::exportFormats()) {
        if (format.format == observe::ExportFormat::Dump)
            continue;
        const std::string file = directory + "/bench" + std::string(format.ending);
        resetPeak();
        const double before = peakMemory();
        const auto from = std::chrono::steady_clock::now();
        auto saved = observe::exportToFile(
            observe::takeDump(source.info(), source.dictionary(), tree, ended,
                              [&](const observe::EndedJob& job) { return source.failureText(job); }),
            file, {.format = format.format});
        if (!saved)
            fail(saved.problem().c_str());
        const double milliseconds = secondsSince(from) * 1e3;
        print(("export." + std::string(format.name) + ".1m_ms").c_str(), milliseconds, "ms", noGoal,
              "bytes of memory a job at the peak", (peakMemory() - before) / jobs);
        std::fprintf(stderr, "%s: %.0f bytes a job\n", file.c_str(),
                     static_cast<double>(saved->bytes) / jobs);
        if (format.format == observe::ExportFormat::Json)
            openFigures("json", file, tree.size(), times);
        std::filesystem::remove(file);
    }
}

std::string newDirectory() {
    std::string directory = std::filesystem::temp_directory_path() / "coroscope-XXXXXX";
    if (!::mkdtemp(directory.data()))
        fail("no directory for the dump");
    return directory;
}

void dumpFigures(std::size_t live, int times) {
    const Target target = crowd(live, "idle");
    const auto source = attachOrExit(target.pid());
    observe::JobTree tree;
    observe::EndedJobs ended;
    observe::TreeChanges changes;
    observe::Batch batch;
    source->read(batch);
    ended.apply(batch, tree);
    tree.apply(std::move(batch), changes);

    const std::string directory = newDirectory();
    const std::string file = directory + "/bench.coroscope";
    std::vector<double> saves, opens;
    double bytes = 0;
    for (int i = 0; i < times; ++i) {
        const auto from = std::chrono::steady_clock::now();
        const observe::Dump dump =
            observe::takeDump(source->info(), source->dictionary(), tree, ended,
                              [&](const observe::EndedJob& job) { return source->failureText(job); });
        auto saved = observe::saveDump(dump, file);
        if (!saved)
            fail(saved.problem().c_str());
        saves.push_back(secondsSince(from) * 1e3);
        bytes = static_cast<double>(saved->bytes);
    }
    for (int i = 0; i < times; ++i) {
        observe::JobTree again;
        observe::Batch all;
        const auto from = std::chrono::steady_clock::now();
        auto opened = observe::open(file);
        if (!opened)
            fail(opened.problem().c_str());
        (*opened)->read(all);
        again.apply(std::move(all), changes);
        opens.push_back(secondsSince(from) * 1e3);
        if (again.size() != tree.size())
            fail("the file has other jobs than were saved");
    }
    exportFigures(*source, tree, ended, directory, times);
    foreignFigures(live, times, directory);
    std::filesystem::remove_all(directory);

    std::vector<double> groups, compares;
    const observe::Dump dump = observe::takeDump(source->info(), source->dictionary(), tree, {},
                                                 [](const observe::EndedJob&) { return std::string(); });
    for (int i = 0; i < times; ++i) {
        auto from = std::chrono::steady_clock::now();
        observe::Grouping grouping(observe::GroupBy::SuspensionSite, source->info(), source->dictionary());
        if (observe::groupJobs(tree, grouping).empty())
            fail("jobs are in no group");
        groups.push_back(secondsSince(from) * 1e3);
        from = std::chrono::steady_clock::now();
        if (observe::compare(dump, dump, observe::GroupBy::CreationSite).stayed != tree.size())
            fail("a dump differs from itself");
        compares.push_back(secondsSince(from) * 1e3);
    }
    print("dump.save.1m_ms", median(saves), "ms", 2'000, "bytes a job",
          bytes / static_cast<double>(tree.size()));
    print("dump.open.1m_ms", median(opens), "ms", 2'000);
    print("groups.1m_ms", median(groups), "ms", 500);
    print("compare.1m_ms", median(compares), "ms", 2'000);
}

} // namespace
} // namespace coroscope::bench

int main(int count, char** arguments) {
    using namespace coroscope::bench;
    if (count == 3 && std::string_view(arguments[1]) == "--write") { // the files only, to look at them
        for (const DumpFile& each : dumpFiles())
            writeDumpFile(each, 1'000'000, arguments[2] + ('/' + std::string(each.name)));
        return 0;
    }
    if (quick(count, arguments)) {
        dumpFigures(1'000, 1);
    } else if (count > 1) { // one format that others write
        const std::string directory = newDirectory();
        foreignFigures(1'000'000, 5, directory, arguments[1]);
        std::filesystem::remove_all(directory);
    } else {
        dumpFigures(1'000'000, 5);
    }
}
