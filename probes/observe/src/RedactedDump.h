// SPDX-License-Identifier: Apache-2.0
// A dump whose texts are pseudonyms, for the formats that are made of texts.
#pragma once

#include <coroscope/observe/Dump.h>

namespace coroscope::observe {

/// The same as saving with SaveOptions::redact and opening again: docs/DUMP_FORMAT.md says what is replaced.
/// Words are replaced when somebody asks for them, so their numbers are those of the asking.
void redact(Dump& dump);

} // namespace coroscope::observe
