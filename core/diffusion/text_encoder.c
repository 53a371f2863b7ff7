/* text_encoder.c - CLIP's text transformer (Radford et al. 2021): token and position embeddings, causal layers. */
#include <stdlib.h>
#include <inpaintlab/diffusion.h>
#include "base/opts.h"
#include "diffusion/blocks.h"
#include "diffusion/checkpoint.h"
#include "diffusion/options.h"
#include "diffusion/text_encoder.h"
#include "diffusion/weights.h"

enum { MOST_LAYERS = IL_TEXT_LAYERS, MOST_CHANNELS = 65536 };

struct layer {
    il_scale norm1, norm2;
    il_attend attend;
    il_dense up, down;
};

struct il_text_encoder {
    il_state *state;
    il_text_options o;
    il_tensor *tokens, *positions; /* (vocabulary,C), (positions,C) */
    struct layer layers[MOST_LAYERS];
    il_scale final;
};

/* ---- config.json ---- */

enum { QUICK_GELU };
static const char *const act_names[] = { "quick_gelu", "gelu", NULL };

static const il_options_rule rules[] = {
    { "model_type", "[\"clip_text_model\"]" },
    { NULL, NULL },
};

static void read_options(il_text_options *o, il_options *c)
{
    il_options_check(c, rules);
    o->vocabulary = il_options_int(c, "vocab_size", (il_options_range){ 49408, 1, 1 << 24 });
    o->channels = il_options_int(c, "hidden_size", (il_options_range){ 512, 1, MOST_CHANNELS });
    o->inner = il_options_int(c, "intermediate_size", (il_options_range){ 2048, 1, MOST_CHANNELS });
    o->layers = il_options_int(c, "num_hidden_layers", (il_options_range){ 12, 1, MOST_LAYERS });
    o->heads = il_options_int(c, "num_attention_heads", (il_options_range){ 8, 1, MOST_CHANNELS });
    o->positions = il_options_int(c, "max_position_embeddings", (il_options_range){ IL_TOKENIZER_LENGTH, 1, 1 << 20 });
    o->quick = il_options_choice(c, "hidden_act", act_names, QUICK_GELU) == QUICK_GELU;
    o->eps = il_options_real(c, "layer_norm_eps", 1e-5);
    if (o->channels % o->heads != 0)
        il_options_refuse(c, "num_attention_heads", "a divisor of hidden_size (%d)", o->channels);
}

/* ---- architecture ---- */

#define ROOT "text_model."

static struct layer declare_layer(il_state *st, const char *prefix, const il_text_options *o)
{
    static const char *const names[] = { "q_proj", "k_proj", "v_proj", "out_proj" };
    const il_scale_spec norm = { o->channels, 0, o->eps };
    struct layer l;
    l.attend = il_blocks_attend(st, il_name("%s.self_attn", prefix).text,
                                (il_attend_spec){ o->channels, o->channels, o->heads, true, names });
    l.norm1 = il_blocks_scale(st, il_name("%s.layer_norm1", prefix).text, norm);
    l.up = il_blocks_dense(st, il_name("%s.mlp.fc1", prefix).text,
                           (il_dense_spec){ .in = o->channels, .out = o->inner });
    l.down = il_blocks_dense(st, il_name("%s.mlp.fc2", prefix).text,
                             (il_dense_spec){ .in = o->inner, .out = o->channels });
    l.norm2 = il_blocks_scale(st, il_name("%s.layer_norm2", prefix).text, norm);
    return l;
}

static int declare(il_text_encoder *t, il_err *e)
{
    const il_text_options *o = &t->o;
    il_state *st = t->state;
    t->tokens = il_state_param(st, ROOT "embeddings.token_embedding.weight", IL_INIT_NONE, 0, 2,
                               (int64_t[]){ o->vocabulary, o->channels });
    t->positions = il_state_param(st, ROOT "embeddings.position_embedding.weight", IL_INIT_NONE, 0, 2,
                                  (int64_t[]){ o->positions, o->channels });
    for (int i = 0; i < o->layers; i++)
        t->layers[i] = declare_layer(st, il_name(ROOT "encoder.layers.%d", i).text, o);
    t->final = il_blocks_scale(st, ROOT "final_layer_norm", (il_scale_spec){ o->channels, 0, o->eps });
    return il_state_status(st, e);
}

