// SPDX-License-Identifier: Apache-2.0
#include <coroscope/observe/EndedJobs.h>

#include <algorithm>
#include <iterator>

namespace coroscope::observe {

EndedJobs::Entry& EndedJobs::Circle::next() {
    ++total;
    if (jobs.size() < mostOfEach)
        return jobs.emplace_back();
    Entry& entry = jobs[oldest];
    oldest = (oldest + 1) % mostOfEach;
    return entry;
}

const EndedJobs::Entry& EndedJobs::Circle::newest(std::size_t index) const noexcept {
    return jobs[(oldest + jobs.size() - 1 - index) % jobs.size()];
}

void EndedJobs::apply(const Batch& batch, const JobTree& tree) {
    if (batch.reset)
        *this = EndedJobs{};
    // Plain failures are among the ended jobs; a flood of them must not push out the rest.
    std::copy_if(batch.incidents.begin(), batch.incidents.end(), std::back_inserter(incidents_),
                 [](const Incident& incident) { return incident.what != IncidentKind::Failed; });
    if (incidents_.size() > mostOfEach)
        incidents_.erase(incidents_.begin(), incidents_.end() - static_cast<std::ptrdiff_t>(mostOfEach));
    // Of a flood only the end would stay: the rest is counted and not copied.
    std::size_t skip[2] = {0, 0};
    if (batch.ended.size() > mostOfEach) {
        for (const EndedJob& job : batch.ended)
            ++skip[job.failed()];
        for (std::size_t& count : skip)
            count -= std::min(count, mostOfEach);
    }
    const JobTree* const known = !batch.reset ? &tree : batch.tree ? &*batch.tree : nullptr;
    failed_.total += batch.failedUntold;
    others_.total += batch.endedUntold - std::min(batch.failedUntold, batch.endedUntold);
    for (const EndedJob& job : batch.ended) {
        Circle& circle = job.failed() ? failed_ : others_;
        if (std::size_t& left = skip[job.failed()]; left > 0) {
            --left;
            ++circle.total;
            continue;
        }
        const std::uint64_t order = total();
        Entry& entry = circle.next();
        entry.job = job;
        entry.order = order;
        if (const Node node = job.row.id || known == nullptr ? noNode : known->find(job.id); node != noNode)
            entry.job.row = known->row(node);
    }
}

std::vector<const EndedJob*> EndedJobs::newestFirst(bool onlyFailures) const {
    std::vector<const EndedJob*> all;
    const std::size_t failed = failed_.jobs.size(), others = onlyFailures ? 0 : others_.jobs.size();
    all.reserve(failed + others);
    for (std::size_t f = 0, o = 0; f < failed || o < others;) {
        const bool failure = o == others || (f < failed && failed_.newest(f).order > others_.newest(o).order);
        all.push_back(failure ? &failed_.newest(f++).job : &others_.newest(o++).job);
    }
    return all;
}

const EndedJob* EndedJobs::find(JobId id) const noexcept {
    for (const Circle* circle : {&failed_, &others_})
        for (const Entry& entry : circle->jobs)
            if (entry.job.id == id)
                return &entry.job;
    return nullptr;
}

} // namespace coroscope::observe
