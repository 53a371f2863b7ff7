/* autograd.cpp - operations whose backward pass is ours. */
#include <torch/csrc/autograd/custom_function.h>
#include "torch/autograd.hpp"

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct keeper : torch::CustomClassHolder {
    shim::backward_pass pass;
    explicit keeper(shim::backward_pass p) : pass(std::move(p))
    {
    }
};

struct recorded : torch::autograd::Function<recorded> {
    static at::Tensor forward(AutogradContext *context, at::TensorList inputs, const shim::forward_pass &forward,
                              shim::backward_pass backward)
    {
        variable_list kept;
        at::Tensor result = forward(kept);
        context->save_for_backward(std::move(kept));
        context->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
        context->saved_data["pass"] = c10::IValue::make_capsule(c10::make_intrusive<keeper>(std::move(backward)));
        return result;
    }

    static variable_list backward(AutogradContext *context, const variable_list &grads)
    {
        auto holder = context->saved_data["pass"].toCapsule();
        variable_list slopes = static_cast<keeper &>(*holder).pass(grads[0], context->get_saved_variables());
        slopes.resize(static_cast<size_t>(context->saved_data["inputs"].toInt()) +
                      2); /* the two passes are arguments too */
        return slopes;
    }
};

} // namespace

at::Tensor shim::differentiable(const tensors &inputs, const forward_pass &forward, backward_pass backward)
{
    return recorded::apply(at::TensorList(inputs), forward, std::move(backward));
}
