/* tiled_inference.c: what comes out does not depend on how a picture was cut. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "plugin/any_size.h"
#include "plugin/tiled_inference.h"

/* Logit 1.25 everywhere, whatever is seen. */
static il_tensor *constant(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    (void)self, (void)aux;
    return il_full(s, 1.25, IL_DTYPE_F32, 4, (int64_t[]){ il_dim(image, 0), 1, il_dim(image, 2), il_dim(image, 3) });
}

/* Three 5x5 layers, the first of which sees edges: pixels up to 6 away count. */
static il_tensor *small(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    (void)self, (void)aux;
    float first[75], next[25];
    for (int i = 0; i < 75; i++)
        first[i] = (float)((i * 7 + 3) % 11 - 5) / 5;
    for (int i = 0; i < 25; i++)
        next[i] = (float)((i * 5 + 1) % 7 - 3) / 6;
    il_conv_geometry o = { .padding = 2 };
    il_tensor *x = il_conv2d(s, image, il_from_f32(s, first, 4, (int64_t[]){ 1, 3, 5, 5 }), NULL, o);
    il_tensor *w = il_from_f32(s, next, 4, (int64_t[]){ 1, 1, 5, 5 });
    return il_conv2d(s, il_tanh(s, il_conv2d(s, il_tanh(s, x), w, NULL, o)), w, NULL, o);
}

static il_tensor *undefined(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    il_tensor *zero = il_affine(s, constant(self, s, image, aux), 0, 0);
    return il_div(s, zero, zero);
}

static il_tensor *misshapen(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    (void)self, (void)s, (void)aux;
    return image;
}

enum { REACH = 6 };

static il_model_ops ops_constant = { .forward = constant }, ops_small = { .forward = small },
                    ops_undefined = { .forward = undefined }, ops_misshapen = { .forward = misshapen };

static il_plugin plugin_of(const il_model_ops *ops)
{
    return (il_plugin){ .abi = IL_ABI, .kind = IL_KIND_MODEL, .name = "stub", .model = ops };
}

static il_image noise(int width, int height)
{
    il_image image = { 0 };
    il_err e = { 0 };
    unsigned state = 77;
    cr_assert_eq(il_image_new(&image, width, height, 3, &e), IL_OK);
    for (int i = 0; i < width * height * 3; i++) {
        state = state * 1664525u + 1013904223u;
        image.pixels[i] = (uint8_t)(state >> 24);
    }
    return image;
}

static il_tiled_inference_result sweep(const il_model_ops *ops, const il_image *photo, il_tiled_inference_opts o)
{
    il_plugin plugin = plugin_of(ops);
    il_model m = { .plugin = &plugin };
    il_tiled_inference_result r = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_tiled_inference_run(&r, &m, photo, o, &e), IL_OK, "%s", e.message);
    cr_assert(r.score.width == photo->width && r.score.height == photo->height);
    return r;
}

Test(sweep, constant_logits_give_constant_scores)
{
    static const int sizes[][2] = { { 1, 1 }, { 63, 65 }, { 64, 64 }, { 65, 64 }, { 257, 255 }, { 300, 40 } };
    static const il_tiled_inference_opts cuts[] = {
        { 32, 8, 1, 0.5 }, { 64, 16, 3, 0.5 }, { 64, 0, 4, 0.5 }, { 48, 40, 2, 0.9 }
    };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            il_image photo = noise(sizes[s][0], sizes[s][1]);
            il_tiled_inference_result r = sweep(&ops_constant, &photo, cuts[c]);
            int pixels = photo.width * photo.height;
            for (int i = 0; i < pixels; i++) {
                cr_assert_eq(r.score.pixels[i], 198); /* 255 / (1 + exp(-1.25)) = 198.2 */
                cr_assert_eq(r.mask.pixels[i], cuts[c].threshold < 0.7 ? 255 : 0);
            }
            cr_assert_eq(r.marked, cuts[c].threshold < 0.7 ? pixels : 0);
            il_tiled_inference_free(&r);
            il_image_free(&photo);
        }
}

