/* test_source_kinds.c - several image kinds in one source: ids, order, each sample by its own instance, digests. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "loader/source.h"

/* Two samples of each kind but "none"; an instance remembers what it scanned, and paints its pictures with that word's first
 * letter. */
static size_t kinds_open;

static int kinds_plugin_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    (void)e;
    *out = calloc(1, 64);
    kinds_open++;
    return IL_OK;
}

static void kinds_plugin_close(void *self)
{
    kinds_open--;
    free(self);
}

static int kinds_plugin_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    snprintf(self, 64, "%s", what.images);
    int rc = IL_OK;
    if (strcmp(what.images, "broken") == 0)
        rc = il_items_reject(out, "c", "no mask", e);
    if (!rc && strcmp(what.images, "none") != 0 && strcmp(what.images, "lonely") != 0)
        rc = il_items_add(out, "b", TEST_DATA "/images/bits-1.png", NULL, e);
    return !rc && strcmp(what.images, "none") != 0 ? il_items_add(out, "a", TEST_DATA "/images/bits-1.png", NULL, e)
                                                   : rc;
}

static int kinds_plugin_read(const void *self, il_item item, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    (void)seed;
    int rc = il_image_new(image, 1, 1, 1, e);
    cr_expect_eq(strlen(item.id), 1, "the reader gets its own id, not %s", item.id);
    if (!rc)
        image->pixels[0] = (uint8_t) * (const char *)self;
    if (!rc && strcmp(self, "masked") == 0 && (rc = il_image_new(mask, 1, 1, 1, e)) == IL_OK)
        mask->pixels[0] = 128;
    return rc;
}

static const il_dataset_ops ops = { .scan = kinds_plugin_scan, .read = kinds_plugin_read };
static const il_plugin plugin = { .abi = IL_ABI,
                                  .kind = IL_KIND_DATASET,
                                  .name = "kinds",
                                  .revision = 1,
                                  .open = kinds_plugin_open,
                                  .close = kinds_plugin_close,
                                  .dataset = &ops };
static char label[] = "kinds";
static const il_choice choice = { .plugin = &plugin, .label = label };

static il_source *opened(const char *images, il_missing missing)
{
    il_source *src = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_source_open(&src, &choice, "train", images, missing, &e), IL_OK, "%s", e.message);
    return src;
}

static void refused(const char *images, il_missing missing, int code, const char *message)
{
    il_source *src = NULL;
    il_err e = { 0 };
    cr_expect_eq(il_source_open(&src, &choice, "train", images, missing, &e), code);
    cr_expect_str_eq(e.message, message);
    cr_expect_eq(kinds_open, 0);
}

Test(source_kinds, the_kind_belongs_to_the_id)
{
    static const char *const expected[] = { "a.original", "a.realfake", "b.original", "b.realfake" };
    il_source *src = opened("realfake+original", IL_MISSING_REFUSE);
    cr_assert_eq(il_source_count(src), 4);
    for (size_t i = 0; i < 4; i++) {
        il_image image = { 0 }, mask = { 0 };
        il_err e = { 0 };
        cr_expect_str_eq(il_source_at(src, i).id, expected[i]);
        cr_assert_eq(il_source_read(src, i, 1, &image, &mask, &e), IL_OK, "%s", e.message);
        cr_expect_eq(image.pixels[0], expected[i][2], "sample %zu is of another kind", i);
        il_image_free(&image);
    }
    il_source_free(src);
    cr_expect_eq(kinds_open, 0);
}

Test(source_kinds, one_kind_keeps_its_ids)
{
    il_source *src = opened("realfake", IL_MISSING_REFUSE);
    cr_assert_eq(il_source_count(src), 2);
    cr_expect_str_eq(il_source_at(src, 0).id, "a");
    il_source_free(src);
}

Test(source_kinds, the_digest_knows_the_kinds)
{
    il_digest d[3];
    const char *const images[] = { "realfake", "realfake+original", "original+realfake" };
    for (int i = 0; i < 3; i++) {
        il_err e = { 0 };
        il_source *src = opened(images[i], IL_MISSING_REFUSE);
        cr_assert_eq(il_source_digest(&d[i], src, NULL, &e), IL_OK, "%s", e.message);
        il_source_free(src);
    }
    cr_expect_str_neq(d[0].hex, d[1].hex);
    cr_expect_str_eq(d[1].hex, d[2].hex, "the order in which kinds are named is no matter");
}

static il_digest digest_of(const il_choice *c, const char *images)
{
    il_digest d = { "" };
    il_source *src = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_source_open(&src, c, "train", images, IL_MISSING_REFUSE, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_source_digest(&d, src, NULL, &e), IL_OK, "%s", e.message);
    il_source_free(src);
    return d;
}

static const char *note = "first";

static int kinds_plugin_uses(const void *self, il_uses *out, il_err *e)
{
    (void)self;
    return il_uses_note(out, note, e);
}

/* Ids and files are equal in all of these. */
Test(source_kinds, the_digest_knows_how_samples_are_made)
{
    static const il_dataset_ops files = { .scan = kinds_plugin_scan };
    il_plugin newer = plugin, noting = plugin, plain = plugin;
    const il_choice made[] = { choice,
                               { .plugin = &newer, .label = label },
                               { .plugin = &noting, .label = label },
                               { .plugin = &plain, .label = label } };
    newer.revision = 2;
    noting.uses = kinds_plugin_uses;
    plain.dataset = &files;
    il_digest first = digest_of(&made[0], "realfake");
    cr_expect_str_eq(digest_of(&made[0], "realfake").hex, first.hex);
    cr_expect_str_neq(digest_of(&made[0], "original").hex, first.hex, "another kind");
    cr_expect_str_neq(digest_of(&made[1], "realfake").hex, first.hex, "another revision");
    il_digest noted = digest_of(&made[2], "realfake");
    cr_expect_str_neq(noted.hex, first.hex, "a note");
    note = "second";
    cr_expect_str_neq(digest_of(&made[2], "realfake").hex, noted.hex, "another note");
    il_digest listed = digest_of(&made[3], "realfake"); /* read as files: they alone count */
    plain.revision = 2;
    cr_expect_str_eq(digest_of(&made[3], "original").hex, listed.hex);
}

