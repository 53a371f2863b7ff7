/* test_disk_cache.c - the file of decoded pictures: what was put is found, and nothing else, whatever happened to the file. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/sha256.h"
#include "loader/disk_cache.h"
#include "support/samples.h"

enum { COUNT = 12, HEAD = 88, RECORD = 32 };

static il_digest key;

static void open_folder(void)
{
    samples_open();
    key = il_sha256("a", 1);
}

static il_disk_cache *open_cache(il_disk_cache_opts o)
{
    il_disk_cache *c = NULL;
    il_err e = { 0 };
    o.folder = samples_folder;
    SAMPLE_OK(il_disk_cache_open(&c, "name", &key, COUNT, o, &e), e);
    return c;
}

static char *file_path(void)
{
    return samples_path("name.pictures");
}

/* Picture i of the tests; every third is authentic. */
static void make(il_image *image, il_image *mask, size_t i)
{
    int width = 3 + (int)i * 2, height = 9 - (int)i % 4;
    il_err e = { 0 };
    *mask = (il_image){ 0 };
    SAMPLE_OK(il_image_new(image, width, height, 3, &e), e);
    for (int k = 0; k < 3 * width * height; k++)
        image->pixels[k] = (uint8_t)(k * 5 + (int)i * 31);
    if (i % 3 == 0)
        return;
    SAMPLE_OK(il_image_new(mask, width, height, 1, &e), e);
    for (int k = 0; k < width * height; k++)
        mask->pixels[k] = (uint8_t)(k * 3 + (int)i);
}

static bool same(const il_image *a, const il_image *b)
{
    size_t size = (size_t)a->width * (size_t)a->height * (size_t)a->channels;
    return a->width == b->width && a->height == b->height && a->channels == b->channels &&
           (size == 0 || memcmp(a->pixels, b->pixels, size) == 0);
}

static void put(il_disk_cache *c, size_t i)
{
    il_image image, mask;
    make(&image, &mask, i);
    il_disk_cache_put(c, i, &image, &mask);
    il_image_free(&image);
    il_image_free(&mask);
}

/* Whether picture i is there; if so it must be right. */
static bool get(il_disk_cache *c, size_t i)
{
    il_image right, right_mask;
    il_cached got = { 0 };
    il_err e = { 0 };
    bool found = false;
    SAMPLE_OK(il_disk_cache_get(&found, &got, c, i, (il_band_wanted){ NULL, NULL }, &e), e);
    make(&right, &right_mask, i);
    if (found)
        cr_assert(same(&got.image, &right) && same(&got.mask, &right_mask), "picture %zu is another one", i);
    il_image *all[] = { &got.image, &got.mask, &right, &right_mask };
    for (int k = 0; k < 4; k++)
        il_image_free(all[k]);
    return found;
}

static size_t found_in(il_disk_cache *c)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT; i++)
        n += get(c, i);
    return n;
}

static void fill(void)
{
    il_disk_cache *c = open_cache((il_disk_cache_opts){ 0 });
    for (size_t i = 0; i < COUNT; i++)
        put(c, i);
    il_disk_cache_free(c);
}

Test(cache, keeps_what_was_put, .init = open_folder, .fini = samples_close)
{
    il_disk_cache *c = open_cache((il_disk_cache_opts){ 0 });
    cr_assert_eq(found_in(c), 0);
    put(c, 4);
    put(c, 0);
    put(c, 4);
    cr_expect(get(c, 4) && get(c, 0));
    cr_assert_eq(found_in(c), 2);
    il_disk_cache_free(c);
    c = open_cache((il_disk_cache_opts){ 0 });
    cr_assert_eq(found_in(c), 2);
    put(c, 11);
    cr_assert(get(c, 11) && found_in(c) == 3);
    il_err why = { 0 };
    cr_expect(!il_disk_cache_stopped(c, &why));
    il_disk_cache_free(c);
    il_disk_cache_free(NULL);
}

Test(cache, another_key_or_count_begins_anew, .init = open_folder, .fini = samples_close)
{
    il_err e = { 0 };
    for (int round = 0; round < 2; round++) {
        fill();
        il_disk_cache *c = NULL;
        il_digest other = round ? key : il_sha256("b", 1);
        SAMPLE_OK(il_disk_cache_open(&c, "name", &other, COUNT + (size_t)round,
                                     (il_disk_cache_opts){ .folder = samples_folder }, &e),
                  e);
        cr_assert_eq(found_in(c), 0);
        put(c, 3);
        cr_assert(get(c, 3));
        il_disk_cache_free(c);
    }
}

/* ---- rows ---- */

static il_band last_two(const void *context, int width, int height)
{
    (void)context;
    (void)width;
    return (il_band){ height - 2, 2 };
}