/* Where all the weight is of tiles that see far enough, cutting changes nothing. */
Test(sweep, tiles_agree_with_the_whole_picture)
{
    enum { WIDTH = 203, HEIGHT = 158, TILE = 64, OVERLAP = 32 };
    il_image photo = noise(WIDTH, HEIGHT);
    il_tiled_inference_result whole = sweep(&ops_small, &photo,
                                            (il_tiled_inference_opts){ .tile = WIDTH, .batch = 1, .threshold = 0.5 });
    for (int batch = 1; batch <= 4; batch++) {
        il_tiled_inference_result cut = sweep(
            &ops_small, &photo,
            (il_tiled_inference_opts){ .tile = TILE, .overlap = OVERLAP, .batch = batch, .threshold = 0.5 });
        int far = 0, compared = 0, differing = 0;
        for (int y = REACH; y < HEIGHT - REACH; y++)
            for (int x = REACH; x < WIDTH - REACH; x++) {
                int d = abs(whole.score.pixels[y * WIDTH + x] - cut.score.pixels[y * WIDTH + x]);
                int u = x % 32, v = y % 32; /* tiles begin at multiples of 32; the last ones are shifted */
                bool inside = u >= REACH && u < 32 - REACH && v >= REACH && v < 32 - REACH && x < 128 && y < 88;
                compared += inside;
                differing += inside && d > 1;
                far = d > far ? d : far;
            }
        cr_assert(compared > 2000);
        cr_expect_eq(differing, 0, "batch %d: %d of %d differ", batch, differing, compared);
        cr_expect(far < 40, "batch %d: a seam of %d", batch, far); /* at a tile's rim, where its weight is small */
        il_tiled_inference_free(&cut);
    }
    il_tiled_inference_free(&whole);
    il_image_free(&photo);
}

/* A picture smaller than a tile is one tile of its own size: no padding is seen. */
Test(sweep, small_pictures_are_seen_as_they_are)
{
    il_image photo = noise(41, 30);
    il_tiled_inference_result a = sweep(
        &ops_small, &photo, (il_tiled_inference_opts){ .tile = 64, .overlap = 16, .batch = 2, .threshold = 0.5 });
    il_tiled_inference_result b = sweep(&ops_small, &photo,
                                        (il_tiled_inference_opts){ .tile = 41, .batch = 1, .threshold = 0.5 });
    cr_assert_arr_eq(a.score.pixels, b.score.pixels, 41 * 30);
    cr_assert_arr_eq(a.mask.pixels, b.mask.pixels, 41 * 30);
    il_tiled_inference_free(&a);
    il_tiled_inference_free(&b);
    il_image_free(&photo);
}

/* ---- models that want certain sizes ---- */

static int wanted, wanted_side; /* multiples of `wanted`, or this side alone */
static int64_t seen_height, seen_width;

static il_tensor *fussy(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    int64_t h = il_dim(image, 2), w = il_dim(image, 3);
    bool suits = wanted_side ? h == wanted_side && w == wanted_side : h % wanted == 0 && w % wanted == 0;
    seen_height = h;
    seen_width = w;
    return suits ? small(self, s, image, aux) : il_scope_fail(s, IL_EPLUGIN, "a side does not suit");
}

static il_model_ops ops_fussy = { .forward = fussy };

Test(sweep, the_multiple_that_a_model_wants_is_found)
{
    il_plugin plugin = plugin_of(&ops_fussy);
    il_err e = { 0 };
    for (wanted = 1; wanted <= 64; wanted++) {
        il_model m = { .plugin = &plugin };
        cr_assert_eq(il_any_size_probe(&m, &e), IL_OK, "%s", e.message);
        cr_assert_eq(m.multiple, wanted, "%d for %d", m.multiple, wanted);
    }
    il_model m = { .plugin = &plugin };
    wanted_side = 80;
    cr_assert_eq(il_any_size_probe(&m, &e), IL_OK, "%s", e.message);
    cr_assert_eq(m.multiple, IL_MODEL_ONE_SIZE);
}

