/* diffusion.c - what is read of a diffusers folder without libtorch, by the first byte: the files of a tokenizer, divided by NUL; a
 * scheduler; a U-Net's options; the index of weights in several files. */
#include <inpaintlab/diffusion.h>
#include "base/dependencies.h"
#include "diffusion/unet_options.h"
#include "diffusion/weights.h"
#include "fuzz.h"

/* Files of the folder, in this order; an empty part: none. */
static void spread(const uint8_t *data, size_t size, const char *const *names)
{
    for (; *names; names++) {
        const uint8_t *end = size ? memchr(data, 0, size) : NULL;
        size_t part = end ? (size_t)(end - data) : size;
        const char *path = fuzz_file(*names, data, part);
        if (part == 0)
            unlink(path);
        data += part + (end != NULL);
        size -= part + (end != NULL);
    }
}

static int tokenizer(il_err *e)
{
    il_tokenizer *t = NULL;
    int64_t ids[IL_TOKENIZER_LENGTH];
    int cut;
    int rc = il_tokenizer_open(&t, fuzz_folder(), e);
    if (!rc)
        rc = il_tokenizer_encode(ids, &cut, t, "A dog's 2nd photo, \xc3\xa9t\xc3\xa9 <|endoftext|> \xff", e);
    il_tokenizer_free(t);
    return rc;
}

static int scheduler(il_err *e)
{
    il_scheduler *d = NULL;
    const int64_t *steps;
    size_t count;
    int rc = il_scheduler_open(&d, fuzz_folder(), "", e);
    if (!rc)
        rc = il_scheduler_start(d, 7, &steps, &count, e);
    il_scheduler_free(d);
    return rc;
}

static int unet(il_err *e)
{
    il_options *c = NULL;
    il_unet_options o = { 0 };
    int rc = il_options_open(&c, fuzz_folder(), "config.json", e);
    if (rc)
        return rc;
    il_unet_options_read(&o, c);
    rc = il_options_status(c, e);
    il_options_free(c);
    return rc;
}

static int weights(il_err *e)
{
    const il_weights_spec w = { .folder = fuzz_folder(), .stem = "model", .pickled = "pytorch_model" };
    il_uses uses = { 0 };
    int rc = il_weights_uses(&uses, w, e);
    il_uses_clear(&uses);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[][6] = {
        { "vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json" },
        { "scheduler_config.json" },
        { "config.json" },
        { "model.safetensors.index.json" },
    };
    static int (*const readers[])(il_err *) = { tokenizer, scheduler, unet, weights };
    il_err e = { 0 };
    if (size == 0)
        return 0;
    size_t what = data[0] % (sizeof readers / sizeof *readers);
    spread(data + 1, size - 1, names[what]);
    fuzz_told(readers[what](&e), &e);
    return 0;
}
