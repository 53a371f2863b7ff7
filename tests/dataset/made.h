/* made.h - a data set of small pictures in a temporary folder, for tests of listing, check and preview. */
#ifndef TEST_DATASET_MADE_H
#define TEST_DATASET_MADE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/image.h>
#include <inpaintlab/random.h>

static char made_folder[64];

static inline void made_open(void)
{
    strcpy(made_folder, "/tmp/inpaintlab-dataset-XXXXXX");
    cr_assert(mkdtemp(made_folder));
}

static inline void made_close(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", made_folder);
    cr_assert_eq(system(command), 0);
}

/* The path of a name in the folder; folders above it are made. Four results live at a time. */
static inline const char *made_path(const char *name)
{
    static char paths[4][600];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", made_folder, name);
    for (char *p = path + strlen(made_folder) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        cr_assert(mkdir(path, 0777) == 0 || errno == EEXIST, "%s", path);
        *p = '/';
    }
    return path;
}

static inline void made_text(const char *name, const char *text)
{
    FILE *f = fopen(made_path(name), "wb");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", name);
}

static inline void made_write(const char *name, il_image image)
{
    il_err e = { 0 };
    cr_assert_eq(il_image_write(&image, made_path(name), &e), IL_OK, "%s", e.message);
    il_image_free(&image);
}

static inline il_image made_image(int width, int height, int channels)
{
    il_image image = { 0 };
    cr_assert_eq(il_image_new(&image, width, height, channels, NULL), IL_OK);
    memset(image.pixels, 0, (size_t)width * (size_t)height * (size_t)channels);
    return image;
}

/* A picture of blocks whose colours the seed decides: different seeds look different. */
static inline il_image made_photo(int width, int height, uint64_t seed)
{
    il_image image = made_image(width, height, 3);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                image.pixels[(y * width + x) * 3 + c] =
                    (uint8_t)(il_random_mix(seed * 1000 + (uint64_t)(y * 8 / height * 8 + x * 8 / width)) >> (8 * c));
    return image;
}

/* Grey: 255 in the middle, 128 around it, 0 outside; what is painted and its edge cover 3/4 of each side. */
static inline il_image made_mask(int width, int height)
{
    il_image image = made_image(width, height, 1);
    for (int y = height / 8; y < height - height / 8; y++)
        for (int x = width / 8; x < width - width / 8; x++) {
            int core = y >= height / 4 && y < height - height / 4 && x >= width / 4 && x < width - width / 4;
            image.pixels[y * width + x] = core ? 255 : 128;
        }
    return image;
}

/* The picture changed where the mask is 255. */
static inline il_image made_fake(int width, int height, uint64_t seed, int by)
{
    il_image image = made_photo(width, height, seed), mask = made_mask(width, height);
    for (int i = 0; i < width * height * 3; i++)
        if (mask.pixels[i / 3] == 255)
            image.pixels[i] = (uint8_t)(image.pixels[i] + by);
    il_image_free(&mask);
    return image;
}

/* All five files of split/id, 32x24, from the photo of that seed. */
static inline void made_sample(const char *split, const char *id, uint64_t seed)
{
    char name[300];
    il_image whole = made_photo(32, 24, seed);
    for (int i = 0; i < 32 * 24 * 3; i++)
        whole.pixels[i] = (uint8_t)(whole.pixels[i] + 1);
    snprintf(name, sizeof name, "%s/%s.original.webp", split, id);
    made_write(name, made_photo(32, 24, seed));
    snprintf(name, sizeof name, "%s/%s.mask.webp", split, id);
    made_write(name, made_mask(32, 24));
    snprintf(name, sizeof name, "%s/%s.inpainted.webp", split, id);
    made_write(name, whole);
    snprintf(name, sizeof name, "%s/%s.realfake.webp", split, id);
    made_write(name, made_fake(32, 24, seed, 30));
    snprintf(name, sizeof name, "%s/%s.fakefake.webp", split, id);
    made_write(name, made_fake(32, 24, seed, 3));
}

#endif