/* The mirrored border is the model's input, and no part of the result. */
Test(sweep, sides_are_mirrored_up_to_the_multiple)
{
    il_plugin plugin = plugin_of(&ops_fussy);
    il_image photo = noise(41, 30), mirrored = { 0 };
    il_err e = { 0 };
    il_tiled_inference_result a = { 0 };
    cr_assert_eq(il_image_new(&mirrored, 48, 32, 3, &e), IL_OK);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 48; x++) {
            int u = x < 41 ? x : 80 - x, v = y < 30 ? y : 58 - y; /* PyTorch's pad(mode="reflect") */
            memcpy(mirrored.pixels + 3 * (48 * y + x), photo.pixels + 3 * (41 * v + u), 3);
        }
    wanted = 16;
    il_model m = { .plugin = &plugin, .multiple = 16 };
    il_tiled_inference_opts o = { .tile = 64, .overlap = 16, .batch = 1, .threshold = 0.5 };
    cr_assert_eq(il_tiled_inference_run(&a, &m, &photo, o, &e), IL_OK, "%s", e.message);
    cr_assert(seen_height == 32 && seen_width == 48);
    il_tiled_inference_result b = sweep(&ops_small, &mirrored, o);
    for (int y = 0; y < 30; y++)
        cr_assert_arr_eq(a.score.pixels + y * 41, b.score.pixels + y * 48, 41);
    il_tiled_inference_free(&a);
    wanted_side = 64;
    m.multiple = IL_MODEL_ONE_SIZE;
    cr_assert_eq(il_tiled_inference_run(&a, &m, &photo, o, &e), IL_OK, "%s", e.message);
    cr_assert(seen_height == 64 && seen_width == 64 && a.score.width == 41 && a.score.height == 30);
    il_tiled_inference_free(&a);
    il_tiled_inference_free(&b);
    il_image_free(&photo);
    il_image_free(&mirrored);
}

Test(sweep, bad_models)
{
    il_image photo = noise(20, 20);
    il_tiled_inference_result r = { 0 };
    il_err e = { 0 };
    il_tiled_inference_opts o = { .tile = 32, .overlap = 8, .batch = 1, .threshold = 0.5 };
    il_plugin plugin = plugin_of(&ops_undefined);
    cr_assert_eq(il_tiled_inference_run(&r, &(il_model){ .plugin = &plugin }, &photo, o, &e), IL_EFORMAT);
    cr_assert_str_eq(e.message, "model stub: the output is not a number (NaN) at column 0, row 0");
    plugin = plugin_of(&ops_misshapen);
    cr_assert_eq(il_tiled_inference_run(&r, &(il_model){ .plugin = &plugin }, &photo, o, &e), IL_EPLUGIN);
    cr_assert_null(r.score.pixels);
    il_image_free(&photo);
}

static void count_rows(void *context, int done, int rows)
{
    int *told = context;
    cr_assert(done == told[0] + 1 && done <= rows);
    told[0] = done;
    told[1] = rows;
}

Test(sweep, tells_of_each_row_of_tiles)
{
    int told[2] = { 0 };
    il_image photo = noise(100, 200);
    il_tiled_inference_opts o = {
        .tile = 64, .overlap = 16, .batch = 2, .threshold = 0.5, .progress = count_rows, .context = told
    };
    il_tiled_inference_result r = sweep(&ops_constant, &photo, o);
    cr_expect(told[0] == 4 && told[1] == 4, "%d of %d rows, begun at 0, 48, 96 and 136", told[0], told[1]);
    il_tiled_inference_free(&r);
    il_image_free(&photo);
}
