// SPDX-License-Identifier: Apache-2.0
#include "program/Log.h"

#include <QDir>
#include <QFileInfo>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace coroscope::app {

namespace {
constexpr std::size_t largestFile = 1 << 20;
}

QString logFile() {
    QString state = qEnvironmentVariable("XDG_STATE_HOME");
    if (state.isEmpty())
        state = QDir::homePath() + QStringLiteral("/.local/state");
    return state + QStringLiteral("/coroscope/coroscope.log");
}

void startLog(bool verbose) {
    std::vector<spdlog::sink_ptr> sinks;
    const QString file = logFile();
    if (QDir().mkpath(QFileInfo(file).path())) {
        try {
            sinks.push_back(
                std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.toStdString(), largestFile, 1));
        } catch (const spdlog::spdlog_ex&) {
            // A log that cannot be written must not keep the window from opening.
        }
    }
    if (verbose)
        sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto logger = std::make_shared<spdlog::logger>("coroscope", sinks.begin(), sinks.end());
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

void logInfo(const QString& text) {
    spdlog::info("{}", text.toStdString());
}
void logWarning(const QString& text) {
    spdlog::warn("{}", text.toStdString());
}

} // namespace coroscope::app
