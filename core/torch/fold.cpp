/* fold.cpp - convolution, batch norm and rectifier as one convolution, whose weights are kept until something changes. */
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sub.h>
#include <array>
#include <vector>
#include "torch/fold.h"
#include "torch/gpu.hpp"
#include "torch/shim.hpp"

namespace shim
{

/* What a tensor was when it was used. */
struct mark {
    const void *data = nullptr;
    int64_t version = 0;
    uint64_t changes = 0;
    bool operator==(const mark &) const = default;
};

struct folded {
    std::array<mark, 6> of;
    at::ScalarType type;
    at::Tensor weight, bias;
    std::vector<int64_t>
        packed_for; /* sizes of the input for which weight is in oneDNN's own order; empty: it is not */
};

} // namespace shim

namespace
{

using marks = std::array<shim::mark, 6>;
using shim::or_one;

shim::mark mark_of(const il_tensor *t)
{
    return t ? shim::mark{ t->value.const_data_ptr(), static_cast<int64_t>(t->value._version()), t->changes }
             : shim::mark{};
}

std::shared_ptr<shim::folded> fold(const marks &of, const il_tensor *weight, const il_tensor *bias, il_fold n,
                                   at::ScalarType type)
{
    at::Tensor factor = at::mul(at::rsqrt(at::add(n.var->value, 1e-5)), n.weight->value);
    at::Tensor centre = bias ? at::sub(bias->value, n.mean->value) : n.mean->value.neg();
    auto f = std::make_shared<shim::folded>();
    f->of = of;
    f->type = type;
    f->weight = at::mul(weight->value, factor.view({ -1, 1, 1, 1 })).to(type);
    f->bias = at::add(n.bias->value, at::mul(centre, factor)).to(type);
    return f;
}

/* ---- oneDNN's convolution with a rectifier, and its order of weights: what torch.compile uses, known by name alone ---- */

struct fusion {
    std::optional<c10::OperatorHandle> pack, convolve;
};

const fusion &fused()
{
    static const fusion found = [] {
        fusion f;
        auto find = [](const char *name, size_t arguments) -> std::optional<c10::OperatorHandle> {
            auto op = c10::Dispatcher::singleton().findSchema({ name, "" });
            return op && op->schema().arguments().size() == arguments ? op : std::nullopt;
        };
        f.pack = find("mkldnn::_reorder_convolution_weight", 6);
        f.convolve = find("mkldnn::_convolution_pointwise", 10);
        return f;
    }();
    return found;
}

bool can_fuse(const at::Tensor &x, at::ScalarType type)
{
    return x.is_cpu() && x.scalar_type() == at::kFloat && type == at::kFloat && x.dim() == 4 && x.size(1) >= 16 &&
           x.is_contiguous(at::MemoryFormat::ChannelsLast) && gpu::wanted() && fused().pack && fused().convolve;
}

std::vector<int64_t> twice(int64_t value)
{
    return { value, value };
}

/* oneDNN chooses the order by the input's size, too. */
void pack(shim::folded &f, const at::Tensor &x, il_conv_geometry o)
{
    torch::jit::Stack stack = { f.weight,         twice(o.padding), twice(or_one(o.stride)), twice(or_one(o.dilation)),
                                or_one(o.groups), x.sizes().vec() };
    fused().pack->callBoxed(&stack);
    f.weight = stack.at(0).toTensor();
    f.packed_for = x.sizes().vec();
}

at::Tensor convolve(const shim::folded &f, const at::Tensor &x, il_conv_geometry o, bool rectified)
{
    torch::jit::Stack stack = { x,
                                f.weight,
                                f.bias,
                                twice(o.padding),
                                twice(or_one(o.stride)),
                                twice(or_one(o.dilation)),
                                or_one(o.groups),
                                rectified ? "relu" : "none",
                                c10::List<std::optional<at::Scalar>>(),
                                c10::IValue() };
    fused().convolve->callBoxed(&stack);
    return stack.at(0).toTensor();
}

} // namespace

il_tensor *il_conv2d_folded(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_fold n,
                            il_conv_geometry o)
{
    const shim::operand in[] = { { x }, { weight, " with weight " }, { n.weight }, { n.bias }, { n.mean }, { n.var } };
    return shim::run_list(s, "conv2d", in, [&] {
        c10::AutoGradMode off(false);
        bool half = s->opts.precision >= IL_PRECISION_BF16;
        at::ScalarType type = half ? shim::computed(s->opts.precision) : weight->value.scalar_type();
        const marks now = { mark_of(weight), mark_of(bias),   mark_of(n.weight),
                            mark_of(n.bias), mark_of(n.mean), mark_of(n.var) };
        bool fuse = can_fuse(x->value, type);
        const std::vector<int64_t> sizes = fuse ? x->value.sizes().vec() : std::vector<int64_t>();
        auto kept = weight->folded.load();
        if (!kept || kept->of != now || kept->type != type || kept->packed_for != sizes) {
            auto made = fold(now, weight, bias, n, type);
            if (fuse)
                pack(*made, x->value, o);
            kept = made;
            weight->folded.store(kept);
        }
        if (fuse)
            return shim::counted(s, x, weight, convolve(*kept, x->value, o, n.rectified));
        at::Tensor y = shim::conv2d(s, x->value, kept->weight, kept->bias, o);
        return shim::counted(s, x, weight, n.rectified ? y.relu_() : y);
    });
}
