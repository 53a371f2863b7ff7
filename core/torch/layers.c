/* layers.c - declares and applies convolutions and batch norms; how ImageNet's networks want their input. */
#include <stdarg.h>
#include <stdio.h>
#include <inpaintlab/layers.h>
#include "torch/fold.h"

il_name_buf il_name(const char *format, ...)
{
    il_name_buf name;
    va_list args;
    va_start(args, format);
    vsnprintf(name.text, sizeof name.text, format, args);
    va_end(args);
    return name;
}

il_conv il_conv_declare(il_state *st, const char *prefix, il_conv_spec spec)
{
    int groups = spec.opts.groups ? spec.opts.groups : 1;
    int64_t shape[4] = { spec.out, spec.in / groups, spec.kernel, spec.kernel };
    int64_t fan_in = shape[1] * shape[2] * shape[3];
    il_conv c = { .opts = spec.opts };
    c.weight = il_state_param(st, il_name("%s.weight", prefix).text,
                              spec.fan_out ? IL_INIT_KAIMING_FAN_OUT : IL_INIT_KAIMING_UNIFORM, 0, 4, shape);
    if (!spec.no_bias)
        c.bias = il_state_param(st, il_name("%s.bias", prefix).text, IL_INIT_FAN_IN_UNIFORM, fan_in, 1, shape);
    return c;
}

il_tensor *il_conv_apply(il_scope *s, const il_conv *c, il_tensor *x)
{
    return il_conv2d(s, x, c->weight, c->bias, c->opts);
}

il_norm il_norm_declare(il_state *st, const char *prefix, int channels)
{
    int64_t shape[1] = { channels };
    il_norm n;
    n.weight = il_state_param(st, il_name("%s.weight", prefix).text, IL_INIT_ONES, 0, 1, shape);
    n.bias = il_state_param(st, il_name("%s.bias", prefix).text, IL_INIT_ZEROS, 0, 1, shape);
    n.mean = il_state_buffer(st, il_name("%s.running_mean", prefix).text, IL_DTYPE_F32, 0, 1, shape);
    n.var = il_state_buffer(st, il_name("%s.running_var", prefix).text, IL_DTYPE_F32, 1, 1, shape);
    n.tracked = il_state_buffer(st, il_name("%s.num_batches_tracked", prefix).text, IL_DTYPE_I64, 0, 0, NULL);
    return n;
}

il_tensor *il_norm_apply(il_scope *s, const il_norm *n, il_tensor *x)
{
    return il_batch_norm(s, x, n->weight, n->bias, n->mean, n->var, n->tracked);
}

/* In a scope of its own: what lies between is given up at once, unless autograd needs it. */
static il_tensor *conv_norm(il_scope *outer, const il_conv *c, const il_norm *n, il_tensor *x, bool rectified)
{
    if (!il_scope_training(outer) && !il_scope_records(outer))
        return il_conv2d_folded(outer, x, c->weight, c->bias,
                                (il_fold){ n->weight, n->bias, n->mean, n->var, rectified }, c->opts);
    il_scope *s = il_scope_nest(outer);
    x = il_norm_apply(s, n, il_conv_apply(s, c, x));
    x = il_lift(s, rectified ? il_relu_(s, x) : x);
    il_scope_close(s);
    return x;
}

il_tensor *il_conv_norm_apply(il_scope *s, const il_conv *c, const il_norm *n, il_tensor *x)
{
    return conv_norm(s, c, n, x, false);
}

il_tensor *il_conv_norm_relu_apply(il_scope *s, const il_conv *c, const il_norm *n, il_tensor *x)
{
    return conv_norm(s, c, n, x, true);
}

il_tensor *il_normalise(il_scope *outer, il_tensor *image, const double mean[3], const double std[3])
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *colours[3];
    for (int c = 0; c < 3; c++)
        colours[c] = il_affine(s, il_slice(s, image, 1, c, c + 1), 1 / std[c], -mean[c] / std[c]);
    il_tensor *x = il_lift(s, il_cat(s, colours, 3, 1));
    il_scope_close(s);
    return x;
}

il_tensor *il_imagenet(il_scope *s, il_tensor *image)
{
    static const double mean[] = { 0.485, 0.456, 0.406 }, std[] = { 0.229, 0.224, 0.225 };
    return il_normalise(s, image, mean, std);
}
