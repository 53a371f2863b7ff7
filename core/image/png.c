/* png.c - reads and writes PNG files using libpng. Colour profiles and gamma are ignored; only pixel values count
 * here. */
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "image/codec.h"

/* Everything that must survive libpng's longjmp. */
struct reading {
    const il_image_file *in;
    size_t at;
    il_image image;
    uint8_t *wide;     /* all bytes of the pixels, where only one plane is wanted */
    bool memory_short; /* which libpng and zlib tell in many words */
    int rc;
    il_err *e;
};

static png_voidp allocate(png_structp png, png_alloc_size_t size)
{
    void *block = malloc(size);
    if (!block)
        *(bool *)png_get_mem_ptr(png) = true;
    return block;
}

static void release(png_structp png, png_voidp block)
{
    (void)png;
    free(block);
}

static void on_read_error(png_structp png, png_const_charp message)
{
    struct reading *r = png_get_error_ptr(png);
    if (r->memory_short)
        r->rc = il_fail_oom(r->e);
    else if (!r->rc)
        r->rc = il_fail(r->e, IL_EFORMAT, "%s: damaged PNG: %s", r->in->path, message);
    png_longjmp(png, 1);
}

/* Damaged ancillary chunks do not change pixels. */
static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void pull(png_structp png, png_bytep to, size_t n)
{
    struct reading *r = png_get_io_ptr(png);
    if (n > r->in->size - r->at)
        png_error(png, "the file ends too early");
    memcpy(to, r->in->data + r->at, n);
    r->at += n;
}

/* Grey or RGB of 8 bits, without alpha; 16 bits keep the high byte, as Pillow does. */
static int set_transforms(png_structp png, png_infop info, il_png_plane plane)
{
    int type = png_get_color_type(png, info);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (plane == IL_PNG_ALPHA && png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    if (plane != IL_PNG_LOW)
        png_set_strip_16(png);
    if (plane != IL_PNG_ALPHA)
        png_set_strip_alpha(png);
    if (plane != IL_PNG_COLOURS)
        return 1;
    return type & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

/* The last byte of each pixel: the low one of 16 bits, or alpha. */
static void read_last_bytes(png_structp png, size_t bytes, int passes, struct reading *r)
{
    size_t width = (size_t)r->image.width, height = (size_t)r->image.height, step = bytes / width;
    r->wide = malloc(bytes * height);
    r->memory_short = !r->wide;
    if (!r->wide)
        png_error(png, "out of memory");
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < height; y++)
            png_read_row(png, r->wide + y * bytes, NULL);
    for (size_t i = 0; i < width * height; i++)
        r->image.pixels[i] = r->wide[step * i + step - 1];
}

static void read_pixels(png_structp png, png_infop info, struct reading *r)
{
    png_set_read_fn(png, r, pull);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* il_image_file_new decides */
    png_read_info(png, info);
    int channels = set_transforms(png, info, r->in->plane);
    r->rc = il_image_file_new(&r->image, r->in, png_get_image_width(png, info), png_get_image_height(png, info),
                              channels, r->e);
    if (r->rc || r->in->header_only)
        return;
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t bytes = (size_t)r->image.width * (size_t)channels;
    if (r->in->plane != IL_PNG_COLOURS) {
        read_last_bytes(png, png_get_rowbytes(png, info), passes, r);
        png_read_end(png, NULL);
        return;
    }
    if (png_get_rowbytes(png, info) != bytes)
        png_error(png, "unexpected pixel layout");
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < r->image.height; y++)
            png_read_row(png, r->image.pixels + (size_t)y * bytes, NULL);
    png_read_end(png, NULL);
}

/* A separate function, so that the frame that longjmp returns to has no variables that change. */
static void try_read(png_structp png, png_infop info, struct reading *r)
{
    if (!setjmp(png_jmpbuf(png)))
        read_pixels(png, info, r);
}

int il_image_png_read(il_image *out, const il_image_file *in, il_err *e)
{
    struct reading r = { .in = in, .e = e };
    png_infop info = NULL;
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r, on_read_error, on_warning, &r.memory_short,
                                               allocate, release);
    if (png)
        info = png_create_info_struct(png);
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return il_fail_oom(e);
    }
    try_read(png, info, &r);
    png_destroy_read_struct(&png, &info, NULL);
    free(r.wide);
    if (r.rc)
        il_image_free(&r.image);
    else
        *out = r.image;
    return r.rc;
}

/* ---- writing ---- */

struct writing {
    const il_image *image;
    const char *path;
    uint8_t *data;
    size_t size, room;
    bool memory_short;
    int rc;
    il_err *e;
};

static void on_write_error(png_structp png, png_const_charp message)
{
    struct writing *w = png_get_error_ptr(png);
    if (w->memory_short)
        w->rc = il_fail_oom(w->e);
    else if (!w->rc)
        w->rc = il_fail(w->e, IL_EIO, "cannot write %s as PNG: %s", w->path, message);
    png_longjmp(png, 1);
}

static void push(png_structp png, png_bytep from, size_t n)
{
    struct writing *w = png_get_io_ptr(png);
    if (w->size + n > w->room) {
        size_t room = (w->size + n) * 2;
        uint8_t *data = realloc(w->data, room);
        w->memory_short = w->memory_short || !data;
        if (!data)
            png_error(png, "out of memory");
        w->data = data;
        w->room = room;
    }
    memcpy(w->data + w->size, from, n);
    w->size += n;
}

static void flush(png_structp png)
{
    (void)png;
}

static void write_pixels(png_structp png, png_infop info, struct writing *w)
{
    const il_image *image = w->image;
    png_set_write_fn(png, w, push, flush);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(png, 6);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 image->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    size_t bytes = (size_t)image->width * (size_t)image->channels;
    for (int y = 0; y < image->height; y++)
        png_write_row(png, image->pixels + (size_t)y * bytes);
    png_write_end(png, info);
}

static void try_write(png_structp png, png_infop info, struct writing *w)
{
    if (!setjmp(png_jmpbuf(png)))
        write_pixels(png, info, w);
}

int il_image_png_encode(uint8_t **data, size_t *size, const il_image *image, const char *path, il_err *e)
{
    struct writing w = { .image = image, .path = path, .e = e };
    png_infop info = NULL;
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &w, on_write_error, on_warning, &w.memory_short,
                                                allocate, release);
    if (png)
        info = png_create_info_struct(png);
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return il_fail_oom(e);
    }
    try_write(png, info, &w);
    png_destroy_write_struct(&png, &info);
    if (w.rc) {
        free(w.data);
        return w.rc;
    }
    *data = w.data;
    *size = w.size;
    return IL_OK;
}
