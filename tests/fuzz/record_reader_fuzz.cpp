// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry: any bytes as a record.
#include "SmallRecord.h"

#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const coroscope::test::RecordBytes bytes(data, size);
    coroscope::test::readEverything(bytes.data(), bytes.size());
    return 0;
}
