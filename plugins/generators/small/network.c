/* network.c - the quickstart generators: an autoencoder and a filler of masked latents.
 * The same formulas, and the same names, as tools/train-generators. */
#include "network.h"

#include <stdlib.h>
#include <string.h>
#include <inpaintlab/layers.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>

enum { MAX_SCALES = 4, FILL_SCALES = 3, DEC_RES = 2 };

struct res {
    il_conv conv[2];
};

struct recipe {
    int stride, latent;
    int scales, widths[MAX_SCALES + 1]; /* of the decoder's outputs, finest first; scales = log2(stride) */
    int filler[FILL_SCALES];
    bool silu, shuffle; /* else ReLU; else nearest neighbour */
};

struct network {
    struct recipe r;
    il_state *state;
    struct {
        il_conv down[MAX_SCALES], out, patch;
        struct res res;
    } enc;
    struct {
        il_conv conv, up[MAX_SCALES], out, patch;
        struct res res[DEC_RES];
    } dec;
    struct {
        il_conv conv, down[FILL_SCALES], up[FILL_SCALES], out;
        struct res res;
    } fill;
};

/* ---- the recipe: notes of the file ---- */

/* Whole numbers of "[16, 32]" or "8"; returns how many, 0 if the text is anything else or has more than max. */
static int read_numbers(int *out, int max, const char *text)
{
    int count = 0;
    const char *p = text + strspn(text, "[ ");
    while (*p && *p != ']') {
        char *end;
        long v = strtol(p, &end, 10);
        if (end == p || count == max || v < 1 || v > 4096)
            return 0;
        out[count++] = (int)v;
        p = end + strspn(end, ", ");
    }
    return count;
}

static int note_numbers(int *out, int least, int max, int *count, const il_bundle *b, const char *key, il_err *e)
{
    const char *text = il_bundle_noted(b, key);
    if (!text)
        return il_fail(e, IL_EFORMAT, "not a generator: its notes lack %s", key);
    int n = read_numbers(out, max, text);
    if (n < least)
        return il_fail(e, IL_EFORMAT, "note %s: cannot use %s", key, text);
    if (count)
        *count = n;
    return IL_OK;
}

static int note_choice(bool *second, const il_bundle *b, const char *key, const char *no, const char *yes, il_err *e)
{
    const char *text = il_bundle_noted(b, key);
    if (!text || (strcmp(text, no) != 0 && strcmp(text, yes) != 0))
        return il_fail(e, IL_EFORMAT, "note %s: %s is neither %s nor %s", key, text ? text : "nothing", no, yes);
    *second = !strcmp(text, yes);
    return IL_OK;
}

