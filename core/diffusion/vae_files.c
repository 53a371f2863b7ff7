/* vae_files.c - autoencoders without config.json: one file in the layout of CompVis, Black Forest Labs or diffusers, or TAESD's
 * pair of files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/text.h"
#include "diffusion/vae.h"

/* ---- which files ---- */

static const char *const endings[] = { ".safetensors", ".pth", ".pt", ".ckpt",
                                       ".bin" }; /* of pairs; in order of preference */
enum { ENDINGS = sizeof endings / sizeof *endings };
static const char encoder_part[] = "_encoder", decoder_part[] = "_decoder";

/* Whether name is STEM, part, ending; *stem the length of STEM. */
static bool is_part(size_t *stem, const char *name, const char *part, const char *ending)
{
    const size_t n = strlen(name), p = strlen(part), x = strlen(ending);
    if (n <= p + x || strcmp(name + n - x, ending) != 0 || strncmp(name + n - x - p, part, p) != 0)
        return false;
    *stem = n - x - p;
    return true;
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* folder/STEM_encoder and its decoder; the stem and the ending are those of `name`. */
static int make_pair(char **first, char **second, const char *folder, const char *name, size_t stem, const char *ending,
                     il_err *e)
{
    il_text a = { 0 }, b = { 0 };
    il_text_add(&a, "%s/%.*s%s%s", folder, (int)stem, name, encoder_part, ending);
    il_text_add(&b, "%s/%.*s%s%s", folder, (int)stem, name, decoder_part, ending);
    if (a.failed || b.failed) {
        il_text_free(&a);
        il_text_free(&b);
        return il_fail_oom(e);
    }
    *first = a.data;
    *second = b.data;
    return IL_OK;
}

/* The only pair of the folder; of a pair in several formats the first of `endings`. */
static int find_pair(char **first, char **second, const char *folder, il_err *e)
{
    il_file_names names = { 0 };
    const char *found = NULL;
    size_t stem = 0, length;
    int rc = il_file_list(&names, folder, e);
    for (size_t x = 0; x < ENDINGS && !rc; x++)
        for (size_t i = 0; i < names.count && !rc; i++) {
            char *a = NULL, *b = NULL;
            if (!is_part(&length, names.list[i], encoder_part, endings[x]))
                continue;
            const bool same = found && stem == length && strncmp(found, names.list[i], stem) == 0;
            rc = make_pair(&a, &b, folder, names.list[i], length, endings[x], e);
            if (!rc && !same && exists(b)) {
                if (found) {
                    rc = il_fail(e, IL_EPARAM,
                                 "%s holds more than one autoencoder, %s and %s; expected the name of one "
                                 "of these files",
                                 folder, found, names.list[i]);
                } else {
                    found = names.list[i];
                    stem = length;
                    *first = a;
                    *second = b;
                    a = b = NULL;
                }
            }
            free(a);
            free(b);
        }
    if (!rc && !found)
        rc = il_fail(e, IL_EIO,
                     "%s holds neither config.json, vae/config.json nor a pair NAME_encoder.pth and "
                     "NAME_decoder.pth (or .safetensors)",
                     folder);
    il_file_names_free(&names);
    return rc;
}

static int find_files(char **first, char **second, const char *path, il_err *e)
{
    struct stat st;
    size_t stem;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return find_pair(first, second, path, e);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t x = 0; x < ENDINGS; x++)
        if (is_part(&stem, name, encoder_part, endings[x]) || is_part(&stem, name, decoder_part, endings[x])) {
            il_text folder = { 0 };
            il_text_add(&folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
            int rc = folder.failed
                         ? il_fail_oom(e)
                         : make_pair(first, second, folder.data ? folder.data : "", name, stem, endings[x], e);
            il_text_free(&folder);
            return rc;
        }
    *first = il_text_copy(path);
    return *first ? IL_OK : il_fail_oom(e);
}

int il_vae_find(char **first, char **second, const char *path, il_err *e)
{
    char *a = NULL, *b = NULL;
    int rc = find_files(&a, &b, path, e);
    if (rc) {
        free(a);
        free(b);
        return rc;
    }
    *first = a;
    *second = b;
    return IL_OK;
}

/* ---- names ---- */

/* TAESD's sequences, "3.conv.0.weight". Its decoder begins with a layer that diffusers does not count. */
static bool rename_sequence(char out[IL_NAMED_SIZE], const char *name, const char *half, long skipped)
{
    char *rest;
    const long index = strtol(name, &rest, 10);
    if (*name < '0' || *name > '9' || *rest != '.' || index < skipped || index > 1000)
        return false;
    return snprintf(out, IL_NAMED_SIZE, "%s.layers.%ld%s", half, index - skipped, rest) < IL_NAMED_SIZE;
}

static bool rename_encoder(char out[IL_NAMED_SIZE], const char *name)
{
    return rename_sequence(out, name, "encoder", 0);
}

static bool rename_decoder(char out[IL_NAMED_SIZE], const char *name)
{
    return rename_sequence(out, name, "decoder", 1);
}

/* The layout of CompVis and Black Forest Labs, besides the levels of the decoder; what is diffusers' already stays. The statistics
 * of FLUX.2's latents (bn.…) are the diffusion model's. */
static bool rename_single(char out[IL_NAMED_SIZE], const char *name)
{
    static const char *const prefixes[] = { "first_stage_model.", "vae." };
    static const char *const parts[] = { "encoder.", "decoder.", "quant_conv.", "post_quant_conv." };
    static const il_named_pair pairs[] = { { "encoder.quant_conv.", "quant_conv." },
                                           { "decoder.post_quant_conv.", "post_quant_conv." },
                                           { ".down.", ".down_blocks." },
                                           { ".block.", ".resnets." },
                                           { ".downsample.", ".downsamplers.0." },
                                           { ".upsample.", ".upsamplers.0." },
                                           { ".mid.block_1.", ".mid_block.resnets.0." },
                                           { ".mid.block_2.", ".mid_block.resnets.1." },
                                           { ".mid.attn_1.norm.", ".mid_block.attentions.0.group_norm." },
                                           { ".mid.attn_1.q.", ".mid_block.attentions.0.to_q." },
                                           { ".mid.attn_1.k.", ".mid_block.attentions.0.to_k." },
                                           { ".mid.attn_1.v.", ".mid_block.attentions.0.to_v." },
                                           { ".mid.attn_1.proj_out.", ".mid_block.attentions.0.to_out.0." },
                                           { ".nin_shortcut.", ".conv_shortcut." },
                                           { "coder.norm_out.", "coder.conv_norm_out." },
                                           { NULL, NULL } };
    const char *rest;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (il_named_after(&rest, name, prefixes[i]))
            name = rest;
    bool ours = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ours = ours || il_named_after(&rest, name, parts[i]);
    return ours && snprintf(out, IL_NAMED_SIZE, "%s", name) < IL_NAMED_SIZE && il_named_replace(out, pairs);
}

/* "decoder.up.N.…", where N counts from the highest resolution. -1: none. */
static long up_level(const char *name, const char **rest)
{
    const char *at;
    char *end;
    if (!il_named_after(&at, name, "decoder.up.") || *at < '0' || *at > '9')
        return -1;
    const long level = strtol(at, &end, 10);
    *rest = end;
    return level < IL_VAE_BLOCKS ? level : -1;
}

/* diffusers counts them from the lowest. */
static void turn_levels(il_named *n)
{
    const char *rest;
    long most = -1;
    for (size_t i = 0; i < il_named_count(n); i++) {
        long level = up_level(il_named_at(n, i)->name, &rest);
        most = level > most ? level : most;
    }
    for (size_t i = 0; i < il_named_count(n); i++) {
        il_named_item *x = il_named_at(n, i);
        char name[2 * IL_NAMED_SIZE];
        long level = up_level(x->name, &rest);
        if (level < 0)
            continue;
        snprintf(name, sizeof name, "decoder.up_blocks.%ld%s", most - level, rest);
        snprintf(x->name, sizeof x->name, "%.*s", IL_NAMED_SIZE - 1, name);
    }
}

int il_vae_read(il_named **out, const char *first, const char *second, il_err *e)
{
    static const char none[] =
        "holds no autoencoder; expected tensors called first_stage_model.…, vae.…, or encoder.… and "
        "decoder.…";
    static const char no_half[] = "is not half of a TAESD; expected tensors called 1.weight, 3.conv.0.weight, …";
    il_named *n = NULL;
    int rc = il_named_new(&n, e);
    if (!rc)
        rc = il_named_add(n, first, second ? rename_encoder : rename_single, second ? no_half : none, e);
    if (!rc && second)
        rc = il_named_add(n, second, rename_decoder, no_half, e);
    if (rc) {
        il_named_free(n);
        return rc;
    }
    turn_levels(n);
    *out = n;
    return IL_OK;
}
