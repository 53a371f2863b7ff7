/* disk_cache.c - threads that read and write one file of decoded pictures, through one handle and through two, with and
 * without room for all. */
#include "loader/disk_cache.h"
#include "support/samples.h"
#include "threads/threads.h"

enum { COUNT = 30, SIDE = 24 };

static il_digest key;

static void make(il_image *image, size_t i, int channels)
{
    il_err e = { 0 };
    SAMPLE_OK(il_image_new(image, SIDE + (int)(i % 3), SIDE, channels, &e), e);
    memset(image->pixels, (int)i + channels, (size_t)image->width * (size_t)image->height * (size_t)channels);
}

static il_band middle(const void *context, int width, int height)
{
    (void)context, (void)width;
    return (il_band){ height / 3, height / 3 };
}

static void check(const il_image *image, size_t i)
{
    for (int at = 0; at < image->width * image->height * image->channels; at++)
        cr_assert_eq(image->pixels[at], i + (size_t)image->channels, "picture %zu", i);
}

/* Two handles of one file, as two loaders have them; only the first adds. */
struct shelves {
    il_disk_cache *caches[2];
};

static void get_or_put(void *shared, int number)
{
    struct shelves *s = shared;
    il_disk_cache *c = s->caches[number % 2];
    for (size_t k = 0; k < 4 * COUNT; k++) {
        size_t i = (k * (size_t)(2 * number + 1)) % COUNT;
        bool found = false;
        il_cached got = { 0 };
        il_err e = { 0 };
        SAMPLE_OK(il_disk_cache_get(&found, &got, c, i, (il_band_wanted){ k % 2 ? middle : NULL, NULL }, &e), e);
        if (!found) {
            make(&got.image, i, 3);
            if (i % 4)
                make(&got.mask, i, 1);
            il_disk_cache_put(c, i, &got.image, &got.mask);
        }
        check(&got.image, i);
        check(&got.mask, i);
        cr_assert_eq(got.mask.pixels != NULL, i % 4 != 0);
        il_image_free(&got.image);
        il_image_free(&got.mask);
        (void)il_disk_cache_stopped(c, &e);
    }
}

/* Returns whether the first has ceased to grow. */
static bool share(const char *name, il_disk_cache_opts o)
{
    struct shelves s = { 0 };
    il_err e = { 0 };
    o.folder = samples_folder;
    for (int i = 0; i < 2; i++)
        SAMPLE_OK(il_disk_cache_open(&s.caches[i], name, &key, COUNT, o, &e), e);
    at_once(get_or_put, &s);
    bool stopped = il_disk_cache_stopped(s.caches[0], &e);
    il_disk_cache_free(s.caches[0]);
    il_disk_cache_free(s.caches[1]);
    return stopped;
}

int main(void)
{
    samples_open();
    key = il_sha256("key", 3);
    cr_assert(!share("roomy", (il_disk_cache_opts){ 0 }));
    cr_assert(!share("roomy", (il_disk_cache_opts){ 0 })); /* now all is read */
    cr_assert(share("full", (il_disk_cache_opts){ .limit = 100000 }));
    samples_close();
    return 0;
}
