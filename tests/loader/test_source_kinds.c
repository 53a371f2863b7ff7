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
    if (!rc && strcmp(what.images, "none") != 0)
        rc = il_items_add(out, "b", TEST_DATA "/images/bits-1.png", NULL, e);
    return !rc && strcmp(what.images, "none") != 0 ? il_items_add(out, "a", TEST_DATA "/images/bits-1.png", NULL, e)
                                                   : rc;
}

static int kinds_plugin_read(const void *self, il_item item, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    (void)seed;
    (void)mask;
    int rc = il_image_new(image, 1, 1, 1, e);
    cr_expect_eq(strlen(item.id), 1, "the reader gets its own id, not %s", item.id);
    if (!rc)
        image->pixels[0] = (uint8_t) * (const char *)self;
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

Test(source_kinds, refusals)
{
    refused("realfake+", IL_MISSING_REFUSE, IL_EPARAM,
            "data set 'kinds': image kinds 'realfake+': expected kinds joined by '+', such as realfake+original");
    refused("a+b+a", IL_MISSING_REFUSE, IL_EPARAM, "data set 'kinds': image kinds 'a+b+a': 'a' is named twice");
    refused("realfake+none", IL_MISSING_SKIP, IL_EDATA, "data set 'kinds': no samples of none in train");
    refused("realfake+broken", IL_MISSING_REFUSE, IL_EDATA,
            "data set 'kinds': c: no mask: 1 of 5 samples (realfake+broken of train) cannot be used");
    il_source *src = opened("realfake+broken", IL_MISSING_SKIP);
    cr_assert_eq(il_source_left_out_count(src), 1);
    cr_expect_str_eq(il_source_left_out_at(src, 0).why, "no mask");
    il_source_free(src);
}
