/* weights.c - safetensors and PyTorch's state dicts: as they are, as the weights of a small model, and as a generator whose notes
 * say how large it is. */
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "fuzz.h"
#include "network.h"

static const il_device cpu = { IL_DEVICE_CPU, 0 };

static il_state *small_model(void)
{
    il_err e = { 0 };
    il_state *st = NULL;
    if (il_state_new(&st, cpu, 1, &e) != IL_OK)
        abort();
    il_state_param(st, "weight", IL_INIT_ZEROS, 1, 2, (int64_t[]){ 2, 3 });
    il_state_buffer(st, "count", IL_DTYPE_I64, 0, 0, NULL);
    if (il_state_status(st, &e) != IL_OK)
        abort();
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static il_state *model;
    il_err e = { 0 }, none = { 0 };
    il_bundle *b = NULL;
    network *generator = NULL;
    const char *path = fuzz_file("weights", data, size);
    int rc = il_bundle_read(&b, path, &e);
    fuzz_told(rc, &e);
    if (rc)
        return 0;
    if (!model)
        model = small_model();
    fuzz_told(il_state_load(model, b, NULL, &e), &e);
    il_bundle_free(b);
    fuzz_told(network_read(&generator, path, cpu, &none), &none);
    network_free(generator);
    return 0;
}
