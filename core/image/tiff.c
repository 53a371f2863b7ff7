/* tiff.c - reads the first picture of a TIFF file using libtiff: grey, RGB and palettes of up to 16 bits, in strips or tiles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include "image/codec.h"

enum { MOST_SAMPLES = 8, TAG_DNG = 50706 };

/* A file in memory, as libtiff reads it, and what went wrong first. */
struct reading {
    const il_image_file *in;
    size_t at;
    char why[200];
};

/* ---- what libtiff asks for ---- */

static tmsize_t pull(thandle_t handle, void *to, tmsize_t size)
{
    struct reading *r = handle;
    size_t left = r->at < r->in->size ? r->in->size - r->at : 0, n = (size_t)size < left ? (size_t)size : left;
    memcpy(to, r->in->data + (n ? r->at : 0), n);
    r->at += n;
    return (tmsize_t)n;
}

static tmsize_t push(thandle_t handle, void *from, tmsize_t size)
{
    (void)handle;
    (void)from;
    (void)size;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t to, int from)
{
    struct reading *r = handle;
    r->at = (size_t)to + (from == SEEK_CUR ? r->at : from == SEEK_END ? r->in->size : 0);
    return r->at;
}

static int keep_open(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    return ((struct reading *)handle)->in->size;
}

static void note(struct reading *r, const char *format, va_list args)
{
    if (!*r->why)
        vsnprintf(r->why, sizeof r->why, format, args);
    r->why[strcspn(r->why, "\r\n")] = '\0';
}

#if TIFFLIB_VERSION >= 20221213 /* 4.5: handlers of one file */

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    (void)tiff;
    (void)module;
    note(user, format, args);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

static TIFF *open_tiff(struct reading *r)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
    TIFF *tiff = TIFFClientOpenExt(r->in->path, "rm", r, pull, push, seek, keep_open, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

#else /* handlers of the process, and with the file that they are called for */

static void on_error(thandle_t handle, const char *module, const char *format, va_list args)
{
    (void)module;
    if (handle)
        note(handle, format, args);
}

/* Before any thread may read. */
__attribute__((constructor)) static void be_silent(void)
{
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    TIFFSetErrorHandlerExt(on_error);
}

static TIFF *open_tiff(struct reading *r)
{
    return TIFFClientOpen(r->in->path, "rm", r, pull, push, seek, keep_open, size_of, NULL, NULL);
}

#endif

/* ---- pixels ---- */

struct layout {
    uint32_t width, height;
    uint16_t bits, samples, photometric, planar, compression;
    uint16_t *palette[3]; /* lent */
    bool planes;          /* each sample in a plane of its own */
    int channels;         /* of the image */
};

static int damaged(const struct reading *r, il_err *e)
{
    bool memory = strstr(r->why, "ut of memory") || strstr(r->why, "emory allocation") || strstr(r->why, "o space for");
    return memory
               ? il_fail_oom(e)
               : il_fail(e, IL_EFORMAT, "%s: damaged TIFF: %s", r->in->path, *r->why ? r->why : "the data is corrupt");
}

/* The first picture of a camera's raw file is a preview. */
static bool is_raw(TIFF *tiff, const struct reading *r)
{
    uint32_t kind = 0, count = 0;
    void *version = NULL;
    TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind);
    return (kind & FILETYPE_REDUCEDIMAGE) || (r->in->size > 10 && memcmp(r->in->data + 8, "CR", 2) == 0) ||
           TIFFGetField(tiff, TAG_DNG, &count, &version);
}

static int read_layout(struct layout *l, TIFF *tiff, const struct reading *r, il_err *e)
{
    uint16_t form = SAMPLEFORMAT_UINT;
    if (is_raw(tiff, r))
        return il_fail(e, IL_EFORMAT, "%s: begins with a preview, as raw files of cameras do; expected a picture",
                       r->in->path);
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &l->width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &l->height) ||
        !TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &l->photometric))
        return damaged(r, e);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &l->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &l->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &l->planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &l->compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &form);
    if (l->photometric == PHOTOMETRIC_YCBCR && l->compression == COMPRESSION_JPEG) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        l->photometric = PHOTOMETRIC_RGB;
    }
    bool grey = l->photometric == PHOTOMETRIC_MINISBLACK || l->photometric == PHOTOMETRIC_MINISWHITE;
    bool color = l->photometric == PHOTOMETRIC_RGB, table = l->photometric == PHOTOMETRIC_PALETTE;
    bool small = l->bits == 1 || l->bits == 2 || l->bits == 4, whole = l->bits == 8 || l->bits == 16;
    l->planes = l->planar == PLANARCONFIG_SEPARATE && l->samples > 1;
    l->channels = grey ? 1 : 3;
    if (table && !TIFFGetField(tiff, TIFFTAG_COLORMAP, &l->palette[0], &l->palette[1], &l->palette[2]))
        return damaged(r, e);
    if (form != SAMPLEFORMAT_UINT || l->samples > MOST_SAMPLES || (color && (!whole || l->samples < 3)) ||
        (grey && !whole && (!small || l->samples != 1)) || (table && ((!small && l->bits != 8) || l->samples != 1)) ||
        !(grey || color || table))
        return il_fail(
            e, IL_EFORMAT,
            "%s: TIFF with %d samples of %d bits, photometric %d; expected grey or RGB of 8 or 16 bits, or a palette",
            r->in->path, l->samples, l->bits, l->photometric);
    return IL_OK;
}

