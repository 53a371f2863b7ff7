/* recompute.cpp - parts of a network that keep only their input for the backward pass and run once more there. */
#include <c10/util/Exception.h>
#include "torch/autograd.hpp"
#include "torch/shim.hpp"

namespace
{

struct call {
    il_block block;
    const void *self;
    il_scope_opts opts;
    const il_share *share;
};

enum class pass { first, again };

/* Both passes work in a scope of their own with the same seed, so dropout repeats. */
at::Tensor run(const call &c, const at::Tensor &x, pass p)
{
    il_err err = {};
    shim::scope s = shim::open_scope(c.opts);
    s->dry = p == pass::first;
    s->again = p == pass::again;
    s->share = c.share;
    il_tensor *y = c.block(s.get(), c.self, shim::wrap(s.get(), x));
    TORCH_CHECK(il_scope_status(s.get(), &err) == IL_OK, err.message);
    TORCH_CHECK(y, "a block gives no result");
    return y->value;
}

/* The block runs again for its gradients. */
shim::tensors slopes(const call &c, const at::Tensor &grad, const at::Tensor &kept)
{
    at::Tensor x = kept.detach();
    x.set_requires_grad(true);
    c10::AutoGradMode on(true);
    run(c, x, pass::again).backward(grad);
    return { x.grad() };
}

} // namespace

il_tensor *il_recompute(il_scope *s, il_block block, const void *self, il_tensor *x)
{
    if (!s || !x || !s->opts.recompute || !s->opts.training || !shim::records(s) || !x->value.requires_grad())
        return block(s, self, x);
    return shim::run(s, "recompute", { { x } }, [&] {
        call c = { block, self, s->opts, s->share };
        c.opts.seed = shim::next_seed(s);
        c.opts.recompute = false;
        auto forward = [&](shim::tensors &kept) {
            kept = { x->value };
            return run(c, x->value, pass::first);
        };
        return shim::differentiable({ x->value }, forward, [c](const at::Tensor &grad, const shim::tensors &kept) {
            return slopes(c, grad, kept[0]);
        });
    });
}
