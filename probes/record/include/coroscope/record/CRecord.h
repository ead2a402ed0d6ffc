/* SPDX-License-Identifier: Apache-2.0
 *
 * The record for libraries in C, or in any language that calls C: what a coroutine library tells of its jobs
 * so that Coroscope shows them. docs/RECORD_FORMAT.md says what becomes of it in memory.
 *
 * A library calls, for each job (task, fiber, coroutine):
 *
 *     job = coroscope_job_begin(&birth);
 *     coroscope_job_queued(job); coroscope_job_runs(job); coroscope_job_suspends(job, ...); ... in any order
 *     coroscope_job_end(job, COROSCOPE_COMPLETED, NULL, 0);
 *
 * Nothing here blocks, throws, or fails: with the record off (COROSCOPE=off, a forked child, a program with
 * special rights) the calls do nothing and begin answers 0, which every call accepts. A job that has ended is
 * ignored too.
 *
 * Threads: any. Of one job, only one thread at a time may call queued, runs, suspends, waits_for_children and
 * end: whoever holds its continuation. Call suspends before anyone who could resume the job gets to know of
 * it.
 *
 * All numbers are part of the interface: they are added to, never changed.
 */
#ifndef COROSCOPE_RECORD_CRECORD_H
#define COROSCOPE_RECORD_CRECORD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A recorded job; never comes back for another one. 0: none. */
typedef uint64_t coroscope_job;

enum coroscope_state {
    COROSCOPE_NEW = 0,        /**< not started */
    COROSCOPE_ACTIVE = 1,     /**< started, not done */
    COROSCOPE_COMPLETING = 2, /**< its own work is done, its children are not */
    COROSCOPE_CANCELLING = 3, /**< told to stop, not yet stopped */
    COROSCOPE_COMPLETED = 4,  /**< ended well; this and the next two only in coroscope_job_end */
    COROSCOPE_CANCELLED = 5,
    COROSCOPE_FAILED = 6
};

/** What a suspended job waits for, and what `waits_for` means then. */
enum coroscope_wait_kind {
    COROSCOPE_WAIT_UNKNOWN = 0,
    COROSCOPE_WAIT_DELAY = 1,    /**< the due time, CLOCK_MONOTONIC in nanoseconds; 0 where it is not known */
    COROSCOPE_WAIT_JOB = 2,      /**< the coroscope_job that it joins */
    COROSCOPE_WAIT_CALLBACK = 4, /**< an answer from outside; 0 */
    COROSCOPE_WAIT_MUTEX = 5,    /**< this and the next two: the coroscope_resource, or 0 */
    COROSCOPE_WAIT_SEMAPHORE = 6,
    COROSCOPE_WAIT_CHANNEL = 7,
    COROSCOPE_WAIT_EVENT = 8, /**< an address that tells one from the other */
    COROSCOPE_WAIT_YIELD = 9, /**< gave way to others */
    COROSCOPE_WAIT_SELECT = 10
};

/** A recorded mutex, semaphore or channel; never comes back for another one. 0: none. */
typedef uint64_t coroscope_resource;

/** What is known of a job when it begins. All zero but `size` is a root without a name that has started. */
struct coroscope_birth {
    size_t size;            /**< sizeof(struct coroscope_birth) as the caller knows it */
    coroscope_job parent;   /**< 0: a root */
    coroscope_job launcher; /**< the job whose code made this one, where that is not the parent */
    uint32_t site;          /**< from coroscope_site: where it was launched */
    uint32_t name;          /**< from coroscope_text */
    uint32_t context;       /**< from coroscope_context */
    int lazy;               /**< not 0: begins New instead of Active */
    void* owner;            /**< handed to the command handler */
    const char* own_name; /**< where `name` is 0: a name that few jobs share. UTF-8; copied, up to 63 bytes */
};

/** Makes the process visible before its first job. Answers whether the record is on. */
int coroscope_start(void);

/** Each job from now on is recorded with the call stack of whoever made it, or no longer (0). Answers whether
 * that worked. The environment variable COROSCOPE=stacks does the same from the start. */
int coroscope_creation_stacks(int wanted);

/* Interning: equal contents get equal numbers, for the life of the process, and stay in the record for as
 * long: the name of one job alone ("conn-4711") is better given as its own_name. A library keeps the numbers
 * of its sites: each call looks the contents up. `function` may be NULL. The texts are UTF-8 and copied; all
 * but the first 1,024 bytes of each are dropped. 0 when a table is full or the record is off. */
uint32_t coroscope_text(const char* text);
uint32_t coroscope_site(const char* file, const char* function, uint32_t line);
/** A chain of places, innermost first; places beyond 16 are dropped and counted. */
uint32_t coroscope_stack(const uint32_t* sites, size_t count);
uint32_t coroscope_context(const char* dispatcher, const char* elements);

coroscope_job coroscope_job_begin(const struct coroscope_birth* birth);
/** Of one job one thread at a time, this and the next. */
void coroscope_job_renamed(coroscope_job job, uint32_t name);
/** As `own_name` of its birth. */
void coroscope_job_named(coroscope_job job, const char* own_name);
/** `state`: New to Cancelling. */
void coroscope_job_state(coroscope_job job, enum coroscope_state state);
/** Ready, in a queue. */
void coroscope_job_queued(coroscope_job job);
/** On this thread now. */
void coroscope_job_runs(coroscope_job job);
/** Not on this thread any more. `stack` from coroscope_stack: where it waits. */
void coroscope_job_suspends(coroscope_job job, uint32_t stack, enum coroscope_wait_kind kind,
                            uint64_t waits_for);
/** Its own code has returned; its children have not. */
void coroscope_job_waits_for_children(coroscope_job job);
/** `state`: Completed to Failed. `failure`: `size` bytes of "type\nmessage" when it failed, else NULL. */
void coroscope_job_end(coroscope_job job, enum coroscope_state state, const char* failure, size_t size);

/* What jobs wait for that is no job. Begin it when a job has to wait for it for the first time, so that
 * others cost nothing. Begin and end: one thread at a time; the others from any thread between them. Without
 * a resource, waits_for stays 0. */

/** `kind`: Mutex, Semaphore or Channel. `capacity`: permits, or elements that can be buffered; ~0: no limit.
 * `site` and `name` as those of a job. 0 when the table is full or the record is off. */
coroscope_resource coroscope_resource_begin(enum coroscope_wait_kind kind, uint64_t capacity, uint32_t site,
                                            uint32_t name);
/** The job that holds the mutex; 0: nobody. */
void coroscope_resource_owner(coroscope_resource resource, coroscope_job owner);
/** Free permits or buffered elements, and how many jobs wait. */
void coroscope_resource_counts(coroscope_resource resource, uint64_t count, uint32_t waiting);
void coroscope_resource_end(coroscope_resource resource);

/** What the library does for observers. Without one, they are told that this program takes no commands. */
struct coroscope_command_handler {
    /** Keeps `owner` alive until release. Called while its job cannot end, for some nanoseconds: only count.
     */
    void (*retain)(void* owner);
    void (*release)(void* owner);
    /** Cancels the job, or with `children_only` what is below it. Runs on a thread of its own. */
    void (*cancel)(void* owner, int children_only, const char* reason);
};
/** The struct must stay for ever. Call it once. */
void coroscope_set_command_handler(const struct coroscope_command_handler* handler);

#ifdef __cplusplus
}
#endif

#endif
