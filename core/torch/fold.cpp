/* fold.cpp - convolution and batch norm as one convolution, whose weights are kept until something changes. */
#include <array>
#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sub.h>
#include "shim.hpp"

namespace shim {

/* What a tensor was when it was used. */
struct mark {
    const void *data = nullptr;
    int64_t version = 0;
    uint64_t changes = 0;
    bool operator==(const mark &) const = default;
};

struct folded {
    std::array<mark, 6> of;
    at::Tensor weight, bias;
};

} // namespace shim

namespace {

using marks = std::array<shim::mark, 6>;

shim::mark mark_of(const il_tensor *t)
{
    return t ? shim::mark{ t->value.const_data_ptr(), static_cast<int64_t>(t->value._version()), t->changes } : shim::mark{};
}

std::shared_ptr<const shim::folded> fold(const marks &of, const il_tensor *weight, const il_tensor *bias, il_fold n,
                                         at::ScalarType type)
{
    at::Tensor factor = at::mul(at::rsqrt(at::add(n.var->value, 1e-5)), n.weight->value);
    at::Tensor centre = bias ? at::sub(bias->value, n.mean->value) : n.mean->value.neg();
    auto f = std::make_shared<shim::folded>();
    f->of = of;
    f->weight = at::mul(weight->value, factor.view({ -1, 1, 1, 1 })).to(type);
    f->bias = at::add(n.bias->value, at::mul(centre, factor)).to(type);
    return f;
}

} // namespace

il_tensor *il_conv2d_folded(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_fold n, il_conv_opts o)
{
    const shim::operand in[] = { { x }, { weight, " with weight " }, { n.weight }, { n.bias }, { n.mean }, { n.var } };
    return shim::run_list(s, "conv2d", in, [&] {
        c10::AutoGradMode off(false);
        bool half = s->opts.precision >= IL_PRECISION_BF16;
        at::ScalarType type = half ? shim::computed(s->opts.precision) : weight->value.scalar_type();
        const marks now = { mark_of(weight), mark_of(bias),   mark_of(n.weight),
                            mark_of(n.bias), mark_of(n.mean), mark_of(n.var) };
        auto kept = weight->folded.load();
        if (!kept || kept->of != now || kept->weight.scalar_type() != type) {
            kept = fold(now, weight, bias, n, type);
            weight->folded.store(kept);
        }
        return shim::counted(s, x, weight, shim::conv2d(s, x->value, kept->weight, kept->bias, o));
    });
}
