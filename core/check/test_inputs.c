/* test_inputs.c - generated inputs for plugins, the same on every machine. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "check/test_inputs.h"

/* Where the square of image n is: half a side long. */
static int is_inside(int64_t n, il_test_input_size size, int64_t y, int64_t x)
{
    int64_t top = n % 2 * size.height / 3, left = (n + 1) % 3 * size.width / 4;
    return y >= top && y < top + size.height / 2 && x >= left && x < left + size.width / 2;
}

static il_tensor *from_values(il_scope *s, float *values, int64_t channels, il_test_input_size size)
{
    if (!values)
        return il_scope_fail(s, IL_ENOMEM, "out of memory");
    il_tensor *t = il_from_f32(s, values, 4, (int64_t[]){ size.n, channels, size.height, size.width });
    free(values);
    return t;
}

il_tensor *il_test_input_image(il_scope *s, il_test_input_size size)
{
    size_t count = (size_t)(size.n * 3 * size.height * size.width), i = 0;
    float *values = malloc(count * sizeof *values);
    uint64_t state = 7;
    for (int64_t n = 0; n < size.n && values; n++)
        for (int64_t c = 0; c < 3; c++)
            for (int64_t y = 0; y < size.height; y++)
                for (int64_t x = 0; x < size.width; x++) {
                    double grain = 0.3 * il_random_unit(&state);
                    values[i++] = (float)(is_inside(n, size, y, x) ? 0.75 : 0.1 + 0.05 * (double)c + grain);
                }
    return from_values(s, values, 3, size);
}

il_tensor *il_test_input_target(il_scope *s, il_test_input_size size)
{
    float *values = malloc((size_t)(size.n * size.height * size.width) * sizeof *values);
    size_t i = 0;
    for (int64_t n = 0; n < size.n && values; n++)
        for (int64_t y = 0; y < size.height; y++)
            for (int64_t x = 0; x < size.width; x++)
                values[i++] = (float)is_inside(n, size, y, x);
    return from_values(s, values, 1, size);
}

il_tensor *il_test_input_noise(il_scope *s, uint64_t seed, double low, double high, il_dtype dtype, int ndim,
                               const int64_t *shape)
{
    size_t count = 1;
    for (int i = 0; i < ndim; i++)
        count *= (size_t)shape[i];
    double *values = malloc((count ? count : 1) * sizeof *values);
    if (!values)
        return il_scope_fail(s, IL_ENOMEM, "out of memory");
    uint64_t state = seed;
    for (size_t i = 0; i < count; i++)
        values[i] = low + (high - low) * il_random_unit(&state);
    il_tensor *t = il_to(s, il_from_bytes(s, values, IL_DTYPE_F64, ndim, shape), dtype);
    free(values);
    return t;
}

int il_test_input_photo(il_image *out, int width, int height, il_err *e)
{
    il_image photo = { 0 };
    int rc = il_image_new(&photo, width, height, 3, e);
    if (rc)
        return rc;
    uint64_t state = 7;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                int inside = is_inside(0, (il_test_input_size){ 1, height, width }, y, x);
                photo.pixels[((size_t)y * (size_t)width + (size_t)x) * 3 + (size_t)c] =
                    (uint8_t)(inside ? 190 : 40 + 10 * c + (int)(60 * il_random_unit(&state)));
            }
    *out = photo;
    return IL_OK;
}

int il_test_input_read(double **out, const il_tensor *t, il_err *e)
{
    size_t count = (size_t)il_numel(t);
    double *values = malloc((count ? count : 1) * sizeof *values);
    if (!values)
        return il_fail_oom(e);
    int rc;
    if (il_dtype_of(t) == IL_DTYPE_F64) {
        rc = il_read_bytes(t, values, count * sizeof *values, e);
    } else {
        float *single = malloc((count ? count : 1) * sizeof *single);
        rc = single ? il_read_f32(t, single, count, e) : il_fail_oom(e);
        for (size_t i = 0; i < count && !rc; i++)
            values[i] = single[i];
        free(single);
    }
    if (rc)
        free(values);
    else
        *out = values;
    return rc;
}

int64_t il_test_input_odd(const double *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return i;
    return -1;
}
