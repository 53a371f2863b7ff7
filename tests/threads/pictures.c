/* pictures.c - many readers of one cache of decoded pictures: in memory, with room for all, some or none; also of files
 * that cannot be read, and with a cache on disk beneath. */
#include "loader/pictures.h"
#include "support/samples.h"
#include "threads/threads.h"

enum { COUNT = 24, BROKEN = 5, SIDE = 32 };

struct shelf {
    il_pictures *pictures;
    il_source *source;
};

static il_band lower_half(const void *context, int width, int height)
{
    (void)context, (void)width;
    return (il_band){ height / 2, height - height / 2 };
}

/* Each reader in another order; every pixel of a picture tells which it is. */
static void read_all(void *shared, int number)
{
    struct shelf *shelf = shared;
    for (size_t k = 0; k < 3 * COUNT; k++) {
        size_t i = (k * (size_t)(2 * number + 1) + (size_t)number) % COUNT;
        il_picture p = { 0 };
        il_err e = { 0 };
        int rc = il_pictures_get(&p, shelf->pictures, i, 0, (il_band_wanted){ k % 2 ? lower_half : NULL, NULL }, &e);
        if (i == BROKEN) {
            cr_assert(rc && *e.message, "picture %zu was read", i);
            continue;
        }
        cr_assert_eq(rc, IL_OK, "%s", e.message);
        for (int at = 0; at < p.image.width * p.image.height; at++)
            cr_assert_eq(p.image.pixels[3 * at + 2], i);
        il_pictures_put(&p);
        il_err why = { 0 };
        (void)il_pictures_stopped(shelf->pictures, &why);
        cr_assert(il_pictures_bad(shelf->pictures) <= 1);
    }
}

static void read_with(struct shelf *shelf, il_pictures_opts o)
{
    il_err e = { 0 };
    SAMPLE_OK(il_pictures_new(&shelf->pictures, shelf->source, o, &e), e);
    at_once(read_all, shelf);
    cr_assert_eq(il_pictures_bad(shelf->pictures), 1);
    il_pictures_free(shelf->pictures);
}

int main(void)
{
    il_err e = { 0 };
    struct shelf shelf = { 0 };
    samples_open();
    for (int i = 0; i < COUNT; i++)
        samples_add(i, 20 + i % 5, 20 + i % 7);
    cr_assert_eq(truncate(samples_listed[BROKEN].image, 40), 0);
    SAMPLE_OK(il_source_open(&shelf.source, &samples_choice, "train", "realfake", IL_MISSING_SKIP, &e), e);
    static const size_t rooms[] = { 0, 4000, 1 << 20 };
    for (int i = 0; i < 3; i++)
        read_with(&shelf, (il_pictures_opts){ .side = SIDE, .cache_bytes = rooms[i] });
    char *folder = samples_path("disk");
    read_with(&shelf, (il_pictures_opts){ .side = SIDE, .cache_bytes = 4000, .disk = { .folder = folder } });
    read_with(&shelf,
              (il_pictures_opts){ .side = SIDE, .cache_bytes = 4000, .disk = { .folder = folder } }); /* from it */
    free(folder);
    il_source_free(shelf.source);
    samples_close();
    return 0;
}
