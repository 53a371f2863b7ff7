/* test_shared.c - several programs at one database, and violent ends: nothing is ever half-written. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include "support/fixture.h"

TestSuite(store_shared, .init = set_up, .fini = tear_down);

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

Test(store_shared, many_may_open_a_new_database_at_once)
{
    struct file f = in_folder(folder, "race.sqlite");
    pid_t children[8];
    for (int i = 0; i < 8; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            il_store *s = NULL;
            il_err e = { 0 };
            int64_t id = 0;
            char name[16];
            snprintf(name, sizeof name, "e%d", i);
            int rc = il_store_open(&s, f.path, &e);
            if (!rc)
                rc = il_store_experiment(&id, s, name, NULL, NULL, NULL, &e);
            il_store_close(s);
            if (rc)
                fprintf(stderr, "%s\n", e.message);
            _exit(rc);
        }
    }
    for (int i = 0; i < 8; i++) {
        int status = 1;
        waitpid(children[i], &status, 0);
        cr_assert_eq(status, 0);
    }
    il_store *s = NULL;
    GOOD(il_store_open(&s, f.path, &e));
    ANSWERS(s, "SELECT (SELECT COUNT(*) FROM experiments), (SELECT COUNT(*) FROM published)", "8|36");
    il_store_close(s);
}

static void hold_lock(int ready, long ms)
{
    il_store *s = NULL;
    if (il_store_open(&s, path.path, NULL) != IL_OK || il_store_begin(s, NULL) != IL_OK)
        _exit(1);
    int rc = il_store_script(s, "INSERT INTO experiments (name) VALUES ('first')", NULL);
    if (write(ready, "!", 1) != 1)
        _exit(1);
    pause_ms(ms);
    _exit(rc || il_store_end(s, IL_OK, NULL) != IL_OK);
}

static pid_t start_holder(long ms)
{
    int ready[2];
    char byte;
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        hold_lock(ready[1], ms);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

Test(store_shared, a_second_writer_waits)
{
    pid_t child = start_holder(700);
    experiment(store, "second");
    int status = 1;
    waitpid(child, &status, 0);
    cr_assert_eq(status, 0);
    ANSWERS(store, "SELECT group_concat(name) FROM (SELECT name FROM experiments ORDER BY id)", "first,second");
}

Test(store_shared, waiting_has_an_end_and_readers_do_not_wait)
{
    pid_t child = start_holder(60000);
    int64_t id = 0;
    ANSWERS(store, "SELECT COUNT(*) FROM experiments", "0");
    store->patience_ms = 100;
    BAD(il_store_experiment(&id, store, "second", NULL, NULL, NULL, &e), IL_EBUSY,
        "another program keeps the database locked");
    BAD(il_store_begin_run(&id, store, &(il_run_record){ .hash = "h" }, &e), IL_EBUSY, "r.sqlite: another program");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Writes tests of 400 pictures, over and over, until it is killed. */
static void write_until_killed(int ready, int64_t run)
{
    static il_image_row rows[400];
    static char ids[400][16];
    il_store *s = NULL;
    if (il_store_open(&s, path.path, NULL) != IL_OK)
        _exit(1);
    for (int i = 0; i < 400; i++) {
        snprintf(ids[i], sizeof ids[i], "%d", i);
        rows[i] = (il_image_row){ ids[i], i / 8, { i, 1, 1, 1 } };
    }
    for (int round = 0;; round++) {
        char digest[32];
        int64_t id;
        snprintf(digest, sizeof digest, "%d-%d", (int)getpid(), round % 3);
        il_test_record t = {
            .dataset = "d", .images = "realfake", .split = "test", .digest = digest, .batch = 8, .status = IL_RUN_DONE
        };
        if (il_store_test(&id, s, run, &t, rows, 400, NULL) != IL_OK)
            _exit(2);
        if (round == 0 && write(ready, "!", 1) != 1)
            _exit(3);
    }
}

Test(store_shared, killing_a_writer_leaves_whole_tests, .timeout = 120)
{
    int64_t run = begin_run(store, "h", "n");
    for (int round = 0; round < 10; round++) {
        int ready[2], status = 0;
        char byte;
        cr_assert_eq(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(ready[1], run);
        cr_assert_eq(read(ready[0], &byte, 1), 1);
        pause_ms(1 + round * 3);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status));
        close(ready[0]);
        close(ready[1]);
        ANSWERS(store, "SELECT integrity_check FROM pragma_integrity_check", "ok");
        ANSWERS(store, "SELECT COUNT(*) FROM tests WHERE (SELECT COUNT(*) FROM images WHERE test = tests.id) <> 400",
                "0");
    }
    ANSWERS(store, "SELECT COUNT(*) >= 10 FROM tests", "1");
    int64_t test = put_test(store, run, "d", "fakefake", 1); /* the lock died with its holder */
    cr_assert_gt(test, 0);
}

Test(store_shared, killed_in_the_middle_of_a_transaction)
{
    pid_t child = start_holder(60000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    experiment(store, "after");
    ANSWERS(store, "SELECT group_concat(name) FROM experiments", "after");
    ANSWERS(store, "SELECT integrity_check FROM pragma_integrity_check", "ok");
}

Test(store_shared, what_has_no_file_any_more_is_not_written_to)
{
    int64_t id = 0;
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    cr_assert_eq(rename(path.path, in_folder(folder, "moved.sqlite").path), 0);
    BAD(il_store_begin_run(&id, store, &r, &e), IL_EDB,
        "r.sqlite: the database was removed or replaced while it was in use");
    cr_assert_eq(fclose(fopen(path.path, "w")), 0);
    BAD(il_store_begin_run(&id, store, &r, &e), IL_EDB, "was removed or replaced");
    cr_assert_eq(rename(in_folder(folder, "moved.sqlite").path, path.path), 0);
    GOOD(il_store_begin_run(&id, store, &r, &e));
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

Test(store_shared, hashes_of_files_do_not_wait_for_a_lock_held_for_long)
{
    il_store *s = NULL;
    il_file_facts facts = { .sha256 = "5d", .width = 3, .height = 4 }, found = { 0 };
    bool there = false;
    GOOD(il_store_open(&s, path.path, &e));
    pid_t holder = start_holder(600000);
    double start = now();
    for (int i = 0; i < 200; i++)
        GOOD(il_store_put_file_facts(s, "/photo", 10, i, &facts, &e));
    cr_expect_lt(now() - start, 10, "%g s", now() - start);
    cr_expect(il_store_cache_locked(s));
    cr_expect_not(il_store_cache_locked(s), "said once");
    GOOD(il_store_file_facts(&there, &found, s, "/photo", 10, 199, &e));
    cr_expect(there && found.height == 4);

    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    GOOD(il_store_put_file_facts(s, "/photo", 10, 200, &facts, &e));
    ANSWERS(s, "SELECT COUNT(*), MAX(mtime_ns) FROM files", "1|200");
    il_store_close(s);
}
