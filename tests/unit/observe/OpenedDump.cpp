// SPDX-License-Identifier: Apache-2.0
#include "OpenedDump.h"

#include <coroscope/observe/Labels.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>

#include <unistd.h>

namespace coroscope::test {

using namespace observe;

Opened::Opened(Result<std::unique_ptr<Source>> result) {
    if (!result) {
        problem = result.problem();
        return;
    }
    source = *std::move(result);
    Batch batch;
    TreeChanges changes;
    source->read(batch);
    ended.apply(batch, tree);
    tree.apply(std::move(batch), changes);
}

std::string Opened::name(Node node) const {
    return source->dictionary()->text(tree.row(node).name);
}

Node Opened::named(const std::string& wanted) const {
    for (Node node = 0; node < tree.endNode(); ++node)
        if (tree.isLive(node) && name(node) == wanted)
            return node;
    return noNode;
}

JobRow Opened::row(const std::string& wanted) const {
    const Node node = named(wanted);
    return node == noNode ? JobRow{} : tree.row(node);
}

std::string Opened::drawn() const {
    std::ostringstream out;
    for (Node root = tree.firstRoot(); root != noNode; root = tree.nextSibling(root))
        for (const Node node : tree.subtree(root)) {
            const JobRow& row = tree.row(node);
            out << std::string(tree.path(node).size() - 1, '+') << this->name(node) << ' '
                << coroscope::name(row.kind) << " #" << row.number << ' ' << coroscope::name(row.state) << ' '
                << coroscope::name(row.execution) << '\n';
        }
    return out.str();
}

std::vector<std::string> Opened::frames(const std::string& wanted) const {
    std::vector<std::string> all;
    for (const SiteText& frame : source->dictionary()->stack(row(wanted).suspendedAt).frames)
        all.push_back(frame.function + ' ' + frame.shortText());
    return all;
}

std::vector<Finding> Opened::findings() const {
    const SourceInfo& info = source->info();
    return observe::findings(tree, ended, *source->dictionary(), info.now(), settingsFor(info));
}

std::string Opened::told() const {
    std::string text;
    for (const Finding& finding : findings())
        text += std::string(finding.rule) + ' ' + std::string(coroscope::observe::name(finding.severity)) +
                ' ' + std::string(coroscope::observe::name(finding.confidence)) + ": " + finding.jobName +
                '\n';
    return text;
}

std::string dumpFile(const std::string& name) {
    return std::string(FOREIGN_DUMPS) + '/' + name;
}

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Opened openedText(const std::string& bytes, const OpenOptions& options) {
    int ends[2];
    if (::pipe(ends) != 0)
        std::abort();
    std::thread writer([&] {
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t wrote = ::write(ends[1], bytes.data() + done, bytes.size() - done);
            if (wrote <= 0)
                break;
            done += static_cast<std::size_t>(wrote);
        }
        ::close(ends[1]);
    });
    Opened opened(openStream(ends[0], "the text", options));
    // What nobody reads any more must not keep the writer.
    char rest[65'536];
    while (::read(ends[0], rest, sizeof rest) > 0) {
    }
    ::close(ends[0]);
    writer.join();
    return opened;
}

} // namespace coroscope::test
