/* autograd.cpp - operations whose backward pass is ours. */
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include "torch/autograd.hpp"

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct keeper : torch::CustomClassHolder {
    shim::backward_list pass;
    explicit keeper(shim::backward_list p) : pass(std::move(p))
    {
    }
};

struct recorded : torch::autograd::Function<recorded> {
    static variable_list forward(AutogradContext *context, at::TensorList inputs, const shim::forward_list &forward,
                                 shim::backward_list backward)
    {
        variable_list kept;
        context->set_materialize_grads(false); /* what has no part in the loss gets no gradient, rather than zeros */
        variable_list results = forward(kept);
        context->save_for_backward(std::move(kept));
        context->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
        context->saved_data["pass"] = c10::IValue::make_capsule(c10::make_intrusive<keeper>(std::move(backward)));
        return results;
    }

    static variable_list backward(AutogradContext *context, const variable_list &grads)
    {
        auto holder = context->saved_data["pass"].toCapsule();
        variable_list slopes = static_cast<keeper &>(*holder).pass(grads, context->get_saved_variables());
        slopes.resize(static_cast<size_t>(context->saved_data["inputs"].toInt()) +
                      2); /* the two passes are arguments too */
        return slopes;
    }
};

} // namespace

shim::tensors shim::differentiable_list(const tensors &inputs, const forward_list &forward, backward_list backward)
{
    return recorded::apply(at::TensorList(inputs), forward, std::move(backward));
}

at::Tensor shim::differentiable(const tensors &inputs, const forward_pass &forward, backward_pass backward)
{
    auto list = [&](tensors &kept) -> tensors { return { forward(kept) }; };
    return differentiable_list(inputs, list, [pass = std::move(backward)](const tensors &grads, const tensors &kept) {
        return grads[0].defined() ? pass(grads[0], kept) : tensors{};
    })[0];
}

shim::tensors shim::gradients(const tensors &of, const tensors &by, const tensors &slopes)
{
    return torch::autograd::grad(of, by, slopes, std::nullopt, false, true);
}
