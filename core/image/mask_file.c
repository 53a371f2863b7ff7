/* mask_file.c - reads masks: two levels however they are written, grey levels, one colour; refuses what can be read in two ways. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "image/budget.h"
#include "image/image_file.h"
#include "image/mask_file.h"
#include "image/metadata.h"
#include "image/orientation.h"

enum { RGB = 3, NOISE = 32 }; /* NOISE: levels that JPEG compression adds beside an edge */

il_mask_channel il_mask_channel_of(const char *word)
{
    static const char *const words[] = { "auto", "red", "green", "blue", "alpha" };
    int i = IL_MASK_ALPHA;
    while (i > IL_MASK_AUTO && strcmp(words[i], word) != 0)
        i--;
    return (il_mask_channel)i;
}

/* ---- levels ---- */

il_mask_levels il_mask_levels_of(const il_image *mask)
{
    il_mask_levels l = { { 0 } };
    bool seen[256] = { false };
    size_t n = (size_t)mask->width * (size_t)mask->height;
    for (size_t i = 0; i < n; i++)
        seen[mask->pixels[i]] = true;
    for (int grey = 0; grey < 256; grey++)
        l.bits[grey / 8] |= (uint8_t)(seen[grey] << grey % 8);
    return l;
}

bool il_mask_levels_has(const il_mask_levels *l, int grey)
{
    return l->bits[grey / 8] >> grey % 8 & 1;
}

bool il_mask_levels_two(const il_mask_levels *l)
{
    int count = 0;
    for (int grey = 0; grey < 256; grey++)
        count += il_mask_levels_has(l, grey);
    return count <= 2;
}

int il_mask_levels_most(const il_mask_levels *l)
{
    int grey = 255;
    while (grey >= 0 && !il_mask_levels_has(l, grey))
        grey--;
    return grey;
}

/* ---- channels ---- */

/* The channel as a picture of its own. */
static int take(il_image *out, const il_image *in, int channel, il_err *e)
{
    il_image grey = { 0 };
    int rc = il_image_new(&grey, in->width, in->height, 1, e);
    if (rc)
        return rc;
    size_t n = (size_t)in->width * (size_t)in->height, step = (size_t)in->channels;
    for (size_t i = 0; i < n; i++)
        grey.pixels[i] = in->pixels[step * i + (size_t)channel];
    *out = grey;
    return IL_OK;
}

/* The channel that holds the mask: the first that is not empty, if the others are empty or equal to it. -1: they differ. */
static int only_channel(const il_image *in)
{
    size_t n = (size_t)in->width * (size_t)in->height;
    bool used[RGB] = { false };
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < RGB; c++)
            used[c] = used[c] || in->pixels[RGB * i + (size_t)c];
    int first = used[0] ? 0 : used[1] ? 1 : used[2] ? 2 : 0;
    for (int c = first + 1; c < RGB; c++)
        for (size_t i = 0; used[c] && i < n; i++)
            if (in->pixels[RGB * i + (size_t)c] != in->pixels[RGB * i + (size_t)first])
                return -1;
    return first;
}

static bool has_colours(const il_image *in)
{
    size_t n = in->channels == RGB ? (size_t)in->width * (size_t)in->height : 0;
    for (size_t i = 0; i < n; i++)
        if (in->pixels[RGB * i] != in->pixels[RGB * i + 1] || in->pixels[RGB * i] != in->pixels[RGB * i + 2])
            return true;
    return false;
}

/* The same where compression has coloured the greys a little. */
static bool is_nearly_grey(const il_image *in)
{
    size_t n = (size_t)in->width * (size_t)in->height;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = in->pixels + RGB * i;
        int least = p[0] < p[1] ? p[0] : p[1], most = p[0] > p[1] ? p[0] : p[1];
        least = p[2] < least ? p[2] : least;
        most = p[2] > most ? p[2] : most;
        if (most - least > NOISE)
            return false;
    }
    return true;
}

