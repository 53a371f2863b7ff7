/* tensor.cpp - implements tensor.h: every function is one guarded call of libtorch. */
#include <ATen/core/Reduction.h>
#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logit.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/pixel_shuffle.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/where.h>
#include <c10/util/Exception.h>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>
#include "torch/parallel.hpp"
#include "torch/residual_kernel.h"
#include "torch/shim.hpp"

using shim::operand;
using shim::operands;
using shim::or_one;
using shim::run;
using shim::run_list;
using shim::run_weighted;
using shim::sizes;

namespace
{

std::vector<int64_t> from_dim(const il_tensor *a, int keep)
{
    TORCH_CHECK(keep >= 0 && keep <= a->value.dim(), "cannot keep ", keep, " dimensions");
    std::vector<int64_t> dims;
    for (int64_t i = keep; i < a->value.dim(); i++)
        dims.push_back(i);
    return dims;
}

} // namespace

at::Tensor shim::where(const at::Tensor &which, const at::Tensor &a, double otherwise)
{
    return at::where(at::ne(which, 0), a, at::Scalar(otherwise));
}

at::Tensor shim::count_set(const at::Tensor &which, const at::Tensor &like)
{
    return at::clamp_min(at::sum(at::ne(which, 0)), 1).to(like.options());
}

/* ---- data in and out ---- */

il_tensor *il_from_f32(il_scope *s, const float *data, int ndim, const int64_t *shape)
{
    return il_from_bytes(s, data, IL_DTYPE_F32, ndim, shape);
}

il_tensor *il_from_bytes(il_scope *s, const void *data, il_dtype dtype, int ndim, const int64_t *shape)
{
    return run(s, "from_bytes", {}, [&] {
        at::Tensor t = at::empty(sizes(ndim, shape), at::TensorOptions(shim::type(dtype)));
        if (t.nbytes() > 0)
            memcpy(t.data_ptr(), data, t.nbytes());
        return t.to(shim::device(s->opts.device));
    });
}

/* What was sent is never freed: at exit, a GPU's driver is gone first. */
il_tensor *il_constant(il_scope *s, const float *data, int ndim, const int64_t *shape)
{
    using key = std::pair<const float *, std::string>;
    return run(s, "constant", {}, [&] {
        static std::mutex lock;
        static auto *const sent = new std::map<key, at::Tensor>;
        at::Device device = shim::device(s->opts.device);
        std::lock_guard<std::mutex> hold(lock);
        at::Tensor &t = (*sent)[{ data, device.str() }];
        if (!t.defined()) {
            c10::AutoGradMode off(false);
            at::Tensor own = at::empty(sizes(ndim, shape), at::kFloat);
            memcpy(own.data_ptr(), data, own.nbytes());
            t = own.to(device);
        }
        return t.alias();
    });
}

il_tensor *il_full(il_scope *s, double value, il_dtype dtype, int ndim, const int64_t *shape)
{
    return run(s, "full", {}, [&] {
        at::TensorOptions o = at::TensorOptions(shim::type(dtype)).device(shim::device(s->opts.device));
        return at::full(sizes(ndim, shape), value, o);
    });
}

int il_ndim(const il_tensor *t)
{
    return static_cast<int>(t->value.dim());
}

int64_t il_dim(const il_tensor *t, int i)
{
    int64_t n = t->value.dim(), at = i < 0 ? i + n : i;
    return at < 0 || at >= n ? 1 : t->value.sizes()[static_cast<size_t>(at)];
}

int64_t il_numel(const il_tensor *t)
{
    return t->value.numel();
}

il_dtype il_dtype_of(const il_tensor *t)
{
    il_dtype known = IL_DTYPE_F32;
    shim::dtype(&known, t->value.scalar_type()); /* wrap let no other in */
    return known;
}

static int read_as(const il_tensor *t, at::ScalarType type, void *out, size_t bytes, il_err *e)
{
    if (!t)
        return il_fail(e, IL_ETORCH, "read: there is no tensor");
    return shim::guard(e, "read", [&] {
        at::NoGradGuard off;
        size_t has = static_cast<size_t>(t->value.numel()), each = c10::elementSize(type);
        TORCH_CHECK(bytes == has * each, "tensor ", shim::shape(t), " has ", has, " elements, not ", bytes / each);
        at::Tensor flat = t->value.detach().to(at::kCPU, type).contiguous();
        if (bytes > 0)
            memcpy(out, flat.const_data_ptr(), bytes);
    });
}

