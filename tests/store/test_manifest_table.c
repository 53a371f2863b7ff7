/* test_manifest_table.c - the manifests of made data sets beside the measurements. */
#include "dataset/manifest.h"
#include "support/fixture.h"

TestSuite(store_samples, .init = set_up, .fini = tear_down);

static void add(il_manifest *m, const char *split, const char *id, const char *masker, double area, int tile)
{
    il_sample s = { .split = strdup(split),
                    .id = strdup(id),
                    .photo = strdup("p.png"),
                    .masker = strdup(masker),
                    .area = area,
                    .tile = tile,
                    .seed = UINT64_MAX,
                    .rule = strdup("box 1 of 2") };
    GOOD(il_manifest_add(m, &s, &e));
}

static struct file manifest(const char *name)
{
    il_manifest m = { 0 };
    struct file at = in_folder(folder, name);
    cr_assert_eq(mkdir(at.path, 0777), 0);
    add(&m, "test", "b", "yolov8", 0.25, -1);
    add(&m, "test", "a", "rectangle", 0.5, 3);
    add(&m, "train", "a", "rectangle", 0.125, 0);
    char path[200];
    snprintf(path, sizeof path, "%s/manifest.jsonl", at.path);
    GOOD(il_manifest_write(&m, path, &e));
    il_manifest_free(&m);
    return at;
}

Test(store_samples, are_a_table)
{
    struct file one = manifest("one"), two = manifest("two");
    GOOD(il_store_samples(store, one.path, &e));
    ANSWERS(store, "SELECT count(*), sum(area) FROM samples WHERE masker = 'rectangle'", "2|0.625");
    ANSWERS(store, "SELECT tile, seed, rule, inpainted_by IS NULL FROM samples WHERE split = 'test' AND id = 'a'",
            "3|18446744073709551615|box 1 of 2|1");
    ANSWERS(store, "SELECT tile IS NULL, masker, area FROM samples WHERE split = 'test' AND id = 'b'", "1|yolov8|0.25");
    GOOD(il_store_samples(store, two.path, &e));
    ANSWERS(store, "SELECT count(*), count(DISTINCT data) FROM samples", "6|2");
    il_store *other = NULL; /* it is nobody else's, and gone with the connection */
    GOOD(il_store_open(&other, in_folder(folder, "r.sqlite").path, &e));
    il_rows r = { 0 };
    BAD(il_store_query(&r, other, "SELECT * FROM samples", NULL, &e), IL_EPARAM, "no such table: samples");
    il_store_close(other);
}

Test(store_samples, beside_a_database_that_stays_unwritten)
{
    il_store *reader = NULL;
    il_rows r = { 0 };
    struct file one = manifest("one");
    GOOD(il_store_open_readonly(&reader, in_folder(folder, "r.sqlite").path, &e));
    GOOD(il_store_samples(reader, one.path, &e));
    ANSWERS(reader, "SELECT count(*) FROM samples, published WHERE published.rowid = 1", "3");
    il_err e = { 0 };
    cr_expect_neq(il_store_script(reader, "DELETE FROM published", &e), IL_OK);
    BAD(il_store_query(&r, reader, "DELETE FROM samples", NULL, &e), IL_EPARAM, "only SELECT");
    il_store_close(reader);
}

Test(store_samples, say_what_is_wrong)
{
    struct file at = in_folder(folder, "bad");
    char path[200];
    BAD(il_store_samples(store, at.path, &e), IL_EIO, "bad/manifest.jsonl");
    cr_assert_eq(mkdir(at.path, 0777), 0);
    snprintf(path, sizeof path, "%s/manifest.jsonl", at.path);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs("{\"id\": 3}\n", f) > 0 && fclose(f) == 0);
    BAD(il_store_samples(store, at.path, &e), IL_EFORMAT, "manifest.jsonl:1:");
    ANSWERS(store, "SELECT count(*) FROM runs", "0");
}
