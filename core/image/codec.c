/* codec.c - shared by the readers of image formats. */
#include "image/budget.h"
#include "image/codec.h"
#include "image/limits.h"

int il_image_file_new(il_image *out, const il_image_file *in, int64_t width, int64_t height, int channels, il_err *e)
{
    /* no format allows a side of 2^32, so the product does not overflow */
    if (width < 1 || height < 1 || width * height > IL_IMAGE_MAX_PIXELS)
        return il_fail(e, IL_EFORMAT, "%s: the header says %lldx%lld pixels; expected at most %d in all", in->path,
                       (long long)width, (long long)height, IL_IMAGE_MAX_PIXELS);
    if (in->header_only) {
        *out = (il_image){ (int)width, (int)height, channels, NULL };
        return IL_OK;
    }
    int rc = il_budget_take_picture(width, height, in->path, e);
    return rc ? rc : il_image_new(out, (int)width, (int)height, channels, e);
}