static int refuse_colours(const char *path, il_err *e)
{
    return il_fail(e, IL_EDATA,
                   "%s: the mask has several colours; expected grey levels, or black and one colour; the setting "
                   "mask_channel (red, green, blue) of a data set 'pairs' says where the mask is",
                   path);
}

/* ---- files ---- */

/* A file in memory, its picture and what its header says. */
struct source {
    il_image_file in;
    il_image colours;
    il_metadata header;
};

static bool is_one_colour(const il_image *in)
{
    size_t step = (size_t)in->channels, n = (size_t)in->width * (size_t)in->height;
    for (size_t i = 1; i < n; i++)
        if (memcmp(in->pixels, in->pixels + step * i, step) != 0)
            return false;
    return true;
}

static bool is_png(const struct source *s)
{
    return s->header.format && strcmp(s->header.format, "png") == 0;
}

static int read_plane(il_image *out, const struct source *s, il_png_plane plane, il_err *e)
{
    il_image_file in = s->in;
    in.plane = plane;
    return il_image_png_read(out, &in, e);
}

static int read_alpha(il_image *out, const struct source *s, il_err *e)
{
    if (!is_png(s) || !s->header.alpha)
        return il_fail(e, IL_EDATA, "%s: has no alpha channel; expected a PNG whose alpha channel is the mask",
                       s->in.path);
    return read_plane(out, s, IL_PNG_ALPHA, e);
}

/* A picture of one colour: its mask may be in its transparency, and either way round. */
static int check_alpha(const struct source *s, il_err *e)
{
    il_image alpha = { 0 };
    if (!is_png(s) || !s->header.alpha || !is_one_colour(&s->colours))
        return IL_OK;
    int rc = read_plane(&alpha, s, IL_PNG_ALPHA, e);
    if (rc)
        return rc;
    if (!is_one_colour(&alpha))
        rc = il_fail(e, IL_EDATA,
                     "%s: the mask has one colour, and its alpha channel varies; expected black and white; the setting "
                     "mask_channel: alpha of a data set 'pairs' reads opaque pixels as inpainted",
                     s->in.path);
    il_image_free(&alpha);
    return rc;
}

/* Replaces the high bytes of 16 bits, all 0, with the low ones. */
static int read_low_bytes(struct source *s, il_err *e)
{
    il_image low = { 0 };
    il_mask_levels levels;
    if (!is_png(s) || !s->header.deep || s->colours.channels != 1)
        return IL_OK;
    levels = il_mask_levels_of(&s->colours);
    if (il_mask_levels_most(&levels) > 0)
        return IL_OK;
    int rc = read_plane(&low, s, IL_PNG_LOW, e);
    if (rc)
        return rc;
    il_image_free(&s->colours);
    s->colours = low;
    return IL_OK;
}

static void sharpen(il_image *mask)
{
    size_t n = (size_t)mask->width * (size_t)mask->height;
    for (size_t i = 0; i < n; i++)
        mask->pixels[i] = mask->pixels[i] <= NOISE ? 0 : mask->pixels[i] >= 255 - NOISE ? 255 : mask->pixels[i];
}

/* 0 and 1; and black and one colour, however bright: a colour is no grey level. */
static void spread_two_levels(il_image *mask, bool coloured)
{
    size_t n = (size_t)mask->width * (size_t)mask->height;
    il_mask_levels l = il_mask_levels_of(mask);
    bool two = il_mask_levels_most(&l) == 1 || (coloured && il_mask_levels_two(&l));
    for (size_t i = 0; two && i < n; i++)
        mask->pixels[i] = mask->pixels[i] ? 255 : 0;
}

static int read_auto(il_image *out, struct source *s, il_err *e)
{
    il_image grey = { 0 };
    bool jpeg = s->header.format && strcmp(s->header.format, "jpeg") == 0;
    int rc = check_alpha(s, e);
    if (!rc)
        rc = read_low_bytes(s, e);
    if (rc)
        return rc;
    int channel = s->colours.channels == 1 ? 0 : only_channel(&s->colours);
    if (channel < 0 && !(s->header.lossy && is_nearly_grey(&s->colours)))
        return refuse_colours(s->in.path, e);
    rc = take(&grey, &s->colours, channel < 0 ? 0 : channel, e);
    if (rc)
        return rc;
    if (jpeg)
        sharpen(&grey);
    spread_two_levels(&grey, channel >= 0 && has_colours(&s->colours));
    *out = grey;
    return IL_OK;
}

