// SPDX-License-Identifier: Apache-2.0
// What the tree can tell of a job, side by side.
#pragma once

namespace coroscope::app {

/// The numbers are in settings: append.
enum Column {
    JobColumn,
    FindingsColumn,
    StateColumn,
    WhereColumn,
    AgeColumn,
    InStateColumn,
    DispatcherColumn,
    CreatedColumn,
    SubtreeColumn,
    ResumesColumn,
    ColumnCount
};

} // namespace coroscope::app
