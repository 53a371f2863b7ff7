/* layers.h - convolution and batch norm as small structs whose tensors are lent by an il_state.
 * Declared once when the model is built, applied in every forward pass. */
#ifndef IL_LAYERS_H
#define IL_LAYERS_H

#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_conv {
    il_tensor *weight; /* (out, in / groups, k, k) */
    il_tensor *bias;   /* (out) or NULL */
    il_conv_geometry opts;
} il_conv;

typedef struct il_conv_spec {
    int in, out, kernel;
    il_conv_geometry opts;
    bool no_bias;
    bool fan_out; /* IL_INIT_KAIMING_FAN_OUT instead of PyTorch's default */
} il_conv_spec;

typedef struct il_norm {
    il_tensor *weight, *bias, *mean, *var; /* (channels) */
    il_tensor *tracked;                    /* 0-d int64 */
} il_norm;

/* Declares prefix.weight and prefix.bias. Errors stay in st. */
il_conv il_conv_declare(il_state *st, const char *prefix, il_conv_spec spec);
il_tensor *il_conv_apply(il_scope *s, const il_conv *c, il_tensor *x);

/* Declares prefix.weight, .bias, .running_mean, .running_var, .num_batches_tracked. */
il_norm il_norm_declare(il_state *st, const char *prefix, int channels);
il_tensor *il_norm_apply(il_scope *s, const il_norm *n, il_tensor *x);

/* The convolution, then the batch norm, then the rectifier; in evaluation as one convolution. */
il_tensor *il_conv_norm_apply(il_scope *s, const il_conv *c, const il_norm *n, il_tensor *x);
il_tensor *il_conv_norm_relu_apply(il_scope *s, const il_conv *c, const il_norm *n, il_tensor *x);

/* image (N,3,H,W) -> (image - mean) / std of each channel. */
il_tensor *il_normalise(il_scope *s, il_tensor *image, const double mean[3], const double std[3]);
/* The same with the mean and deviation of ImageNet, as networks trained on it expect images in [0,1]. */
il_tensor *il_imagenet(il_scope *s, il_tensor *image);

/* snprintf into a small struct, so that names nest in calls: il_name("%s.conv%d", prefix, i).text */
typedef struct il_name_buf {
    char text[160];
} il_name_buf;
il_name_buf il_name(const char *format, ...) IL_PRINTF(1, 2);

#ifdef __cplusplus
}
#endif
#endif
