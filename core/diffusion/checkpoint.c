/* checkpoint.c - U-Net and text encoder of a checkpoint in the original layout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/text.h"
#include "diffusion/checkpoint.h"

bool il_checkpoint_is(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

char *il_checkpoint_tokenizer(const char *path)
{
    const char *slash = strrchr(path, '/');
    il_text t = { 0 };
    il_text_add(&t, "%.*stokenizer", slash ? (int)(slash - path) + 1 : 0, path);
    if (t.failed)
        il_text_free(&t);
    return t.failed ? NULL : t.data;
}

static int wrong(il_err *e, const il_named *n, const char *what)
{
    return il_fail(e, IL_EFORMAT, "%s: %s", il_named_path(n), what);
}

/* ---- U-Net: names ---- */

/* All but the numbers of the blocks, which depend on what the others are. */
static bool rename_unet(char out[IL_NAMED_SIZE], const char *name)
{
    static const il_named_pair pairs[] = { { "time_embed.0.", "time_embedding.linear_1." },
                                           { "time_embed.2.", "time_embedding.linear_2." },
                                           { "input_blocks.0.0.", "conv_in." },
                                           { "middle_block.0.", "mid_block.resnets.0." },
                                           { "middle_block.1.", "mid_block.attentions.0." },
                                           { "middle_block.2.", "mid_block.resnets.1." },
                                           { ".in_layers.0.", ".norm1." },
                                           { ".in_layers.2.", ".conv1." },
                                           { ".emb_layers.1.", ".time_emb_proj." },
                                           { ".out_layers.0.", ".norm2." },
                                           { ".out_layers.3.", ".conv2." },
                                           { ".skip_connection.", ".conv_shortcut." },
                                           { NULL, NULL } };
    const char *rest;
    if (!il_named_after(&rest, name, "model.diffusion_model."))
        return false;
    const bool norm = strncmp(rest, "out.0.", 6) == 0, conv = strncmp(rest, "out.2.", 6) == 0;
    return snprintf(out, IL_NAMED_SIZE, "%s%s",
                    norm   ? "conv_norm_out."
                    : conv ? "conv_out."
                           : "",
                    norm || conv ? rest + 6 : rest) < IL_NAMED_SIZE &&
           il_named_replace(out, pairs);
}

enum { MOST_STEPS = IL_UNET_BLOCKS * (IL_UNET_LAYERS + 2) };

/* Where each of the numbered steps of a path belongs. */
struct steps {
    int block[MOST_STEPS], layer[MOST_STEPS];
    bool scales[MOST_STEPS]; /* its convolution, alone (down) or as the last part (up), changes the resolution */
};

static void find_steps(struct steps *s, const il_named *n, bool down)
{
    int block = 0, layer = 0;
    for (int i = down; i < MOST_STEPS; i++) {
        s->block[i] = block;
        s->layer[i] = layer++;
        if (down)
            s->scales[i] = il_named_find(n, "input_blocks.%d.0.op.weight", i);
        else
            s->scales[i] = il_named_find(n, "output_blocks.%d.1.conv.weight", i) ||
                           il_named_find(n, "output_blocks.%d.2.conv.weight", i);
        if (s->scales[i]) {
            block++;
            layer = 0;
        }
    }
}

/* "input_blocks.STEP.PART.REST": part 0 is a residual block or, on its own, the convolution; 1 a transformer or the convolution. */
static void place(il_named_item *x, const struct steps *s, const char *from, const char *to)
{
    const char *rest;
    char *end, name[2 * IL_NAMED_SIZE];
    if (!il_named_after(&rest, x->name, from))
        return;
    const long step = strtol(rest, &end, 10), part = *end == '.' ? strtol(end + 1, &end, 10) : -1;
    if (step < 0 || step >= MOST_STEPS || part < 0 || *end != '.')
        return;
    const char *conv = strncmp(end, ".op.", 4) == 0 ? end + 4 : strncmp(end, ".conv.", 6) == 0 ? end + 6 : NULL;
    if (s->scales[step] && conv)
        snprintf(name, sizeof name, "%s.%d.%s.0.conv.%s", to, s->block[step],
                 strcmp(to, "down_blocks") == 0 ? "downsamplers" : "upsamplers", conv);
    else
        snprintf(name, sizeof name, "%s.%d.%s.%d%s", to, s->block[step], part == 0 ? "resnets" : "attentions",
                 s->layer[step], end);
    snprintf(x->name, sizeof x->name, "%.*s", IL_NAMED_SIZE - 1, name);
}

