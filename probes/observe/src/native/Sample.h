// SPDX-License-Identifier: Apache-2.0
// The stack of a running job, from outside.
#pragma once

#include "Process.h"
#include "RecordReader.h"

#include <coroscope/observe/Source.h>

namespace coroscope::observe::native {

/// As Source::sample. Threads: any.
Result<ThreadSample> sampleJob(const ProcessFacts& process, const RecordReader& record, JobId job);

} // namespace coroscope::observe::native