/* Sample i of a row; of 16 bits the upper 8, as PNG files are read. Fewer bits keep their number where it is an index. */
static unsigned sample_at(const struct layout *l, const uint8_t *row, size_t i)
{
    if (l->bits == 8)
        return row[i];
    if (l->bits == 16) {
        uint16_t value; /* in the machine's order */
        memcpy(&value, row + 2 * i, sizeof value);
        return value >> 8;
    }
    unsigned per = 8u / l->bits, mask = (1u << l->bits) - 1;
    unsigned value = row[i / per] >> (8 - l->bits * (i % per + 1)) & mask;
    return l->photometric == PHOTOMETRIC_PALETTE ? value : value * 255 / mask;
}

/* A palette's colours have 16 bits; some writers store 8, all of them below 256. */
static bool is_narrow(const struct layout *l)
{
    unsigned most = 0;
    for (int c = 0; c < 3; c++)
        for (unsigned i = 0; i < 1u << l->bits; i++)
            most = l->palette[c][i] > most ? l->palette[c][i] : most;
    return most < 256;
}

/* Writes `count` pixels from samples of all channels, or, in planes, of channel `plane`. */
static void put_row(uint8_t *out, const struct layout *l, const uint8_t *row, uint32_t count, int plane, int shift)
{
    for (uint32_t x = 0; x < count; x++) {
        uint8_t *to = out + (size_t)x * (size_t)l->channels;
        if (l->photometric == PHOTOMETRIC_PALETTE) {
            unsigned index = sample_at(l, row, x);
            for (int c = 0; c < 3; c++)
                to[c] = (uint8_t)(l->palette[c][index] >> shift);
        } else if (l->planes) {
            to[plane] = (uint8_t)sample_at(l, row, x);
        } else {
            for (int c = 0; c < l->channels; c++)
                to[c] = (uint8_t)sample_at(l, row, (size_t)x * l->samples + (size_t)c);
        }
    }
}

static void invert(il_image *image)
{
    size_t count = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    for (size_t i = 0; i < count; i++)
        image->pixels[i] = (uint8_t)(255 - image->pixels[i]);
}

static int read_rows(il_image *image, TIFF *tiff, const struct layout *l, const struct reading *r, il_err *e)
{
    int shift = l->photometric == PHOTOMETRIC_PALETTE && !is_narrow(l) ? 8 : 0;
    uint8_t *row = malloc((size_t)TIFFScanlineSize(tiff) + 1);
    int rc = row ? IL_OK : il_fail_oom(e);
    for (int plane = 0; plane < (l->planes ? l->channels : 1) && !rc; plane++)
        for (uint32_t y = 0; y < l->height && !rc; y++)
            if (TIFFReadScanline(tiff, row, y, (uint16_t)plane) < 0)
                rc = damaged(r, e);
            else
                put_row(image->pixels + (size_t)y * l->width * (size_t)l->channels, l, row, l->width, plane, shift);
    free(row);
    return rc;
}

static int read_tiles(il_image *image, TIFF *tiff, const struct layout *l, const struct reading *r, il_err *e)
{
    int shift = l->photometric == PHOTOMETRIC_PALETTE && !is_narrow(l) ? 8 : 0;
    uint32_t wide = 0, high = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &wide);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &high);
    uint64_t bytes = TIFFTileSize64(tiff), step = TIFFTileRowSize64(tiff);
    if (!wide || !high || !bytes || (uint64_t)wide * high > 1u << 28 || bytes > 1u << 31)
        return damaged(r, e);
    uint8_t *tile = malloc((size_t)bytes);
    int rc = tile ? IL_OK : il_fail_oom(e);
    for (int plane = 0; plane < (l->planes ? l->channels : 1) && !rc; plane++)
        for (uint32_t top = 0; top < l->height && !rc; top += high)
            for (uint32_t left = 0; left < l->width && !rc; left += wide) {
                uint32_t columns = l->width - left < wide ? l->width - left : wide;
                if (TIFFReadTile(tiff, tile, left, top, 0, (uint16_t)plane) < 0)
                    rc = damaged(r, e);
                for (uint32_t y = top; y < l->height && y - top < high && !rc; y++)
                    put_row(image->pixels + ((size_t)y * l->width + left) * (size_t)l->channels, l,
                            tile + (size_t)(y - top) * step, columns, plane, shift);
            }
    free(tile);
    return rc;
}

int il_image_tiff_read(il_image *out, const il_image_file *in, il_err *e)
{
    struct reading r = { .in = in };
    struct layout l = { 0 };
    il_image image = { 0 };
    TIFF *tiff = open_tiff(&r);
    if (!tiff)
        return damaged(&r, e);
    int rc = read_layout(&l, tiff, &r, e);
    if (!rc)
        rc = il_image_file_new(&image, in, l.width, l.height, l.channels, e);
    if (!rc && !in->header_only)
        rc = TIFFIsTiled(tiff) ? read_tiles(&image, tiff, &l, &r, e) : read_rows(&image, tiff, &l, &r, e);
    if (!rc && !in->header_only && l.photometric == PHOTOMETRIC_MINISWHITE)
        invert(&image);
    TIFFClose(tiff);
    if (rc)
        il_image_free(&image);
    else
        *out = image;
    return rc;
}
