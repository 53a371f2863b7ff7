/* test_atomic_file.c - what stands at a path is the old file or the whole new one, and no draft stays. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/draft.h"

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

/* In a process of its own, which ends in the middle. */
static void begin_and_die(const char *name)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        il_atomic_file w;
        _exit(il_atomic_file_begin(&w, name, &e) == IL_OK && il_atomic_file_put(&w, "ha", 2, &e) == IL_OK ? 0 : 1);
    }
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

Test(whole, drafts_of_killed_writers_go_with_the_next, .init = set_up, .fini = tear_down)
{
    il_atomic_file busy;
    put(path, "before");
    begin_and_die(path);
    cr_assert_eq(il_atomic_file_begin(&busy, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_atomic_file_put(&busy, "busy", 4, &e), IL_OK);
    entries_are(2);
    begin_and_die(path);
    entries_are(3);
    cr_assert_eq(il_atomic_file_write(path, "after", 5, &e), IL_OK, "%s", e.message);
    holds(path, "after");
    entries_are(2); /* one is being written */
    cr_assert_eq(il_atomic_file_end(&busy, path, false, IL_OK, &e), IL_OK, "%s", e.message);
    holds(path, "busy");
    entries_are(1);
}

Test(whole, drafts_of_a_folder_are_swept_by_name, .init = set_up, .fini = tear_down)
{
    static const char *const kept[] = {
        "file.tmp",         "file.12.tmp",  "file.a-1.tmp",      "file.inpaintlab-.tmp", "12-3.tmp",
        "inpaintlab-0.tmp", "file.12-.tmp", "file.12-3.tmp.png", "fileinpaintlab-0.tmp"
    };
    static const char *const swept[] = { "file.12-3.tmp", "file.inpaintlab-0.tmp", "file.inpaintlab-17.tmp" };
    il_atomic_file busy;
    char name[400];
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, kept[i]);
        put(name, "");
    }
    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, swept[i]);
        put(name, "");
    }
    snprintf(name, sizeof name, "%s2", path);
    begin_and_die(name);
    cr_assert_eq(il_atomic_file_begin(&busy, path, &e), IL_OK, "%s", e.message); /* takes one's name */
    entries_are(9 + 3 + 1);
    il_draft_sweep(folder, "file");
    entries_are(9 + 1 + 1);
    il_draft_sweep(folder, NULL);
    entries_are(9 + 1);
    cr_assert_eq(il_atomic_file_end(&busy, path, false, IL_OK, &e), IL_OK, "%s", e.message);
}

static int mode_of(const char *name)
{
    struct stat st;
    cr_assert_eq(stat(name, &st), 0);
    return st.st_mode & 07777;
}

Test(whole, permissions_stay, .init = set_up, .fini = tear_down)
{
    static const mode_t modes[] = { 0600, 0664, 0440, 0755 };
    umask(022);
    cr_assert_eq(il_atomic_file_write(path, "new", 3, &e), IL_OK, "%s", e.message);
    cr_expect_eq(mode_of(path), 0644);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        il_atomic_file w;
        cr_assert_eq(chmod(path, modes[i]), 0);
        cr_assert_eq(il_atomic_file_begin(&w, path, &e), IL_OK, "%s", e.message);
        cr_expect_eq(mode_of(w.draft), 0600, "others could read the draft");
        cr_assert_eq(il_atomic_file_end(&w, path, false, IL_OK, &e), IL_OK, "%s", e.message);
        cr_expect_eq(mode_of(path), modes[i]);
    }
}

Test(whole, symbolic_links_stay, .init = set_up, .fini = tear_down)
{
    char first[300], second[300], target[300];
    struct stat st;
    snprintf(first, sizeof first, "%s/first", folder);
    snprintf(second, sizeof second, "%s/second", folder);
    snprintf(target, sizeof target, "%s/below/target", folder);
    cr_assert_eq(symlink(second, first), 0);
    cr_assert_eq(symlink("below/target", second), 0);
    cr_assert_eq(il_atomic_file_write(first, "after", 5, &e), IL_EIO, "there is no folder `below`");
    snprintf(path, sizeof path, "%s/below", folder);
    cr_assert_eq(mkdir(path, 0755), 0);
    for (int i = 0; i < 2; i++) { /* to nothing, then to a file */
        cr_assert_eq(il_atomic_file_write(first, i ? "again" : "after", 5, &e), IL_OK, "%s", e.message);
        holds(target, i ? "again" : "after");
        cr_expect(lstat(first, &st) == 0 && S_ISLNK(st.st_mode));
        cr_expect(lstat(second, &st) == 0 && S_ISLNK(st.st_mode));
        entries_are(3);
    }
    cr_assert_eq(unlink(second), 0);
    cr_assert_eq(symlink("first", second), 0);
    cr_assert_eq(il_atomic_file_write(first, "after", 5, &e), IL_EIO);
    cr_expect(strstr(e.message, "Too many levels of symbolic links"), "%s", e.message);
}

Test(whole, only_files_are_replaced, .init = set_up, .fini = tear_down)
{
    struct stat st;
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(il_atomic_file_write(path, "after", 5, &e), IL_EIO);
    cr_expect(strstr(e.message, "file: cannot write the file: it is not a regular one"), "%s", e.message);
    cr_expect(lstat(path, &st) == 0 && S_ISFIFO(st.st_mode));
    entries_are(1);
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
