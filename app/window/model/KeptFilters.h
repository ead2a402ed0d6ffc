// SPDX-License-Identifier: Apache-2.0
// Filters that a person has given a name, in the settings.
#pragma once

#include <QString>

#include <utility>
#include <vector>

namespace coroscope::app::keptFilters {

/// Names and texts, in the order of the names.
std::vector<std::pair<QString, QString>> all();
/// Replaces one of the same name.
void keep(const QString& name, const QString& text);
void rename(const QString& name, const QString& newName);
void forget(const QString& name);

} // namespace coroscope::app::keptFilters
