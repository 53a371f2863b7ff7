/* parallel.hpp - operations that look beyond a rank's own pictures; for tensor.cpp. */
#ifndef IL_TORCH_PARALLEL_HPP
#define IL_TORCH_PARALLEL_HPP

#include "torch/parallel.h"
#include "torch/shim.hpp"

namespace shim
{

struct norm {
    const at::Tensor &weight, &bias;
    at::Tensor mean, var; /* running statistics to be updated; undefined: not */
};

/* Batch norm in training over all ranks' pictures. */
at::Tensor batch_norm_shared(const il_share &share, const at::Tensor &x, const norm &n);

/* Ones with probability `keep`, else zeros, of x's shape: drawn for all ranks' pictures, of which the own ones' are taken. */
at::Tensor draw_ones(il_scope *s, const at::Tensor &x, double keep);

/* Throws where other ranks compute a part of the batch: a model that was made elsewhere has batch norm and dropout of its own. */
void refuse_share(const il_scope *s);

} // namespace shim

#endif
