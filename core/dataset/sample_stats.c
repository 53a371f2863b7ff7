/* sample_stats.c - reads one sample's files and compares them with each other. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/image.h>
#include "base/sha256.h"
#include "dataset/sample_stats.h"
#include "image/budget.h"
#include "image/mask_file.h"
#include "image/perceptual_hash.h"

void il_sample_stats_clear(il_sample_stats *m)
{
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        free(m->why[k]);
    *m = (il_sample_stats){ 0 };
}

int il_sample_stats_kind(const il_listed *s)
{
    static const int order[] = { IL_ORIGINAL,  IL_REALFAKE,      IL_FAKEFAKE,       IL_INPAINTED,
                                 IL_EXCHANGED, IL_RECONSTRUCTED, IL_SELFCONDITIONED };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (s->path[order[i]])
            return order[i];
    return -1;
}

/* Records why a file cannot be read; fails only when out of memory. */
static int note(il_sample_stats *m, int k, const char *path, int rc, il_err *why, il_err *e)
{
    if (!rc)
        return IL_OK;
    size_t n = strlen(path);
    bool named = strncmp(why->message, path, n) == 0 && strncmp(why->message + n, ": ", 2) == 0;
    if (rc == IL_ENOMEM)
        return il_fail(e, rc, "%s", why->message);
    m->why[k] = il_text_copy(why->message + (named ? n + 2 : 0));
    return m->why[k] ? IL_OK : il_fail_oom(e);
}

static int read_one(il_image *out, il_sample_stats *m, const il_listed *s, int k, bool fast, il_err *e)
{
    il_err why = { 0 };
    il_image image = { 0 };
    const char *path = s->path[k];
    if (fast)
        return note(m, k, path, il_image_size(&m->width[k], &m->height[k], path, &why), &why, e);
    int rc = k == IL_MASK ? il_mask_read(&image, NULL, path, IL_MASK_AUTO, &why) : il_image_read(&image, path, &why);
    if (!rc)
        rc = il_sha256_file(&m->sha256[k], path, &why);
    if (rc) {
        il_image_free(&image);
        return note(m, k, path, rc, &why, e);
    }
    m->width[k] = image.width;
    m->height[k] = image.height;
    *out = image;
    return IL_OK;
}

static void measure_mask(il_sample_stats *m, const il_image *mask)
{
    size_t n = (size_t)mask->width * (size_t)mask->height, touched = 0, full = 0;
    const uint8_t *p = mask->pixels;
    for (size_t i = 0; i < n; i++, p += mask->channels) {
        touched += p[0] > 0;
        full += p[0] == 255;
        m->between = m->between || (p[0] > 0 && p[0] < 255);
        m->most = p[0] > m->most ? p[0] : m->most;
    }
    m->has_mask = true;
    m->area = (double)touched / (double)n;
    m->core = (double)full / (double)n;
    m->outside_area[IL_REALFAKE] = m->outside_area[IL_FAKEFAKE] = n - touched;
    m->outside_area[IL_EXCHANGED] = n - full;
}

static bool same_size(const il_image *a, const il_image *b)
{
    return a->pixels && b->pixels && a->width == b->width && a->height == b->height;
}

static bool same_pixel(const il_image *a, const il_image *b, size_t i)
{
    const uint8_t *p = a->pixels + i * (size_t)a->channels, *q = b->pixels + i * (size_t)b->channels;
    size_t p_step = a->channels == 3, q_step = b->channels == 3; /* grey is equal to RGB with equal channels */
    return p[0] == q[0] && p[p_step] == q[q_step] && p[2 * p_step] == q[2 * q_step];
}

static void compare(il_sample_stats *m, int k, const il_image *image, const il_image *original, const il_image *mask)
{
    size_t n = (size_t)image->width * (size_t)image->height, differing = 0;
    bool composed = m->outside_area[k] && same_size(image, mask);
    int inside = k == IL_EXCHANGED ? 255 : 1; /* the least grey level at which it may differ */
    for (size_t i = 0; i < n; i++)
        if (!same_pixel(image, original, i)) {
            differing++;
            m->outside[k] += composed && mask->pixels[i * (size_t)mask->channels] < inside;
        }
    m->is_original[k] = differing == 0;
}

int il_sample_stats_sample(il_sample_stats *out, const il_listed *s, bool fast, il_err *e)
{
    il_image images[IL_PICTURE_KINDS] = { { 0 } };
    il_sample_stats m = { .look_kind = il_sample_stats_kind(s) };
    int rc = IL_OK;
    il_budget_enter();
    for (int k = 0; k < IL_PICTURE_KINDS && !rc; k++)
        if (s->path[k])
            rc = read_one(&images[k], &m, s, k, fast, e);
    if (!rc && images[IL_MASK].pixels)
        measure_mask(&m, &images[IL_MASK]);
    for (int k = IL_INPAINTED; k < IL_PICTURE_KINDS && !rc; k++)
        if (same_size(&images[k], &images[IL_ORIGINAL]))
            compare(&m, k, &images[k], &images[IL_ORIGINAL], &images[IL_MASK]);
    if (!rc && m.look_kind >= 0 && images[m.look_kind].pixels) {
        rc = il_perceptual_hash_of(&m.look, &images[m.look_kind], e);
        m.has_look = !rc;
    }
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        il_image_free(&images[k]);
    il_budget_leave();
    if (rc)
        il_sample_stats_clear(&m);
    else
        *out = m;
    return rc;
}
