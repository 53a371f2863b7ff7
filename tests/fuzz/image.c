/* image.c - pictures: header, pixels, orientation; and as masks. */
#include "detect/input_image.h"
#include "fuzz.h"
#include "image/mask_file.h"

enum { MOST = 1 << 20 }; /* pixels that are worth the time */

static void read_mask(const char *path, il_mask_channel channel)
{
    il_err e = { 0 };
    il_image mask = { 0 };
    bool changed = false;
    fuzz_told(il_mask_read(&mask, &changed, path, channel, &e), &e);
    il_image_free(&mask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_input_image s = { 0 };
    const char *path = fuzz_file("picture", data, size);
    int rc = il_input_image_open(&s, path, &e);
    bool small = !rc && (int64_t)s.width * s.height <= MOST;
    if (small)
        rc = il_input_image_decode(&s, &e);
    fuzz_told(rc, &e);
    for (int channel = IL_MASK_AUTO; small && channel <= IL_MASK_ALPHA; channel++)
        read_mask(path, (il_mask_channel)channel);
    il_input_image_close(&s);
    return 0;
}
