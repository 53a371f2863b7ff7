/* test_image.c - pictures against Pillow's and torchvision's figures (data/images/make.py), and damaged files. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/image.h>
#include "base/sha256.h"
#include "base/text.h"

#define IMAGES TEST_DATA "/images/"

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/inpaintlab-image-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

static const char *in_folder(char out[400], const char *name)
{
    snprintf(out, 400, "%s/%s", folder, name);
    return out;
}

static il_image read_image(const char *name)
{
    char path[400];
    il_image image = { 0 };
    il_err e = { 0 };
    snprintf(path, sizeof path, IMAGES "%s", name);
    cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
    return image;
}

static size_t bytes_of(const il_image *image)
{
    return (size_t)image->width * (size_t)image->height * (size_t)image->channels;
}

static void assert_same(const il_image *a, const il_image *b, const char *what)
{
    cr_assert(a->width == b->width && a->height == b->height && a->channels == b->channels,
              "%s: %dx%dx%d, expected %dx%dx%d", what, a->width, a->height, a->channels, b->width, b->height,
              b->channels);
    cr_assert(memcmp(a->pixels, b->pixels, bytes_of(a)) == 0, "%s: other pixels", what);
}

static int largest_difference(const il_image *a, const il_image *b)
{
    int most = 0;
    cr_assert(a->width == b->width && a->height == b->height && a->channels == b->channels);
    for (size_t i = 0; i < bytes_of(a); i++) {
        int d = abs(a->pixels[i] - b->pixels[i]);
        most = d > most ? d : most;
    }
    return most;
}

/* ---- figures ---- */

static json_t *figures(const char *key)
{
    json_error_t why;
    json_t *all = json_load_file(IMAGES "figures.json", 0, &why);
    cr_assert(all, "%s", why.text);
    json_t *cases = json_incref(json_object_get(all, key));
    json_decref(all);
    cr_assert(json_array_size(cases) > 0);
    return cases;
}

static const char *text(const json_t *c, const char *key)
{
    return json_string_value(json_object_get(c, key));
}

static int number(const json_t *c, const char *key)
{
    return (int)json_integer_value(json_object_get(c, key));
}

static void assert_figures(const il_image *image, const json_t *c, bool hash)
{
    char *what = json_dumps(c, JSON_COMPACT);
    cr_assert(image->width == number(c, "width") && image->height == number(c, "height") &&
                  image->channels == number(c, "channels"),
              "%s: is %dx%dx%d", what, image->width, image->height, image->channels);
    il_digest digest = il_sha256(image->pixels, bytes_of(image));
    cr_assert(!hash || strcmp(digest.hex, text(c, "sha256")) == 0, "%s: other pixels", what);
    free(what);
}

Test(image, reads_what_pillow_reads)
{
    json_t *cases = figures("read"), *c;
    size_t i;
    json_array_foreach(cases, i, c)
    {
        char path[400];
        int width = 0, height = 0;
        il_err e = { 0 };
        il_image image = read_image(text(c, "file"));
        assert_figures(&image, c, json_is_true(json_object_get(c, "exact")));
        if (text(c, "pixels")) { /* lossy: decoders may round differently */
            il_image expected = read_image(text(c, "pixels"));
            int most = largest_difference(&image, &expected);
            cr_assert_leq(most, 2, "%s: off by %d", text(c, "file"), most);
            il_image_free(&expected);
        }
        snprintf(path, sizeof path, IMAGES "%s", text(c, "file"));
        cr_assert_eq(il_image_size(&width, &height, path, &e), IL_OK, "%s", e.message);
        cr_assert(width == image.width && height == image.height, "%s", path);
        il_image_free(&image);
    }
    json_decref(cases);
}

Test(image, resizes_as_pillow)
{
    json_t *cases = figures("resize"), *c;
    size_t i;
    json_array_foreach(cases, i, c)
    {
        il_image in = read_image(text(c, "file")), out = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_image_resize(&out, &in, number(c, "width"), number(c, "height"), &e), IL_OK, "%s", e.message);
        assert_figures(&out, c, true);
        il_image_free(&in);
        il_image_free(&out);
    }
    json_decref(cases);
}

Test(image, resizes_nearly_as_torchvision)
{
    json_t *cases = figures("torchvision"), *c;
    size_t i, compared = 0;
    json_array_foreach(cases, i, c)
    {
        if (!text(c, "pixels"))
            continue;
        il_image in = read_image(text(c, "file")), out = { 0 }, expected = read_image(text(c, "pixels"));
        il_err e = { 0 };
        cr_assert_eq(il_image_resize(&out, &in, number(c, "width"), number(c, "height"), &e), IL_OK, "%s", e.message);
        cr_assert_leq(largest_difference(&out, &expected), 1);
        compared++;
        il_image_free(&in);
        il_image_free(&out);
        il_image_free(&expected);
    }
    cr_assert_eq(compared, 2);
    json_decref(cases);
}

