/* test_source.c - what a source lists, leaves out and hashes. */
#include "base/sha256.h"
#include "loader/source.h"
#include "support/samples.h"

static il_source *open_source(il_missing missing)
{
    il_source *src = NULL;
    il_err e = { 0 };
    SAMPLE_OK(il_source_open(&src, &samples_choice, "test", "realfake", missing, &e), e);
    return src;
}

static void assert_no_source(il_missing missing, const char *expected)
{
    il_source *src = NULL;
    il_err e = { 0 };
    cr_expect_eq(il_source_open(&src, &samples_choice, "test", "realfake", missing, &e), IL_EDATA);
    cr_expect_str_eq(e.message, expected);
    cr_expect_null(src);
}

Test(source, sorts_by_id, .init = samples_open, .fini = samples_close)
{
    samples_list(12, "a", "b");
    samples_list(3, "c", NULL);
    samples_list(101, "d", "e");
    il_source *src = open_source(IL_MISSING_REFUSE);
    cr_assert_eq(il_source_count(src), 3);
    cr_expect_str_eq(il_source_at(src, 0).id, "id003");
    cr_expect_str_eq(il_source_at(src, 1).id, "id012");
    cr_expect_str_eq(il_source_at(src, 2).id, "id101");
    cr_expect_null(il_source_at(src, 0).mask);
    cr_expect(strstr(il_source_at(src, 2).image, "/d") && strstr(il_source_at(src, 2).mask, "/e"));
    il_source_free(src);
    il_source_free(NULL);
}

Test(source, refuses_or_counts_what_is_left_out, .init = samples_open, .fini = samples_close)
{
    samples_list(1, "a", "b");
    samples_rejected[0][0] = "id009";
    samples_rejected[0][1] = "no mask; expected nine";
    samples_rejected[1][0] = "id002";
    samples_rejected[1][1] = "no mask; expected two";
    samples_rejected_count = 2;
    assert_no_source(IL_MISSING_REFUSE, "data set 'samples': id002: no mask; expected two: 2 of 3 samples (realfake of "
                                        "test) cannot be used");
    il_source *src = open_source(IL_MISSING_SKIP);
    cr_assert_eq(il_source_left_out_count(src), 2);
    cr_expect_str_eq(il_source_left_out_at(src, 0).id, "id002");
    cr_expect_str_eq(il_source_left_out_at(src, 1).why, "no mask; expected nine");
    il_source_free(src);
}

Test(source, refuses_when_nothing_is_left, .init = samples_open, .fini = samples_close)
{
    assert_no_source(IL_MISSING_SKIP, "data set 'samples': no samples of realfake in test");
    samples_rejected[0][0] = "id009";
    samples_rejected[0][1] = "no mask";
    samples_rejected_count = 1;
    assert_no_source(IL_MISSING_SKIP, "data set 'samples': id009: no mask: all 1 samples (realfake of test) cannot be "
                                      "used");
}

Test(source, refuses_equal_ids, .init = samples_open, .fini = samples_close)
{
    char expected[400];
    samples_list(5, "x", NULL);
    samples_list(4, "y", NULL);
    samples_list(5, "w", NULL);
    snprintf(expected, sizeof expected,
             "data set 'samples': %s/w and %s/x have the same id 'id005'; ids must be unique "
             "within a split",
             samples_folder, samples_folder);
    assert_no_source(IL_MISSING_SKIP, expected);
}

/* Of an exchanged picture's mask only 255 counts: what is grey there is the photo. */
Test(source, sharpens_masks_of_exchanged_pictures, .init = samples_open, .fini = samples_close)
{
    samples_add(2, 40, 30);
    il_source *blurred = open_source(IL_MISSING_REFUSE), *sharp = NULL;
    il_image image = { 0 }, grey = { 0 }, mask = { 0 };
    il_digest d;
    il_err e = { 0 };
    SAMPLE_OK(il_source_open(&sharp, &samples_choice, "test", "exchanged", IL_MISSING_REFUSE, &e), e);
    SAMPLE_OK(il_source_read(blurred, 0, 1, &image, &grey, &e), e);
    il_image_free(&image);
    SAMPLE_OK(il_source_read(sharp, 0, 1, &image, &mask, &e), e);
    for (int i = 0; i < 40 * 30; i++)
        cr_assert_eq(mask.pixels[i], grey.pixels[i] == 255 ? 255 : 0);
    SAMPLE_OK(il_source_digest(&d, sharp, NULL, &e), e);
    il_sample_facts f = il_source_facts(sharp, 0);
    cr_expect(f.masked && il_mask_levels_two(&f.levels) && il_mask_levels_has(&f.levels, 0) &&
              il_mask_levels_has(&f.levels, 255));
    il_image_free(&image);
    il_image_free(&grey);
    il_image_free(&mask);
    il_source_free(blurred);
    il_source_free(sharp);
}