static int read_recipe(struct recipe *r, const il_bundle *b, il_err *e)
{
    int widths = 0, rc;
    if ((rc = note_numbers(&r->stride, 1, 1, NULL, b, "stride", e)) ||
        (rc = note_numbers(&r->latent, 1, 1, NULL, b, "latent", e)) ||
        (rc = note_numbers(r->widths, 2, MAX_SCALES + 1, &widths, b, "widths", e)) ||
        (rc = note_numbers(r->filler, FILL_SCALES, FILL_SCALES, NULL, b, "filler", e)) ||
        (rc = note_choice(&r->silu, b, "act", "relu", "silu", e)) ||
        (rc = note_choice(&r->shuffle, b, "up", "nearest", "shuffle", e)))
        return rc;
    r->scales = widths - 1;
    if (r->stride != 1 << r->scales)
        return il_fail(e, IL_EFORMAT, "stride %d does not fit %d widths", r->stride, widths);
    return IL_OK;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Each layer's weights are in the file: notes alone must not claim the memory for more than it holds. */
static int check_size(const struct recipe *r, const il_bundle *b, il_err *e)
{
    const int64_t wide = r->widths[r->scales], latent = r->latent;
    int64_t held = 0, most = larger(9 * wide * wide, larger(9 * latent * wide, 3 * latent * r->stride * r->stride));
    for (int i = 0; i < r->scales; i++)
        most = larger(most, (int64_t)9 * r->widths[i] * r->widths[i + 1] * (r->shuffle ? 4 : 1));
    for (int i = 0; i < FILL_SCALES; i++)
        most = larger(most, (int64_t)9 * r->filler[i] * r->filler[i]);
    for (size_t i = 0; i < il_bundle_count(b); i++)
        held += il_numel(il_bundle_at(b, i));
    return most <= held ? IL_OK
                        : il_fail(e, IL_EFORMAT, "its notes describe layers of more numbers than the file holds");
}

/* ---- the layers ---- */

static il_conv conv(il_state *st, const char *name, int in, int out, int kernel, int stride, int padding)
{
    return il_conv_declare(
        st, name,
        (il_conv_spec){ .in = in, .out = out, .kernel = kernel, .opts = { .stride = stride, .padding = padding } });
}

static struct res res_declare(il_state *st, const char *name, int width)
{
    struct res r;
    for (int i = 0; i < 2; i++)
        r.conv[i] = conv(st, il_name("%s.conv%d", name, i).text, width, width, 3, 1, 1);
    return r;
}

static void declare_encoder(network *g)
{
    const struct recipe *r = &g->r;
    int in = 3;
    for (int i = 0; i < r->scales; i++) {
        g->enc.down[i] = conv(g->state, il_name("enc.down.%d", i).text, in, r->widths[i + 1], 4, 2, 1);
        in = r->widths[i + 1];
    }
    g->enc.res = res_declare(g->state, "enc.res", in);
    g->enc.out = conv(g->state, "enc.out", in, r->latent, 3, 1, 1);
    g->enc.patch = conv(g->state, "enc.patch", 3, r->latent, r->stride, r->stride, 0);
}

static void declare_decoder(network *g)
{
    const struct recipe *r = &g->r;
    int wide = r->widths[r->scales];
    g->dec.conv = conv(g->state, "dec.conv", r->latent, wide, 3, 1, 1);
    for (int i = 0; i < DEC_RES; i++)
        g->dec.res[i] = res_declare(g->state, il_name("dec.res.%d", i).text, wide);
    for (int i = 0; i < r->scales; i++) {
        int narrow = r->widths[r->scales - 1 - i];
        g->dec.up[i] = conv(g->state, il_name("dec.up.%d.conv", i).text, wide, r->shuffle ? narrow * 4 : narrow, 3, 1,
                            1);
        wide = narrow;
    }
    g->dec.out = conv(g->state, "dec.out", wide, 3, 3, 1, 1);
    g->dec.patch = conv(g->state, "dec.patch", r->latent, 3 * r->stride * r->stride, 1, 1, 0);
}

static void declare_filler(network *g)
{
    const int *w = g->r.filler;
    const int coarse[FILL_SCALES] = { w[1], w[2], w[2] };
    g->fill.conv = conv(g->state, "fill.conv", g->r.latent + 1, w[0], 3, 1, 1);
    for (int i = 0; i < FILL_SCALES; i++)
        g->fill.down[i] = conv(g->state, il_name("fill.down.%d", i).text, w[i], coarse[i], 4, 2, 1);
    g->fill.res = res_declare(g->state, "fill.res", w[2]);
    for (int i = 0; i < FILL_SCALES; i++) {
        int fine = w[FILL_SCALES - 1 - i], from = coarse[FILL_SCALES - 1 - i];
        g->fill.up[i] = conv(g->state, il_name("fill.up.%d", i).text, from + fine, fine, 3, 1, 1);
    }
    g->fill.out = conv(g->state, "fill.out", w[0], g->r.latent, 3, 1, 1);
}

static int build(network *g, const il_bundle *b, il_device device, il_err *e)
{
    int rc = read_recipe(&g->r, b, e);
    if (!rc)
        rc = check_size(&g->r, b, e);
    if (rc)
        return rc;
    if ((rc = il_state_new(&g->state, device, 0, e)))
        return rc;
    declare_encoder(g);
    declare_decoder(g);
    declare_filler(g);
    if ((rc = il_state_status(g->state, e)))
        return rc;
    return il_state_load(g->state, b, NULL, e);
}

int network_read(network **out, const char *path, il_device device, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_read(&b, path, e);
    if (rc)
        return rc; /* names the file already */
    network *g = calloc(1, sizeof *g);
    rc = g ? build(g, b, device, e) : il_fail_oom(e);
    il_bundle_free(b);
    if (rc) {
        network_free(g);
        il_fail_in(e, "%s", path);
        return rc;
    }
    *out = g;
    return IL_OK;
}

void network_free(network *g)
{
    if (!g)
        return;
    il_state_free(g->state);
    free(g);
}

/* ---- the formulas ---- */

static il_tensor *act(il_scope *s, const network *g, il_tensor *x)
{
    return g->r.silu ? il_silu(s, x) : il_relu(s, x);
}

/* x + conv(act(conv(act(x)))) */
static il_tensor *res_apply(il_scope *s, const network *g, const struct res *r, il_tensor *x)
{
    il_tensor *y = il_conv_apply(s, &r->conv[0], act(s, g, x));
    return il_add(s, x, il_conv_apply(s, &r->conv[1], act(s, g, y)));
}

static il_tensor *twice(il_scope *s, il_tensor *x)
{
    return x ? il_upsample_nearest(s, x, il_dim(x, 2) * 2, il_dim(x, 3) * 2) : NULL;
}

/* (N,3,H,W) in [0,1] -> (N,latent,H/stride,W/stride) in (-1,1) */
static il_tensor *encode(il_scope *s, const network *g, il_tensor *image)
{
    il_tensor *x = il_affine(s, image, 2, -1);
    il_tensor *flat = il_conv_apply(s, &g->enc.patch, x);
    for (int i = 0; i < g->r.scales; i++)
        x = il_conv_apply(s, &g->enc.down[i], i ? act(s, g, x) : x);
    x = act(s, g, res_apply(s, g, &g->enc.res, x));
    return il_tanh(s, il_add(s, flat, il_conv_apply(s, &g->enc.out, x)));
}

static il_tensor *decode(il_scope *s, const network *g, il_tensor *z)
{
    il_tensor *flat = il_pixel_shuffle(s, il_conv_apply(s, &g->dec.patch, z), g->r.stride);
    il_tensor *x = il_conv_apply(s, &g->dec.conv, z);
    for (int i = 0; i < DEC_RES; i++)
        x = res_apply(s, g, &g->dec.res[i], x);
    for (int i = 0; i < g->r.scales; i++) {
        x = act(s, g, x);
        x = g->r.shuffle ? il_pixel_shuffle(s, il_conv_apply(s, &g->dec.up[i], x), 2)
                         : il_conv_apply(s, &g->dec.up[i], twice(s, x));
    }
    x = il_add(s, flat, il_conv_apply(s, &g->dec.out, act(s, g, x)));
    return il_clamp(s, il_affine(s, x, 0.5, 0.5), 0, 1);
}

/* Latents, mask -> change of the latents, in (-1,1): a U-Net of four scales. */
static il_tensor *fill(il_scope *s, const network *g, il_tensor *z, il_tensor *mask)
{
    il_tensor *parts[] = { z, mask };
    il_tensor *skips[FILL_SCALES];
    il_tensor *x = il_conv_apply(s, &g->fill.conv, il_cat(s, parts, 2, 1));
    for (int i = 0; i < FILL_SCALES; i++) {
        skips[i] = x;
        x = il_conv_apply(s, &g->fill.down[i], act(s, g, x));
    }
    x = res_apply(s, g, &g->fill.res, x);
    for (int i = 0; i < FILL_SCALES; i++) {
        il_tensor *both[] = { twice(s, x), skips[FILL_SCALES - 1 - i] };
        x = il_conv_apply(s, &g->fill.up[i], act(s, g, il_cat(s, both, 2, 1)));
    }
    return il_tanh(s, il_conv_apply(s, &g->fill.out, act(s, g, x)));
}

il_tensor *network_reconstruct(il_scope *s, const network *g, il_tensor *x)
{
    return decode(s, g, encode(s, g, x));
}

il_tensor *network_inpaint(il_scope *s, const network *g, il_tensor *patched, il_tensor *mask)
{
    il_tensor *z = encode(s, g, patched);
    /* A latent is replaced if its block touches the mask, or a neighbour's does: that one saw the hole. */
    il_tensor *m = il_max_pool2d(s, il_max_pool2d(s, mask, g->r.stride, g->r.stride, 0), 3, 1, 1);
    return decode(s, g, il_add(s, z, il_mul(s, fill(s, g, z, m), m)));
}