Test(image, blurs_as_pillow)
{
    json_t *cases = figures("blur"), *c;
    size_t i;
    json_array_foreach(cases, i, c)
    {
        il_image in = read_image(text(c, "file")), out = { 0 };
        float radius = (float)json_number_value(json_object_get(c, "radius"));
        il_err e = { 0 };
        cr_assert_eq(il_image_blur(&out, &in, radius, &e), IL_OK, "%s", e.message);
        assert_figures(&out, c, true);
        il_image_free(&in);
        il_image_free(&out);
    }
    json_decref(cases);
}

Test(image, composes_as_pillow)
{
    json_t *cases = figures("composite"), *c;
    size_t i;
    json_array_foreach(cases, i, c)
    {
        il_image over = read_image(text(c, "over")), under = read_image(text(c, "under"));
        il_image mask = read_image(text(c, "mask")), rgb_mask = { 0 }, out = { 0 }, again = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_image_composite(&out, &over, &under, &mask, &e), IL_OK, "%s", e.message);
        assert_figures(&out, c, true);
        cr_assert_eq(il_image_to_rgb(&rgb_mask, &mask, &e), IL_OK);
        cr_assert_eq(rgb_mask.channels, 3);
        cr_assert_eq(il_image_composite(&again, &over, &under, &rgb_mask, &e), IL_OK);
        assert_same(&again, &out, "a mask of three channels");
        il_image *all[] = { &over, &under, &mask, &rgb_mask, &out, &again };
        for (size_t k = 0; k < 6; k++)
            il_image_free(all[k]);
    }
    json_decref(cases);
}

/* ---- cutting ---- */

Test(image, crops_with_zeros_outside)
{
    static const int windows[][4] = { { 0, 0, 61, 47 },   { 5, 7, 20, 10 },       { -3, -4, 10, 10 },
                                      { 55, 40, 30, 30 }, { -10, -10, 100, 100 }, { 61, 0, 5, 5 },
                                      { 0, 47, 5, 5 },    { -9, 3, 5, 5 },        { 2147483640, 0, 9, 2 } };
    static const char *const names[] = { "rgb.png", "grey.png" };
    for (size_t k = 0; k < 2 * sizeof windows / sizeof *windows; k++) {
        const int *w = windows[k / 2];
        il_image in = read_image(names[k % 2]), out = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_image_crop(&out, &in, w[0], w[1], w[2], w[3], &e), IL_OK, "%s", e.message);
        cr_assert(out.width == w[2] && out.height == w[3] && out.channels == in.channels);
        for (size_t i = 0; i < bytes_of(&out); i++) {
            int c = (int)i % in.channels;
            int64_t x = (int64_t)i / in.channels % w[2] + w[0], y = (int64_t)i / in.channels / w[2] + w[1];
            bool inside = x >= 0 && x < in.width && y >= 0 && y < in.height;
            int expected = inside ? in.pixels[(y * in.width + x) * in.channels + c] : 0;
            cr_assert_eq(out.pixels[i], expected, "window %d,%d: pixel %d,%d", w[0], w[1], (int)x, (int)y);
        }
        il_image_free(&in);
        il_image_free(&out);
    }
}

Test(image, collates)
{
    il_image in = read_image("rgb.png"), out = { 0 }, expected = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_image_collate(&out, &in, 61, &e), IL_OK); /* fits exactly: padded below */
    cr_assert_eq(il_image_crop(&expected, &in, 0, 0, 61, 61, &e), IL_OK);
    assert_same(&out, &expected, "padded");
    il_image_free(&out);
    il_image_free(&expected);
    cr_assert_eq(il_image_collate(&out, &in, 60, &e), IL_OK); /* one side is over: both are resized */
    cr_assert_eq(il_image_resize(&expected, &in, 60, 60, &e), IL_OK);
    assert_same(&out, &expected, "resized");
    il_image_free(&out);
    il_image_free(&expected);
    il_image_free(&in);
}