/* ---- digest ---- */

static void put(const char *name, const char *content)
{
    char *path = samples_path(name);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs(content, f) >= 0 && fclose(f) == 0);
    free(path);
}

static il_digest digest_of(const il_file_cache *cache)
{
    il_source *src = open_source(IL_MISSING_REFUSE);
    il_digest d = { "" }, again = { "" };
    il_err e = { 0 };
    SAMPLE_OK(il_source_digest(&d, src, cache, &e), e);
    SAMPLE_OK(il_source_digest(&again, src, cache, &e), e);
    cr_assert_str_eq(d.hex, again.hex);
    cr_assert_eq(strlen(d.hex), 64);
    il_source_free(src);
    return d;
}

/* A listing of one picture and one mask whose contents are given. */
static il_digest digest_with(int id, const char *image, const char *image_text, const char *mask, const char *mask_text)
{
    size_t before = samples_count;
    put(image, image_text);
    if (mask)
        put(mask, mask_text);
    samples_list(id, image, mask);
    il_digest d = digest_of(NULL);
    il_item *last = &samples_listed[before];
    free((char *)last->id);
    free((char *)last->image);
    free((char *)last->mask);
    samples_count = before;
    return d;
}

Test(source, hashes_ids_and_contents_but_not_names, .init = samples_open, .fini = samples_close)
{
    put("first", "same");
    samples_list(1, "first", NULL);
    il_digest base = digest_with(2, "a", "one", "m", "two");
    cr_expect_str_eq(digest_with(2, "elsewhere", "one", "n", "two").hex, base.hex, "names count");
    cr_expect_str_neq(digest_with(3, "a", "one", "m", "two").hex, base.hex, "the id does not count");
    cr_expect_str_neq(digest_with(2, "a", "One", "m", "two").hex, base.hex, "the picture does not count");
    cr_expect_str_neq(digest_with(2, "a", "one", "m", "Two").hex, base.hex, "the mask does not count");
    cr_expect_str_neq(digest_with(2, "a", "two", "m", "one").hex, base.hex, "picture and mask are interchangeable");
    cr_expect_str_neq(digest_with(2, "a", "one", NULL, "").hex, base.hex, "an absent mask does not count");
}

/* SHA-256 of "5:id001 SHA256(a) -\n", from Python's hashlib. */
Test(source, hashes_by_the_documented_rule, .init = samples_open, .fini = samples_close)
{
    il_digest d = digest_with(1, "a", "a", NULL, "");
    cr_expect_str_eq(d.hex, "45a1f55d115274998095d7a3467d188e7e92c9f9dcac873d10a42f7f585359ec");
}

struct memory {
    int asked, known, put;
    char paths[4][200], hex[4][65];
};

static int remember(void *context, const char *path, int64_t size, int64_t mtime_ns, il_file_facts *f)
{
    struct memory *m = context;
    cr_assert(size == 3 && mtime_ns > 0 && path[0] == '/');
    m->asked++;
    for (int i = 0; i < m->put; i++)
        if (strcmp(m->paths[i], path) == 0) {
            memcpy(f->sha256, m->hex[i], 65);
            m->known++;
            return 1;
        }
    return 0;
}

static void memorise(void *context, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f)
{
    struct memory *m = context;
    cr_assert(size == 3 && mtime_ns > 0);
    snprintf(m->paths[m->put], sizeof m->paths[0], "%s", path);
    memcpy(m->hex[m->put++], f->sha256, 65);
}

Test(source, asks_the_cache_before_it_reads, .init = samples_open, .fini = samples_close)
{
    struct memory m = { 0 };
    il_file_cache cache = { .context = &m, .get = remember, .put = memorise };
    put("a", "one");
    put("m", "two");
    samples_list(1, "a", "m");
    il_digest plain = digest_of(NULL);
    cr_expect_str_eq(digest_of(&cache).hex, plain.hex);
    cr_expect(m.asked == 2 && m.known == 0 && m.put == 2, "%d %d %d", m.asked, m.known, m.put);
    cr_expect_str_eq(digest_of(&cache).hex, plain.hex);
    cr_expect(m.asked == 4 && m.known == 2 && m.put == 2, "%d %d %d", m.asked, m.known, m.put);
    memset(m.hex[0], 'f', 64);
    cr_expect_str_neq(digest_of(&cache).hex, plain.hex, "what the cache says does not count");
}

Test(source, cannot_hash_what_is_not_there, .init = samples_open, .fini = samples_close)
{
    samples_list(1, "absent", NULL);
    il_digest d = { "" };
    il_err e = { 0 };
    il_source *src = open_source(IL_MISSING_REFUSE);
    cr_expect_eq(il_source_digest(&d, src, NULL, &e), IL_EIO);
    cr_expect(strstr(e.message, "/absent: "), "%s", e.message);
    il_source_free(src);
    src = open_source(IL_MISSING_SKIP); /* the loader will leave it out */
    cr_expect_eq(il_source_digest(&d, src, NULL, &e), IL_OK);
    il_source_free(src);
}

