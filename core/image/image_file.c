/* image_file.c - image files: the first bytes decide the format; files are written under a temporary name first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "image/budget.h"
#include "image/image_file.h"
#include "image/metadata.h"
#include "image/orientation.h"

enum { MAX_FILE = 1 << 30 };

/* ---- reading ---- */

int il_image_file_load(uint8_t **data, size_t *size, const char *path, il_err *e)
{
    char *bytes = NULL;
    int fd = -1;
    uint64_t count = 0;
    int rc = il_file_open(&fd, &count, path, MAX_FILE, e);
    if (rc)
        return rc;
    if (count == 0)
        rc = il_fail(e, IL_EFORMAT, "%s: the file is empty; expected an image", path);
    if (!rc)
        rc = il_budget_take_file(count, path, e);
    if (!rc)
        rc = il_file_read_open(&bytes, fd, (size_t)count, path, e);
    close(fd);
    if (rc)
        return rc;
    *data = (uint8_t *)bytes;
    *size = (size_t)count;
    return IL_OK;
}

/* ---- names ---- */

static const char *const endings[] = { ".png", ".jpg",  ".jpeg", ".webp", ".tif", ".tiff",
                                       ".bmp", ".heic", ".heif", ".avif", ".jxl" };
enum { READABLE = 6, ENDINGS = sizeof endings / sizeof *endings };

