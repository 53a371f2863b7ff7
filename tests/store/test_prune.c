/* test_prune.c - runs that nothing asks for, beside databases that may need their files. */
#include "store/prune.h"
#include "support/fixture.h"

TestSuite(store_prune, .init = set_up, .fini = tear_down);

static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static int64_t put_run(il_store *s)
{
    int64_t id = 0;
    il_run_record r = run_record(hash, "n", "fcn", "realfake");
    GOOD(il_store_begin_run(&id, s, &r, &e));
    return id;
}

static void put_file(const char *name, const char *bytes, size_t size)
{
    FILE *f = fopen(in_folder(folder, name).path, "wb");
    cr_assert(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
}

/* The only run; -> whether its files stay. */
static bool found_shared(void)
{
    il_prune_list list = { 0 };
    GOOD(il_prune_find(&list, store, &e));
    cr_assert_eq(list.count, 1);
    bool shared = list.list[0].shared;
    il_prune_free(&list);
    return shared;
}

static void refused(const char *says)
{
    il_prune_list list = { 0 };
    il_err e = { 0 };
    int rc = il_prune_find(&list, store, &e);
    cr_assert(rc == IL_EDB || rc == IL_EBUSY, "%d %s", rc, e.message);
    cr_expect(strstr(e.message, says), "%s", e.message);
    cr_expect(strstr(e.message, "; nothing was removed, since it may need files of runs here"), "%s", e.message);
    cr_assert_eq(list.count, 0);
}

Test(store_prune, other_databases_are_asked)
{
    struct file other = in_folder(folder, "other.db");
    il_store *s = NULL;
    put_run(store);
    cr_expect_not(found_shared());
    GOOD(il_store_open(&s, other.path, &e));
    cr_expect_not(found_shared(), "it has no runs");
    put_run(s);
    cr_expect(found_shared(), "it is open");
    il_store_close(s);
    cr_expect(found_shared());
}

Test(store_prune, what_is_no_database_of_ours_has_no_runs)
{
    sqlite3 *db = NULL;
    put_run(store);
    put_file("empty.sqlite", "", 0);
    put_file("notes.txt", "SQLite format 3 is what it is called", 36);
    put_file("short", "S", 1);
    cr_assert_eq(sqlite3_open(in_folder(folder, "foreign.sqlite").path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "CREATE TABLE runs (hash)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(mkdir(in_folder(folder, "a.sqlite").path, 0777), 0);
    cr_assert_eq(symlink("nowhere", in_folder(folder, "b.sqlite").path), 0);
    cr_expect_not(found_shared());
}

Test(store_prune, a_database_that_cannot_be_read_may_need_what_would_go)
{
    struct file other = in_folder(folder, "other.sqlite");
    il_store *s = NULL;
    char command[400];
    put_run(store);
    GOOD(il_store_open(&s, other.path, &e));
    put_run(s);
    GOOD(il_store_script(s, "PRAGMA user_version = 99", &e));
    il_store_close(s);
    refused("other.sqlite: made by a newer inpaintlab");

    snprintf(command, sizeof command, "truncate -s 3000 '%s'", other.path);
    cr_assert_eq(system(command), 0);
    refused("other.sqlite: the database is damaged");

    put_file("other.sqlite", "no page of it is left", 21);
    refused("other.sqlite: not an SQLite database");
    cr_assert_eq(unlink(other.path), 0);
    cr_expect_not(found_shared());
}

/* Without these, another program that closes the database would take its log away. */
Test(store_prune, lets_no_lock_go)
{
    struct file index = in_folder(folder, "r.sqlite-shm");
    put_run(store);
    cr_assert(is_locked(path.path, SHARED_LOCK, 510));
    cr_assert(is_locked(index.path, 128, 1));
    cr_expect_not(found_shared());
    cr_expect(is_locked(path.path, SHARED_LOCK, 510));
    cr_expect(is_locked(index.path, 128, 1));
}
