// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any bytes as a dump that another program wrote.
#include <coroscope/observe/EndedJobs.h>
#include <coroscope/observe/Export.h>
#include <coroscope/observe/Finding.h>
#include <coroscope/observe/Labels.h>
#include <coroscope/observe/Source.h>

#include <cstdlib>
#include <sstream>

#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coroscope;
    static const int file = ::memfd_create("dump", MFD_CLOEXEC);
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size) ||
        ::lseek(file, 0, SEEK_SET) != 0)
        return 0;
    auto source = observe::openStream(file, "the file");
    if (!source)
        return 0;
    observe::JobTree tree;
    observe::EndedJobs ended;
    observe::TreeChanges changes;
    observe::Batch batch;
    (*source)->read(batch);
    const auto words = (*source)->dictionary();
    ended.apply(batch, tree);
    tree.apply(batch, changes);
    for (observe::Node node = 0; node < tree.endNode(); ++node) {
        const observe::JobRow& row = tree.row(node);
        (void)observe::jobLabel(row, *words);
        (void)words->stack(row.suspendedAt);
        (void)words->callStack(row.creationStack);
        (void)words->context(row.context);
    }
    (void)observe::findings(tree, ended, *words, (*source)->info().now(),
                            observe::settingsFor((*source)->info()));
    // What was read can be written; as JSON it is read again.
    const observe::Dump dump =
        observe::takeDump((*source)->info(), words, tree, ended,
                          [&](const observe::EndedJob& job) { return (*source)->failureText(job); });
    if (dump.jobs.size() > 2'000)
        return 0;
    for (const observe::ExportFormatInfo& format : observe::exportFormats()) {
        std::ostringstream out;
        if (!observe::exportToStream(dump, out, {.format = format.format}))
            std::abort();
        if (format.format != observe::ExportFormat::Json)
            continue;
        const auto again = observe::openText(out.str(), "the export");
        if (!again)
            std::abort();
    }
    return 0;
}