static bool differs(const il_image *mask, const il_image *plain)
{
    size_t n = (size_t)mask->width * (size_t)mask->height, step = (size_t)plain->channels;
    for (size_t i = 0; i < n; i++)
        if (mask->pixels[i] != plain->pixels[step * i])
            return true;
    return false;
}

static int read_channel(il_image *out, bool *changed, struct source *s, il_mask_channel channel, il_err *e)
{
    il_image mask = { 0 };
    int rc = channel == IL_MASK_AUTO      ? read_auto(&mask, s, e)
             : channel == IL_MASK_ALPHA   ? read_alpha(&mask, s, e)
             : s->colours.channels != RGB ? il_fail(e, IL_EDATA,
                                                    "%s: the mask is grey; expected colours, as the setting "
                                                    "mask_channel says",
                                                    s->in.path)
                                          : take(&mask, &s->colours, (int)channel - IL_MASK_RED, e);
    if (rc)
        return rc;
    if (changed)
        *changed = channel != IL_MASK_AUTO || s->header.deep || differs(&mask, &s->colours);
    *out = mask;
    return IL_OK;
}

int il_mask_read(il_image *out, bool *changed, const char *path, il_mask_channel channel, il_err *e)
{
    uint8_t *data = NULL;
    struct source s = { .in = { .path = path } };
    il_budget_enter();
    int rc = il_image_file_load(&data, &s.in.size, path, e);
    if (rc) {
        il_budget_leave();
        return rc;
    }
    s.in.data = data;
    s.header = il_metadata_read(data, s.in.size);
    rc = il_image_file_decode(&s.colours, &s.in, e);
    if (!rc)
        rc = read_channel(out, changed, &s, channel, e);
    if (!rc && (rc = il_orientation_apply(out, s.header.orientation, e)))
        il_image_free(out);
    il_image_free(&s.colours);
    free(data);
    il_budget_leave();
    return rc;
}

/* ---- size ---- */

int il_mask_resize_nearest(il_image *out, const il_image *in, int width, int height, double place, il_err *e)
{
    il_image result = { 0 };
    int rc = il_image_new(&result, width, height, in->channels, e);
    if (rc)
        return rc;
    size_t channels = (size_t)in->channels;
    uint8_t *to = result.pixels;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int row = (int)((y + place) * in->height / height), column = (int)((x + place) * in->width / width);
            for (size_t c = 0; c < channels; c++)
                *to++ = in->pixels[((size_t)row * (size_t)in->width + (size_t)column) * channels + c];
        }
    *out = result;
    return IL_OK;
}

int il_mask_resize(il_image *out, const il_image *in, int width, int height, il_err *e)
{
    il_mask_levels l = il_mask_levels_of(in);
    return il_mask_levels_two(&l) ? il_mask_resize_nearest(out, in, width, height, 0, e)
                                  : il_image_resize(out, in, width, height, e);
}

/* ---- the core alone ---- */

void il_mask_sharpen(il_image *mask)
{
    size_t n = (size_t)mask->width * (size_t)mask->height * (size_t)mask->channels;
    for (size_t i = 0; i < n; i++)
        mask->pixels[i] = mask->pixels[i] == 255 ? 255 : 0;
}

void il_mask_levels_sharpen(il_mask_levels *l)
{
    il_mask_levels sharp = { { 0 } };
    for (int grey = 0; grey < 255; grey++)
        sharp.bits[0] |= il_mask_levels_has(l, grey);
    sharp.bits[31] = (uint8_t)(il_mask_levels_has(l, 255) << 7);
    *l = sharp;
}
