/* results.h - databases for the tests of store and report: a folder of one's own, short questions, made-up results. */
#ifndef TEST_RESULTS_H
#define TEST_RESULTS_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "store/database.h"

#define GOOD(call)                                                                                                     \
    do {                                                                                                               \
        il_err e = { 0 };                                                                                              \
        int returned = (call);                                                                                         \
        cr_assert_eq(returned, IL_OK, #call ": %d, %s", returned, e.message);                                          \
    } while (0)

/* The call must fail with that code and a message that holds the text. Both use a variable `e`. */
#define BAD(call, wanted, text)                                                                                        \
    do {                                                                                                               \
        il_err e = { 0 };                                                                                              \
        int returned = (call);                                                                                         \
        cr_assert_eq(returned, wanted, #call ": %d, %s", returned, e.message);                                         \
        cr_assert_eq(e.code, wanted);                                                                                  \
        cr_assert(strstr(e.message, text), #call ": %s", e.message);                                                   \
    } while (0)

struct folder {
    char path[64];
};

static inline struct folder new_folder(void)
{
    struct folder f = { "/tmp/inpaintlab-test-XXXXXX" };
    cr_assert_not_null(mkdtemp(f.path));
    chmod(f.path, 0755);
    return f;
}

static inline void remove_folder(struct folder f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f.path);
    cr_assert_eq(system(command), 0);
}

struct file {
    char path[160];
};

static inline struct file in_folder(struct folder f, const char *name)
{
    struct file result;
    snprintf(result.path, sizeof result.path, "%s/%s", f.path, name);
    return result;
}

enum { RESERVED_LOCK = 0x40000001, SHARED_LOCK }; /* SQLite's, of the first of their bytes */

/* Whether this process holds a lock on those bytes of a file: another one asks the kernel. */
static inline bool is_locked(const char *file, off_t at, off_t size)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = size };
        int fd = open(file, O_RDWR | O_CLOEXEC);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &all) != 0 ? 2 : all.l_type != F_UNLCK);
    }
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

struct answer {
    char text[400];
};

/* The first row, its values divided by '|', NULL as "NULL"; "" without a row. */
static inline struct answer ask(il_store *s, const char *sql)
{
    struct answer a = { "" };
    il_rows rows = { 0 };
    GOOD(il_store_query(&rows, s, sql, NULL, &e));
    for (size_t i = 0; rows.count && i < rows.columns; i++) {
        size_t used = strlen(a.text);
        snprintf(a.text + used, sizeof a.text - used, "%s%s", i ? "|" : "", rows.values[i] ? rows.values[i] : "NULL");
    }
    il_store_rows_free(&rows);
    return a;
}

#define ANSWERS(store, sql, wanted) cr_assert_str_eq(ask(store, sql).text, wanted, "%s: %s", sql, ask(store, sql).text)

/* A run of `model` in every respect but these. */
static inline il_run_record run_record(const char *hash, const char *name, const char *model, const char *trained_on)
{
    return (il_run_record){ .hash = hash,
                            .name = name,
                            .config = "{\"a\":1}",
                            .manifest = "{\"files\":{}}",
                            .seed = 1,
                            .model = model,
                            .model_params = "{}",
                            .parameters = 1000,
                            .dataset = "dataset2",
                            .mask_policy = "full",
                            .loss = "focal",
                            .trained_on = trained_on,
                            .versions = "{}",
                            .host = "here",
                            .device = "cpu",
                            .git_revision = "abc",
                            .threads = 2 };
}

/* Two pictures in batches of one: IoU 0.5 and found / (found + 50). */
static inline int64_t put_test(il_store *s, int64_t run, const char *dataset, const char *images, int found)
{
    char digest[64];
    snprintf(digest, sizeof digest, "%s %s", dataset, images);
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = dataset,
                         .images = images,
                         .split = "test",
                         .digest = digest,
                         .batch = 1,
                         .status = IL_RUN_DONE,
                         .seconds = 1.5 };
    il_image_row rows[] = { { "a", 0, { 50, 25, 25, 0 } }, { "b", 1, { found, 25, 25, 0 } } };
    int64_t id = 0;
    GOOD(il_store_test(&id, s, run, &t, rows, 2, &e));
    return id;
}

static inline void put_cell(il_store *s, int64_t experiment, int64_t run, int64_t test, const il_run_record *r,
                            const char *tested_dataset, const char *tested_on, const char *table)
{
    il_cell_record c = { .experiment = experiment,
                         .run = run,
                         .test = test,
                         .run_name = r->name,
                         .model = r->model,
                         .dataset = r->dataset,
                         .mask_policy = r->mask_policy,
                         .loss = r->loss,
                         .trained_on = r->trained_on,
                         .tested_dataset = tested_dataset,
                         .tested_on = tested_on,
                         .split = "test",
                         .published_table = table };
    GOOD(il_store_cell(s, &c, &e));
}

static inline int64_t begin_run(il_store *store, const char *hash, const char *name)
{
    il_run_record r = run_record(hash, name, "fcn", "realfake");
    int64_t id = 0;
    GOOD(il_store_begin_run(&id, store, &r, &e));
    return id;
}

static inline int64_t experiment(il_store *store, const char *name)
{
    int64_t id = 0;
    GOOD(il_store_experiment(&id, store, name, "a title", "grid.yaml", "model: fcn", &e));
    return id;
}

#endif
