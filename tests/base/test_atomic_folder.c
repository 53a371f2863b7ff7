/* test_atomic_folder.c - what stands at a path is the old folder or the whole new one, and no draft stays. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/atomic_folder.h"

static char folder[64], path[100];
static il_err e;

static void set_up(void)
{
    strcpy(folder, "/tmp/inpaintlab-whole-XXXXXX");
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/out", folder);
}

static int shell(const char *words)
{
    char command[400];
    snprintf(command, sizeof command, "cd %s && %s", folder, words);
    return system(command);
}

static void tear_down(void)
{
    cr_assert_eq(shell("rm -r \"$PWD\""), 0);
}

static void fill(const il_atomic_folder *w, const char *name, const char *text)
{
    char file[400];
    snprintf(file, sizeof file, "%s/%s", w->draft, name);
    FILE *f = fopen(file, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void begin_and_die(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        il_atomic_folder w = { 0 };
        if (il_atomic_folder_begin(&w, path, &e) == IL_OK)
            fill(&w, "half", "half");
        _exit(w.draft ? 0 : 1);
    }
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

Test(folder, the_draft_of_a_killed_writer_goes_with_the_next, .init = set_up, .fini = tear_down)
{
    il_atomic_folder busy = { 0 }, w = { 0 };
    cr_assert_eq(il_atomic_folder_begin(&busy, path, &e), IL_OK, "%s", e.message);
    begin_and_die();
    cr_assert_eq(shell("test $(ls | wc -l) = 2"), 0);
    cr_assert_eq(il_atomic_folder_begin(&w, path, &e), IL_OK, "%s", e.message);
    fill(&w, "a", "whole");
    cr_assert_eq(il_atomic_folder_end(&w, IL_OK, &e), IL_OK, "%s", e.message);
    cr_expect_eq(shell("test $(ls | wc -l) = 2 && grep -q whole out/a && test $(ls out | wc -l) = 1"), 0);
    fill(&busy, "b", "late");
    cr_assert_eq(il_atomic_folder_end(&busy, IL_OK, &e), IL_EIO);
    cr_expect(strstr(e.message, "already exists; nothing was changed"), "%s", e.message);
    cr_expect_eq(shell("test $(ls) = out && test $(ls out) = a"), 0);
}

Test(folder, an_empty_one_keeps_its_permissions_behind_its_link, .init = set_up, .fini = tear_down)
{
    il_atomic_folder w = { 0 };
    cr_assert_eq(shell("mkdir real && chmod 711 real && ln -s real out"), 0);
    cr_assert_eq(il_atomic_folder_begin(&w, path, &e), IL_OK, "%s", e.message);
    fill(&w, "a", "whole");
    cr_assert_eq(il_atomic_folder_end(&w, IL_OK, &e), IL_OK, "%s", e.message);
    cr_expect_eq(shell("test -L out && test -f real/a && test $(stat -c %a real) = 711 && test $(ls | wc -l) = 2"), 0);
}

Test(folder, a_set_of_files_appears_as_a_whole, .init = set_up, .fini = tear_down)
{
    il_atomic_folder w = { 0 };
    cr_assert_eq(shell("echo old > .json && echo old > map.png"), 0);
    for (int failed = 1; failed >= 0; failed--) {
        cr_assert_eq(il_atomic_folder_begin(&w, path, &e), IL_OK, "%s", e.message);
        fill(&w, ".json", "new");
        fill(&w, "map.png", "new");
        int rc = failed ? il_fail(&e, IL_EIO, "the disk is full") : IL_OK;
        cr_assert_eq(il_atomic_folder_pour(&w, folder, rc, &e), rc, "%s", e.message);
        cr_expect_eq(
            shell(failed ? "grep -q old .json && grep -q old map.png" : "grep -q new .json && grep -q new map.png"), 0);
        cr_expect_eq(shell("test $(ls -A | wc -l) = 2"), 0);
    }
}