static void expect_last_two(il_disk_cache *c, size_t i)
{
    il_cached got = { 0 };
    il_image right, right_mask;
    il_err e = { 0 };
    bool found = false;
    SAMPLE_OK(il_disk_cache_get(&found, &got, c, i, (il_band_wanted){ last_two, NULL }, &e), e);
    cr_assert(found);
    make(&right, &right_mask, i);
    cr_expect_eq(got.height, right.height);
    cr_expect_eq(got.first, right.height - 2);
    cr_assert_eq(got.image.height, 2);
    size_t line = 3 * (size_t)right.width, skip = line * (size_t)got.first;
    cr_expect_eq(memcmp(got.image.pixels, right.pixels + skip, 2 * line), 0);
    cr_assert_eq(got.mask.pixels != NULL, right_mask.pixels != NULL);
    if (right_mask.pixels)
        cr_expect_eq(memcmp(got.mask.pixels, right_mask.pixels + skip / 3, 2 * line / 3), 0);
    il_image *all[] = { &got.image, &got.mask, &right, &right_mask };
    for (int k = 0; k < 4; k++)
        il_image_free(all[k]);
}

Test(cache, rows_are_read_once_the_picture_is_known, .init = open_folder, .fini = samples_close)
{
    fill();
    il_disk_cache *c = open_cache((il_disk_cache_opts){ 0 });
    cr_assert(get(c, 3) && get(c, 4)); /* all rows, and verified */
    expect_last_two(c, 3);             /* no mask */
    expect_last_two(c, 4);
    il_cached got = { 0 };
    il_err e = { 0 };
    bool found = false;
    SAMPLE_OK(il_disk_cache_get(&found, &got, c, 5, (il_band_wanted){ last_two, NULL }, &e), e);
    cr_assert(found);
    cr_expect_eq(got.first, 0);
    cr_expect_eq(got.image.height, got.height, "the first reading is of all rows");
    il_image_free(&got.image);
    il_image_free(&got.mask);
    il_disk_cache_free(c);
}

/* ---- damage ---- */

static uint8_t *read_file(size_t *size)
{
    char *path = file_path();
    struct stat st;
    FILE *f = fopen(path, "rb");
    cr_assert(f && stat(path, &st) == 0);
    uint8_t *data = malloc((size_t)st.st_size);
    *size = (size_t)st.st_size;
    cr_assert_eq(fread(data, 1, *size, f), *size);
    fclose(f);
    free(path);
    return data;
}

static void write_file(const uint8_t *data, size_t size)
{
    char *path = file_path();
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
    free(path);
}

/* After damage: what is found is right, and what is lost can be put again. */
static size_t check_and_mend(void)
{
    il_disk_cache *c = open_cache((il_disk_cache_opts){ 0 });
    size_t left = found_in(c);
    for (size_t i = 0; i < COUNT; i++)
        if (!get(c, i))
            put(c, i);
    cr_assert_eq(found_in(c), COUNT);
    il_disk_cache_free(c);
    return left;
}

Test(cache, damage_is_never_shown, .init = open_folder, .fini = samples_close, .timeout = 60)
{
    size_t size;
    fill();
    uint8_t *data = read_file(&size);
    for (size_t at = 0; at < size; at += at < HEAD + COUNT * RECORD ? 1 : 7) {
        uint8_t right = data[at];
        data[at] ^= (uint8_t)(1u << at % 8);
        write_file(data, size);
        data[at] = right;
        size_t left = check_and_mend();
        cr_assert_eq(left, at < HEAD ? 0 : COUNT - 1, "byte %zu: %zu pictures are left", at, left);
    }
    free(data);
}

Test(cache, a_file_cut_off_is_mended, .init = open_folder, .fini = samples_close, .timeout = 60)
{
    size_t size;
    fill();
    uint8_t *data = read_file(&size);
    for (size_t end = 0; end < size; end += end < HEAD + COUNT * RECORD ? 7 : 11) {
        write_file(data, end);
        size_t left = check_and_mend();
        cr_assert(left < COUNT && (end > HEAD + COUNT * RECORD || left == 0), "%zu of %zu bytes: %zu left", end, size,
                  left);
    }
    free(data);
}

/* A huge size in a record takes no memory. */
Test(cache, a_huge_claim_is_refused, .init = open_folder, .fini = samples_close)
{
    size_t size;
    fill();
    uint8_t *data = read_file(&size);
    memset(data + HEAD + 5 * RECORD + 16, 0x7f, 8);
    write_file(data, size);
    free(data);
    cr_assert_eq(check_and_mend(), COUNT - 1);
}

Test(cache, survives_kill, .init = open_folder, .fini = samples_close, .timeout = 60)
{
    for (int round = 0; round < 20; round++) {
        char *path = file_path();
        unlink(path);
        free(path);
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            il_disk_cache *c = open_cache((il_disk_cache_opts){ 0 });
            for (size_t i = 0; i < COUNT; i++)
                put(c, i);
            for (;;)
                pause();
        }
        struct timespec wait = { .tv_nsec = round * 100000 };
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        check_and_mend();
    }
}

