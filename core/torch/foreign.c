/* foreign.c - images for a model that was made elsewhere, and logits from what it returns. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/foreign.h>
#include <inpaintlab/layers.h>
#include "base/text.h"

/* "0.5" or "0.485, 0.456, 0.406", with or without brackets and commas, into out[3]. */
static bool read_three(double out[3], const char *text)
{
    int count = 0;
    const char *s = text;
    while (*(s += strspn(s, " ,[]"))) {
        char *end = NULL;
        double v = strtod(s, &end);
        if (end == s || count == 3 || !isfinite(v))
            return false;
        out[count++] = v;
        s = end;
    }
    if (count == 1)
        out[1] = out[2] = out[0];
    return count == 1 || count == 3;
}

static int read_channels(double out[3], const il_params *p, const char *name, double fallback, il_err *e)
{
    const char *text = il_params_text(p, name);
    for (int i = 0; i < 3; i++)
        out[i] = fallback;
    if (!*text || read_three(out, text))
        return IL_OK;
    return il_fail(e, IL_EPARAM, "%s: '%s' is not one number, or three for R, G, B", name, text);
}

int il_foreign_read(il_foreign *out, const char *model, const il_params *p, il_err *e)
{
    il_foreign f = { .model = model,
                     .channel = il_params_int(p, "channel"),
                     .resize = il_params_bool(p, "resize"),
                     .probability = il_params_bool(p, "probability"),
                     .normalised = *il_params_text(p, "mean") || *il_params_text(p, "std") };
    int rc = read_channels(f.mean, p, "mean", 0, e);
    if (!rc)
        rc = read_channels(f.std, p, "std", 1, e);
    if (rc)
        return rc;
    for (int i = 0; i < 3; i++)
        if (!(f.std[i] > 0))
            return il_fail(e, IL_EPARAM, "std: %g is out of range; expected a number above 0", f.std[i]);
    f.output = il_text_copy(il_params_text(p, "output"));
    if (!f.output)
        return il_fail_oom(e);
    *out = f;
    return IL_OK;
}

void il_foreign_free(il_foreign *f)
{
    free(f->output);
    *f = (il_foreign){ 0 };
}

il_tensor *il_foreign_input(il_scope *s, const il_foreign *f, il_tensor *image)
{
    return f->normalised ? il_normalise(s, image, f->mean, f->std) : image;
}

static il_tensor *refuse(il_scope *s, const il_foreign *f, const il_tensor *y, const il_tensor *image,
                         const char *remedy)
{
    char shape[80] = "";
    for (int i = 0; i < il_ndim(y) && i < 5; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%lld", i ? "," : "", (long long)il_dim(y, i));
    return il_scope_fail(s, IL_EPLUGIN, "model %s: the output has the shape (%s); expected (%lld,1,%lld,%lld): %s",
                         f->model, shape, (long long)il_dim(image, 0), (long long)il_dim(image, 2),
                         (long long)il_dim(image, 3), remedy);
}

static il_tensor *one_channel(il_scope *s, const il_foreign *f, il_tensor *y, const il_tensor *image)
{
    if (il_ndim(y) != 4)
        return refuse(s, f, y, image, "`output` may name another tensor");
    if (f->channel < 0 && il_dim(y, 1) != 1)
        return refuse(s, f, y, image, "set `channel` to the one of tampered pixels, or `output` to another tensor");
    if (f->channel >= il_dim(y, 1))
        return refuse(s, f, y, image, "it lacks the channel that `channel` names");
    return f->channel < 0 ? y : il_slice(s, y, 1, f->channel, f->channel + 1);
}

il_tensor *il_foreign_logits(il_scope *s, const il_foreign *f, il_tensor *y, const il_tensor *image)
{
    if (y)
        y = one_channel(s, f, y, image);
    if (!y)
        return NULL;
    if (il_dim(y, 0) != il_dim(image, 0))
        return refuse(s, f, y, image, "it must have one map for each image");
    bool fits = il_dim(y, 2) == il_dim(image, 2) && il_dim(y, 3) == il_dim(image, 3);
    if (!fits && !f->resize)
        return refuse(s, f, y, image, "`resize: true` resizes it to the picture");
    if (!fits)
        y = il_upsample_bilinear(s, y, il_dim(image, 2), il_dim(image, 3));
    return f->probability ? il_logit(s, y) : y;
}
