/* make_sample.c - makes one sample, or several at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/convert.h>
#include <inpaintlab/random.h>
#include "dataset/make_sample.h"
#include "image/mask_file.h"

enum { TRIES = 8, LEAST_RECTANGLE = 64, AT_ONCE = 256 };

void il_made_sample_clear(il_made_sample *m)
{
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        il_image_free(&m->pictures[k]);
    il_image_free(&m->blurred);
}

/* ---- photo ---- */

int il_make_sample_tiles(const il_recipe *r, int width, int height)
{
    return r->fit == IL_FIT_TILES ? width / r->size * (height / r->size) : 1;
}

int il_make_sample_fit(il_image *out, const il_recipe *r, const il_image *photo, int tile, il_err *e)
{
    il_image rgb = { 0 }, square = { 0 };
    int size = r->size, side = photo->width < photo->height ? photo->width : photo->height;
    int rc = il_image_to_rgb(&rgb, photo, e);
    if (!rc && r->fit == IL_FIT_TILES) {
        int across = photo->width / size;
        rc = il_image_crop(out, &rgb, tile % across * size, tile / across * size, size, size, e);
    } else if (!rc && r->fit == IL_FIT_CROP) {
        rc = il_image_crop(&square, &rgb, (photo->width - side) / 2, (photo->height - side) / 2, side, side, e);
        if (!rc)
            rc = il_image_resize(out, &square, size, size, e);
    } else if (!rc) {
        rc = il_image_resize(out, &rgb, size, size, e);
    }
    il_image_free(&square);
    il_image_free(&rgb);
    return rc;
}

/* ---- mask ---- */

static void measure(il_made_sample *m)
{
    size_t n = (size_t)m->blurred.width * (size_t)m->blurred.height, area = 0, core = 0;
    for (size_t i = 0; i < n; i++) {
        area += m->blurred.pixels[i] > 0;
        core += m->blurred.pixels[i] == 255;
    }
    m->area = (double)area / (double)n;
    m->core = (double)core / (double)n;
}

/* Frees the sharp mask. */
static int blur(il_made_sample *m, il_image *sharp, const il_recipe *r, il_err *e)
{
    il_image_free(&m->blurred);
    int rc = il_image_blur(&m->blurred, sharp, (float)il_params_real(r->plain, "blur"), e);
    il_image_free(sharp);
    if (!rc)
        measure(m);
    return rc;
}

static int check_mask(const il_recipe_plugin *p, const il_image *sharp, const il_image *photo, il_err *e)
{
    if (sharp->pixels && sharp->channels == 1 && sharp->width == photo->width && sharp->height == photo->height)
        return IL_OK;
    return il_fail(e, IL_EPLUGIN, "masker '%s' returned a mask of %dx%d pixels and %d channels; expected %dx%d and 1",
                   p->plugin->name, sharp->width, sharp->height, sharp->channels, photo->width, photo->height);
}

int il_make_sample_mask(il_made_sample *m, const il_recipe *r, il_err *e)
{
    const il_recipe_plugin *p = &r->maskers.list[m->masker];
    const il_image *photo = &m->pictures[IL_ORIGINAL];
    uint64_t seeds = il_random_seed(m->seed, "mask");
    int rc = IL_OK;
    m->core = 0;
    for (int i = 0; !rc && i < TRIES && m->core == 0; i++) {
        il_image sharp = { 0 };
        rc = p->plugin->masker->mask(p->self, photo, il_random_bits(&seeds), &sharp, &m->rule, e);
        if (!rc)
            rc = check_mask(p, &sharp, photo, e);
        if (!rc)
            rc = blur(m, &sharp, r, e);
        il_image_free(&sharp);
    }
    if (!rc && m->core == 0) {
        il_image sharp = { 0 };
        int most = photo->width < photo->height ? photo->width / 2 : photo->height / 2;
        rc = il_image_random_rectangle(&sharp, photo->width, photo->height,
                                       most < LEAST_RECTANGLE ? most : LEAST_RECTANGLE, il_random_bits(&seeds), e);
        if (!rc)
            rc = blur(m, &sharp, r, e);
        snprintf(m->rule.text, sizeof m->rule.text, "random rectangle: %d masks were too small", TRIES);
    }
    if (!rc)
        rc = il_image_to_rgb(&m->pictures[IL_MASK], &m->blurred, e);
    return rc ? il_fail_in(e, "masker '%s'", p->plugin->name) : IL_OK;
}

/* ---- generators ---- */

static il_tensor *photos_of(il_scope *s, il_made_sample *const *list, size_t n)
{
    il_tensor *parts[AT_ONCE];
    for (size_t i = 0; i < n; i++)
        parts[i] = il_convert_to_tensor(s, &list[i]->pictures[IL_ORIGINAL]);
    return n == 1 ? parts[0] : il_cat(s, parts, (int)n, 0);
}

/* 1 where the blurred mask is 255. */
static il_tensor *masks_of(il_scope *s, il_made_sample *const *list, size_t n)
{
    il_tensor *parts[AT_ONCE];
    for (size_t i = 0; i < n; i++)
        parts[i] = il_greater(s, il_convert_to_tensor(s, &list[i]->blurred), 254.5 / 255);
    return n == 1 ? parts[0] : il_cat(s, parts, (int)n, 0);
}

static int check_shape(const il_tensor *t, const il_tensor *photos, il_err *e)
{
    for (int i = 0; i < 4; i++)
        if (il_ndim(t) != 4 || il_dim(t, i) != il_dim(photos, i))
            return il_fail(e, IL_EPLUGIN, "returned a tensor whose shape differs from its photos'");
    return IL_OK;
}

