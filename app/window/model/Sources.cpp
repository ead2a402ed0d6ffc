// SPDX-License-Identifier: Apache-2.0
#include "model/Sources.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSettings>
#include <QTextStream>

#include <algorithm>

namespace coroscope::app {

namespace {
constexpr std::uint32_t before = 2, after = 2;
constexpr int mostFolders = 5; ///< from the executable's upwards
constexpr qint64 largestFile = 8'000'000;
constexpr qsizetype longestLine = 400, mostKept = 500;
const QString key = QStringLiteral("sources/mappings");
} // namespace

std::vector<std::pair<QString, QString>> Sources::mappings() {
    std::vector<std::pair<QString, QString>> pairs;
    for (const QString& each : QSettings().value(key).toStringList())
        if (const qsizetype at = each.indexOf(QLatin1Char('\n')); at > 0)
            pairs.emplace_back(each.left(at), each.mid(at + 1));
    return pairs;
}

void Sources::setMappings(const std::vector<std::pair<QString, QString>>& mappings) {
    QStringList list;
    for (const auto& [compiled, here] : mappings)
        list << compiled + QLatin1Char('\n') + here;
    QSettings().setValue(key, list);
}

void Sources::setProgram(const QString& executable) {
    if (program_ == executable)
        return;
    program_ = executable;
    forget();
}

QString Sources::find(const QString& file) const {
    QStringList tries;
    for (const auto& [compiled, here] : mappings())
        if (file.startsWith(compiled))
            tries << here + file.mid(compiled.size());
    if (QFileInfo(file).isAbsolute()) {
        tries << file;
    } else if (!program_.isEmpty() && !file.isEmpty()) {
        QDir folder = QFileInfo(program_).dir();
        for (int i = 0; i < mostFolders; ++i) {
            tries << folder.filePath(file);
            if (!folder.cdUp())
                break;
        }
    }
    for (const QString& each : tries) {
        // A target names its files as it likes: a pipe or a device must not hold the window up.
        const QFileInfo info(each);
        if (info.isFile() && info.isReadable())
            return info.absoluteFilePath();
    }
    return {};
}

const Sources::Excerpt& Sources::around(const QString& file, std::uint32_t line) {
    const QString place = QStringLiteral("%1:%2").arg(file).arg(line);
    if (const auto known = kept_.constFind(place); known != kept_.constEnd())
        return *known;
    if (kept_.size() > mostKept)
        kept_.clear();
    Excerpt& excerpt = kept_[place];
    excerpt.file = line == 0 ? QString() : find(file);
    QFile source(excerpt.file);
    if (excerpt.file.isEmpty() || source.size() > largestFile || !source.open(QIODevice::ReadOnly))
        return excerpt;
    const std::uint32_t first = line > before ? line - before : 1;
    excerpt.firstLine = first;
    QTextStream text(&source);
    QString each;
    for (std::uint32_t at = 1; at <= line + after && text.readLineInto(&each); ++at)
        if (at >= first)
            excerpt.lines << each.left(longestLine).replace(QLatin1Char('\t'), QLatin1String("    "));
    if (excerpt.lines.size() <= static_cast<qsizetype>(line - first))
        excerpt.lines.clear(); // another version of the file
    return excerpt;
}

} // namespace coroscope::app
