/* conv.cpp - convolutions, and where matrix products serve them better than the library's own way.
 *
 * In channels-last order a pixel is a row of a matrix (pixels, channels). A 1x1 convolution is then one product, and the
 * gradient of a kernel's weight is one product per tap (position in the kernel):
 *     dW[tap] (O,I) = sum over pixels q of dY[q - shift(tap)] (O) x[q] (I)
 * with zeros beyond the border. oneDNN reaches half the speed of a product there on processors with AVX2 alone
 * (results/benchmarks/README.md), and not less than it with AVX-512. In evaluation its convolution is as fast. */
#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_convolution.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <cstdlib>
#include <cstring>
#include "torch/autograd.hpp"
#include "torch/gpu.hpp"
#include "torch/shim.hpp"

using shim::or_one;

namespace
{

/* Whether products pay on this processor. INPAINTLAB_KERNELS "all": wherever they can be used. */
bool products_pay()
{
    static const bool answer = [] {
        const char *which = getenv("INPAINTLAB_KERNELS");
        if (which && strcmp(which, "all") == 0)
            return true;
#ifdef __x86_64__
        return gpu::wanted() && __builtin_cpu_supports("avx2") && !__builtin_cpu_supports("avx512f");
#else
        return false;
#endif
    }();
    return answer;
}

bool is_image(const at::Tensor &t)
{
    return t.is_cpu() && t.dim() == 4 && t.numel() > 0;
}

/* Whether pixels are rows, and each goes into all of the output's channels. */
bool is_dense(const at::Tensor &x, const at::Tensor &weight, il_conv_geometry o)
{
    return is_image(x) && is_image(weight) && or_one(o.groups) == 1 && x.size(1) == weight.size(1) && x.size(1) > 1 &&
           x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool has_one_tap(const at::Tensor &weight)
{
    return weight.size(2) == 1 && weight.size(3) == 1;
}

bool is_pointwise(const at::Tensor &x, const at::Tensor &weight, il_conv_geometry o)
{
    return is_dense(x, weight, o) && has_one_tap(weight) && o.padding == 0;
}

/* oneDNN writes past its buffers when it computes the gradient of a 1x1 kernel of few channels, channels last (seen with
 * 3 channels, libtorch 2.11). */
bool is_unsafe(const at::Tensor &weight)
{
    return weight.size(1) < 16;
}

/* Whether the output has the input's size, so that a tap is a shift. */
bool keeps_size(const at::Tensor &weight, il_conv_geometry o)
{
    int64_t reach = 2 * static_cast<int64_t>(o.padding);
    return or_one(o.stride) == 1 && or_one(o.dilation) * (weight.size(2) - 1) == reach &&
           or_one(o.dilation) * (weight.size(3) - 1) == reach;
}

bool suits_products(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                    il_conv_geometry o)
{
    bool plain = x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
                 (!bias || bias->scalar_type() == at::kFloat);
    return plain && products_pay() && is_dense(x, weight, o) && keeps_size(weight, o) && weight.size(0) > 1;
}

/* (N,C,H,W) as it lies in memory, channels last: (N,H,W,C) */
at::Tensor pixels(const at::Tensor &t)
{
    return t.permute({ 0, 2, 3, 1 });
}

/* (pixels, channels) */
at::Tensor rows(const at::Tensor &nhwc)
{
    return nhwc.reshape({ -1, nhwc.size(3) });
}

at::Tensor pointwise(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                     int64_t stride)
{
    at::Tensor at_use = pixels(x);
    if (stride > 1)
        at_use = at_use.slice(1, 0, std::nullopt, stride).slice(2, 0, std::nullopt, stride);
    return at::linear(at_use, weight.flatten(1), bias).permute({ 0, 3, 1, 2 });
}

/* t (N,H,W,C) moved by (down, right) pixels, zeros where nothing comes from */
at::Tensor moved(const at::Tensor &t, int64_t down, int64_t right)
{
    return down == 0 && right == 0 ? t : at::constant_pad_nd(t, { 0, 0, right, -right, down, -down });
}

at::Tensor weight_gradient(const at::Tensor &grad, const at::Tensor &x, const at::Tensor &weight, int64_t padding,
                           int64_t dilation)
{
    const at::Tensor from = pixels(grad), to = pixels(x);
    int64_t out = weight.size(0), in = weight.size(1), high = weight.size(2), wide = weight.size(3);
    at::Tensor sum = at::empty({ out, high, wide, in }, weight.options().memory_format(at::MemoryFormat::Contiguous));
    for (int64_t i = 0; i < high; i++)
        for (int64_t j = 0; j < wide; j++) {
            int64_t down = i * dilation - padding, right = j * dilation - padding;
            at::Tensor tap = sum.select(1, i).select(1, j);
            if (std::abs(down) >= x.size(2) || std::abs(right) >= x.size(3))
                tap.zero_();    /* nowhere within the picture */
            else if (out <= in) /* the fewer channels are copied */
                at::mm_out(tap, rows(moved(from, down, right)).t(), rows(to));
            else
                at::mm_out(tap, rows(from).t(), rows(moved(to, -down, -right)));
        }
    return sum.permute({ 0, 3, 1, 2 });
}

at::Tensor input_gradient(const at::Tensor &grad, const at::Tensor &x, const at::Tensor &weight, int64_t padding,
                          int64_t dilation)
{
    if (has_one_tap(weight))
        return at::mm(rows(pixels(grad)), weight.flatten(1)).view(pixels(x).sizes()).permute({ 0, 3, 1, 2 });
    return std::get<0>(at::convolution_backward(grad, x, weight, std::nullopt, { 1, 1 }, { padding, padding },
                                                { dilation, dilation }, false, { 0, 0 }, 1, { true, false, false }));
}

at::Tensor by_products(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                       int64_t padding, int64_t dilation)
{
    bool by_input = x.requires_grad(), by_bias = bias && bias->requires_grad();
    auto forward = [&](shim::tensors &kept) {
        kept = { x, weight };
        return has_one_tap(weight) ? pointwise(x, weight, bias, 1) : at::conv2d(x, weight, bias, 1, padding, dilation);
    };
    auto backward = [=](const at::Tensor &slope, const shim::tensors &kept) -> shim::tensors {
        at::Tensor grad = slope.contiguous(at::MemoryFormat::ChannelsLast);
        return { by_input ? input_gradient(grad, kept[0], kept[1], padding, dilation) : at::Tensor(),
                 weight_gradient(grad, kept[0], kept[1], padding, dilation),
                 by_bias ? grad.sum({ 0, 2, 3 }) : at::Tensor() };
    };
    shim::tensors inputs = { x, weight };
    if (bias)
        inputs.push_back(*bias);
    return shim::differentiable(inputs, forward, backward);
}

} // namespace

namespace
{

/* A convolution on a device: whether TF32 serves is the scope's matter, and cuDNN searches for its fastest algorithm in training
 * alone, where sizes repeat. */
at::Tensor on_device(const il_scope *s, const at::Tensor &x, const at::Tensor &weight,
                     const std::optional<at::Tensor> &bias, il_conv_geometry o, bool transposed)
{
    const at::Context &c = at::globalContext();
    const int64_t stride = or_one(o.stride), padding = o.padding, dilation = or_one(o.dilation);
    return at::_convolution(x, weight, bias, { stride, stride }, { padding, padding }, { dilation, dilation },
                            transposed, { 0, 0 }, or_one(o.groups), s->opts.training && c.benchmarkCuDNN(),
                            c.deterministicCuDNN() || c.deterministicAlgorithms(), c.userEnabledCuDNN(),
                            s->opts.precision != IL_PRECISION_FP32);
}

} // namespace

namespace shim
{

at::Tensor conv2d(il_scope *s, const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                  il_conv_geometry o)
{
    if (!x.is_cpu())
        return on_device(s, x, weight, bias, o, false);
    bool whole = s->opts.precision < IL_PRECISION_BF16; /* else libtorch's autocast has a say */
    bool products = whole && suits_products(x, weight, bias, o);
    if (products && c10::GradMode::is_enabled() && weight.requires_grad())
        return by_products(x, weight, bias, static_cast<int64_t>(o.padding), or_one(o.dilation));
    /* In training also where nothing is recorded (il_recompute's first pass), so that both give the same bits. */
    if (is_pointwise(x, weight, o) && ((products && s->opts.training) || is_unsafe(weight)))
        return pointwise(x, weight, bias, or_one(o.stride));
    return at::conv2d(x, weight, bias, or_one(o.stride), o.padding, or_one(o.dilation), or_one(o.groups));
}

} // namespace shim

il_tensor *il_conv2d(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_conv_geometry o)
{
    return shim::run_weighted(s, "conv2d", x, weight, bias, [&](const std::optional<at::Tensor> &b) {
        return shim::counted(s, x, weight, shim::conv2d(s, x->value, weight->value, b, o));
    });
}

il_tensor *il_conv_transpose2d(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_conv_geometry o)
{
    return shim::run_weighted(s, "conv_transpose2d", x, weight, bias, [&](const std::optional<at::Tensor> &b) {
        at::Tensor y = x->value.is_cpu() ? at::conv_transpose2d(x->value, weight->value, b, or_one(o.stride), o.padding,
                                                                0, or_one(o.groups), or_one(o.dilation))
                                         : on_device(s, x->value, weight->value, b, o, true);
        return shim::counted(s, x, weight, y, shim::sides::input);
    });
}
