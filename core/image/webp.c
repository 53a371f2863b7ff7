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
    case VP8_STATUS_SUSPENDED: return "the file ends too early";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "a feature that libwebp does not support";
    case VP8_STATUS_OUT_OF_MEMORY:
    case VP8_STATUS_USER_ABORT: /* libwebp's word for output buffers that it could not get */ return "out of memory";
    default: return "the data is corrupt";
    }
}

static int fail_status(const il_image_file *in, VP8StatusCode status, il_err *e)
{
    if (status == VP8_STATUS_OUT_OF_MEMORY || status == VP8_STATUS_USER_ABORT)
        return il_fail(e, IL_ENOMEM, "%s: %s", in->path, status_text(status));
    return il_fail(e, IL_EFORMAT, "%s: damaged WebP: %s", in->path, status_text(status));
}

static VP8StatusCode decode(const il_image *into, const il_image_file *in)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return VP8_STATUS_INVALID_PARAM;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = into->pixels;
    config.output.u.RGBA.stride = into->width * 3;
    config.output.u.RGBA.size = (size_t)into->width * (size_t)into->height * 3;
    VP8StatusCode status = WebPDecode(in->data, in->size, &config);
    WebPFreeDecBuffer(&config.output);
    return status;
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
    if (!in->header_only)
        status = decode(&image, in);
    if (status == VP8_STATUS_BITSTREAM_ERROR) /* libwebp calls some failed allocations so: damage is damage twice */
        status = decode(&image, in);
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
        bool memory_short = picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
                            picture.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ||
                            picture.error_code == VP8_ENC_ERROR_BAD_WRITE; /* the memory writer's */
        rc = memory_short
                 ? il_fail_oom(e)
                 : il_fail(e, IL_EIO, "cannot write %s as WebP: libwebp error %d", path, (int)picture.error_code);
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
