/* convert.c - 8-bit pictures as tensors, and back. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/convert.h>

il_tensor *il_convert_to_tensor(il_scope *s, const il_image *image)
{
    il_err err = { 0 };
    if (!s || il_scope_status(s, &err) != IL_OK)
        return NULL;
    if (!image->pixels)
        return il_scope_fail(s, IL_EPARAM, "the picture is empty");
    size_t area = (size_t)image->width * (size_t)image->height, channels = (size_t)image->channels;
    float *values = malloc(area * channels * sizeof *values);
    if (!values)
        return il_scope_fail(s, IL_ENOMEM, "out of memory");
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++)
            values[c * area + i] = (float)image->pixels[i * channels + c] / 255;
    il_tensor *t = il_from_f32(s, values, 4, (int64_t[]){ 1, image->channels, image->height, image->width });
    free(values);
    return t;
}

/* values (C,H,W) -> interleaved bytes. */
static int fill(il_image *out, const float *values, int n, il_err *e)
{
    size_t channels = (size_t)out->channels, width = (size_t)out->width, area = width * (size_t)out->height;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++) {
            float v = values[c * area + i];
            if (isnan(v))
                return il_fail(e, IL_EFORMAT, "image %d has NaN at column %zu, row %zu, channel %zu", n, i % width,
                               i / width, c);
            v = v < 0 ? 0 : v > 1 ? 1 : v;
            out->pixels[i * channels + c] = (uint8_t)rintf(v * 255);
        }
    return IL_OK;
}

/* The values of picture n alone: (C,H,W). */
static int read_one(float *values, size_t count, const il_tensor *t, int n, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, NULL, e);
    if (rc)
        return rc;
    const il_tensor *one = il_dim(t, 0) == 1 ? t : il_slice(s, (il_tensor *)t, 0, n, n + 1);
    rc = one ? il_read_f32(one, values, count, e) : il_scope_status(s, e);
    il_scope_close(s);
    return rc;
}

int il_convert_to_image(il_image *out, const il_tensor *t, int n, il_err *e)
{
    if (!t)
        return il_fail(e, IL_EPARAM, "there is no tensor to convert to an image");
    if (il_ndim(t) != 4 || (il_dim(t, 1) != 1 && il_dim(t, 1) != 3) || n < 0 || n >= il_dim(t, 0))
        return il_fail(e, IL_EPARAM, "a tensor of %d dimensions has no image %d; expected (N,1,H,W) or (N,3,H,W)",
                       il_ndim(t), n);
    int64_t height = il_dim(t, 2), width = il_dim(t, 3);
    if (height > INT32_MAX || width > INT32_MAX)
        return il_fail(e, IL_EPARAM, "a tensor of %lldx%lld pixels is too large for an image", (long long)width,
                       (long long)height);
    il_image result = { 0 };
    int rc = il_image_new(&result, (int)width, (int)height, (int)il_dim(t, 1), e);
    if (rc)
        return rc;
    size_t count = (size_t)result.width * (size_t)result.height * (size_t)result.channels;
    float *values = calloc(count, sizeof *values);
    rc = values ? read_one(values, count, t, n, e) : il_fail_oom(e);
    if (!rc)
        rc = fill(&result, values, n, e);
    free(values);
    if (rc)
        il_image_free(&result);
    else
        *out = result;
    return rc;
}
