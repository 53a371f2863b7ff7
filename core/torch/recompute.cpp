/* recompute.cpp - parts of a network that keep only their input for the backward pass and run once more there. */
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include "torch/shim.hpp"

namespace
{

struct call {
    il_block block;
    const void *self;
    il_scope_opts opts;
};

enum class pass { first, again };

/* Both passes work in a scope of their own with the same seed, so dropout repeats. */
at::Tensor run(const call &c, const at::Tensor &x, pass p)
{
    il_err err = {};
    shim::scope s = shim::open_scope(c.opts);
    s->dry = p == pass::first;
    s->again = p == pass::again;
    il_tensor *y = c.block(s.get(), c.self, shim::wrap(s.get(), x));
    TORCH_CHECK(il_scope_status(s.get(), &err) == IL_OK, err.message);
    TORCH_CHECK(y, "a block gives no result");
    return y->value;
}

struct recomputed : torch::autograd::Function<recomputed> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, call c)
    {
        context->save_for_backward({ x });
        context->saved_data["block"] = reinterpret_cast<int64_t>(c.block);
        context->saved_data["self"] = reinterpret_cast<int64_t>(c.self);
        context->saved_data["seed"] = static_cast<int64_t>(c.opts.seed);
        context->saved_data["device"] = static_cast<int64_t>(c.opts.device.kind);
        context->saved_data["index"] = static_cast<int64_t>(c.opts.device.index);
        context->saved_data["precision"] = static_cast<int64_t>(c.opts.precision);
        return run(c, x, pass::first);
    }

    static call restored(torch::autograd::AutogradContext *context)
    {
        auto number = [&](const char *key) { return context->saved_data[key].toInt(); };
        call c = {};
        c.block = reinterpret_cast<il_block>(number("block"));
        c.self = reinterpret_cast<const void *>(number("self"));
        c.opts.training = true;
        c.opts.seed = static_cast<uint64_t>(number("seed"));
        c.opts.device = { static_cast<il_device_kind>(number("device")), static_cast<int>(number("index")) };
        c.opts.precision = static_cast<il_precision>(number("precision"));
        return c;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list grads)
    {
        at::Tensor x = context->get_saved_variables()[0].detach();
        x.set_requires_grad(true);
        c10::AutoGradMode on(true);
        at::Tensor y = run(restored(context), x, pass::again);
        torch::autograd::backward({ y }, { grads[0] });
        return { x.grad(), at::Tensor() };
    }
};

} // namespace

il_tensor *il_recompute(il_scope *s, il_block block, const void *self, il_tensor *x)
{
    if (!s || !x || !s->opts.recompute || !s->opts.training || !shim::records(s) || !x->value.requires_grad())
        return block(s, self, x);
    call c = { block, self, s->opts };
    c.opts.seed = shim::next_seed(s);
    c.opts.recompute = false;
    return shim::run(s, "recompute", { { x } }, [&] { return recomputed::apply(x->value, c); });
}
