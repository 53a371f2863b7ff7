/* jpeg.c - reads and writes JPEG files using libjpeg. Damage that libjpeg would conceal is an error here; what it only
 * remarks on is not. */
#include <jerror.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h> /* wants stdio.h before it */

#include "image/codec.h"

/* Everything that must survive the longjmp. `manager` comes first: libjpeg passes back a pointer to it. */
struct reading {
    struct jpeg_error_mgr manager;
    jmp_buf back;
    struct jpeg_decompress_struct jpeg;
    const il_image_file *in;
    il_image image;
    uint8_t *cmyk;  /* one row */
    bool in_blocks; /* the headers before the first scan are read */
    int rc;
    il_err *e;
};

static _Noreturn void on_error(j_common_ptr jpeg)
{
    struct reading *r = (struct reading *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    r->rc = jpeg->err->msg_code == JERR_OUT_OF_MEMORY
                ? il_fail_oom(r->e)
                : il_fail(r->e, IL_EFORMAT, "%s: damaged JPEG: %s", r->in->path, message);
    longjmp(r->back, 1);
}

/* Bytes of one value 0 before a marker pad a file. */
static bool is_padding(const struct jpeg_source_mgr *from, const struct reading *r, size_t count)
{
    const uint8_t *end = from->next_input_byte; /* libjpeg has taken them, and not yet the marker */
    if (end < r->in->data || end > r->in->data + r->in->size || (size_t)(end - r->in->data) < count)
        return false;
    for (size_t i = 1; i <= count; i++)
        if (end[-(ptrdiff_t)i] != 0)
            return false;
    return true;
}

/* Bytes that belong to no marker. Among the headers they cost no pixel: a missing table is an error of its own. After the
 * blocks, a few bytes before the end of the image, as some programs write them, and zeros are harmless: all pixels are
 * present. After one flipped bit in the blocks, where libjpeg gives no other warning, more than 4 are left over in 99 of
 * 100 cases. */
static bool is_stray(const struct reading *r)
{
    enum { MOST_STRAY = 4 };
    const int *said = r->manager.msg_parm.i;
    return !r->in_blocks || (said[1] == JPEG_EOI && said[0] <= MOST_STRAY) ||
           is_padding(r->jpeg.src, r, (size_t)said[0]);
}

/* Warnings about what the headers say that leave every pixel as it was written. All others tell of lost pixels: data
 * that ends too early, invalid codes, restart markers or scans that are missing. */
static bool is_harmless(const struct reading *r)
{
    switch (r->manager.msg_code) {
    case JWRN_NOT_SEQUENTIAL: /* a spectral end other than 63 in a sequential file, which has no use for it */
    case JWRN_JFIF_MAJOR:     /* an unknown version of JFIF */
    case JWRN_ADOBE_XFORM: /* an unknown colour transform: taken for YCbCr, as everywhere */ return true;
    case JWRN_EXTRANEOUS_DATA: return is_stray(r);
    default: return false;
    }
}

/* Levels below 0 are warnings. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && !is_harmless((const struct reading *)jpeg->err))
        on_error(jpeg);
}

static void read_rows(struct reading *r)
{
    size_t bytes = (size_t)r->image.width * (size_t)r->image.channels;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        JSAMPROW row = r->image.pixels + (size_t)r->jpeg.output_scanline * bytes;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
}

/* Inverted CMYK, as Adobe writes it and Pillow assumes; converted as Pillow does. */
static void read_cmyk_rows(struct reading *r)
{
    r->cmyk = malloc((size_t)r->image.width * 4);
    if (!r->cmyk) {
        r->rc = il_fail_oom(r->e);
        return;
    }
    uint8_t *to = r->image.pixels;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        JSAMPROW row = r->cmyk;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
        for (int x = 0; x < r->image.width; x++)
            for (int c = 0; c < 3; c++) {
                unsigned light = r->cmyk[4 * x + 3];
                unsigned taken = (255u - r->cmyk[4 * x + c]) * light + 128;
                *to++ = (uint8_t)(light - (((taken >> 8) + taken) >> 8));
            }
    }
}

static void read_pixels(struct reading *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, r->in->data, r->in->size);
    jpeg_read_header(jpeg, TRUE);
    int channels = jpeg->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    r->rc = il_image_file_new(&r->image, r->in, jpeg->image_width, jpeg->image_height, channels, r->e);
    if (r->rc || r->in->header_only)
        return;
    r->in_blocks = true;
    jpeg_start_decompress(jpeg);
    if (cmyk)
        read_cmyk_rows(r);
    else
        read_rows(r);
    if (!r->rc)
        jpeg_finish_decompress(jpeg);
}

int il_image_jpeg_read(il_image *out, const il_image_file *in, il_err *e)
{
    struct reading *r = calloc(1, sizeof *r);
    if (!r)
        return il_fail_oom(e);
    r->in = in;
    r->e = e;
    r->jpeg.err = jpeg_std_error(&r->manager);
    r->manager.error_exit = on_error;
    r->manager.emit_message = on_message;
    if (!setjmp(r->back))
        read_pixels(r);
    jpeg_destroy_decompress(&r->jpeg);
    int rc = r->rc;
    if (rc)
        il_image_free(&r->image);
    else
        *out = r->image;
    free(r->cmyk);
    free(r);
    return rc;
}

/* ---- writing ---- */

struct writing {
    struct jpeg_error_mgr manager; /* first, as above */
    jmp_buf back;
    struct jpeg_compress_struct jpeg;
    const char *path;
    unsigned char *data; /* allocated by libjpeg with malloc */
    unsigned long size;
    bool under_way; /* libjpeg may have replaced `data` by a larger block, and reports it only at the end */
    int rc;
    il_err *e;
};

static _Noreturn void on_write_error(j_common_ptr jpeg)
{
    struct writing *w = (struct writing *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    w->rc = jpeg->err->msg_code == JERR_OUT_OF_MEMORY
                ? il_fail_oom(w->e)
                : il_fail(w->e, IL_EIO, "cannot write %s as JPEG: %s", w->path, message);
    longjmp(w->back, 1);
}

static void write_pixels(struct writing *w, const il_image *image, int quality)
{
    struct jpeg_compress_struct *jpeg = &w->jpeg;
    size_t bytes = (size_t)image->width * (size_t)image->channels;
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &w->data, &w->size);
    jpeg->image_width = (JDIMENSION)image->width;
    jpeg->image_height = (JDIMENSION)image->height;
    jpeg->input_components = image->channels;
    jpeg->in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg); /* 4:2:0 */
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    w->under_way = true;
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = image->pixels + jpeg->next_scanline * bytes;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

int il_image_jpeg_encode(uint8_t **data, size_t *size, const il_image *image, int quality, const char *path, il_err *e)
{
    struct writing *w = calloc(1, sizeof *w);
    if (!w)
        return il_fail_oom(e);
    w->path = path;
    w->e = e;
    w->jpeg.err = jpeg_std_error(&w->manager);
    w->manager.error_exit = on_write_error;
    if (!setjmp(w->back))
        write_pixels(w, image, quality);
    jpeg_destroy_compress(&w->jpeg);
    int rc = w->rc;
    if (rc && !w->under_way) {
        free(w->data);
    } else if (!rc) {
        *data = w->data;
        *size = w->size;
    }
    free(w);
    return rc;
}
