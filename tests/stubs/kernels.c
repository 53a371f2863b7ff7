/* kernels.c - libinpaintlab_cuda.so without kernels: it counts how often it is asked whether they can run. */
#include <stdio.h>
#include "torch/kernels/cuda.h"

static int asked;

static const char *explain(int code)
{
    static char text[20];
    snprintf(text, sizeof text, "%d", code ? code : asked);
    return text;
}

static int usable(int device)
{
    asked++;
    return device > 1;
}

extern const il_cuda_table il_cuda_kernels;
const il_cuda_table il_cuda_kernels = { .version = IL_CUDA_VERSION, .explain = explain, .usable = usable };
