// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#ifdef COROSCOPE_SANITIZED
#include <sanitizer/allocator_interface.h>
#else
#include <malloc.h>
#endif

namespace coroscope {

/// Bytes of this process's heap that are allocated and not freed. A sanitizer has a heap of its own, of which
/// the C library knows nothing.
inline std::size_t heapInUse() {
#ifdef COROSCOPE_SANITIZED
    return ::__sanitizer_get_current_allocated_bytes();
#else
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

} // namespace coroscope
