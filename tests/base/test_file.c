/* test_file.c - folders made and listed, bytes read; lists that grow. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/array.h"
#include "base/file.h"
#include "base/sha256.h"

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

static void refuses(const char *path, uint64_t most, int code, const char *words)
{
    char *data = NULL, expected[300];
    size_t size = 0;
    il_err e = { 0 };
    il_digest d;
    snprintf(expected, sizeof expected, words, path);
    cr_expect_eq(il_file_read(&data, &size, path, most, &e), code, "%s", path);
    cr_expect_str_eq(e.message, expected);
    cr_expect_null(data);
    if (most == IL_FILE_ANY) {
        cr_expect_eq(il_sha256_file(&d, path, &e), code, "%s", path);
        cr_expect_str_eq(e.message, expected);
    }
}

Test(file, only_regular_files_of_a_bounded_size_are_read, .timeout = 20)
{
    write_text("text", "twelve bytes");
    cr_assert_eq(mkfifo(in("pipe"), 0666), 0);
    cr_assert_eq(symlink("pipe", in("link")), 0);
    cr_assert_eq(symlink("/dev/zero", in("zeros")), 0);
    refuses(in("pipe"), IL_FILE_ANY, IL_EIO, "%s: is a pipe; expected a regular file");
    refuses(in("link"), IL_FILE_ANY, IL_EIO, "%s: is a pipe; expected a regular file");
    refuses(in("zeros"), IL_FILE_ANY, IL_EIO, "%s: is a device; expected a regular file");
    refuses(folder, IL_FILE_ANY, IL_EIO, "%s: is a folder; expected a regular file");
    refuses(in("absent"), IL_FILE_ANY, IL_EIO, "cannot open %s: No such file or directory");
    refuses(in("text"), 11, IL_EFORMAT, "%s: has 12 bytes; expected at most 11 bytes");
    cr_assert_eq(truncate(in("text"), (off_t)6 << 30), 0);
    refuses(in("text"), IL_FILE_SETTINGS, IL_EFORMAT, "%s: has 6 GiB; expected at most 16 MiB");
    cr_assert_eq(truncate(in("text"), (16 << 20) + 1), 0);
    refuses(in("text"), IL_FILE_SETTINGS, IL_EFORMAT, "%s: has 16.1 MiB; expected at most 16 MiB");
}

Test(file, a_whole_file_is_read_with_a_nul_behind_it)
{
    char *data = NULL;
    size_t size = 0;
    il_err e = { 0 };
    write_text("text", "twelve bytes");
    cr_assert_eq(symlink("text", in("link")), 0);
    cr_assert_eq(il_file_read(&data, &size, in("link"), 12, &e), IL_OK, "%s", e.message);
    cr_expect_eq(size, 12);
    cr_expect_str_eq(data, "twelve bytes");
    free(data);
    write_text("empty", "");
    cr_assert_eq(il_file_read(&data, &size, in("empty"), 0, &e), IL_OK, "%s", e.message);
    cr_expect(size == 0 && *data == '\0');
    free(data);
}

Test(file, a_file_that_grows_or_shrinks_while_it_is_read_is_told)
{
    char bytes[16], expected[300];
    size_t got = 0;
    int fd = -1;
    uint64_t size = 0;
    il_err e = { 0 };
    write_text("text", "twelve bytes");
    cr_assert_eq(il_file_open(&fd, &size, in("text"), IL_FILE_ANY, &e), IL_OK, "%s", e.message);
    cr_expect_eq(il_file_next(&got, fd, bytes, sizeof bytes, size - 1, in("text"), &e), IL_EIO);
    snprintf(expected, sizeof expected, "%s: became longer while it was being read", in("text"));
    cr_expect_str_eq(e.message, expected);
    cr_expect_eq(il_file_next(&got, fd, bytes, sizeof bytes, 1, in("text"), &e), IL_EIO);
    snprintf(expected, sizeof expected, "%s: became shorter while it was being read", in("text"));
    cr_expect_str_eq(e.message, expected);
    cr_expect_eq(il_file_next(&got, fd, bytes, sizeof bytes, 0, in("text"), &e), IL_OK);
    cr_expect_eq(got, 0);
    close(fd);
}

/* What the command line names may be a pipe: <(…). */
Test(file, pipes_of_the_command_line_are_read_to_their_end, .timeout = 30)
{
    char *data = NULL, path[64], block[70000];
    size_t size = 0;
    int ends[2];
    il_err e = { 0 };
    memset(block, 'x', sizeof block);
    cr_assert_eq(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    pid_t writer = fork();
    if (writer == 0) {
        for (size_t at = 0; at < sizeof block; at += 10000)
            if (write(ends[1], block, 10000) != 10000)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    cr_assert_eq(il_file_read_argument(&data, &size, path, 1 << 20, &e), IL_OK, "%s", e.message);
    cr_expect(size == sizeof block && memcmp(data, block, size) == 0 && data[size] == '\0');
    waitpid(writer, NULL, 0);
    close(ends[0]);
    free(data);

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], block, 100), 100);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    cr_expect_eq(il_file_read_argument(&data, &size, path, 99, &e), IL_EFORMAT);
    cr_expect(strstr(e.message, ": has more than 99 bytes"), "%s", e.message);
    cr_expect_eq(il_file_read_argument(&data, &size, path, 99, &e), IL_EIO, "its writer stays and writes nothing");
    cr_expect(strstr(e.message, ": is a pipe that nobody has written to for 5 s"), "%s", e.message);
    cr_expect_eq(il_file_read_argument(&data, &size, "/dev/zero", 99, &e), IL_EIO);
    cr_expect_str_eq(e.message, "/dev/zero: is a device; expected a regular file");
}