Test(image, refuses_what_makes_no_sense)
{
    il_image in = read_image("rgb.png"), grey = read_image("grey.png"), dot = read_image("dot.png");
    il_image out = { 0 }, empty = { 0 };
    il_err e = { 0 };
    cr_expect_eq(il_image_new(&out, 0, 5, 3, &e), IL_EPARAM);
    cr_expect_eq(il_image_new(&out, 5, 5, 4, &e), IL_EPARAM);
    cr_expect_eq(il_image_new(&out, 1 << 20, 1 << 20, 3, &e), IL_EPARAM);
    cr_expect_eq(il_image_resize(&out, &in, 0, 5, &e), IL_EPARAM);
    cr_expect_eq(il_image_resize(&out, &in, 1 << 30, 1 << 30, &e), IL_EPARAM);
    cr_expect_eq(il_image_resize(&out, &empty, 5, 5, &e), IL_EPARAM);
    cr_expect_eq(il_image_blur(&out, &in, -1, &e), IL_EPARAM);
    cr_expect_eq(il_image_blur(&out, &in, 0.0f / 0.0f, &e), IL_EPARAM);
    cr_expect_eq(il_image_composite(&out, &in, &grey, &grey, &e), IL_EPARAM);
    cr_expect_eq(il_image_composite(&out, &in, &in, &dot, &e), IL_EPARAM);
    cr_expect_str_eq(e.message, "cannot composite images of 61x47 with a mask of 1x1; expected equal sizes");
    cr_expect_eq(out.pixels, NULL);
    il_image_free(&in);
    il_image_free(&grey);
    il_image_free(&dot);
    il_image_free(NULL);
}

/* ---- writing ---- */

Test(image, writes_what_it_reads, .init = make_folder, .fini = remove_folder)
{
    static const char *const sources[] = { "rgb.png", "grey.png", "noise.png", "dot.png", "row.png", "column.png" };
    static const char *const targets[] = { "a.png", "a.webp", "B.PNG", "b.WebP" };
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 4; k++) {
            char path[400];
            il_image in = read_image(sources[i]), out = { 0 }, rgb = { 0 };
            il_err e = { 0 };
            cr_assert_eq(il_image_write(&in, in_folder(path, targets[k]), &e), IL_OK, "%s", e.message);
            cr_assert_eq(il_image_read(&out, path, &e), IL_OK, "%s", e.message);
            cr_assert_eq(il_image_to_rgb(&rgb, &in, &e), IL_OK);
            assert_same(&out, k % 2 ? &rgb : &in, sources[i]); /* WebP has no grey */
            il_image_free(&in);
            il_image_free(&out);
            il_image_free(&rgb);
        }
    int files = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(d));)
        files += entry->d_name[0] != '.';
    closedir(d);
    cr_assert_eq(files, 4, "%d files: something temporary was left", files);
}

static void assert_not_written(const il_image *image, const char *path, const char *expected)
{
    il_err e = { 0 };
    cr_expect_lt(il_image_write(image, path, &e), 0);
    cr_expect(strstr(e.message, path) && strstr(e.message, expected), "%s", e.message);
}

Test(image, says_why_it_cannot_write, .init = make_folder, .fini = remove_folder)
{
    char path[400];
    il_image dot = read_image("dot.png"), wide = { 0 }, empty = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_image_new(&wide, 16384, 1, 1, &e), IL_OK);
    memset(wide.pixels, 7, 16384);
    assert_not_written(&dot, in_folder(path, "a.jpg"), "the name must end in .png or .webp");
    assert_not_written(&dot, in_folder(path, "nowhere/a.png"), "No such file or directory");
    assert_not_written(&wide, in_folder(path, "a.webp"), "at most 16383 a side");
    assert_not_written(&empty, in_folder(path, "a.png"), "the image is empty");
    cr_assert_eq(mkdir(in_folder(path, "b.png"), 0777), 0);
    assert_not_written(&dot, path, "Is a directory");
    il_image_free(&wide);
    il_image_free(&dot);
}

/* ---- damaged files ---- */

static void put_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

static uint8_t *get_file(const char *name, size_t *size)
{
    static uint8_t data[1 << 16];
    char path[400];
    snprintf(path, sizeof path, IMAGES "%s", name);
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    *size = fread(data, 1, sizeof data, f);
    fclose(f);
    return data;
}

static void assert_refused(const char *path, const char *expected)
{
    il_image out = { 0 };
    il_err e = { 0 };
    cr_expect_lt(il_image_read(&out, path, &e), 0, "%s was read", path);
    cr_expect(strstr(e.message, path) && strstr(e.message, expected), "%s", e.message);
    cr_expect_null(out.pixels);
}

Test(image, names_what_is_wrong_with_a_file, .init = make_folder, .fini = remove_folder)
{
    char path[400];
    size_t size = 0;
    assert_refused(in_folder(path, "absent.png"), "No such file or directory");
    assert_refused(folder, "is a folder; expected a regular file");
    assert_refused("/dev/null", "is a device; expected a regular file");
    put_file(in_folder(path, "zero.webp"), "", 0);
    assert_refused(path, "the file is empty");
    put_file(in_folder(path, "text.png"), "not a picture\n", 14);
    assert_refused(path, "not a supported image; expected PNG, JPEG, WebP or TIFF");
    put_file(in_folder(path, "wave.webp"), "RIFF\20\0\0\0WAVEfmt ", 16);
    assert_refused(path, "not a supported image");
    assert_refused(IMAGES "animated.webp", "is an animated WebP; expected a still image");
    assert_refused(IMAGES "claims-20000.png", "the header says 20000x20000 pixels; expected at most 268435456 in all");
    uint8_t *jpeg = get_file("rgb.jpg", &size);
    for (size_t i = 0; i + 9 < size; i++)
        if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0)
            memset(jpeg + i + 5, 0xf0, 4);
    put_file(in_folder(path, "claims.jpg"), jpeg, size);
    assert_refused(path, "the header says 61680x61680 pixels");
    int width = -1, height = -1;
    il_err e = { 0 };
    cr_expect_eq(il_image_size(&width, &height, IMAGES "animated.webp", &e), IL_EFORMAT);
    cr_expect(width == -1 && height == -1);
}

