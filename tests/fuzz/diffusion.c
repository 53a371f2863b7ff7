/* diffusion.c - the JSON and text files of a diffusers folder, divided by NUL: the first byte chooses which. */
#include <inpaintlab/diffusion.h>
#include "fuzz.h"

static const il_network_opts no_weights = { .size = sizeof(il_network_opts),
                                            .dtype = IL_DTYPE_F32,
                                            .no_weights = true };

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

static int network(int which, il_err *e)
{
    il_vae *v = NULL;
    il_text_encoder *t = NULL;
    il_unet *u = NULL;
    int rc = which == 0   ? il_vae_open(&v, fuzz_folder(), &no_weights, e)
             : which == 1 ? il_text_encoder_open(&t, fuzz_folder(), &no_weights, e)
                          : il_unet_open(&u, fuzz_folder(), &no_weights, e);
    il_unet_free(u);
    il_text_encoder_free(t);
    il_vae_free(v);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {
        "vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", NULL
    };
    static const char *const plan[] = { "scheduler_config.json", NULL }, *const config[] = { "config.json", NULL };
    il_err e = { 0 };
    if (size == 0)
        return 0;
    int what = data[0] % 5;
    spread(data + 1, size - 1, what == 0 ? words : what == 1 ? plan : config);
    fuzz_told(what == 0 ? tokenizer(&e) : what == 1 ? scheduler(&e) : network(what - 2, &e), &e);
    return 0;
}
