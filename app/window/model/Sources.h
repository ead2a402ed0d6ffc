// SPDX-License-Identifier: Apache-2.0
// The source files of a target, where they are on this machine.
#pragma once

#include <QHash>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <utility>
#include <vector>

namespace coroscope::app {

class Sources {
public:
    struct Excerpt {
        QString file; ///< on this machine; empty: not found
        std::uint32_t firstLine = 0;
        QStringList lines;
    };

    /// The lines around this one. `file` is what the compiler wrote; what begins with the left side of a
    /// mapping is looked for below its right side. Reads the file once.
    const Excerpt& around(const QString& file, std::uint32_t line);
    /// Empty when it is not there.
    QString find(const QString& file) const;
    /// The executable of the program on show; empty if it is not known. Some build tools name files
    /// relative to the directory that they build in, which is the executable's or one above it.
    void setProgram(const QString& executable);
    void forget() { kept_.clear(); }

    /// Pairs of beginnings of paths, in the settings: as compiled, and here.
    static std::vector<std::pair<QString, QString>> mappings();
    static void setMappings(const std::vector<std::pair<QString, QString>>& mappings);

private:
    QHash<QString, Excerpt> kept_; ///< by file and line
    QString program_;
};

} // namespace coroscope::app
