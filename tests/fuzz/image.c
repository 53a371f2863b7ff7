/* image.c - pictures: header, pixels, orientation. */
#include "detect/input_image.h"
#include "fuzz.h"

enum { MOST = 1 << 20 }; /* pixels that are worth the time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_input_image s = { 0 };
    int rc = il_input_image_open(&s, fuzz_file("picture", data, size), &e);
    if (!rc && (int64_t)s.width * s.height <= MOST)
        rc = il_input_image_decode(&s, &e);
    fuzz_told(rc, &e);
    il_input_image_close(&s);
    return 0;
}