/* A name that does not fit the content is of no account. */
Test(image, goes_by_the_content, .init = make_folder, .fini = remove_folder)
{
    char path[400];
    size_t size = 0;
    uint8_t *data = get_file("lossless.webp", &size);
    il_image a = { 0 }, b = read_image("lossless.webp");
    il_err e = { 0 };
    put_file(in_folder(path, "really-webp.png"), data, size);
    cr_assert_eq(il_image_read(&a, path, &e), IL_OK, "%s", e.message);
    assert_same(&a, &b, path);
    il_image_free(&a);
    il_image_free(&b);
}

/* The file with `count` bytes before its last two, the end marker. */
static const char *with_stray_bytes(char path[400], const char *name, size_t count)
{
    size_t size = 0;
    uint8_t *data = get_file(name, &size), more[100000];
    memset(more, 0x5a, sizeof more);
    cr_assert(size + count <= sizeof more && data[size - 2] == 0xff && data[size - 1] == 0xd9);
    memcpy(more, data, size - 2);
    memcpy(more + size - 2 + count, data + size - 2, 2);
    put_file(in_folder(path, "stray.jpg"), more, size + count);
    return path;
}

Test(image, a_jpeg_may_end_with_a_few_stray_bytes, .init = make_folder, .fini = remove_folder)
{
    static const char *const names[] = { "rgb.jpg", "progressive.jpg", "cmyk.jpg", "grey.jpg" };
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char path[400];
        il_image a = { 0 }, b = read_image(names[k]);
        il_err e = { 0 };
        cr_assert_eq(il_image_read(&a, with_stray_bytes(path, names[k], 4), &e), IL_OK, "%s", e.message);
        assert_same(&a, &b, names[k]);
        il_image_free(&a);
        il_image_free(&b);
        assert_refused(with_stray_bytes(path, names[k], 40), "extraneous bytes before marker 0xd9");
    }
}

static const char *const fragile[] = { "rgb.png",       "interlaced.png",  "palette.png",
                                       "rgb.jpg",       "progressive.jpg", "cmyk.jpg",
                                       "lossless.webp", "lossy.webp",      "alpha-lossy.webp" };
enum { FRAGILE = sizeof fragile / sizeof *fragile };

Test(image, refuses_every_truncation, .init = make_folder, .fini = remove_folder)
{
    for (size_t k = 0; k < FRAGILE; k++) {
        char path[400];
        size_t size = 0;
        uint8_t *data = get_file(fragile[k], &size);
        in_folder(path, "cut");
        for (size_t n = 1; n < size; n += n + 40 < size && n > 40 ? 7 : 1) {
            il_image out = { 0 };
            il_err e = { 0 };
            put_file(path, data, n);
            cr_assert_lt(il_image_read(&out, path, &e), 0, "%s: its first %zu of %zu bytes were read", fragile[k], n,
                         size);
            cr_assert(strncmp(e.message, path, strlen(path)) == 0, "%s", e.message);
        }
    }
}

/* Whatever a byte becomes: a picture or a message, nothing else. */
Test(image, survives_every_flipped_byte, .init = make_folder, .fini = remove_folder)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff };
    size_t refused = 0;
    for (size_t k = 0; k < FRAGILE; k++) {
        char path[400];
        size_t size = 0;
        uint8_t *data = get_file(fragile[k], &size);
        in_folder(path, "flipped");
        for (size_t n = 0; n<size; n += n> 100 ? 5 : 1) {
            il_image out = { 0 };
            il_err e = { 0 };
            data[n] ^= flips[n % 3];
            put_file(path, data, size);
            data[n] ^= flips[n % 3];
            if (il_image_read(&out, path, &e) == IL_OK) {
                cr_assert(out.pixels && out.width > 0 && out.height > 0);
            } else {
                cr_assert(strncmp(e.message, path, strlen(path)) == 0 && !out.pixels, "%s", e.message);
                refused++;
            }
            il_image_free(&out);
        }
    }
    cr_assert_gt(refused, 100);
}