int il_read_f32(const il_tensor *t, float *out, size_t count, il_err *e)
{
    return read_as(t, at::kFloat, out, count * sizeof *out, e);
}

int il_read_i64(const il_tensor *t, int64_t *out, size_t count, il_err *e)
{
    return read_as(t, at::kLong, out, count * sizeof *out, e);
}

int il_read_bytes(const il_tensor *t, void *out, size_t bytes, il_err *e)
{
    return read_as(t, t ? t->value.scalar_type() : at::kByte, out, bytes, e);
}

int il_copy(il_tensor *to, const il_tensor *from, il_err *e)
{
    if (!to || !from)
        return il_fail(e, IL_ETORCH, "copy: there is no tensor");
    return shim::guard(e, "copy", [&] {
        at::NoGradGuard off;
        TORCH_CHECK(to->value.sizes() == from->value.sizes(), "shape ", shim::shape(from), " does not fit ",
                    shim::shape(to));
        to->value.copy_(from->value);
    });
}

int il_assign(il_tensor *to, const il_tensor *from, il_err *e)
{
    if (!to || !from)
        return il_fail(e, IL_ETORCH, "assign: there is no tensor");
    return shim::guard(e, "assign", [&] {
        at::NoGradGuard off;
        TORCH_CHECK(!to->value.requires_grad(), "the tensor wants a gradient");
        TORCH_CHECK(to->value.numel() == from->value.numel(), "shape ", shim::shape(from), " does not fit ",
                    shim::shape(to));
        to->value = from->value.detach().reshape(to->value.sizes()).to(to->value.options());
    });
}

/* ---- arithmetic ---- */

il_tensor *il_add(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "add", { { a }, { b } }, [&] { return at::add(a->value, b->value); });
}

il_tensor *il_add_(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "add_", { { a }, { b } }, [&] { return a->value.add_(b->value); });
}

il_tensor *il_sub(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "sub", { { a }, { b } }, [&] { return at::sub(a->value, b->value); });
}

il_tensor *il_mul(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "mul", { { a }, { b } }, [&] { return at::mul(a->value, b->value); });
}

il_tensor *il_div(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "div", { { a }, { b } }, [&] { return at::div(a->value, b->value); });
}

il_tensor *il_affine(il_scope *s, il_tensor *a, double scale, double shift)
{
    return run(s, "affine", { { a } }, [&] { return at::add(at::mul(a->value, scale), shift); });
}

il_tensor *il_pow(il_scope *s, il_tensor *a, double exponent)
{
    return run(s, "pow", { { a } }, [&] { return at::pow(a->value, exponent); });
}

il_tensor *il_clamp(il_scope *s, il_tensor *a, double low, double high)
{
    return run(s, "clamp", { { a } }, [&] { return at::clamp(a->value, at::Scalar(low), at::Scalar(high)); });
}

il_tensor *il_lerp(il_scope *s, il_tensor *a, il_tensor *b, il_tensor *t)
{
    return run(s, "lerp", { { a }, { b }, { t } }, [&] { return at::lerp(a->value, b->value, t->value); });
}

il_tensor *il_sigmoid(il_scope *s, il_tensor *a)
{
    return run(s, "sigmoid", { { a } }, [&] { return at::sigmoid(a->value); });
}