/* The grey level that each sample's mask comes to; -1: none. */
Test(source_kinds, each_kind_has_its_truth)
{
    static const struct {
        const char *images;
        int levels[2];
    } cases[] = {
        { "masked+original", { 128, -1 } },
        { "masked:mask+original:nothing", { 128, -1 } },
        { "masked:nothing+original:everything", { -1, 255 } },
        { "masked:everything+original", { 255, -1 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_source *src = opened(cases[i].images, IL_MISSING_REFUSE);
        for (size_t k = 0; k < 2; k++) {
            il_image image = { 0 }, mask = { 0 };
            il_err e = { 0 };
            cr_assert_eq(il_source_read(src, k, 1, &image, &mask, &e), IL_OK, "%s", e.message);
            cr_expect_eq(mask.pixels ? mask.pixels[0] : -1, cases[i].levels[k], "%s", cases[i].images);
            il_image_free(&image);
            il_image_free(&mask);
        }
        il_source_free(src);
    }
}

Test(source_kinds, truths_are_part_of_the_digest)
{
    static const char *const images[] = {
        "realfake+original", "realfake+original:nothing", "realfake:nothing+original", "realfake+original:everything",
        "realfake",          "realfake:nothing"
    };
    enum { COUNT = sizeof images / sizeof *images };
    il_digest d[COUNT];
    for (int i = 0; i < COUNT; i++) {
        d[i] = digest_of(&choice, images[i]);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(d[i].hex, d[k].hex, "%s, %s", images[i], images[k]);
    }
    cr_expect_str_eq(digest_of(&choice, "realfake:mask+original:1").hex, d[0].hex);
    cr_expect_str_eq(digest_of(&choice, "original:nothing+realfake").hex, d[1].hex);
}

/* One of the two, and the same of every kind. */
Test(source_kinds, a_share_is_chosen_by_the_id)
{
    il_source *src = opened("realfake:0.5+original:0.5", IL_MISSING_REFUSE);
    cr_assert_eq(il_source_count(src), 2);
    cr_expect_str_eq(il_source_name(src, 0), il_source_name(src, 1));
    cr_expect_str_eq(il_source_mixture(src).text, "1 realfake (a share of 0.5), 1 original (a share of 0.5)");
    il_source_free(src);
    src = opened("realfake+original:nothing:0.001", IL_MISSING_REFUSE);
    cr_assert_eq(il_source_count(src), 3);
    cr_expect_str_eq(il_source_mixture(src).text, "2 realfake, 1 original (nothing is true, a share of 0.001)");
    il_source_free(src);
    src = opened("realfake+original", IL_MISSING_REFUSE);
    cr_expect_str_eq(il_source_mixture(src).text, "", "nothing unusual");
    il_source_free(src);
}

/* A kind of which the data set has no second sample. */
Test(source_kinds, pairs_are_whole)
{
    il_err e = { 0 };
    il_source *src = opened("realfake+lonely", IL_MISSING_REFUSE);
    cr_assert_eq(il_source_pair(src, &e), IL_EDATA);
    cr_expect_str_eq(e.message, "b.realfake: no lonely image to go with it in a pair; train.pairs needs every kind of "
                                "train.on of each id");
    il_source_free(src);
    src = opened("realfake+lonely", IL_MISSING_SKIP);
    cr_assert_eq(il_source_pair(src, &e), IL_OK);
    cr_assert_eq(il_source_count(src), 2);
    cr_expect_str_eq(il_source_at(src, 0).id, "a.lonely");
    cr_expect_str_eq(il_source_at(src, 1).id, "a.realfake");
    cr_assert_eq(il_source_left_out_count(src), 1);
    cr_expect_str_eq(il_source_left_out_at(src, 0).id, "b.realfake");
    il_source_free(src);
}

Test(source_kinds, refusals)
{
    refused("realfake+", IL_MISSING_REFUSE, IL_EPARAM,
            "data set 'kinds': image kinds 'realfake+': expected kinds joined by '+', such as realfake+original");
    refused("a+b+a", IL_MISSING_REFUSE, IL_EPARAM, "data set 'kinds': image kinds 'a+b+a': 'a' is named twice");
    refused(
        "realfake+original:nothin", IL_MISSING_REFUSE, IL_EPARAM,
        "data set 'kinds': image kinds 'realfake+original:nothin': 'nothin' after ':' is neither a truth (mask, nothing or "
        "everything) nor a share from 0.0001 to 1");
    refused(
        "realfake:2", IL_MISSING_REFUSE, IL_EPARAM,
        "data set 'kinds': image kinds 'realfake:2': '2' after ':' is neither a truth (mask, nothing or everything) nor a "
        "share from 0.0001 to 1");
    refused("realfake+none", IL_MISSING_SKIP, IL_EDATA, "data set 'kinds': no samples of none in train");
    refused("realfake+broken", IL_MISSING_REFUSE, IL_EDATA,
            "data set 'kinds': c: no mask: 1 of 5 samples (realfake+broken of train) cannot be used");
    il_source *src = opened("realfake+broken", IL_MISSING_SKIP);
    cr_assert_eq(il_source_left_out_count(src), 1);
    cr_expect_str_eq(il_source_left_out_at(src, 0).why, "no mask");
    il_source_free(src);
}
