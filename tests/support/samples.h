/* samples.h - a data set of small pictures in a temporary folder, for tests of source and loader.
 * Pixel (x, y) of picture i is (x, y, i); its mask is SAMPLE_GREY(i, x, y). */
#ifndef IL_TEST_SAMPLES_H
#define IL_TEST_SAMPLES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loader/loader.h"

#define SAMPLE_GREY(i, x, y) (((x)*7 + (y)*3 + (i)*11) % 256)
#define SAMPLE_OK(call, err) cr_assert((call) == IL_OK, "%s", (err).message)

static char samples_folder[64];

/* What the test's plugin lists: any order, any number. */
static il_item samples_listed[600];
static size_t samples_count;
static const char *samples_rejected[8][2];
static size_t samples_rejected_count;

static void samples_open(void)
{
    strcpy(samples_folder, "/tmp/inpaintlab-loader-XXXXXX");
    cr_assert(mkdtemp(samples_folder));
}

static inline void samples_forget(void)
{
    for (size_t i = 0; i < samples_count; i++) {
        free((char *)samples_listed[i].id);
        free((char *)samples_listed[i].image);
        free((char *)samples_listed[i].mask);
    }
    samples_count = 0;
}

static void samples_close(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", samples_folder);
    cr_assert_eq(system(command), 0);
    samples_forget();
    samples_rejected_count = 0;
}

static inline char *samples_path(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", samples_folder, name);
    return strdup(path);
}

/* mask NULL: an authentic picture */
static inline void samples_list(int i, const char *image, const char *mask)
{
    char id[32];
    snprintf(id, sizeof id, "id%03d", i);
    samples_listed[samples_count++] = (il_item){ .id = strdup(id),
                                                 .image = samples_path(image),
                                                 .mask = mask ? samples_path(mask) : NULL };
}

static inline void samples_write(const char *name, int i, int width, int height, int channels, bool grey)
{
    il_image image = { 0 };
    il_err e = { 0 };
    char *path = samples_path(name);
    SAMPLE_OK(il_image_new(&image, width, height, channels, &e), e);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                image.pixels[(y * width + x) * channels + c] = (uint8_t)(grey     ? SAMPLE_GREY(i, x, y)
                                                                         : c == 0 ? x
                                                                         : c == 1 ? y
                                                                                  : i);
    SAMPLE_OK(il_image_write(&image, path, &e), e);
    il_image_free(&image);
    free(path);
}

/* Picture and mask in PNG or WebP, masks grey or RGB, as the number falls. */
static inline void samples_add(int i, int width, int height)
{
    char image[64], mask[64];
    snprintf(image, sizeof image, "%03d.realfake.%s", i, i % 2 ? "png" : "webp");
    snprintf(mask, sizeof mask, "%03d.mask.%s", i, i % 3 ? "png" : "webp");
    samples_write(image, i, width, height, 3, false);
    samples_write(mask, i, width, height, i % 2 ? 1 : 3, true);
    samples_list(i, image, mask);
}

static int samples_plugin_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    (void)e;
    *out = NULL;
    return IL_OK;
}

static void samples_plugin_close(void *self)
{
    (void)self;
}

static int samples_plugin_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    (void)self;
    (void)what;
    int rc = IL_OK;
    for (size_t i = samples_count; i-- > 0 && !rc;) /* backwards: the source has to sort */
        rc = il_items_add(out, samples_listed[i].id, samples_listed[i].image, samples_listed[i].mask, e);
    for (size_t i = 0; i < samples_rejected_count && !rc; i++)
        rc = il_items_reject(out, samples_rejected[i][0], samples_rejected[i][1], e);
    return rc;
}

static const il_dataset_ops samples_ops = { .scan = samples_plugin_scan };
static const il_plugin samples_plugin = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "samples",
    .revision = 1,
    .summary = "test",
    .open = samples_plugin_open,
    .close = samples_plugin_close,
    .dataset = &samples_ops,
};
static char samples_label[] = "samples";
static const il_choice samples_choice = { .plugin = &samples_plugin, .label = samples_label };

#endif