il_tensor *il_logit(il_scope *s, il_tensor *a)
{
    return run(s, "logit", { { a } }, [&] {
        at::Tensor p = at::clamp(a->value.to(at::kDouble), 1e-12, 1 - 6e-8);
        return at::logit(p).to(a->value.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    });
}

il_tensor *il_tanh(il_scope *s, il_tensor *a)
{
    return run(s, "tanh", { { a } }, [&] { return at::tanh(a->value); });
}

il_tensor *il_relu(il_scope *s, il_tensor *a)
{
    return run(s, "relu", { { a } }, [&] { return at::relu(a->value); });
}

il_tensor *il_relu_(il_scope *s, il_tensor *a)
{
    return run(s, "relu_", { { a } }, [&] { return at::relu_(a->value); });
}

il_tensor *il_silu(il_scope *s, il_tensor *a)
{
    return run(s, "silu", { { a } }, [&] { return at::silu(a->value); });
}

il_tensor *il_greater(il_scope *s, il_tensor *a, double level)
{
    return run(s, "greater", { { a } }, [&] { return at::gt(a->value, level).to(a->value.scalar_type()); });
}

il_tensor *il_where(il_scope *s, il_tensor *which, il_tensor *a, double otherwise)
{
    if (!which)
        return a;
    return run(s, "where", { { which }, { a } }, [&] { return shim::where(which->value, a->value, otherwise); });
}

/* ---- reductions ---- */

il_tensor *il_mean(il_scope *s, il_tensor *a)
{
    return run(s, "mean", { { a } }, [&] { return at::mean(a->value); });
}

il_tensor *il_mean_where(il_scope *s, il_tensor *a, il_tensor *which)
{
    if (!which)
        return il_mean(s, a);
    return run(s, "mean_where", { { a }, { which } }, [&] {
        shim::same_shape(a, which);
        at::Tensor sum = at::sum(shim::where(which->value, a->value, 0));
        return at::div(sum, shim::count_set(which->value, sum));
    });
}

il_tensor *il_sum(il_scope *s, il_tensor *a)
{
    return run(s, "sum", { { a } }, [&] { return at::sum(a->value); });
}

il_tensor *il_sum_to(il_scope *s, il_tensor *a, int keep)
{
    return run(s, "sum_to", { { a } }, [&] {
        std::vector<int64_t> dims = from_dim(a, keep);
        return dims.empty() ? a->value.clone() : at::sum(a->value, dims); /* no dimension would mean all */
    });
}

il_tensor *il_amin_to(il_scope *s, il_tensor *a, int keep)
{
    return run(s, "amin_to", { { a } }, [&] {
        std::vector<int64_t> dims = from_dim(a, keep);
        return dims.empty() ? a->value.clone() : at::amin(a->value, dims, true);
    });
}

il_tensor *il_amax_to(il_scope *s, il_tensor *a, int keep)
{
    return run(s, "amax_to", { { a } }, [&] {
        std::vector<int64_t> dims = from_dim(a, keep);
        return dims.empty() ? a->value.clone() : at::amax(a->value, dims, true);
    });
}

/* ---- shape ---- */

il_tensor *il_reshape(il_scope *s, il_tensor *a, int ndim, const int64_t *shape)
{
    return run(s, "reshape", { { a } }, [&] { return a->value.reshape(sizes(ndim, shape)); });
}

il_tensor *il_permute(il_scope *s, il_tensor *a, int ndim, const int *order)
{
    return run(s, "permute", { { a } }, [&] {
        std::vector<int64_t> dims(order, order + ndim);
        return a->value.permute(dims);
    });
}

il_tensor *il_cat(il_scope *s, il_tensor *const *parts, int count, int dim)
{
    std::vector<operand> in;
    std::vector<at::Tensor> list;
    il_err err = {};
    int rc = shim::guard(&err, "cat", [&] {
        for (int i = 0; i < count; i++)
            in.push_back({ parts[i] });
        for (int i = 0; i < count && parts[i]; i++)
            list.push_back(parts[i]->value);
    });
    if (rc != IL_OK)
        shim::fail(s, err);
    return run_list(s, "cat", in, [&] { return at::cat(list, dim); });
}

il_tensor *il_slice(il_scope *s, il_tensor *a, int dim, int64_t start, int64_t end)
{
    return run(s, "slice", { { a } }, [&] { return a->value.slice(dim, start, end); });
}

il_tensor *il_to(il_scope *s, il_tensor *a, il_dtype dtype)
{
    return run(s, "to", { { a } }, [&] { return a->value.to(shim::device(s->opts.device), shim::type(dtype)); });
}

il_tensor *il_to_order(il_scope *s, il_tensor *a, il_order order)
{
    return run(s, "to_layout", { { a } }, [&] {
        return a->value.contiguous(order == IL_ORDER_NHWC ? at::MemoryFormat::ChannelsLast
                                                          : at::MemoryFormat::Contiguous);
    });
}

il_tensor *il_detach(il_scope *s, il_tensor *a)
{
    return run(s, "detach", { { a } }, [&] { return a->value.detach(); });
}

/* ---- networks ---- */

il_tensor *il_batch_norm(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_tensor *mean, il_tensor *var,
                         il_tensor *tracked)
{
    return run(s, "batch_norm", { { x }, { weight, " with weight " }, { bias }, { mean }, { var } }, [&] {
        bool training = s->opts.training && !(mean->frozen && var->frozen);
        if (training) {
            TORCH_CHECK(x->value.dim() > 1 && (s->share || x->value.numel() > x->value.size(1)),
                        "more than one value per channel is needed in training");
            at::NoGradGuard off;
            if (tracked && !s->again)
                tracked->value.add_(1);
        }
        std::optional<at::Tensor> running_mean, running_var;
        if (!training || !s->again) {
            running_mean = mean->value;
            running_var = var->value;
        }
        at::Tensor y;
        if (training && s->share)
            y = shim::batch_norm_shared(*s->share, x->value,
                                        { weight->value, bias->value, running_mean.value_or(at::Tensor()),
                                          running_var.value_or(at::Tensor()) });
        else
            y = at::batch_norm(x->value, weight->value, bias->value, running_mean, running_var, training, 0.1, 1e-5,
                               true);
        if (training && !s->again) {
            mean->changes++;
            var->changes++;
        }
        return y;
    });
}

il_tensor *il_max_pool2d(il_scope *s, il_tensor *x, int kernel, int stride, int padding)
{
    return run(s, "max_pool2d", { { x } },
               [&] { return at::max_pool2d(x->value, kernel, stride ? stride : kernel, padding); });
}

il_tensor *il_upsample_bilinear(il_scope *s, il_tensor *x, int64_t height, int64_t width)
{
    return run(s, "upsample_bilinear", { { x } }, [&] {
        const int64_t size[] = { height, width };
        return at::upsample_bilinear2d(x->value, at::IntArrayRef(size), false, std::nullopt);
    });
}

il_tensor *il_upsample_nearest(il_scope *s, il_tensor *x, int64_t height, int64_t width)
{
    return run(s, "upsample_nearest", { { x } }, [&] {
        const int64_t size[] = { height, width };
        return at::upsample_nearest2d(x->value, at::IntArrayRef(size), std::nullopt);
    });
}

il_tensor *il_pixel_shuffle(il_scope *s, il_tensor *x, int factor)
{
    return run(s, "pixel_shuffle", { { x } }, [&] { return at::pixel_shuffle(x->value, factor); });
}

il_tensor *il_dropout(il_scope *s, il_tensor *x, double p)
{
    return run(s, "dropout", { { x } }, [&] {
        TORCH_CHECK(p >= 0 && p <= 1, "probability ", p, " is not in [0, 1]");
        if (!s->opts.training || p == 0)
            return x->value.alias();
        bool half = c10::elementSize(x->value.scalar_type()) < sizeof(float); /* which would round 1 / (1 - p) */
        at::Tensor mask;
        {
            at::NoGradGuard off;
            mask = shim::draw_ones(s, x->value, 1 - p);
            if (p < 1 && !half)
                mask.div_(1 - p);
        }
        at::Tensor y = at::mul(x->value, mask);
        return half && p < 1 ? at::mul(y.to(at::kFloat), 1 / (1 - p)).to(y.scalar_type()) : y;
    });
}

il_tensor *il_bce_logits(il_scope *s, il_tensor *logit, il_tensor *target)
{
    return run(s, "bce_logits", { { logit }, { target } }, [&] {
        shim::same_shape(logit, target);
        return at::binary_cross_entropy_with_logits(logit->value, target->value, {}, {}, at::Reduction::None);
    });
}

/* ---- gradients ---- */

int il_backward(il_scope *s, il_tensor *loss, il_err *e)
{
    if (!s || s->error.code != IL_OK)
        return il_scope_status(s, e);
    if (!loss)
        return il_fail(e, IL_ETORCH, "backward: there is no loss");
    return shim::guard(e, "backward", s->opts.training, [&] {
        TORCH_CHECK(loss->value.dim() == 0, "the loss has shape ", shim::shape(loss), ", not ()");
        TORCH_CHECK(loss->value.requires_grad(), "the loss does not depend on anything that wants a gradient");
        loss->value.backward();
    });
}

il_tensor *il_grad(il_scope *s, il_tensor *leaf)
{
    if (!leaf || !leaf->value.is_leaf() || !leaf->value.grad().defined())
        return nullptr;
    return run(s, "grad", { { leaf } }, [&] { return leaf->value.grad(); });
}

int il_require_grad(il_tensor *t, il_err *e)
{
    if (!t)
        return il_fail(e, IL_ETORCH, "require_grad: there is no tensor");
    return shim::guard(e, "require_grad", [&] { t->value.set_requires_grad(true); });
}
