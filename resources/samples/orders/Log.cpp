// SPDX-License-Identifier: Apache-2.0
#include "Log.h"

#include <coroscope/spdlog/CurrentJobFlag.h>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace orders {

void openLog(const std::string& path) {
    try {
        auto logger = spdlog::basic_logger_mt("orders", path, true);
        // Each line says which job wrote it: paste that into the window's search.
        auto formatter = std::make_unique<spdlog::pattern_formatter>();
        formatter->add_flag<coroscope::CurrentJobFlag>('*').set_pattern("%H:%M:%S.%e [%*] %v");
        logger->set_formatter(std::move(formatter));
        logger->flush_on(spdlog::level::info);
        spdlog::set_default_logger(std::move(logger));
    } catch (const spdlog::spdlog_ex& e) {
        throw std::runtime_error("cannot write the log " + path + ": " + e.what());
    }
}

void log(std::string_view who, std::string_view what) {
    spdlog::info("{}: {}", who, what);
}

} // namespace orders
