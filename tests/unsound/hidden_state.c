/* hidden_state.c - model whose logits depend on a value that is not in the weights file. */
#include "unsound.h"

struct hidden {
    struct net net;
    float offset;
};

static int hidden_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    struct hidden *h = calloc(1, sizeof *h);
    if (!h)
        return il_fail_oom(e);
    *out = h;
    return IL_OK;
}

/* The offset follows from the first initial value. */
static int build(void *self, il_state *st, il_err *e)
{
    struct hidden *h = self;
    float bias[8];
    int rc = net_build(self, st, e);
    if (!rc)
        rc = il_read_f32(h->net.first.bias, bias, 8, e);
    h->offset = rc ? 0 : bias[0];
    return rc;
}

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct hidden *h = self;
    return il_affine(s, net_forward(self, s, image, aux), 1, (double)h->offset);
}

static const il_model_ops ops = { .build = build, .forward = forward };

IL_PLUGIN = { .abi = IL_ABI,
              .kind = IL_KIND_MODEL,
              .name = "hidden_state",
              .revision = 1,
              .open = hidden_open,
              .close = free,
              .model = &ops };
