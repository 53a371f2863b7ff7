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

/* The same with several results, at least one, and as many gradients. */
using forward_list = std::function<tensors(tensors &kept)>;
using backward_list = std::function<tensors(const tensors &grads, const tensors &kept)>;
tensors differentiable_list(const tensors &inputs, const forward_list &forward, backward_list backward);

/* Gradients of `of` with respect to `by`, from those of `of`; undefined where there is none. Nothing is added to any `.grad`. */
tensors gradients(const tensors &of, const tensors &by, const tensors &slopes);

} // namespace shim

#endif
