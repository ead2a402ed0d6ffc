// SPDX-License-Identifier: Apache-2.0
// What the record was told of a program's jobs besides their ends by failure.
#pragma once

#include "OwnRecord.h"
#include "Story.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Record.h>

#include <atomic>
#include <string>
#include <vector>

namespace coroscope::test {

class Incidents {
public:
    Incidents()
        : from_(head()) {}

    /// "swallowed job", in the order in which it was told; the name is that of the job.
    std::vector<std::string> told() const {
        std::vector<std::string> all;
        for (const OwnRecord::Incident& incident : incidents())
            all.push_back(word(static_cast<IncidentKind>(incident.head.what)) + ' ' + incident.name);
        return all;
    }
    std::vector<OwnRecord::Incident> incidents() const {
        std::vector<OwnRecord::Incident> all;
        for (std::uint64_t number = from_; number != head(); ++number)
            if (const auto incident = own_.incident(number);
                incident && static_cast<IncidentKind>(incident->head.what) != IncidentKind::Failed)
                all.push_back(*incident);
        return all;
    }
    const OwnRecord& record() const { return own_; }

private:
    static bool started() { return record::start(); }
    static std::string word(IncidentKind what) {
        switch (what) {
        case IncidentKind::UnseenFailure:
            return "unseen";
        case IncidentKind::SwallowedCancellation:
            return "swallowed";
        case IncidentKind::CancellationBecameValue:
            return "value";
        case IncidentKind::CancellationBecameFailure:
            return "failure";
        case IncidentKind::Commanded:
        case IncidentKind::Failed:
        case IncidentKind::CircularReference:
        case IncidentKind::Unknown:
            break;
        }
        return "?";
    }
    std::uint64_t head() const {
        return std::atomic_ref(const_cast<std::uint64_t&>(own_.header().incidentsHead)).load();
    }

    const bool started_ = started();
    const OwnRecord own_;
    const std::uint64_t from_;
};

} // namespace coroscope::test
