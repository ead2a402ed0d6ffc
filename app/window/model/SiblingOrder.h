// SPDX-License-Identifier: Apache-2.0
// How siblings are sorted by a column, and which of them are alike.
#pragma once

#include "model/Columns.h"
#include "model/TreeRows.h"

#include <QString>

namespace coroscope::app {

class Workspace;

/// What sorts siblings by this column, the smallest first.
TreeRows::SortKeys sortKeys(const Workspace& workspace, Column column);
/// The order by this column changes while jobs run.
bool sortsByChange(Column column) noexcept;
/// Jobs of one kind, place and name (but for a number at its end) are a family; alike are those that also do
/// the same. One with a finding is like no other.
TreeRows::Alike likeness(const Workspace& workspace);

/// "reader" of "reader-311".
QString nameWithoutNumber(const QString& name);
/// As people sort: "reader-9" before "reader-10". Negative, zero or positive.
int compareNaturally(const QString& a, const QString& b) noexcept;

} // namespace coroscope::app