static void place_steps(il_named *n)
{
    struct steps down = { 0 }, up = { 0 };
    find_steps(&down, n, true);
    find_steps(&up, n, false);
    for (size_t i = 0; i < il_named_count(n); i++) {
        place(il_named_at(n, i), &down, "input_blocks.", "down_blocks");
        place(il_named_at(n, i), &up, "output_blocks.", "up_blocks");
    }
}

/* ---- U-Net: options ---- */

/* Widths, numbers of layers and whether they attend, of each level. */
static int infer_levels(il_unet_options *o, const il_named *n, il_err *e)
{
    for (; o->blocks < IL_UNET_BLOCKS; o->blocks++) {
        const int i = o->blocks;
        o->channels[i] = il_named_dim(n, 0, "down_blocks.%d.resnets.0.conv1.weight", i);
        if (o->channels[i] == 0)
            break;
        if (o->channels[i] % o->groups != 0)
            return wrong(e, n, "the U-Net's channels are no multiples of 32, the groups of its norms");
        while (o->layers[i] <= IL_UNET_LAYERS &&
               il_named_find(n, "down_blocks.%d.resnets.%d.conv1.weight", i, o->layers[i]))
            o->layers[i]++;
        if (o->layers[i] > IL_UNET_LAYERS)
            return wrong(e, n, "the U-Net has more than 8 layers at one level");
        o->heads[i] = o->linear_projection ? o->channels[i] / 64 : 8;
        if (o->heads[i] < 1 || o->channels[i] % o->heads[i] != 0)
            return wrong(e, n, "the U-Net's channels are no multiples of its heads");
        o->down_attends[i] = il_named_find(n, "down_blocks.%d.attentions.0.norm.weight", i);
        o->up_attends[i] = il_named_find(n, "up_blocks.%d.attentions.0.norm.weight", i);
    }
    return o->blocks > 0 ? IL_OK
                         : wrong(e, n, "the U-Net has no levels (input_blocks.1.0.in_layers.2.weight is missing)");
}

static int infer_unet(il_unet_options *o, const il_named *n, il_err *e)
{
    static const char attend[] = "mid_block.attentions.0";
    const il_tensor *project = il_named_find(n, "%s.proj_in.weight", attend);
    *o = (il_unet_options){ .groups = 32, .eps = 1e-5, .cosine_first = true };
    o->in = il_named_dim(n, 1, "conv_in.weight");
    o->out = il_named_dim(n, 0, "conv_out.weight");
    o->context = il_named_dim(n, 1, "%s.transformer_blocks.0.attn2.to_k.weight", attend);
    if (!o->in || !o->out || !o->context || !project)
        return wrong(e, n, "the U-Net lacks input_blocks.0.0.weight, out.2.weight or the attention of its middle");
    o->linear_projection = il_ndim(project) == 2; /* Stable Diffusion 2, whose heads have 64 channels */
    return infer_levels(o, n, e);
}

int il_checkpoint_unet(il_named **out, il_unet_options *o, const char *path, il_err *e)
{
    il_named *n = NULL;
    int rc = il_named_new(&n, e);
    if (!rc)
        rc = il_named_add(n, path, rename_unet, "holds no U-Net; expected tensors called model.diffusion_model.…", e);
    if (!rc) {
        place_steps(n);
        rc = infer_unet(o, n, e);
    }
    if (rc)
        il_named_free(n);
    else
        *out = n;
    return rc;
}

/* ---- text encoder ---- */

#define LAYERS "text_model.encoder.layers."

static bool rename_clip(char out[IL_NAMED_SIZE], const char *name)
{
    const char *rest;
    return il_named_after(&rest, name, "cond_stage_model.transformer.") && !strstr(rest, "position_ids") &&
           snprintf(out, IL_NAMED_SIZE, "%s%s", strncmp(rest, "text_model.", 11) == 0 ? "" : "text_model.", rest) <
               IL_NAMED_SIZE;
}