static bool ends_as_one_of(const char *name, size_t count)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
    bool named = dot && dot != name && dot != (slash ? slash + 1 : NULL);
    for (size_t i = 0; named && i < count; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

bool il_image_file_readable(const char *name)
{
    return ends_as_one_of(name, READABLE);
}

bool il_image_file_named(const char *name)
{
    return ends_as_one_of(name, ENDINGS);
}

/* ---- decoding ---- */

static bool begins(const il_image_file *in, size_t at, const char *magic, size_t n)
{
    return in->size >= at + n && memcmp(in->data + at, magic, n) == 0;
}

static int decode(il_image *out, const il_image_file *in, il_err *e)
{
    if (begins(in, 0, "\x89PNG\r\n\x1a\n", 8))
        return il_image_png_read(out, in, e);
    if (begins(in, 0, "\xff\xd8\xff", 3))
        return il_image_jpeg_read(out, in, e);
    if (begins(in, 0, "RIFF", 4) && begins(in, 8, "WEBP", 4))
        return il_image_webp_read(out, in, e);
    if (begins(in, 0, "II*\0", 4) || begins(in, 0, "MM\0*", 4))
        return il_image_tiff_read(out, in, e);
    return il_fail(e, IL_EFORMAT, "%s: not a supported image; expected PNG, JPEG, WebP or TIFF", in->path);
}

int il_image_file_decode(il_image *out, const il_image_file *in, il_err *e)
{
    il_budget_enter();
    int rc = decode(out, in, e);
    il_budget_leave();
    return rc;
}

int il_image_file_decode_upright(il_image *out, const il_image_file *in, il_err *e)
{
    il_image image = { 0 };
    int orientation = il_metadata_read(in->data, in->size).orientation;
    int rc = il_image_file_decode(&image, in, e);
    if (!rc && in->header_only)
        il_orientation_turn_size(&image.width, &image.height, orientation);
    else if (!rc)
        rc = il_orientation_apply(&image, orientation, e);
    if (rc)
        il_image_free(&image);
    else
        *out = image;
    return rc;
}

int il_image_file_make_rgb(il_image *image, il_err *e)
{
    il_image rgb = { 0 };
    if (image->channels == 3)
        return IL_OK;
    int rc = il_image_to_rgb(&rgb, image, e);
    if (rc)
        return rc;
    il_image_free(image);
    *image = rgb;
    return IL_OK;
}

static int load_upright(il_image *out, il_image_file in, il_err *e)
{
    uint8_t *data = NULL;
    il_budget_enter();
    int rc = il_image_file_load(&data, &in.size, in.path, e);
    in.data = data;
    if (!rc)
        rc = il_image_file_decode_upright(out, &in, e);
    il_budget_leave();
    free(data);
    return rc;
}

int il_image_read(il_image *out, const char *path, il_err *e)
{
    return load_upright(out, (il_image_file){ .path = path }, e);
}

int il_image_size(int *width, int *height, const char *path, il_err *e)
{
    il_image header = { 0 };
    int rc = load_upright(&header, (il_image_file){ .path = path, .header_only = true }, e);
    if (rc)
        return rc;
    *width = header.width;
    *height = header.height;
    return IL_OK;
}

/* ---- what EXIF turns ---- */

int il_image_file_digest(il_digest *out, const char *path, il_err *e)
{
    uint8_t *data = NULL;
    size_t size = 0;
    char *bytes = NULL;
    char turned[100];
    int rc = il_file_read(&bytes, &size, path, MAX_FILE, e); /* an empty one, too, has a hash */
    if (rc)
        return rc;
    data = (uint8_t *)bytes;
    int orientation = il_metadata_read(data, size).orientation;
    il_digest d = il_sha256(data, size);
    free(data);
    if (orientation != 1) {
        int n = snprintf(turned, sizeof turned, "%s turned by EXIF orientation %d", d.hex, orientation);
        d = il_sha256(turned, (size_t)n);
    }
    *out = d;
    return IL_OK;
}

/* 1 when the file cannot be read: a data set may make its pictures of something else. */
static int orientation_of(int *out, const char *path, il_err *e)
{
    uint8_t *data = NULL;
    size_t size = 0;
    il_err why = { 0 };
    int rc = path ? il_image_file_load(&data, &size, path, &why) : IL_EIO;
    *out = rc ? 1 : il_metadata_read(data, size).orientation;
    free(data);
    return rc == IL_ENOMEM ? il_fail_oom(e) : IL_OK;
}

int il_image_file_check_mask(const il_image *picture, const char *path, const il_image *mask, const char *named,
                             il_err *e)
{
    int width = picture->width, height = picture->height, orientation, own = 1;
    bool equal = mask->width == width && mask->height == height;
    int rc = orientation_of(&orientation, path, e);
    bool keeps = (orientation >= 2 && orientation <= 4) || (orientation >= 5 && width == height);
    if (!rc && equal && keeps)
        rc = orientation_of(&own, named, e);
    if (!rc && equal && keeps && own != orientation)
        return il_fail(
            e, IL_EDATA,
            "%s: its image %s is turned by its EXIF orientation %d, which keeps its size, so that it cannot be told "
            "whether the mask is of the turned or of the stored pixels; store the image upright",
            named, path, orientation);
    if (rc || equal)
        return rc;
    il_orientation_turn_size(&width, &height, orientation);
    if (orientation != 1 && mask->width == width && mask->height == height)
        return il_fail(
            e, IL_EDATA,
            "%s: the mask is %dx%d pixels like the stored pixels of its image %s, which is %dx%d when turned as "
            "its EXIF orientation %d says; turn the mask too, or store the image upright",
            named, mask->width, mask->height, path, picture->width, picture->height, orientation);
    return il_fail(e, IL_EDATA, "%s: the mask is %dx%d pixels, its image %s %dx%d; expected equal sizes", named,
                   mask->width, mask->height, path, picture->width, picture->height);
}

/* ---- writing ---- */

/* Not synced to disk: a data set has too many images to wait for that. */
static int save(const char *path, const uint8_t *data, size_t size, il_err *e)
{
    il_atomic_file w;
    int rc = il_atomic_file_begin(&w, path, e);
    return rc ? rc : il_atomic_file_end(&w, path, false, il_atomic_file_put(&w, data, size, e), e);
}

static bool ends(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

int il_image_write(const il_image *image, const char *path, il_err *e)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int rc;
    if (!image->pixels)
        return il_fail(e, IL_EPARAM, "cannot write %s: the image is empty", path);
    if (ends(path, ".png"))
        rc = il_image_png_encode(&data, &size, image, path, e);
    else if (ends(path, ".webp"))
        rc = il_image_webp_encode(&data, &size, image, path, e);
    else
        return il_fail(e, IL_EPARAM, "cannot write %s: the name must end in .png or .webp", path);
    if (!rc)
        rc = save(path, data, size, e);
    free(data);
    return rc;
}
