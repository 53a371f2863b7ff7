/* test_work.c - how far a grid is, by its databases and by what a squeue says that prints a file. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/atomic_file.h"
#include "cluster/parts.h"
#include "cluster/submission.h"
#include "cluster/work.h"
#include "support/lab.h"

static struct fixture {
    il_registry *registry;
    il_plan *plan;
    il_works works;
    char folder[40], path[IL_SHARD_PATH];
} f;

static const char *in_folder(const char *name)
{
    snprintf(f.path, sizeof f.path, "%s/%s", f.folder, name);
    return f.path;
}

static void put(const char *name, const char *text)
{
    il_err e = { 0 };
    LAB_OK(il_atomic_file_write(in_folder(name), text, strlen(text), &e), e);
}

static void set_up(void)
{
    il_err e = { 0 };
    char path[400];
    f = (struct fixture){ .folder = "/tmp/inpaintlab-work-XXXXXX" };
    cr_assert(mkdtemp(f.folder));
    put("squeue", "#!/bin/sh\nexec cat \"${0%/*}/queue\"\n");
    put("sacct", "#!/bin/sh\nexit 1\n"); /* a real one would look for its server for a minute */
    chmod(in_folder("squeue"), 0755);
    chmod(in_folder("sacct"), 0755);
    snprintf(path, sizeof path, "%s:/bin:/usr/bin", f.folder);
    setenv("PATH", path, 1);
    setenv("SLURM_CONF", "/nowhere", 1);
    setenv("INPAINTLAB_PLUGIN_PATH", BUILD_DIR "/tests/stubs", 1);
    LAB_OK(il_registry_open(&f.registry, &e), e);
    LAB_OK(il_plan_read(&f.plan, TEST_DATA "/plan/axes.yaml", f.registry, (il_plan_opts){ 0 }, &e), e);
    cr_assert_geq(f.plan->count, 4);
}

