/* test_photos.c - the photos of tested pictures: as told, by the names of a recipe's tiles, and in databases made before. */
#include "store/sql/functions.h"
#include "support/fixture.h"

TestSuite(photos, .init = set_up, .fini = tear_down);

/* Stores a test of these pictures; "ID:PHOTO" for one that is known. The photos by id, one after the other. */
static struct answer stored(const char *const *pictures, const char *images)
{
    il_image_row rows[12];
    char ids[12][40], photos[12][40], sql[200];
    size_t n = 0;
    for (; pictures[n]; n++) {
        int found = sscanf(pictures[n], "%39[^:]:%39s", ids[n], photos[n]);
        rows[n] = (il_image_row){ .id = ids[n], .counts = { 1, 0, 0, 3 }, .photo = found == 2 ? photos[n] : NULL };
    }
    int64_t run = begin_run(store, "h", "n"), test = 0;
    il_test_record t = {
        .dataset = "d", .images = images, .split = "test", .digest = "1", .batch = 2, .status = IL_RUN_DONE
    };
    GOOD(il_store_test(&test, store, run, &t, rows, n, &e));
    snprintf(
        sql, sizeof sql,
        "SELECT group_concat(COALESCE(photo, '-'), ' ') FROM (SELECT photo FROM images WHERE test = %lld ORDER BY id)",
        (long long)test);
    return ask(store, sql);
}

#define STORED(wanted, ...)                                                                                            \
    cr_expect_str_eq(stored((const char *const[]){ __VA_ARGS__, NULL }, "realfake").text, wanted, "%s",                \
                     stored((const char *const[]){ __VA_ARGS__, NULL }, "realfake").text)

Test(photos, names_of_tiles_tell_where_they_are_such)
{
    STORED("19.png 19.png 20.png", "19-0:19.png", "19-1:19.png", "20-0:20.png");
    STORED("19 19 20 20", "19-0", "19-1", "20-0", "20-1");
    STORED("a-b a-b c", "a-b-0", "a-b-1", "c-4"); /* tiles may have been left out */
    STORED("- - -", "img-0", "img-1", "img-2");   /* one stem alone may be any numbering */
    STORED("- - - -", "cat-1", "cat-2", "dog-1", "dog-2");
    STORED("- - - -", "19-0", "19-1", "20-0", "other");
    STORED("- - - -", "19-00", "19-01", "20-00", "20-01");
    STORED("- -", "19-0", "20-0"); /* one tile each: as good as the photo */
    STORED("19 19 19 19 20", "19-0.original:19-0", "19-0.realfake:19-0", "19-1.original:19-1", "19-1.realfake:19-1",
           "20-0.original:20-0");
}

/* As a database of version 7 had them: the column is added, and filled by the names. */
Test(photos, pictures_tested_before_have_them_by_name)
{
    struct il_store old = { 0 };
    static const char *const files[] = { "results.sql",   "results-2.sql", "results-3.sql", "results-4.sql",
                                         "results-5.sql", "results-6.sql", "results-7.sql" };
    cr_assert_eq(sqlite3_open(":memory:", &old.db), SQLITE_OK);
    cr_assert_eq(il_sql_register(old.db), SQLITE_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[300], *text = NULL;
        size_t size = 0;
        snprintf(path, sizeof path, SOURCE_DIR "/schema/%s", files[i]);
        FILE *from = fopen(path, "r"), *to = open_memstream(&text, &size);
        cr_assert(from && to, "%s", path);
        for (int c; (c = fgetc(from)) != EOF;)
            fputc(c, to);
        fclose(from);
        fclose(to);
        GOOD(il_store_script(&old, text, &e));
        free(text);
    }
    GOOD(il_store_script(
        &old,
        "PRAGMA user_version = 7; PRAGMA application_id = 1229742434;"
        "INSERT INTO runs (id, hash, name, config, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)"
        " VALUES (1, 'h', 'n', '{}', 1, 'm', 'd', 'full', 'bce', 'realfake', 'done', 'now');"
        "INSERT INTO tests (id, run, dataset, images, split, digest, batch, status, finished_at) VALUES"
        " (1, 1, 'd', 'realfake', 'test', '1', 1, 'done', 'now'), (2, 1, 'd', 'realfake+original', 'test', '2', 1, 'done', 'now'),"
        " (3, 1, 'd', 'fakefake', 'test', '3', 1, 'done', 'now');"
        "INSERT INTO images VALUES (1, '7-0', 0, 1, 0, 0, 1), (1, '7-1', 0, 1, 0, 0, 1), (1, '8-0', 0, 1, 0, 0, 1),"
        " (2, '7-0.original', 0, 1, 0, 0, 1), (2, '7-0.realfake', 0, 1, 0, 0, 1), (2, '7-1.realfake', 0, 1, 0, 0, 1),"
        " (2, '8-0.original', 0, 1, 0, 0, 1), (3, '000001', 0, 1, 0, 0, 1), (3, '000002', 0, 1, 0, 0, 1)",
        &e));
    GOOD(il_store_migrate(&old, il_store_migrations(), &e));
    ANSWERS(&old, "SELECT group_concat(COALESCE(photo, '-'), ' ') FROM (SELECT photo FROM images ORDER BY test, id)",
            "7 7 8 7 7 7 8 - -");
    sqlite3_close(old.db);
}
