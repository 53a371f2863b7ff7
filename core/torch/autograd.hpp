/* autograd.hpp - operations whose backward pass is ours. The one place that includes libtorch's custom functions, which take half a
 * minute to compile. */
#ifndef IL_TORCH_AUTOGRAD_HPP
#define IL_TORCH_AUTOGRAD_HPP

#include <ATen/core/Tensor.h>
#include <functional>
#include <vector>

namespace shim
{

using tensors = std::vector<at::Tensor>;

/* Computes the result without recording, and may give tensors to keep for the backward pass. */
using forward_pass = std::function<at::Tensor(tensors &kept)>;

/* From the result's gradient, that of every input in order; undefined where none is wanted. */
using backward_pass = std::function<tensors(const at::Tensor &grad, const tensors &kept)>;

/* What `forward` gives, recorded as a function of the inputs, which are all defined. */
at::Tensor differentiable(const tensors &inputs, const forward_pass &forward, backward_pass backward);

} // namespace shim

#endif
