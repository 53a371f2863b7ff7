/* weights.c - safetensors and PyTorch's state dicts. */
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    fuzz_told(il_bundle_read(&b, fuzz_file("weights", data, size), &e), &e);
    il_bundle_free(b);
    return 0;
}
