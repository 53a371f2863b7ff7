/* files.c - lists the files of a network or a pipeline. */
#include <stdlib.h>
#include <unistd.h>
#include <inpaintlab/diffusion.h>
#include "base/text.h"
#include "diffusion/checkpoint.h"
#include "diffusion/vae.h"
#include "diffusion/weights.h"

/* Adds folder/name; an optional file may be absent. */
static int add(il_uses *out, const char *folder, const char *name, bool optional, il_err *e)
{
    il_text path = { 0 };
    il_text_add(&path, "%s/%s", folder, name);
    int rc = path.failed || !path.data ? il_fail_oom(e) : IL_OK;
    if (!rc && !(optional && access(path.data, F_OK) != 0))
        rc = il_uses_add(out, path.data, e);
    il_text_free(&path);
    return rc;
}

static int add_network(il_uses *out, const char *folder, const char *variant, bool text, il_err *e)
{
    const il_weights_spec w = { .folder = folder,
                                .variant = variant,
                                .stem = text ? "model" : "diffusion_pytorch_model",
                                .pickled = text ? "pytorch_model" : "diffusion_pytorch_model" };
    int rc = add(out, folder, "config.json", false, e);
    return rc ? rc : il_weights_uses(out, w, e);
}

int il_files_vae(il_uses *out, const char *path, const char *variant, il_err *e)
{
    char *config = il_text_path(path, "config.json"), *first = NULL, *second = NULL;
    int rc = config ? IL_OK : il_fail_oom(e);
    if (!rc && access(config, F_OK) == 0)
        rc = add_network(out, path, variant, false, e);
    else if (!rc && (rc = il_vae_find(&first, &second, path, e)) == IL_OK) {
        rc = il_uses_add(out, first, e);
        if (!rc && second)
            rc = il_uses_add(out, second, e);
    }
    free(config);
    free(first);
    free(second);
    return rc;
}

int il_files_published(il_uses *out, bool published, il_err *e)
{
    return published ? il_uses_note(out, "published range, cut to 8 bits", e) : IL_OK;
}

static int add_tokenizer(il_uses *out, const char *folder, il_err *e)
{
    static const char *const names[] = { "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
                                         "special_tokens_map.json" };
    int rc = IL_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && !rc; i++)
        rc = add(out, folder, names[i], true, e);
    return rc;
}

static int add_checkpoint(il_uses *out, const char *path, il_err *e)
{
    char *tokenizer = il_checkpoint_tokenizer(path);
    int rc = tokenizer ? il_uses_add(out, path, e) : il_fail_oom(e);
    if (!rc)
        rc = add_tokenizer(out, tokenizer, e);
    free(tokenizer);
    return rc;
}

int il_files_pipeline(il_uses *out, const char *path, const char *variant, il_err *e)
{
    enum { TOKENIZER, SCHEDULER, TEXT, PARTS = 5 };
    static const char *const names[PARTS] = { "tokenizer", "scheduler", "text_encoder", "unet", "vae" };
    if (il_checkpoint_is(path))
        return add_checkpoint(out, path, e);
    int rc = add(out, path, "model_index.json", false, e);
    for (int i = 0; i < PARTS && !rc; i++) {
        char *part = il_text_path(path, names[i]);
        if (!part)
            rc = il_fail_oom(e);
        else if (i == TOKENIZER)
            rc = add_tokenizer(out, part, e);
        else if (i == SCHEDULER)
            rc = add(out, part, "scheduler_config.json", false, e);
        else
            rc = add_network(out, part, variant, i == TEXT, e);
        free(part);
    }
    return rc;
}
