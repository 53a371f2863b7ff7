/* foreign.h - models that were made elsewhere (TorchScript, torch.export, Python): how they are given images, and how
 * what they return becomes one logit per pixel. Their plugins share these settings. */
#ifndef IL_FOREIGN_H
#define IL_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include <inpaintlab/params.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rows for the plugin's table of settings. */
#define IL_FOREIGN_PARAMS                                                                                              \
    { .name = "output",                                                                                                \
      .type = IL_PARAM_TEXT,                                                                                           \
      .fallback = "",                                                                                                  \
      .help = "which tensor of a dict, tuple or list: its name, or its number from 0; empty: \"out\" or the first" },  \
        { .name = "channel",                                                                                           \
          .type = IL_PARAM_INT,                                                                                        \
          .fallback = "-1",                                                                                            \
          .min = -1,                                                                                                   \
          .max = 65535,                                                                                                \
          .help = "which channel of that tensor, from 0; -1: it has one" },                                            \
        { .name = "resize",                                                                                            \
          .type = IL_PARAM_BOOL,                                                                                       \
          .fallback = "false",                                                                                         \
          .help = "resize a smaller or larger output to the picture, bilinearly" },                                    \
        { .name = "probability",                                                                                       \
          .type = IL_PARAM_BOOL,                                                                                       \
          .fallback = "false",                                                                                         \
          .help = "the output is a probability from 0 to 1, not a logit" },                                            \
        { .name = "mean",                                                                                              \
          .type = IL_PARAM_TEXT,                                                                                       \
          .fallback = "",                                                                                              \
          .help = "subtracted from images in [0,1]: one number, or three for R, G, B; empty: nothing" },               \
    {                                                                                                                  \
        .name = "std", .type = IL_PARAM_TEXT, .fallback = "",                                                          \
        .help = "images are then divided by it: one number, or three for R, G, B; empty: nothing"                      \
    }

typedef struct il_foreign {
    const char *model; /* the plugin's name, for messages; borrowed */
    char *output;      /* "": "out" or the first */
    int64_t channel;   /* -1: there is one */
    bool resize, probability;
    bool normalised;        /* mean or std was given */
    double mean[3], std[3]; /* of R, G, B in [0,1] */
} il_foreign;

/* IL_EPARAM where mean or std are not one number or three, or std is not above 0. */
int il_foreign_read(il_foreign *out, const char *model, const il_params *p, il_err *e);
void il_foreign_free(il_foreign *f);

/* image (N,3,H,W) in [0,1] -> what the model takes: (image - mean) / std. */
il_tensor *il_foreign_input(il_scope *s, const il_foreign *f, il_tensor *image);

/* The tensor that the model gave, (N,C,h,w), -> logits (N,1,H,W) for image. IL_EPLUGIN with the shape that was found and the
 * setting that may help. */
il_tensor *il_foreign_logits(il_scope *s, const il_foreign *f, il_tensor *y, const il_tensor *image);

#ifdef __cplusplus
}
#endif
#endif
