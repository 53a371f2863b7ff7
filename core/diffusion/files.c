/* files.c - lists the files of a network or a pipeline. */
#include <stdlib.h>
#include <unistd.h>
#include <inpaintlab/diffusion.h>
#include "base/text.h"
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
    static const char *const names[] = { "tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer.json",
                                         "tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json" };
    int rc = IL_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && !rc; i++)
        rc = add(out, folder, names[i], true, e);
    return rc;
}

int il_files_pipeline(il_uses *out, const char *folder, const char *variant, il_err *e)
{
    static const char *const networks[] = { "text_encoder", "unet", "vae" };
    int rc = add(out, folder, "model_index.json", false, e);
    if (!rc)
        rc = add_tokenizer(out, folder, e);
    if (!rc)
        rc = add(out, folder, "scheduler/scheduler_config.json", false, e);
    for (size_t i = 0; i < sizeof networks / sizeof *networks && !rc; i++) {
        il_text path = { 0 };
        il_text_add(&path, "%s/%s", folder, networks[i]);
        rc = path.failed || !path.data ? il_fail_oom(e) : add_network(out, path.data, variant, i == 0, e);
        il_text_free(&path);
    }
    return rc;
}
