/* SPDX-License-Identifier: Apache-2.0
 * A library in C that feeds the record: three tasks, one of which can be cancelled. Says "ready" and waits
 * to be killed. */
#include <coroscope/record/CRecord.h>

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct task {
    coroscope_job job;
    atomic_int references;
};
static struct task worker;

static void retain(void *owner) { atomic_fetch_add(&((struct task *)owner)->references, 1); }
static void release(void *owner) { atomic_fetch_sub(&((struct task *)owner)->references, 1); }
static void cancel(void *owner, int children_only, const char *reason) {
    const struct task *task = owner;
    if (children_only)
        return;
    coroscope_job_state(task->job, COROSCOPE_CANCELLING);
    printf("cancelled: %s\n", reason);
    fflush(stdout);
    coroscope_job_runs(task->job);
    coroscope_job_end(task->job, COROSCOPE_FAILED, "E_STOPPED\nstopped from outside", 30);
}
static const struct coroscope_command_handler handler = {retain, release, cancel};

int main(void) {
    if (!coroscope_start())
        return 1;
    coroscope_set_command_handler(&handler);
    struct coroscope_birth birth = {.size = sizeof birth};
    birth.name = coroscope_text("engine");
    birth.site = coroscope_site("engine.c", "run_engine", 12);
    birth.context = coroscope_context("loop", NULL);
    const coroscope_job engine = coroscope_job_begin(&birth);

    birth.parent = engine;
    birth.name = 0;
    birth.own_name = "worker";
    birth.owner = &worker;
    worker.job = coroscope_job_begin(&birth);
    coroscope_job_named(worker.job, "worker-1");
    coroscope_job_queued(worker.job);
    coroscope_job_runs(worker.job);
    const uint32_t sites[] = {coroscope_site("queue.c", "take", 88), coroscope_site("engine.c", "work", 40)};
    const coroscope_resource queue =
        coroscope_resource_begin(COROSCOPE_WAIT_CHANNEL, 8, sites[0], coroscope_text("orders"));
    coroscope_resource_counts(queue, 0, 1);
    coroscope_job_suspends(worker.job, coroscope_stack(sites, 2), COROSCOPE_WAIT_CHANNEL, queue);

    birth.name = coroscope_text("later");
    birth.lazy = 1;
    birth.owner = NULL;
    coroscope_job_begin(&birth);
    coroscope_job_waits_for_children(engine);

    /* Misuse must be harmless: nothing, a job that has ended, a state that no living job has. */
    birth.lazy = 0;
    const coroscope_job gone = coroscope_job_begin(&birth);
    coroscope_job_end(gone, COROSCOPE_COMPLETED, NULL, 0);
    coroscope_job_runs(gone);
    coroscope_job_end(gone, COROSCOPE_COMPLETED, NULL, 0);
    coroscope_resource_end(coroscope_resource_begin(COROSCOPE_WAIT_JOB, 1, 0, 0));
    coroscope_job_suspends(0, 0, COROSCOPE_WAIT_UNKNOWN, 0);
    coroscope_job_state(engine, COROSCOPE_FAILED);
    coroscope_job_begin(NULL);

    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