/* ---- limits ---- */

Test(cache, one_adds_the_others_read, .init = open_folder, .fini = samples_close)
{
    il_err why = { 0 };
    il_disk_cache *first = open_cache((il_disk_cache_opts){ 0 }), *second = open_cache((il_disk_cache_opts){ 0 });
    put(second, 1);
    cr_expect(!get(second, 1));
    cr_expect(il_disk_cache_stopped(second, &why) && why.code == IL_OK, "nothing to tell");
    put(first, 1);
    cr_expect(get(second, 1));
    il_disk_cache_free(first);
    il_disk_cache_free(second);
}

static void assert_stopped(il_disk_cache *c, const char *reason)
{
    char expected[400];
    il_err why = { 0 };
    char *path = file_path();
    cr_assert(il_disk_cache_stopped(c, &why));
    snprintf(expected, sizeof expected, "%s: no more images are cached (%s); the others are decoded each time", path,
             reason);
    cr_expect_str_eq(why.message, expected);
    free(path);
}

Test(cache, a_limit_ends_its_growth, .init = open_folder, .fini = samples_close)
{
    samples_write("other.png", 1, 20, 20, 3, false);               /* no file of ours: does not count */
    uint64_t room = HEAD + COUNT * RECORD + 3 * 3 * 9 + 4 * 5 * 8; /* pictures 0 and 1 */
    il_disk_cache *c = open_cache((il_disk_cache_opts){ .limit = room });
    put(c, 0);
    put(c, 1);
    cr_assert_eq(found_in(c), 2);
    put(c, 2);
    assert_stopped(c, "the size limit is reached");
    cr_assert_eq(found_in(c), 2);
    il_disk_cache_free(c);
    c = open_cache((il_disk_cache_opts){ .limit = 2 * room });
    put(c, 2);
    cr_assert_eq(found_in(c), 3, "a larger limit");
    il_disk_cache_free(c);
}

/* What write says on a full disk, too, is no error. */
Test(cache, a_disk_that_takes_no_more, .init = open_folder, .fini = samples_close)
{
    struct rlimit old;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = { HEAD + COUNT * RECORD + 700, old.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    il_disk_cache *c = open_cache((il_disk_cache_opts){ 0 });
    for (size_t i = 0; i < COUNT; i++)
        put(c, i);
    size_t n = found_in(c);
    assert_stopped(c, strerror(EFBIG));
    il_disk_cache_free(c);
    small.rlim_cur = 100; /* not even the records */
    char *path = file_path();
    unlink(path);
    free(path);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    c = open_cache((il_disk_cache_opts){ 0 });
    put(c, 0);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    cr_expect(n > 0 && n < COUNT, "%zu", n);
    assert_stopped(c, strerror(EFBIG));
    cr_expect_eq(found_in(c), 0);
    il_disk_cache_free(c);
    cr_assert_eq(check_and_mend(), 0);
}

Test(cache, a_folder_that_cannot_be_is_an_error, .init = open_folder, .fini = samples_close)
{
    il_disk_cache *c = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_disk_cache_open(&c, "name", &key, 1, (il_disk_cache_opts){ .folder = "/dev/null/there" }, &e),
                 IL_EIO);
    cr_expect_str_eq(e.message, "cache of decoded images: /dev/null is a file; expected a folder");
    cr_assert_null(c);
}

Test(cache, only_a_regular_file_is_one, .init = open_folder, .fini = samples_close, .timeout = 20)
{
    char path[300], other[300];
    il_disk_cache *c = NULL;
    il_err e = { 0 };
    snprintf(path, sizeof path, "%s/name.pictures", samples_folder);
    cr_assert_eq(mkfifo(path, 0666), 0);
    cr_expect_eq(il_disk_cache_open(&c, "name", &key, 1, (il_disk_cache_opts){ .folder = samples_folder }, &e), IL_EIO);
    cr_expect(strstr(e.message, "is not a regular file"), "%s", e.message);
    remove(path);
    snprintf(other, sizeof other, "%s/other", samples_folder);
    FILE *f = fopen(other, "w");
    cr_assert(f && fputs("somebody else's", f) >= 0 && fclose(f) == 0);
    cr_assert_eq(symlink(other, path), 0);
    cr_expect_eq(il_disk_cache_open(&c, "name", &key, 1, (il_disk_cache_opts){ .folder = samples_folder }, &e), IL_EIO,
                 "a link would have us write elsewhere");
    struct stat st;
    cr_expect(stat(other, &st) == 0 && st.st_size == 15);
    cr_assert_null(c);
}
