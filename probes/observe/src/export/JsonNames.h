// SPDX-License-Identifier: Apache-2.0
// What is written as words in the JSON of an export, for who writes it and who reads it again.
#pragma once

#include <coroscope/model/States.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace coroscope::observe::json {

inline constexpr std::string_view schema = "coroscope-jobs";
inline constexpr std::uint64_t version = 1;

inline constexpr std::pair<std::uint16_t, std::string_view> flags[] = {
    {JobFlags::launchedInGlobalScope, "launchedInGlobalScope"},
    {JobFlags::parentFromContext, "parentFromContext"},
    {JobFlags::supervisor, "supervisor"},
    {JobFlags::shielded, "shielded"},
    {JobFlags::cancelledByObserver, "cancelledByObserver"},
    {JobFlags::cancellationDelivered, "cancellationDelivered"},
    {JobFlags::lazyStart, "lazyStart"},
    {JobFlags::swallowedCancellation, "swallowedCancellation"},
    {JobFlags::ownsScope, "ownsScope"},
    {JobFlags::held, "held"},
};

inline constexpr std::pair<IncidentKind, std::string_view> incidents[] = {
    {IncidentKind::Unknown, "unknown"},
    {IncidentKind::Failed, "failed"},
    {IncidentKind::UnseenFailure, "unseenFailure"},
    {IncidentKind::SwallowedCancellation, "swallowedCancellation"},
    {IncidentKind::CancellationBecameValue, "cancellationBecameValue"},
    {IncidentKind::CancellationBecameFailure, "cancellationBecameFailure"},
    {IncidentKind::Commanded, "commanded"},
    {IncidentKind::CircularReference, "circularReference"},
};

/// The value of an enumeration whose name() this is.
template <class Enum>
std::optional<Enum> named(std::string_view word, Enum last) {
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (word == name(static_cast<Enum>(i)))
            return static_cast<Enum>(i);
    return {};
}

} // namespace coroscope::observe::json
