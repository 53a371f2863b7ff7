/* convert.h - 8-bit pictures as tensors, and back. */
#ifndef IL_CONVERT_H
#define IL_CONVERT_H

#include <inpaintlab/image.h>
#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RGB -> (1,3,H,W), grey -> (1,1,H,W), value / 255, on the scope's device. */
il_tensor *il_convert_to_tensor(il_scope *s, const il_image *image);

/* Picture n of t (N,C,H,W), C 1 or 3, values in [0,1] (clamped) -> round half to even of value * 255. NaN is refused. */
int il_convert_to_image(il_image *out, const il_tensor *t, int n, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