/* OpenCLIP's names. Its projection and temperature are not part of Stable Diffusion. */
static bool rename_open_clip(char out[IL_NAMED_SIZE], const char *name)
{
    static const il_named_pair pairs[] = {
        { "transformer.resblocks.", LAYERS },
        { "token_embedding.", "text_model.embeddings.token_embedding." },
        { "positional_embedding", "text_model.embeddings.position_embedding.weight" },
        { "ln_final.", "text_model.final_layer_norm." },
        { ".ln_1.", ".layer_norm1." },
        { ".ln_2.", ".layer_norm2." },
        { ".mlp.c_fc.", ".mlp.fc1." },
        { ".mlp.c_proj.", ".mlp.fc2." },
        { ".attn.", ".self_attn." },
        { NULL, NULL },
    };
    const char *rest;
    return il_named_after(&rest, name, "cond_stage_model.model.") && strcmp(rest, "text_projection") != 0 &&
           strcmp(rest, "logit_scale") != 0 && strcmp(rest, "attn_mask") != 0 &&
           snprintf(out, IL_NAMED_SIZE, "%s", rest) < IL_NAMED_SIZE && il_named_replace(out, pairs);
}

static bool rename_text(char out[IL_NAMED_SIZE], const char *name)
{
    return rename_clip(out, name) || rename_open_clip(out, name);
}

/* OpenCLIP keeps query, key and value in one tensor. */
static int split_attention(il_named *n, il_err *e)
{
    static const char *const parts[] = { "q_proj", "k_proj", "v_proj" };
    static const char *const tails[][2] = { { "in_proj_weight", "weight" }, { "in_proj_bias", "bias" } };
    const size_t count = il_named_count(n);
    int rc = IL_OK;
    for (size_t i = 0; i < count && !rc; i++)
        for (size_t t = 0; t < 2 && !rc; t++) {
            const char *name = il_named_at(n, i)->name, *at = strstr(name, tails[t][0]);
            char names[3][2 * IL_NAMED_SIZE];
            if (!at || strcmp(at, tails[t][0]) != 0)
                continue;
            for (int k = 0; k < 3; k++)
                snprintf(names[k], sizeof names[k], "%.*s%s.%s", (int)(at - name), name, parts[k], tails[t][1]);
            rc = il_named_split(n, i, (const char *const[]){ names[0], names[1], names[2] }, e);
        }
    return rc;
}

/* Stable Diffusion 2 takes the states before the last layer, which is left out. */
static void drop_last_layer(il_named *n, int last)
{
    char prefix[60];
    const char *rest;
    snprintf(prefix, sizeof prefix, LAYERS "%d.", last);
    for (size_t i = il_named_count(n); i-- > 0;)
        if (il_named_after(&rest, il_named_at(n, i)->name, prefix))
            il_named_drop(n, i);
}

static int infer_text(il_text_options *o, il_named *n, bool open_clip, il_err *e)
{
    *o = (il_text_options){ .quick = !open_clip, .eps = 1e-5 };
    o->vocabulary = il_named_dim(n, 0, "text_model.embeddings.token_embedding.weight");
    o->channels = il_named_dim(n, 1, "text_model.embeddings.token_embedding.weight");
    o->positions = il_named_dim(n, 0, "text_model.embeddings.position_embedding.weight");
    o->inner = il_named_dim(n, 0, LAYERS "0.mlp.fc1.weight");
    o->heads = o->channels / 64;
    while (o->layers <= IL_TEXT_LAYERS && il_named_find(n, LAYERS "%d.mlp.fc1.weight", o->layers))
        o->layers++;
    if (open_clip && o->layers > 0)
        drop_last_layer(n, --o->layers);
    if (!o->vocabulary || !o->positions || !o->inner || o->layers < 1 || o->layers > IL_TEXT_LAYERS)
        return wrong(e, n, "the text encoder lacks its embeddings, or has not 1 to 64 layers");
    if (o->heads < 1 || o->channels % 64 != 0)
        return wrong(e, n, "the text encoder's channels are no multiple of 64, those of a head");
    return IL_OK;
}

int il_checkpoint_text(il_named **out, il_text_options *o, const char *path, il_err *e)
{
    il_named *n = NULL;
    int rc = il_named_new(&n, e);
    if (!rc)
        rc = il_named_add(n, path, rename_text,
                          "holds no text encoder; expected tensors called cond_stage_model.transformer.… or "
                          "cond_stage_model.model.…",
                          e);
    const bool open_clip = !rc && il_named_find(n, LAYERS "0.self_attn.in_proj_weight");
    if (!rc)
        rc = split_attention(n, e);
    if (!rc)
        rc = infer_text(o, n, open_clip, e);
    if (rc)
        il_named_free(n);
    else
        *out = n;
    return rc;
}
