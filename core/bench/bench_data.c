/* bench_data.c - writes images of soft shapes and grain, with a blurred rectangle as mask. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/image.h>
#include <inpaintlab/random.h>
#include "base/file.h"
#include "bench/bench_data.h"

/* Slow waves in each channel, and noise as strong as in photos: lossless WebP takes 3 to 4 bits per value. */
static void paint(il_image *image, uint64_t seed)
{
    double wave[3][3];
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 3; k++)
            wave[c][k] = 0.01 + 0.05 * il_random_unit(&seed);
    uint8_t *at = image->pixels;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < 3; c++) {
                double soft = sin(x * wave[c][0]) + sin(y * wave[c][1]) + sin((x + y) * wave[c][2]);
                double grain = il_random_unit(&seed) + il_random_unit(&seed) - 1;
                *at++ = (uint8_t)(128 + 35 * soft + 8 * grain);
            }
}

static int make_mask(il_image *out, int size, uint64_t seed, il_err *e)
{
    il_image sharp = { 0 };
    int rc = il_image_random_rectangle(&sharp, size, size, size / 4, seed, e);
    if (!rc)
        rc = il_image_blur(out, &sharp, 3, e);
    il_image_free(&sharp);
    return rc;
}

static int write_one(const char *folder, const char *split, int number, int size, il_err *e)
{
    char path[4200];
    il_image photo = { 0 }, mask = { 0 };
    uint64_t seed = il_random_seed((uint64_t)number, split);
    int rc = il_image_new(&photo, size, size, 3, e);
    if (!rc) {
        paint(&photo, seed);
        snprintf(path, sizeof path, "%s/%s/%04d.realfake.webp", folder, split, number);
        rc = il_image_write(&photo, path, e);
    }
    if (!rc)
        rc = make_mask(&mask, size, seed, e);
    snprintf(path, sizeof path, "%s/%s/%04d.mask.webp", folder, split, number);
    if (!rc)
        rc = il_image_write(&mask, path, e);
    il_image_free(&photo);
    il_image_free(&mask);
    return rc;
}

static int write_split(const char *folder, const char *split, int count, int size, il_err *e)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, split);
    int rc = il_file_make_folders(path, e);
    for (int i = 0; i < count && !rc; i++)
        rc = write_one(folder, split, i, size, e);
    return rc;
}

int il_bench_data_write(const char *folder, int size, int train, int validation, il_err *e)
{
    int rc = write_split(folder, "train", train, size, e);
    return rc ? rc : write_split(folder, "validation", validation, size, e);
}

static void empty(const char *folder)
{
    il_file_names names = { 0 };
    il_err ignored = { 0 };
    (void)il_file_list(&names, folder, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char path[4500];
        snprintf(path, sizeof path, "%s/%s", folder, names.list[i]);
        if (strstr(names.list[i], ".webp") || strstr(names.list[i], ".safetensors"))
            unlink(path);
    }
    il_file_names_free(&names);
    rmdir(folder);
}

void il_bench_data_remove(const char *folder)
{
    static const char *const parts[] = { "/train", "/validation", "" };
    char path[4200];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s%s", folder, parts[i]);
        empty(path);
    }
}
