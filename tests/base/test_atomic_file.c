/* test_atomic_file.c - what stands at a path is the old file or the whole new one, and no draft stays. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/atomic_file.h"

static char folder[64], path[100];
static il_err e;

static void set_up(void)
{
    strcpy(folder, "/tmp/inpaintlab-whole-XXXXXX");
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void tear_down(void)
{
    char command[200];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void holds(const char *name, const char *expected)
{
    char text[32] = "";
    FILE *f = fopen(name, "r");
    cr_assert(f && (fgets(text, sizeof text, f) || !*expected) && fclose(f) == 0, "%s", name);
    cr_expect_str_eq(text, expected);
}

static void entries_are(int expected)
{
    char command[200];
    snprintf(command, sizeof command, "test $(ls -A %s | wc -l) = %d", folder, expected);
    cr_expect_eq(system(command), 0, "not %d entries", expected);
}

Test(whole, a_file_takes_the_place_of_the_old_one, .init = set_up, .fini = tear_down)
{
    put(path, "before");
    cr_assert_eq(il_atomic_file_write(path, "after", 5, &e), IL_OK, "%s", e.message);
    holds(path, "after");
    cr_assert_eq(il_atomic_file_write(path, "", 0, &e), IL_OK, "%s", e.message);
    holds(path, "");
    entries_are(1);
}

Test(whole, parts_are_seen_at_the_end_or_never, .init = set_up, .fini = tear_down)
{
    il_atomic_file w;
    put(path, "before");
    for (int lasting = 0; lasting < 2; lasting++) {
        cr_assert_eq(il_atomic_file_begin(&w, path, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_atomic_file_put(&w, "af", 2, &e), IL_OK);
        cr_assert_eq(il_atomic_file_put(&w, "ter", 3, &e), IL_OK);
        holds(path, lasting ? "after" : "before");
        cr_assert_eq(il_atomic_file_end(&w, path, lasting, IL_OK, &e), IL_OK, "%s", e.message);
        holds(path, "after");
    }
    cr_assert_eq(il_atomic_file_begin(&w, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_atomic_file_put(&w, "half", 4, &e), IL_OK);
    cr_assert_eq(il_atomic_file_end(&w, path, true, il_fail(&e, IL_EDATA, "is no more"), &e), IL_EDATA);
    cr_expect(strstr(e.message, "/file: is no more"), "%s", e.message);
    holds(path, "after");
    entries_are(1);
}

Test(whole, two_may_write_one_path, .init = set_up, .fini = tear_down)
{
    il_atomic_file a, b;
    cr_assert_eq(il_atomic_file_begin(&a, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_atomic_file_begin(&b, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_atomic_file_put(&a, "one", 3, &e), IL_OK);
    cr_assert_eq(il_atomic_file_put(&b, "another", 7, &e), IL_OK);
    cr_assert_eq(il_atomic_file_end(&b, path, false, IL_OK, &e), IL_OK, "%s", e.message);
    holds(path, "another");
    cr_assert_eq(il_atomic_file_end(&a, path, false, IL_OK, &e), IL_OK, "%s", e.message);
    holds(path, "one");
    entries_are(1);
}

Test(whole, drafts_of_killed_writers_are_swept, .init = set_up, .fini = tear_down)
{
    il_atomic_file killed, other;
    char near[400];
    snprintf(near, sizeof near, "%s2", path);
    put(path, "whole");
    cr_assert_eq(il_atomic_file_begin(&killed, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_atomic_file_begin(&other, near, &e), IL_OK, "%s", e.message);
    il_atomic_file_sweep(folder, "file");
    entries_are(2); /* the file, and the draft of another one */
    holds(path, "whole");
    cr_assert_eq(il_atomic_file_end(&other, near, false, IL_OK, &e), IL_OK, "%s", e.message);
    il_atomic_file_sweep(folder, "file");
    entries_are(2);
    cr_assert_eq(il_atomic_file_begin(&other, near, &e), IL_OK, "%s", e.message);
    il_atomic_file_sweep(folder, NULL);
    entries_are(2);
    for (il_atomic_file *w = &killed; w; w = w == &killed ? &other : NULL) {
        close(w->fd);
        free(w->draft);
    }
}

Test(whole, what_cannot_be_written_leaves_nothing, .init = set_up, .fini = tear_down)
{
    char message[300];
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(il_atomic_file_write(path, "after", 5, &e), IL_EIO);
    snprintf(message, sizeof message, "%s: cannot write the file: Is a directory", path);
    cr_expect_str_eq(e.message, message);
    entries_are(1);
    cr_assert_eq(rmdir(path), 0);
    strcat(path, "/file");
    cr_assert_eq(il_atomic_file_write(path, "after", 5, &e), IL_EIO);
    snprintf(message, sizeof message, "cannot create %s: No such file or directory", path);
    cr_expect_str_eq(e.message, message);
    entries_are(0);
}