/* ---- degraded ---- */

static il_digest degraded_digest(il_source *plain, il_degradation d)
{
    il_source *src = NULL;
    il_digest digest;
    il_err e = { 0 };
    SAMPLE_OK(il_source_degrade(&src, plain, d, &e), e);
    SAMPLE_OK(il_source_digest(&digest, src, NULL, &e), e);
    cr_expect_eq(il_source_count(src), il_source_count(plain));
    il_source_free(src);
    return digest;
}

Test(source, a_degraded_source_has_a_digest_of_its_own, .init = samples_open, .fini = samples_close)
{
    il_err e = { 0 };
    put("a", "x");
    samples_list(1, "a", NULL);
    il_source *plain = open_source(IL_MISSING_REFUSE);
    il_digest digest;
    SAMPLE_OK(il_source_digest(&digest, plain, NULL, &e), e);
    il_degradation jpeg = { .kind = IL_DEGRADE_JPEG, .level = 90 }, other = { .kind = IL_DEGRADE_JPEG, .level = 80 };
    il_degradation webp = { .kind = IL_DEGRADE_WEBP, .level = 90 };
    il_digest first = degraded_digest(plain, jpeg);
    cr_expect_str_neq(first.hex, digest.hex);
    cr_expect_str_eq(first.hex, degraded_digest(plain, jpeg).hex);
    cr_expect_str_neq(first.hex, degraded_digest(plain, other).hex);
    cr_expect_str_neq(first.hex, degraded_digest(plain, webp).hex);
    il_source_free(plain);
}

Test(source, a_degraded_source_reads_degraded_samples, .init = samples_open, .fini = samples_close)
{
    il_err e = { 0 };
    il_source *degraded = NULL;
    il_image image = { 0 }, mask = { 0 };
    samples_add(1, 40, 20);
    il_source *plain = open_source(IL_MISSING_REFUSE);
    SAMPLE_OK(il_source_degrade(&degraded, plain, (il_degradation){ .kind = IL_DEGRADE_RESIZE, .level = 0.5 }, &e), e);
    SAMPLE_OK(il_source_load(degraded, (il_device){ 0 }, &e), e);
    SAMPLE_OK(il_source_read(degraded, 0, 1, &image, &mask, &e), e);
    cr_expect(image.width == 20 && image.height == 10 && mask.width == 20 && mask.height == 10);
    il_image_free(&image);
    il_image_free(&mask);
    SAMPLE_OK(il_source_read(plain, 0, 1, &image, &mask, &e), e);
    cr_expect(image.width == 40 && image.height == 20);
    il_image_free(&image);
    il_image_free(&mask);
    il_source_free(degraded);
    il_source_free(plain);
}

/* A picture as a camera stores it, with a mask of the given size. */
static int read_turned(const char *picture, int width, int height, il_image *image, il_err *e)
{
    char from[400], command[900];
    char *to = samples_path("t.realfake.jpg");
    il_image mask = { 0 };
    snprintf(from, sizeof from, "%s/detect/%s", TEST_DATA, picture);
    snprintf(command, sizeof command, "cp %s %s", from, to);
    cr_assert_eq(system(command), 0);
    free(to);
    samples_write("t.mask.png", 5, width, height, 1, true);
    samples_forget();
    samples_list(5, "t.realfake.jpg", "t.mask.png");
    il_source *src = open_source(IL_MISSING_REFUSE);
    int rc = il_source_read(src, 0, 0, image, &mask, e);
    cr_expect(rc || (mask.width == width && mask.height == height));
    il_image_free(&mask);
    il_source_free(src);
    return rc;
}

Test(source, pictures_are_turned_as_exif_says, .init = samples_open, .fini = samples_close)
{
    char path[400];
    il_image is = { 0 }, want = { 0 };
    il_err e = { 0 };
    snprintf(path, sizeof path, "%s/detect/turn-6-expected.png", TEST_DATA);
    SAMPLE_OK(il_image_read(&want, path, &e), e);
    SAMPLE_OK(read_turned("turn-6.jpg", 32, 48, &is, &e), e);
    cr_assert(is.width == 32 && is.height == 48);
    for (int i = 0; i < 32 * 48 * 3; i++)
        cr_assert(abs(is.pixels[i] - want.pixels[i]) <= 2, "byte %d", i);
    il_image_free(&is);
    il_image_free(&want);
    cr_expect_eq(read_turned("turn-6.jpg", 48, 32, &is, &e), IL_EDATA);
    cr_expect(strstr(e.message, "t.mask.png: the mask is 48x32 pixels like the stored pixels of its image") &&
                  strstr(e.message, "32x48 when turned as its EXIF orientation 6 says"),
              "%s", e.message);
    cr_expect_null(is.pixels);
}
