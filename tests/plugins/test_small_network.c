/* test_small_network.c - figures by PyTorch: tools/make-generator-figures. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "network.h"

static il_err e;
static const il_device cpu = { IL_DEVICE_CPU, 0 };

static float largest_difference(const il_tensor *a, const il_tensor *b)
{
    size_t n = (size_t)il_numel(a);
    cr_assert_eq(n, (size_t)il_numel(b));
    float *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y), most = 0;
    cr_assert(x && y);
    cr_assert_eq(il_read_f32(a, x, n, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(b, y, n, &e), IL_OK, "%s", e.message);
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(x[i] - y[i]));
    free(x);
    free(y);
    return most;
}

static il_tensor *figure(il_scope *s, const il_bundle *b, const char *name)
{
    const il_tensor *t = il_bundle_find(b, name);
    cr_assert_not_null(t, "%s", name);
    size_t n = (size_t)il_numel(t);
    float *values = malloc(n * sizeof *values);
    int64_t shape[4];
    cr_assert_not_null(values);
    cr_assert_eq(il_read_f32(t, values, n, &e), IL_OK, "%s", e.message);
    for (int i = 0; i < 4; i++)
        shape[i] = il_dim(t, i);
    il_tensor *copy = il_from_f32(s, values, 4, shape);
    free(values);
    return copy;
}

static void compare(const char *name)
{
    char path[1000];
    network *g = NULL;
    il_bundle *figures = NULL;
    il_scope *s = NULL;
    snprintf(path, sizeof path, "%s/generator-%s.safetensors", TEST_DATA, name);
    cr_assert_eq(network_read(&g, path, cpu, &e), IL_OK, "%s", e.message);
    snprintf(path, sizeof path, "%s/generator-%s-figures.safetensors", TEST_DATA, name);
    cr_assert_eq(il_bundle_read(&figures, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_scope_open(&s, NULL, &e), IL_OK, "%s", e.message);

    il_tensor *x = figure(s, figures, "x");
    il_tensor *reconstructed = network_reconstruct(s, g, x);
    il_tensor *inpainted = network_inpaint(s, g, x, figure(s, figures, "mask"));
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_expect_lt(largest_difference(reconstructed, il_bundle_find(figures, "reconstructed")), 1e-4f);
    cr_expect_lt(largest_difference(inpainted, il_bundle_find(figures, "inpainted")), 1e-4f);

    il_scope_close(s);
    il_bundle_free(figures);
    network_free(g);
}

Test(small_network, nearest_and_silu_as_pytorch)
{
    compare("nearest");
}
Test(small_network, shuffle_and_relu_as_pytorch)
{
    compare("shuffle");
}

Test(small_network, refuses_weights_without_a_recipe)
{
    network *g = NULL;
    cr_assert_eq(network_read(&g, TEST_DATA "/generator-nearest-figures.safetensors", cpu, &e), IL_EFORMAT);
    cr_assert_null(g);
    cr_assert_not_null(strstr(e.message, "generator-nearest-figures.safetensors: not a generator"), "%s", e.message);
}

Test(small_network, refuses_a_file_that_is_not_there)
{
    network *g = NULL;
    cr_assert_neq(network_read(&g, "/nonexistent/w.safetensors", cpu, &e), IL_OK);
    cr_assert_null(g);
}

/* It would take gigabytes to find out that the file has no such tensors. */
Test(small_network, notes_claim_no_more_than_the_file_holds)
{
    static const char *const notes[][2] = {
        { "stride", "8" }, { "latent", "4" },  { "widths", "[8, 8, 8, 4096]" }, { "filler", "[4, 4, 4096]" },
        { "act", "silu" }, { "up", "nearest" }
    };
    char path[] = "/tmp/inpaintlab-test-XXXXXX";
    network *g = NULL;
    il_bundle *b = NULL;
    cr_assert_eq(il_bundle_new(&b, &e), IL_OK);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        cr_assert_eq(il_bundle_note(b, notes[i][0], notes[i][1], &e), IL_OK);
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && close(fd) == 0);
    cr_assert_eq(il_bundle_write(b, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(network_read(&g, path, cpu, &e), IL_EFORMAT);
    cr_assert_not_null(strstr(e.message, "its notes describe layers of more numbers than the file holds"), "%s",
                       e.message);
    unlink(path);
    il_bundle_free(b);
}
