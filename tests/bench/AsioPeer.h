// SPDX-License-Identifier: Apache-2.0
// The workloads of bench_peers with Asio's awaitables. Each answers nanoseconds for one of `n`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coroscope::bench::asioPeer {

double call(std::size_t n);
double yields(std::size_t n);
double spawnAndJoin(std::size_t n, unsigned threads);
double skynet(std::int64_t leaves);
double cancel(std::size_t n);
double sleeps(std::size_t n);
/// Through an experimental channel without room.
double messages(std::size_t n);
/// Asio has no mutex for coroutines: a channel with room for one serves as such.
double locks(std::size_t n);
/// Bytes, not nanoseconds.
double bytesPerJob(std::size_t n);

} // namespace coroscope::bench::asioPeer
