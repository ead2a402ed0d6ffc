// SPDX-License-Identifier: Apache-2.0
#include "Chance.h"

#include <random>

namespace orders {

namespace {

std::mt19937& generator() {
    thread_local std::mt19937 g{std::random_device{}()};
    return g;
}

} // namespace

std::chrono::milliseconds between(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return std::chrono::milliseconds(std::uniform_int_distribution<std::chrono::milliseconds::rep>(
        least.count(), most.count())(generator()));
}

bool oneIn100(int percent) {
    return anyBelow(100) < percent;
}

int anyBelow(int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(generator());
}

} // namespace orders
