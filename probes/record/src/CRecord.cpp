// SPDX-License-Identifier: Apache-2.0
#include <coroscope/record/CRecord.h>

#include "Atomic.h"
#include "Memory.h"
#include "Switch.h"

#include <coroscope/record/JobRecord.h>
#include <coroscope/record/Record.h>
#include <coroscope/record/Resource.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

namespace coroscope::record {

namespace {

static_assert(COROSCOPE_FAILED == static_cast<int>(JobState::Failed));
static_assert(COROSCOPE_CANCELLING == static_cast<int>(JobState::Cancelling));
static_assert(COROSCOPE_WAIT_SELECT == static_cast<int>(WaitKind::Select));
static_assert(COROSCOPE_WAIT_MUTEX == static_cast<int>(WaitKind::Mutex));
static_assert(COROSCOPE_WAIT_CHANNEL == static_cast<int>(WaitKind::Channel));
static_assert(COROSCOPE_WAIT_CALLBACK == static_cast<int>(WaitKind::Callback));

/// Unlike the C++ interface this one forgives calls for jobs that have ended.
bool lives(coroscope_job job) noexcept {
    const JobId id{job};
    return id && on() && id.index() < get(memory.header->slotsHighWater, std::memory_order_acquire) &&
           get(memory.slots[id.index()].id, std::memory_order_acquire) == job;
}

std::string_view viewOf(const char* text) noexcept {
    return text ? std::string_view(text) : std::string_view();
}

/// As much of the caller's struct as it knows of.
coroscope_birth complete(const coroscope_birth& given) noexcept {
    coroscope_birth all{};
    std::memcpy(&all, &given, std::min(given.size, sizeof all));
    return all;
}

std::atomic<const coroscope_command_handler*> commands{nullptr};

const CommandHandler forwarding{
    .retain =
        [](void* owner) noexcept {
            commands.load(std::memory_order_acquire)->retain(owner);
            return true;
        },
    .release = [](void* owner) noexcept { commands.load(std::memory_order_acquire)->release(owner); },
    .cancel =
        [](void* owner, bool childrenOnly, std::string_view reason) {
            commands.load(std::memory_order_acquire)
                ->cancel(owner, childrenOnly ? 1 : 0, std::string(reason).c_str());
        }};

} // namespace

} // namespace coroscope::record

using namespace coroscope;
using namespace coroscope::record;

int coroscope_start() {
    return record::start() ? 1 : 0;
}

int coroscope_creation_stacks(int wanted) {
    return recordCreationStacks(wanted != 0) ? 1 : 0;
}

std::uint32_t coroscope_text(const char* text) {
    return record::start() ? internText(viewOf(text)) : 0;
}

std::uint32_t coroscope_site(const char* file, const char* function, std::uint32_t line) {
    return record::start() ? internSite(viewOf(file), viewOf(function), line) : 0;
}

std::uint32_t coroscope_stack(const std::uint32_t* sites, std::size_t count) {
    return record::start() && sites ? internStack(std::span<const SiteId>(sites, count)) : 0;
}

std::uint32_t coroscope_context(const char* dispatcher, const char* elements) {
    return record::start() ? internContext(viewOf(dispatcher), viewOf(elements)) : 0;
}

coroscope_job coroscope_job_begin(const coroscope_birth* given) {
    if (!given)
        return 0;
    const coroscope_birth all = complete(*given);
    Birth birth;
    birth.state = all.lazy ? JobState::New : JobState::Active;
    birth.flags = all.lazy ? JobFlags::lazyStart : std::uint16_t{0};
    birth.parent = JobId{all.parent};
    birth.launcher = JobId{all.launcher ? all.launcher : all.parent};
    birth.site = all.site;
    birth.name = all.name != 0 ? JobName{all.name, {}} : internName(viewOf(all.own_name));
    birth.context = all.context;
    birth.number = nextJobNumber();
    birth.owner = all.owner;
    JobRecord record;
    record.begin(birth);
    return record.id().value;
}

void coroscope_job_renamed(coroscope_job job, std::uint32_t name) {
    if (lives(job))
        JobRecord(JobId{job}).renamed({name, {}});
}

void coroscope_job_named(coroscope_job job, const char* ownName) {
    if (lives(job))
        JobRecord(JobId{job}).renamed(internName(viewOf(ownName)));
}

void coroscope_job_state(coroscope_job job, coroscope_state state) {
    if (lives(job) && state >= COROSCOPE_NEW && state <= COROSCOPE_CANCELLING)
        JobRecord(JobId{job}).stateChanges(static_cast<JobState>(state));
}

void coroscope_job_queued(coroscope_job job) {
    if (lives(job))
        JobRecord(JobId{job}).queued();
}

void coroscope_job_runs(coroscope_job job) {
    if (lives(job))
        JobRecord(JobId{job}).runs();
}

void coroscope_job_suspends(coroscope_job job, std::uint32_t stack, coroscope_wait_kind kind,
                            std::uint64_t waitsFor) {
    if (lives(job))
        JobRecord(JobId{job}).suspends(stack, static_cast<WaitKind>(kind), waitsFor);
}

void coroscope_job_waits_for_children(coroscope_job job) {
    if (lives(job))
        JobRecord(JobId{job}).waitsForChildren();
}

void coroscope_job_end(coroscope_job job, coroscope_state state, const char* failure, std::size_t size) {
    if (lives(job) && state >= COROSCOPE_COMPLETED && state <= COROSCOPE_FAILED)
        JobRecord(JobId{job})
            .end(static_cast<JobState>(state),
                 failure ? std::string_view(failure, size) : std::string_view());
}

coroscope_resource coroscope_resource_begin(coroscope_wait_kind kind, std::uint64_t capacity,
                                            std::uint32_t site, std::uint32_t name) {
    if (kind < COROSCOPE_WAIT_MUTEX || kind > COROSCOPE_WAIT_CHANNEL || !record::start())
        return 0;
    Resource resource;
    resource.begin({.kind = static_cast<WaitKind>(kind), .capacity = capacity, .site = site, .name = name});
    return resource.id().value;
}

void coroscope_resource_owner(coroscope_resource resource, coroscope_job owner) {
    Resource(ResourceId{resource}).owner(JobId{owner});
}

void coroscope_resource_counts(coroscope_resource resource, std::uint64_t count, std::uint32_t waiting) {
    Resource(ResourceId{resource}).counts(count, waiting);
}

void coroscope_resource_end(coroscope_resource resource) {
    Resource(ResourceId{resource}).end();
}

void coroscope_set_command_handler(const coroscope_command_handler* handler) {
    commands.store(handler, std::memory_order_release);
    setCommandHandler(handler ? &forwarding : nullptr);
}