static void tear_down(void)
{
    char command[100];
    il_works_free(&f.works);
    il_plan_free(f.plan);
    il_registry_free(f.registry);
    snprintf(command, sizeof command, "rm -r '%s'", f.folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(work, .init = set_up, .fini = tear_down);

/* A submission whose task i has the (i - 1)th run, the last both of the last two; as array 17. */
static void submit(int number, int tasks)
{
    il_err e = { 0 };
    il_parts parts = { 0 };
    il_submission s = { 0 };
    for (int i = 0; i < 4; i++)
        LAB_OK(il_parts_add(&parts, i < tasks ? i + 1 : tasks, f.plan->runs[i].name, &e), e);
    LAB_OK(il_submission_paths(&s, f.folder, number, &e), e);
    LAB_OK(il_parts_write(&parts, s.tasks, &e), e);
    LAB_OK(il_submission_add(&s, (il_submitted){ 16 + number, 0, (size_t)tasks }, &e), e);
    il_submission_free(&s);
    il_parts_free(&parts);
}

/* Run i in a shard. The status: as it ended; IL_RUN_RUNNING: not at all. */
static void record(const char *shard, size_t i, il_status status, const char *message)
{
    il_err e = { 0 };
    il_store *s = NULL;
    int64_t id;
    il_run_record r = { .hash = f.plan->runs[i].name,
                        .name = f.plan->runs[i].name,
                        .config = f.plan->runs[i].config,
                        .manifest = "{}",
                        .model = "m",
                        .dataset = "d",
                        .mask_policy = "p",
                        .loss = "l",
                        .trained_on = "realfake",
                        .host = "here" };
    LAB_OK(il_store_open(&s, in_folder(shard), &e), e);
    LAB_OK(il_store_experiment(&r.experiment, s, f.plan->experiment, "t", "p", "s", &e), e);
    LAB_OK(il_store_begin_run(&id, s, &r, &e), e);
    if (status != IL_RUN_RUNNING)
        LAB_OK(il_store_end_run(s, id, &(il_run_end){ .status = status, .message = message, .seconds = NAN }, &e), e);
    il_store_close(s);
}

static void look(const char *queue)
{
    il_err e = { 0 };
    put("queue", queue);
    il_works_free(&f.works);
    LAB_OK(il_works_read(&f.works, f.plan, NULL, f.folder, &e), e);
    cr_assert(f.works.asked);
}

#define EXPECT(i, expected, says)                                                                                      \
    cr_expect(f.works.of[i].state == (expected) && strstr(f.works.of[i].why, says), "run %d: %s: '%s'", (int)(i),      \
              il_work_state_text(f.works.of[i].state), f.works.of[i].why)

Test(work, follows_tasks)
{
    submit(1, 3);
    look("");
    EXPECT(0, IL_WORK_OPEN, "");
    look(
        "17|1|PENDING|N/A||Priority\n17|2|RUNNING|2026-11-30T14:00:00|n2|None\n17|3|RUNNING|2026-11-30T14:00:00|n1|None\n");
    EXPECT(0, IL_WORK_QUEUED, "Priority");
    EXPECT(1, IL_WORK_RUNNING, "");
    cr_expect_str_eq(f.works.of[1].host, "n2");
    cr_expect_str_eq(f.works.of[1].task, "17_2");
    EXPECT(2, IL_WORK_RUNNING, "");
    EXPECT(3, IL_WORK_QUEUED, "other runs before it");

    record("1-0001.sqlite", 0, IL_RUN_STOPPED, "stopped in epoch 3");
    record("1-0002.sqlite", 1, IL_RUN_RUNNING, NULL);
    record("1-0003.sqlite", 2, IL_RUN_FAILED, "it broke");
    look(
        "17|1|PENDING|N/A||BeginTime\n17|2|RUNNING|2026-11-30T14:00:00|n2|None\n17|3|RUNNING|2026-11-30T14:00:00|n1|None\n");
    EXPECT(0, IL_WORK_QUEUED, "BeginTime");
    EXPECT(1, IL_WORK_RUNNING, "");
    EXPECT(2, IL_WORK_FAILED, "it broke");
    EXPECT(3, IL_WORK_RUNNING, "");
    look("17|1|CANCELLED|N/A||None\n17|2|OUT_OF_MEMORY|N/A|n2|None\n17|3|FAILED|N/A|n2|None\n");
    EXPECT(0, IL_WORK_INTERRUPTED, "stopped in epoch 3; CANCELLED");
    EXPECT(1, IL_WORK_INTERRUPTED, "OUT_OF_MEMORY");
    EXPECT(2, IL_WORK_FAILED, "it broke");
    EXPECT(3, IL_WORK_INTERRUPTED, "FAILED");
    look("");
    EXPECT(1, IL_WORK_INTERRUPTED, "its task has ended");
    EXPECT(3, IL_WORK_OPEN, "");
}

/* What failed in an earlier submission is queued in the next. */
Test(work, later_submissions_count)
{
    submit(1, 4);
    record("1-0001.sqlite", 0, IL_RUN_FAILED, "it broke");
    record("1-0002.sqlite", 1, IL_RUN_RUNNING, NULL);
    submit(2, 4);
    look("17|1|FAILED|N/A|n1|None\n17|2|TIMEOUT|N/A|n1|None\n18|1|RUNNING|N/A|n1|None\n18|2|PENDING|N/A||Resources\n");
    EXPECT(0, IL_WORK_RUNNING, "");
    EXPECT(1, IL_WORK_QUEUED, "Resources");
    cr_expect_str_eq(f.works.of[1].task, "18_2");
    record("2-0001.sqlite", 0, IL_RUN_FAILED, "it broke again");
    look("18|1|COMPLETING|N/A|n1|None\n18|2|PENDING|N/A||Resources\n");
    EXPECT(0, IL_WORK_FAILED, "it broke again");
}

Test(work, other_configurations_and_broken_shards_are_told_apart)
{
    il_err e = { 0 };
    il_store *s = NULL;
    put("0001-of-0002.sqlite", "not a database, but long enough to be none .........................................");
    LAB_OK(il_store_open(&s, ":memory:", &e), e);
    il_run_record r = { .hash = "1",
                        .name = f.plan->runs[0].name,
                        .config = "{}",
                        .manifest = "{}",
                        .model = "m",
                        .dataset = "d",
                        .mask_policy = "p",
                        .loss = "l",
                        .trained_on = "realfake" };
    int64_t id;
    LAB_OK(il_store_experiment(&r.experiment, s, f.plan->experiment, "t", "p", "s", &e), e);
    LAB_OK(il_store_begin_run(&id, s, &r, &e), e);
    put("queue", "");
    LAB_OK(il_works_read(&f.works, f.plan, s, f.folder, &e), e);
    EXPECT(0, IL_WORK_OPEN, "");
    cr_expect(f.works.shards == 1 && f.works.unread == 1 && strstr(f.works.first.message, "0001-of-0002.sqlite"));
    il_store_close(s);
}
