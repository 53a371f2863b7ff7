/* unsound.h - the sound parts of plugins that load but do one thing wrong. */
#ifndef UNSOUND_H
#define UNSOUND_H

#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct net {
    il_conv first, head;
    il_norm norm;
    il_tensor *unused;
    int passes;
};

static inline int net_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    struct net *m = calloc(1, sizeof *m);
    if (!m)
        return il_fail_oom(e);
    *out = m;
    return IL_OK;
}

static inline int net_build(void *self, il_state *st, il_err *e)
{
    struct net *m = self;
    m->first = il_conv_declare(st, "first", (il_conv_spec){ .in = 3, .out = 8, .kernel = 3, .opts = { .padding = 1 } });
    m->norm = il_norm_declare(st, "norm", 8);
    m->head = il_conv_declare(st, "head", (il_conv_spec){ .in = 8, .out = 1, .kernel = 1 });
    return il_state_status(st, e);
}

static inline il_tensor *net_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct net *m = self;
    if (aux)
        *aux = NULL;
    il_tensor *x = il_conv_apply(s, &m->first, il_affine(s, image, 2, -1));
    return il_conv_apply(s, &m->head, il_relu(s, il_norm_apply(s, &m->norm, x)));
}

#define UNSOUND_MODEL(name_, build_, forward_, close_)                                                                 \
    static const il_model_ops ops = { .build = build_, .forward = forward_ };                                          \
    IL_PLUGIN = { .abi = IL_ABI,                                                                                       \
                  .kind = IL_KIND_MODEL,                                                                               \
                  .name = name_,                                                                                       \
                  .revision = 1,                                                                                       \
                  .open = net_open,                                                                                    \
                  .close = close_,                                                                                     \
                  .model = &ops }

static inline int bare_open(void **out, const il_params *p, il_err *e)
{
    (void)p, (void)e;
    *out = malloc(1);
    return *out ? IL_OK : il_fail_oom(e);
}

#define UNSOUND_LOSS(name_, forward_)                                                                                  \
    static const il_loss_ops ops = { .forward = forward_ };                                                            \
    IL_PLUGIN = { .abi = IL_ABI,                                                                                       \
                  .kind = IL_KIND_LOSS,                                                                                \
                  .name = name_,                                                                                       \
                  .revision = 1,                                                                                       \
                  .open = bare_open,                                                                                   \
                  .close = free,                                                                                       \
                  .loss = &ops }

#define UNSOUND_POLICY(name_, label_)                                                                                  \
    static const il_mask_policy_ops ops = { .label = label_ };                                                         \
    IL_PLUGIN = { .abi = IL_ABI,                                                                                       \
                  .kind = IL_KIND_MASK_POLICY,                                                                         \
                  .name = name_,                                                                                       \
                  .revision = 1,                                                                                       \
                  .open = bare_open,                                                                                   \
                  .close = free,                                                                                       \
                  .mask_policy = &ops }

#endif
