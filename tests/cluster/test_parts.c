/* test_parts.c - job files, and what is remembered of restarts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "cluster/parts.h"
#include "cluster/restarts.h"
#include "cluster/submission.h"

static char folder[] = "/tmp/inpaintlab-parts-XXXXXX", path[100];

static void set_up(void)
{
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/1.tasks", folder);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(parts, .init = set_up, .fini = tear_down);

Test(parts, come_back)
{
    static const char odd[] = "seed=1,\"x\"\n'$(id)' \\ \xc3\xa4";
    il_parts t = { 0 }, back = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_parts_add(&t, 1, odd, &e), IL_OK);
    cr_assert_eq(il_parts_add(&t, 3, "b", &e), IL_OK);
    cr_assert_eq(il_parts_add(&t, 1, "c", &e), IL_OK);
    cr_assert_eq(il_parts_write(&t, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_parts_read(&back, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(back.count, 3);
    cr_assert_null(back.experiment);
    cr_assert(back.list[0].count == 2 && back.list[1].count == 0 && back.list[2].count == 1);
    cr_assert_str_eq(back.list[0].runs[0], odd);
    cr_assert_str_eq(back.list[0].runs[1], "c");
    cr_assert_str_eq(back.list[2].runs[0], "b");
    il_parts_free(&t);
    il_parts_free(&back);
}

Test(parts, wrong_lines_are_named)
{
    const struct {
        const char *text, *says;
    } wrong[] = { { "{\"runs\":[\"a\"]}\n{\n", ":2:" },
                  { "[]\n", ":1: has no list 'runs'" },
                  { "{\"runs\":[1]}\n", ":1: expected the name of a run" },
                  { "{\"runs\":[\"a\"]}\n\n", ":2:" },
                  { "{\"runs\":[\"a\"],\"runs\":[]}", ":1:" },
                  { "{\"experiment\":1,\"runs\":[]}", ":1: 'experiment' must be the name of one experiment" },
                  { "{\"experiment\":\"a\",\"runs\":[]}\n{\"experiment\":\"b\",\"runs\":[]}\n",
                    ":2: 'experiment' must be the name of one experiment" } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_parts t = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_atomic_file_write(path, wrong[i].text, strlen(wrong[i].text), &e), IL_OK);
        cr_expect_eq(il_parts_read(&t, path, &e), IL_EFORMAT);
        cr_expect(strstr(e.message, wrong[i].says), "'%s' does not say '%s'", e.message, wrong[i].says);
        cr_expect(t.count == 0);
    }
}

Test(parts, have_databases)
{
    char out[IL_SHARD_PATH];
    il_err e = { 0 };
    cr_assert_eq(il_parts_database(out, "a.b/1.tasks", 7, &e), IL_OK);
    cr_assert_str_eq(out, "a.b/1-0007.sqlite");
    cr_assert_eq(il_parts_database(out, "a.b/tasks", 12345, &e), IL_OK);
    cr_assert_str_eq(out, "a.b/tasks-12345.sqlite");
}

static bool note(const char *progress, bool again)
{
    bool give_up = false;
    il_err e = { 0 };
    cr_assert_eq(il_restarts_note(&give_up, path, progress, again, &e), IL_OK, "%s", e.message);
    return give_up;
}

Test(parts, two_fruitless_restarts_are_enough)
{
    cr_assert(!note("a\n", false));
    cr_assert(!note("b\n", true), "progress");
    cr_assert(!note("b\n", true), "none");
    cr_assert(!note("c\n", true), "progress again");
    cr_assert(!note("c\n", true));
    cr_assert(note("c\n", true), "twice in a row");
    cr_assert(!note("c\n", false), "a start by hand counts anew");
    cr_assert(!note("c\n", true));
    cr_assert(note("c\n", true));
}

Test(parts, submissions_are_found_again)
{
    il_submission s = { 0 }, back = { 0 };
    il_err e = { 0 };
    bool found;
    long job = 0;
    int index = 0;
    cr_assert_eq(il_submission_next(&s, folder, true, &e), IL_OK, "%s", e.message);
    cr_assert_eq(s.number, 1);
    cr_assert_eq(il_submission_add(&s, (il_submitted){ 17, 0, 1000 }, &e), IL_OK);
    cr_assert_eq(il_submission_add(&s, (il_submitted){ 18, 1000, 7 }, &e), IL_OK);
    cr_assert_eq(il_submission_add(&s, (il_submitted){ 0, 1007, 3 }, &e), IL_OK); /* wanted, not submitted yet */
    cr_assert_eq(il_submission_write(&s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_submission_read(&found, &back, folder, 1, &e), IL_OK, "%s", e.message);
    cr_assert(found && back.njobs == 3 && back.jobs[2].job == 0);
    cr_assert(il_submission_find(&job, &index, &back, 1000) && job == 17 && index == 1000);
    cr_assert(il_submission_find(&job, &index, &back, 1001) && job == 18 && index == 1);
    cr_assert(!il_submission_find(&job, &index, &back, 1011) && !il_submission_find(&job, &index, &back, 0));
    il_submission_free(&back);
    cr_assert_eq(il_submission_read(&found, &back, folder, 2, &e), IL_OK);
    cr_assert(!found);
    const char *const wrong[] = { "17 0\n", "17 0 1", "-1 0 1\n", "17 -1 1\n", "17 0 1000001\n", "x\n", "17 0 1\n\n" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_submission bad = { 0 };
        cr_assert_eq(il_atomic_file_write(s.record, wrong[i], strlen(wrong[i]), &e), IL_OK);
        cr_expect_eq(il_submission_read(&found, &bad, folder, 1, &e), IL_EFORMAT, "'%s'", wrong[i]);
        cr_expect(bad.njobs == 0);
    }
    unlink(s.record);
    il_submission_free(&s);
}
