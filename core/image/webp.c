/* webp.c - reads and writes lossy and lossless WebP files using libwebp. */
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include "image/codec.h"

/* libwebp's lossless presets go from 0 (fast) to 9 (small). */
enum { EFFORT = 1 };

static const char *status_text(VP8StatusCode status)
{
    switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return "the file ends too early";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return "a feature that libwebp does not support";
    case VP8_STATUS_OUT_OF_MEMORY:
        return "out of memory";
    default:
        return "the data is corrupt";
    }
}

static int fail_status(const il_image_file *in, VP8StatusCode status, il_err *e)
{
    return il_fail(e, status == VP8_STATUS_OUT_OF_MEMORY ? IL_ENOMEM : IL_EFORMAT, "%s: damaged WebP: %s", in->path,
                   status_text(status));
}

int il_image_webp_read(il_image *out, const il_image_file *in, il_err *e)
{
    WebPDecoderConfig config;
    il_image image = { 0 };
    if (!WebPInitDecoderConfig(&config))
        return il_fail(e, IL_EIO, "%s: the version of libwebp does not match its headers", in->path);
    VP8StatusCode status = WebPGetFeatures(in->data, in->size, &config.input);
    if (status != VP8_STATUS_OK)
        return fail_status(in, status, e);
    if (config.input.has_animation)
        return il_fail(e, IL_EFORMAT, "%s: is an animated WebP; expected a still image", in->path);
    int rc = il_image_file_new(&image, in, config.input.width, config.input.height, 3, e);
    if (rc)
        return rc;
    if (!in->header_only) {
        config.output.colorspace = MODE_RGB;
        config.output.is_external_memory = 1;
        config.output.u.RGBA.rgba = image.pixels;
        config.output.u.RGBA.stride = image.width * 3;
        config.output.u.RGBA.size = (size_t)image.width * (size_t)image.height * 3;
        status = WebPDecode(in->data, in->size, &config);
        WebPFreeDecBuffer(&config.output);
    }
    if (status != VP8_STATUS_OK) {
        il_image_free(&image);
        return fail_status(in, status, e);
    }
    *out = image;
    return IL_OK;
}

static int import_pixels(WebPPicture *picture, const il_image *image, const char *path, il_err *e)
{
    il_image rgb = { 0 };
    int rc = il_image_to_rgb(&rgb, image, e);
    if (rc)
        return rc;
    picture->width = rgb.width;
    picture->height = rgb.height;
    if (!WebPPictureImportRGB(picture, rgb.pixels, rgb.width * 3))
        rc = il_fail(e, IL_ENOMEM, "%s: out of memory", path);
    il_image_free(&rgb);
    return rc;
}

static int encode(uint8_t **data, size_t *size, const il_image *image, const WebPConfig *config, const char *path,
                  il_err *e)
{
    WebPPicture picture;
    WebPMemoryWriter writer;
    if (image->width > WEBP_MAX_DIMENSION || image->height > WEBP_MAX_DIMENSION)
        return il_fail(e, IL_EPARAM, "cannot write %s: WebP cannot store %dx%d pixels; expected at most %d a side",
                       path, image->width, image->height, WEBP_MAX_DIMENSION);
    if (!WebPPictureInit(&picture))
        return il_fail(e, IL_EIO, "%s: the version of libwebp does not match its headers", path);
    WebPMemoryWriterInit(&writer);
    picture.use_argb = config->lossless;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    int rc = import_pixels(&picture, image, path, e);
    if (rc)
        goto done;
    if (!WebPEncode(config, &picture)) {
        rc = il_fail(e, IL_EIO, "cannot write %s as WebP: libwebp error %d", path, (int)picture.error_code);
        goto done;
    }
    *data = malloc(writer.size);
    if (!*data) {
        rc = il_fail_oom(e);
        goto done;
    }
    memcpy(*data, writer.mem, writer.size);
    *size = writer.size;
done:
    WebPMemoryWriterClear(&writer);
    WebPPictureFree(&picture);
    return rc;
}

int il_image_webp_encode(uint8_t **data, size_t *size, const il_image *image, const char *path, il_err *e)
{
    WebPConfig config;
    if (!WebPConfigInit(&config) || !WebPConfigLosslessPreset(&config, EFFORT))
        return il_fail(e, IL_EIO, "%s: the version of libwebp does not match its headers", path);
    config.exact = 1;
    return encode(data, size, image, &config, path, e);
}

int il_image_webp_encode_lossy(uint8_t **data, size_t *size, const il_image *image, int quality, const char *path,
                               il_err *e)
{
    WebPConfig config;
    if (!WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, (float)quality))
        return il_fail(e, IL_EIO, "%s: the version of libwebp does not match its headers", path);
    return encode(data, size, image, &config, path, e);
}
