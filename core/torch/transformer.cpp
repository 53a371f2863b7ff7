/* transformer.cpp - the operations of tensor.h that transformers and diffusion models add: linear layers, norms over
 * channels, embeddings, attention, positions, noise. */
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <c10/util/Exception.h>
#include "torch/shim.hpp"

using shim::run;
using shim::run_weighted;

il_tensor *il_linear(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias)
{
    return run_weighted(s, "linear", x, weight, bias, [&](const std::optional<at::Tensor> &b) {
        return shim::counted(s, x, weight, at::linear(x->value, weight->value, b));
    });
}

il_tensor *il_layer_norm(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, double eps)
{
    return run(s, "layer_norm", { { x }, { weight, " with weight " }, { bias, " and bias " } }, [&] {
        TORCH_CHECK(x->value.dim() > 0, "there is no last dimension");
        const int64_t last[] = { x->value.size(-1) };
        return at::layer_norm(x->value, last, weight->value, bias->value, eps);
    });
}

il_tensor *il_group_norm(il_scope *s, il_tensor *x, int groups, il_tensor *weight, il_tensor *bias, double eps)
{
    return run(s, "group_norm", { { x }, { weight, " with weight " }, { bias, " and bias " } }, [&] {
        TORCH_CHECK(groups > 0, groups, " groups, expected at least 1");
        return at::group_norm(x->value, groups, weight->value, bias->value, eps);
    });
}

il_tensor *il_gelu(il_scope *s, il_tensor *a)
{
    return run(s, "gelu", { { a } }, [&] { return at::gelu(a->value); });
}

il_tensor *il_exp(il_scope *s, il_tensor *a)
{
    return run(s, "exp", { { a } }, [&] { return at::exp(a->value); });
}

il_tensor *il_embedding(il_scope *s, il_tensor *weight, il_tensor *index)
{
    return run(s, "embedding", { { weight }, { index, " by index " } }, [&] {
        TORCH_CHECK(index->value.scalar_type() == at::kLong, "the index is not of type int64");
        TORCH_CHECK(weight->value.dim() == 2, "the rows come from two dimensions");
        if (index->value.numel() > 0) { /* a GPU would stop the whole process' work */
            auto [low, high] = at::aminmax(index->value);
            int64_t least = low.item<int64_t>(), most = high.item<int64_t>(), rows = weight->value.size(0);
            TORCH_CHECK(least >= 0 && most < rows, "index ", least < 0 ? least : most, " is not in 0 to ", rows - 1);
        }
        return at::embedding(weight->value, index->value);
    });
}

il_tensor *il_attention(il_scope *s, il_tensor *q, il_tensor *k, il_tensor *v, bool causal)
{
    return run(s, "attention", { { q }, { k }, { v } }, [&] {
        TORCH_CHECK(q->value.dim() == 4 && k->value.dim() == 4 && v->value.dim() == 4, "expected four dimensions");
        at::Tensor y = at::scaled_dot_product_attention(q->value, k->value, v->value, {}, 0, causal);
        return shim::counted_attention(s, q, k, v, y);
    });
}

il_tensor *il_upsample_bicubic(il_scope *s, il_tensor *x, int64_t height, int64_t width, bool antialias)
{
    return run(s, "upsample_bicubic", { { x } }, [&] {
        const int64_t size[] = { height, width };
        return antialias ? at::_upsample_bicubic2d_aa(x->value, size, false, std::nullopt, std::nullopt)
                         : at::upsample_bicubic2d(x->value, size, false, std::nullopt, std::nullopt);
    });
}

il_tensor *il_pad(il_scope *s, il_tensor *x, int left, int right, int top, int bottom)
{
    return run(s, "pad", { { x } }, [&] {
        const int64_t edges[] = { left, right, top, bottom };
        return at::constant_pad_nd(x->value, edges, 0);
    });
}

/* Whole tensors are drawn one after another: torch.randn fills 16 or more elements in another order than fewer. */
il_tensor *il_randn(il_scope *s, uint64_t seed, int skip, int ndim, const int64_t *shape)
{
    return run(s, "randn", {}, [&] {
        TORCH_CHECK(skip >= 0, "cannot skip ", skip, " draws");
        at::Generator random = shim::generator({ IL_DEVICE_CPU, 0 }, seed);
        at::Tensor t = at::empty(shim::sizes(ndim, shape), at::kFloat);
        for (int i = 0; i <= skip; i++)
            t.normal_(0, 1, random);
        return t.to(shim::device(s->opts.device));
    });
}