/* What a generator is asked for. */
enum job { RECONSTRUCT, PAINT, PAINT_NOTHING };

static il_tensor *nothing(il_scope *s, const il_tensor *photos)
{
    return il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ il_dim(photos, 0), 1, il_dim(photos, 2), il_dim(photos, 3) });
}

static il_tensor *inpaint(il_scope *s, const il_recipe_plugin *p, il_made_sample *const *list, size_t n,
                          il_tensor *photos, enum job what)
{
    const char *prompts[AT_ONCE];
    uint64_t seeds[AT_ONCE];
    for (size_t i = 0; i < n; i++) {
        prompts[i] = list[i]->prompt ? list[i]->prompt : "";
        seeds[i] = il_random_seed(list[i]->seed, "noise");
    }
    il_inpaint job = { .image = photos, .prompts = prompts, .seeds = seeds };
    job.mask = what == PAINT ? masks_of(s, list, n) : nothing(s, photos);
    return p->plugin->generator->inpaint(p->self, s, &job);
}

/* One generator's full output, into where[i]. */
static int generate(il_image *const *where, il_made_sample *const *list, size_t n, const il_recipe_plugin *p,
                    enum job what, il_device device, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = device), e);
    if (rc)
        return rc;
    il_tensor *photos = photos_of(s, list, n);
    il_tensor *made = what == RECONSTRUCT ? p->plugin->generator->reconstruct(p->self, s, photos)
                                          : inpaint(s, p, list, n, photos, what);
    rc = il_scope_status(s, e);
    if (!rc && !made)
        rc = il_fail(e, IL_EPLUGIN, "returned no result");
    if (!rc)
        rc = check_shape(made, photos, e);
    for (size_t i = 0; !rc && i < n; i++)
        rc = il_convert_to_image(where[i], made, (int)i, e);
    il_scope_close(s);
    return rc ? il_fail_in(e, "generator '%s'", p->plugin->name) : IL_OK;
}

/* The inpainted pixels where the mask is 255, elsewhere the original's. */
static int exchange(il_made_sample *m, il_err *e)
{
    il_image sharp = { 0 };
    il_image *k = m->pictures;
    int rc = il_image_to_grey(&sharp, &m->blurred, e);
    if (!rc) {
        il_mask_sharpen(&sharp);
        rc = il_image_composite(&k[IL_EXCHANGED], &k[IL_INPAINTED], &k[IL_ORIGINAL], &sharp, e);
    }
    il_image_free(&sharp);
    return rc;
}

static int make_inpainted(il_made_sample *const *list, size_t n, const il_recipe *r,
                          const bool wanted[IL_PICTURE_KINDS], il_device device, il_err *e)
{
    il_image *where[AT_ONCE] = { 0 };
    for (size_t i = 0; i < n; i++)
        where[i] = &list[i]->pictures[IL_INPAINTED];
    int rc = generate(where, list, n, &r->inpainters.list[list[0]->inpainter], PAINT, device, e);
    for (size_t i = 0; !rc && i < n; i++) {
        il_image *k = list[i]->pictures;
        if (wanted[IL_REALFAKE])
            rc = il_image_composite(&k[IL_REALFAKE], &k[IL_INPAINTED], &k[IL_ORIGINAL], &list[i]->blurred, e);
        if (!rc && wanted[IL_EXCHANGED])
            rc = exchange(list[i], e);
    }
    return rc;
}

/* The same call as for the inpainted ones, noise and prompt included, but for the mask. */
static int make_selfconditioned(il_made_sample *const *list, size_t n, const il_recipe *r, il_device device, il_err *e)
{
    il_image *where[AT_ONCE] = { 0 };
    for (size_t i = 0; i < n; i++)
        where[i] = &list[i]->pictures[IL_SELFCONDITIONED];
    return generate(where, list, n, &r->inpainters.list[list[0]->inpainter], PAINT_NOTHING, device, e);
}

static int make_reconstructions(il_made_sample *const *list, size_t n, const il_recipe *r,
                                const bool wanted[IL_PICTURE_KINDS], il_device device, il_err *e)
{
    il_image *where[AT_ONCE] = { 0 };
    for (size_t i = 0; i < n; i++)
        where[i] = &list[i]->pictures[IL_RECONSTRUCTED];
    int rc = generate(where, list, n, &r->reconstructors.list[list[0]->reconstructor], RECONSTRUCT, device, e);
    for (size_t i = 0; !rc && i < n && wanted[IL_FAKEFAKE]; i++) {
        il_image *k = list[i]->pictures;
        rc = il_image_composite(&k[IL_FAKEFAKE], &k[IL_RECONSTRUCTED], &k[IL_ORIGINAL], &list[i]->blurred, e);
    }
    return rc;
}

int il_make_sample_paint(il_made_sample *const *list, size_t n, const il_recipe *r, const bool wanted[IL_PICTURE_KINDS],
                         il_device device, il_err *e)
{
    int rc = n <= AT_ONCE ? IL_OK
                          : il_fail(e, IL_EPARAM, "cannot paint %zu samples at once; expected at most %d", n, AT_ONCE);
    if (!rc && (wanted[IL_INPAINTED] || wanted[IL_REALFAKE] || wanted[IL_EXCHANGED]))
        rc = make_inpainted(list, n, r, wanted, device, e);
    if (!rc && wanted[IL_SELFCONDITIONED])
        rc = make_selfconditioned(list, n, r, device, e);
    if (!rc && il_recipe_reconstructs(wanted))
        rc = make_reconstructions(list, n, r, wanted, device, e);
    return rc;
}
