/* test_file.c - folders made and listed, bytes read; lists that grow. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "base/file.h"

static char folder[64];

static void set_up(void)
{
    strcpy(folder, "/tmp/inpaintlab-file-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void tear_down(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(file, .init = set_up, .fini = tear_down);

static char *in(const char *name)
{
    static char paths[4][200];
    static int next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "w");
    cr_assert(f);
    fputs(text, f);
    fclose(f);
}

Test(file, folders_are_made_with_those_above_them)
{
    struct stat st;
    il_err e = { 0 };
    cr_assert_eq(il_file_make_folders(in("a/b//c/"), &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_file_make_folders(in("a/b/c"), &e), IL_OK, "%s", e.message);
    cr_expect(stat(in("a/b/c"), &st) == 0 && S_ISDIR(st.st_mode));
    cr_assert_eq(il_file_make_parents(in("x/y/z.sqlite"), &e), IL_OK, "%s", e.message);
    cr_expect(stat(in("x/y"), &st) == 0 && S_ISDIR(st.st_mode));
    cr_expect_neq(stat(in("x/y/z.sqlite"), &st), 0);

    char expected[300];
    write_text("file", "");
    cr_expect_eq(il_file_make_folders(in("file/below"), &e), IL_EIO);
    snprintf(expected, sizeof expected, "%s is a file; expected a folder", in("file"));
    cr_expect_str_eq(e.message, expected);
}

Test(file, names_are_listed_by_bytes)
{
    il_file_names n = { 0 };
    il_err e = { 0 };
    write_text("b", "");
    write_text("B", "");
    write_text(".hidden", "");
    cr_assert_eq(mkdir(in("a"), 0777), 0);
    cr_assert_eq(il_file_list(&n, folder, &e), IL_OK, "%s", e.message);
    cr_assert_eq(n.count, 3, "without .hidden");
    const char *expected[] = { "B", "a", "b" };
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_eq(n.list[i], expected[i]);
    il_file_names_free(&n);
    cr_expect_eq(il_file_list(&n, in("none"), &e), IL_EIO);
    cr_expect(strstr(e.message, "none: No such file or directory"), "%s", e.message);
}

Test(file, bytes_are_read_where_they_stand)
{
    char got[4] = "";
    il_err e = { 0 };
    write_text("text", "0123456789");
    int fd = open(in("text"), O_RDONLY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(il_file_pread(fd, got, 3, 4, &e), IL_OK, "%s", e.message);
    cr_expect_str_eq(got, "456");
    cr_expect_eq(il_file_pread(fd, got, 3, 8, &e), IL_EFORMAT);
    cr_expect_str_eq(e.message, "the file ends too early");
    close(fd);
}

/* Under the sanitizers a list whose room was guessed wrong is written beyond. */
Test(array, lists_grow_from_any_count)
{
    for (size_t start = 0; start < 70; start++) {
        int *list = il_array_new(start, sizeof *list);
        cr_assert(list);
        for (size_t i = 0; i < start; i++)
            list[i] = (int)i;
        for (size_t i = start; i < 200; i++) {
            list = il_array_grow(list, i, sizeof *list);
            cr_assert(list);
            list[i] = (int)i;
        }
        for (size_t i = 0; i < 200; i++)
            cr_assert_eq(list[i], (int)i, "%zu of a list that began with %zu", i, start);
        free(list);
    }
    size_t room = 0;
    char *bytes = il_array_reserve(NULL, &room, 10, 1);
    cr_assert(bytes && room >= 10);
    cr_expect_eq(il_array_reserve(bytes, &room, 5, 1), bytes);
    free(bytes);
}