static int load(il_text_encoder *t, const char *folder, const il_network_opts *o, il_err *e)
{
    static const char *const ignored[] = { "*embeddings.position_ids", NULL }; /* 0, 1, 2, …, saved by older versions */
    return il_weights_load(t->state,
                           (il_weights_spec){ .folder = folder,
                                              .stem = "model",
                                              .pickled = "pytorch_model",
                                              .variant = o->variant,
                                              .ignored = ignored,
                                              .prefix = ROOT },
                           e);
}

static int open_folder(il_text_encoder *t, const char *folder, const il_network_opts *o, il_err *e)
{
    il_options *c = NULL;
    int rc = il_options_open(&c, folder, "config.json", e);
    if (rc)
        return rc;
    read_options(&t->o, c);
    rc = il_options_status(c, e);
    il_options_free(c);
    if (!rc)
        rc = il_blocks_state(&t->state, o->device, o->dtype, e);
    if (!rc)
        rc = declare(t, e);
    return rc || o->no_weights ? rc : load(t, folder, o, e);
}

static int open_file(il_text_encoder *t, const char *path, const il_network_opts *o, il_err *e)
{
    il_named *n = NULL;
    int rc = il_checkpoint_text(&n, &t->o, path, e);
    if (!rc)
        rc = il_blocks_state(&t->state, o->device, o->dtype, e);
    if (!rc)
        rc = declare(t, e);
    if (!rc && !o->no_weights && (rc = il_weights_set(t->state, n, NULL, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    il_named_free(n);
    return rc;
}

int il_text_encoder_open(il_text_encoder **out, const char *path, const il_network_opts *given, il_err *e)
{
    il_network_opts o;
    il_text_encoder *t = calloc(1, sizeof *t);
    if (!t)
        return il_fail_oom(e);
    int rc = il_opts_read(&o, sizeof o, given, e);
    if (!rc)
        rc = il_checkpoint_is(path) ? open_file(t, path, &o, e) : open_folder(t, path, &o, e);
    if (rc)
        il_text_encoder_free(t);
    else
        *out = t;
    return rc;
}

void il_text_encoder_free(il_text_encoder *t)
{
    if (!t)
        return;
    il_state_free(t->state);
    free(t);
}

bool il_text_encoder_quick(const il_text_encoder *t)
{
    return t->o.quick;
}

int64_t il_text_encoder_params(const il_text_encoder *t)
{
    return il_state_params(t->state);
}

/* ---- a pass ---- */

static il_tensor *activate(il_scope *s, il_tensor *x, bool quick)
{
    return quick ? il_mul(s, x, il_sigmoid(s, il_affine(s, x, 1.702, 0))) : il_gelu(s, x);
}

static il_tensor *apply_layer(il_scope *outer, const struct layer *l, il_tensor *x, bool quick)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *h = il_scale_apply(s, &l->norm1, x);
    x = il_add(s, x, il_attend_apply(s, &l->attend, h, h, true));
    h = il_dense_apply(s, &l->up, il_scale_apply(s, &l->norm2, x));
    x = il_add(s, x, il_dense_apply(s, &l->down, activate(s, h, quick)));
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

il_tensor *il_text_encoder_apply(il_scope *outer, const il_text_encoder *t, il_tensor *ids)
{
    if (ids && (il_ndim(ids) != 2 || il_dim(ids, 1) > t->o.positions))
        return il_scope_fail(outer, IL_EPARAM, "text encoder: ids must have the shape (N,L), L at most %d",
                             t->o.positions);
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = il_embedding(s, t->tokens, ids);
    if (x)
        x = il_blocks_then(x, il_add(s, x, il_slice(s, t->positions, 0, 0, il_dim(ids, 1))));
    for (int i = 0; i < t->o.layers; i++)
        x = il_blocks_then(x, apply_layer(s, &t->layers[i], x, t->o.quick));
    x = il_to(s, il_scale_apply(s, &t->final, x), IL_DTYPE_F32);
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}
