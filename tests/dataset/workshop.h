/* workshop.h - a temporary folder with a few photos and recipes, for tests of builds. */
#ifndef IL_TEST_WORKSHOP_H
#define IL_TEST_WORKSHOP_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/image.h>
#include <inpaintlab/random.h>
#include <inpaintlab/recipe.h>
#include "plugin/registry.h"

#define WORK_OK(call, err) cr_assert((call) == IL_OK, "%s", (err).message)

static char work_folder[64];

static inline char *work_path(const char *name)
{
    static char paths[128][400];
    static int next;
    char *p = paths[next++ % 128];
    snprintf(p, sizeof paths[0], "%s/%s", work_folder, name);
    return p;
}

/* Coarse random blocks: photos of two numbers look different, those of one number are equal pixel by pixel. */
static inline void work_photo(const char *name, unsigned number, int width, int height)
{
    il_image photo = { 0 };
    il_err e = { 0 };
    WORK_OK(il_image_new(&photo, width, height, 3, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                uint64_t block = ((uint64_t)number << 32) + (uint64_t)(y * 8 / height * 8 + x * 8 / width);
                photo.pixels[(y * width + x) * 3 + c] = (uint8_t)((il_random_mix(block) >> (8 * c)) % 200 +
                                                                  (unsigned)(x * y) % 32);
            }
    WORK_OK(il_image_write(&photo, work_path(name), &e), e);
    il_image_free(&photo);
}

static inline void work_text(const char *name, const char *text)
{
    FILE *f = fopen(work_path(name), "w");
    cr_assert(f);
    cr_assert(fputs(text, f) >= 0);
    cr_assert_eq(fclose(f), 0);
}

static inline void work_open(void)
{
    strcpy(work_folder, "/tmp/inpaintlab-work-XXXXXX");
    cr_assert(mkdtemp(work_folder));
    cr_assert_eq(mkdir(work_path("photos"), 0777), 0);
}

static inline void work_close(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", work_folder);
    cr_assert_eq(system(command), 0);
}

/* Photos p00.png, p01.png, … */
static inline void work_photos(int count, int width, int height)
{
    for (int i = 0; i < count; i++) {
        char name[40];
        snprintf(name, sizeof name, "photos/p%02d.png", i);
        work_photo(name, (unsigned)i, width, height);
    }
}

/* A recipe for those photos with a tiny untrained generator; more: further lines. */
static inline const char *work_recipe(const char *name, const char *photos, const char *splits, const char *more)
{
    char text[4000];
    snprintf(text, sizeof text,
             "recipe: test\nphotos: {root: %s/photos, size: 64%s}\nsplits: %s\n"
             "maskers: {name: rectangle, least: 16}\n"
             "inpaint: {name: small, weights: %s/generator-nearest.safetensors}\n%s",
             work_folder, photos, splits, TEST_DATA, more);
    work_text(name, text);
    return work_path(name);
}

static inline il_recipe *work_read(const char *path)
{
    il_recipe *r = NULL;
    il_err e = { 0 };
    il_registry_trust(); /* recipes name stubs by path */
    WORK_OK(il_recipe_open(&r, path, &e), e);
    return r;
}

#endif
