/* parallel.cpp - batch norm, dropout and the loss over the pictures of all ranks, and the sum of their gradients. */
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/var_mean.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cmath>
#include <memory>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/headeronly/version.h>
#include <vector>
#include "base/clock.h"
#include "parallel/nccl.h"
#include "torch/autograd.hpp"
#include "torch/parallel.hpp"
#include "torch/state.hpp"

namespace
{

constexpr double eps = 1e-5, momentum = 0.1;
constexpr size_t most_bytes = 8 << 20, least_bytes = 64 << 10, buckets_wanted = 8; /* of a bucket */

void check(int rc, const il_err &e)
{
    TORCH_CHECK(rc == IL_OK, e.message);
}

std::vector<double> gathered(const il_share &share, const std::vector<double> &own)
{
    std::vector<double> all(own.size() * static_cast<size_t>(il_world_size(share.world)));
    il_err e = {};
    check(il_world_gather(share.world, all.data(), own.data(), own.size() * sizeof(double), &e), e);
    return all;
}

void append(std::vector<double> &to, const at::Tensor &values)
{
    at::Tensor host = values.detach().to(at::kCPU, at::kDouble).contiguous();
    const double *p = host.const_data_ptr<double>();
    to.insert(to.end(), p, p + host.numel());
}

at::Tensor like(const std::vector<double> &values, const at::Tensor &x)
{
    return at::tensor(values, at::kDouble).to(x.options().memory_format(std::nullopt));
}

/* (C) as a factor of (N,C,…) */
at::Tensor per_channel(const at::Tensor &values, const at::Tensor &x)
{
    std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
    sizes[1] = values.numel();
    return values.view(sizes);
}

/* ---- batch norm ---- */

struct statistics {
    std::vector<double> mean, var;
    double count = 0;
};

/* Mean and variance per channel of all ranks' pictures, from those of each (Chan, Golub and LeVeque 1979). */
statistics statistics_of(const il_share &share, const at::Tensor &x)
{
    auto channels = static_cast<size_t>(x.size(1));
    std::vector<int64_t> others;
    for (int64_t i = 0; i < x.dim(); i++)
        if (i != 1)
            others.push_back(i);
    auto [var, mean] = at::var_mean(x, at::OptionalIntArrayRef(others), std::optional<at::Scalar>(0));
    std::vector<double> own = { share.own ? static_cast<double>(x.numel()) / static_cast<double>(channels) : 0 };
    append(own, mean);
    append(own, var);
    std::vector<double> all = gathered(share, own);
    statistics st{ std::vector<double>(channels), std::vector<double>(channels) };
    for (size_t at = 0; at < all.size(); at += own.size()) {
        double n = all[at], sum = st.count + n;
        for (size_t c = 0; c < channels && n > 0; c++) {
            double away = all[at + 1 + c] - st.mean[c];
            st.mean[c] += away * n / sum;
            st.var[c] += all[at + 1 + channels + c] * n + away * away * st.count * n / sum;
        }
        st.count = sum;
    }
    TORCH_CHECK(st.count > 1, "more than one value per channel is needed in training");
    for (double &v : st.var)
        v /= st.count;
    return st;
}

void follow(at::Tensor running, const std::vector<double> &values, double factor)
{
    running.mul_(1 - momentum).add_(like(values, running), momentum * factor);
}

/* kept: x, weight, mean, 1 / deviation. The weight's and the bias's gradients are those of the own pictures, as of any weight. */
shim::tensors norm_slopes(const il_share &share, double count, const at::Tensor &grad, const shim::tensors &kept)
{
    const at::Tensor &x = kept[0], &mean = kept[2], &scale = kept[3];
    at::Tensor g = grad.to(x.scalar_type()), weight = kept[1].to(x.scalar_type());
    auto [none, by_weight, by_bias] = at::native_batch_norm_backward(g, x, weight, {}, {}, mean, scale, true, eps,
                                                                     { false, true, true });
    std::vector<double> own, sum_bias(static_cast<size_t>(mean.numel())), sum_weight(sum_bias.size());
    append(own, by_bias);
    append(own, by_weight);
    std::vector<double> all = gathered(share, own);
    for (size_t at = 0; at < all.size(); at += own.size())
        for (size_t c = 0; c < sum_bias.size(); c++) {
            sum_bias[c] += all[at + c] / count;
            sum_weight[c] += all[at + sum_bias.size() + c] / count;
        }
    if (!share.own) /* the blank picture is no part of the statistics */
        return { at::zeros_like(x), by_weight.to(kept[1].scalar_type()), by_bias.to(kept[1].scalar_type()) };
    at::Tensor factor = weight.mul(scale);
    at::Tensor slope = x.sub(per_channel(mean, x)).mul_(per_channel(factor.mul(scale).mul_(like(sum_weight, x)), x));
    slope.neg_().add_(g.mul(per_channel(factor, x))).sub_(per_channel(factor.mul(like(sum_bias, x)), x));
    return { slope, by_weight.to(kept[1].scalar_type()), by_bias.to(kept[1].scalar_type()) };
}

} // namespace

at::Tensor shim::batch_norm_shared(const il_share &share, const at::Tensor &given, const norm &n)
{
    bool half = c10::elementSize(given.scalar_type()) < sizeof(float);
    at::Tensor x = half ? given.detach().to(at::kFloat) : given.detach();
    auto count = std::make_shared<double>(0);
    auto forward = [&](tensors &kept) {
        statistics st = statistics_of(share, x);
        *count = st.count;
        at::Tensor mean = like(st.mean, x), var = like(st.var, x);
        if (n.mean.defined()) {
            follow(n.mean, st.mean, 1);
            follow(n.var, st.var, st.count / (st.count - 1));
        }
        std::vector<double> scale(st.var.size());
        std::transform(st.var.begin(), st.var.end(), scale.begin(), [](double v) { return 1 / std::sqrt(v + eps); });
        kept = { x, n.weight.detach(), mean, like(scale, x) };
        at::Tensor weight = n.weight.detach().to(x.scalar_type()), bias = n.bias.detach().to(x.scalar_type());
        return at::batch_norm(x, weight, bias, mean, var, false, momentum, eps, false).to(given.scalar_type());
    };
    return differentiable({ given, n.weight, n.bias }, forward,
                          [&share, count](const at::Tensor &g, const tensors &kept) {
                              tensors slopes = norm_slopes(share, *count, g, kept);
                              slopes[0] = slopes[0].to(g.scalar_type());
                              return slopes;
                          });
}

/* ---- rows of pictures ---- */

namespace
{

/* Which rows of the whole are the rank's own. */
at::Tensor own_rows(const il_share &share, const at::Tensor &x)
{
    std::vector<int64_t> rows;
    for (int i = 0; i < share.whole; i++)
        if (share.owner[i] == il_world_own(share.world))
            rows.push_back(i);
    return at::tensor(rows, at::kLong).to(x.device());
}

/* As at::empty_like would be for all pictures: the same order in memory, so random numbers fall on the same places. */
at::Tensor empty_whole(const at::Tensor &x, int64_t rows)
{
    std::vector<int64_t> sizes = x.sizes().vec(), strides = x.strides().vec();
    int64_t row = x.numel() / x.size(0);
    bool outermost = x.is_non_overlapping_and_dense() && (x.size(0) == 1 || strides[0] == row);
    sizes[0] = rows;
    strides[0] = row;
    return outermost ? at::empty_strided(sizes, strides, x.options()) : at::empty(sizes, x.options());
}

} // namespace

at::Tensor shim::draw_ones(il_scope *s, const at::Tensor &x, double keep)
{
    const il_share *share = s->share;
    if (!share)
        return at::empty_like(x).bernoulli_(keep, random(s));
    int64_t own = std::max(share->own, 1);
    TORCH_CHECK(x.dim() > 0 && x.size(0) % own == 0,
                "the first dimension is not that of the pictures, so dropout cannot"
                " be drawn for the pictures of all processes");
    int64_t parts = x.size(0) / own; /* such as windows: each picture's stand together */
    at::Tensor all = empty_whole(x, share->whole * parts).bernoulli_(keep, random(s));
    if (!share->own)
        return all.narrow(0, 0, x.size(0));
    std::vector<int64_t> sizes = x.sizes().vec();
    if (parts == 1)
        return all.index_select(0, own_rows(*share, x));
    return all.reshape({ share->whole, parts, -1 }).index_select(0, own_rows(*share, x)).reshape(sizes);
}

void shim::refuse_share(const il_scope *s)
{
    TORCH_CHECK(!s->share,
                "a model that was made elsewhere cannot be trained by several processes, since its batch norm and"
                " dropout would see the pictures of one alone; launch one process");
}

void il_scope_share(il_scope *s, const il_share *share)
{
    if (s)
        s->share = share;
}

namespace
{

at::Tensor gather_rows(const il_share &share, const at::Tensor &x)
{
    int ranks = il_world_size(share.world);
    std::vector<int64_t> count(static_cast<size_t>(ranks)), rows;
    for (int i = 0; i < share.whole; i++)
        count[static_cast<size_t>(share.owner[i])]++;
    int64_t most = *std::max_element(count.begin(), count.end());
    std::fill(count.begin(), count.end(), 0);
    for (int i = 0; i < share.whole; i++)
        rows.push_back(share.owner[i] * most + count[static_cast<size_t>(share.owner[i])]++);
    std::vector<int64_t> sizes = x.sizes().vec();
    sizes[0] = most;
    at::TensorOptions host = at::TensorOptions(x.scalar_type());
    at::Tensor own = at::empty(sizes, host).zero_();
    if (share.own)
        own.narrow(0, 0, share.own).copy_(x);
    sizes[0] = most * ranks;
    at::Tensor all = at::empty(sizes, host);
    il_err e = {};
    check(il_world_gather(share.world, all.mutable_data_ptr(), own.const_data_ptr(), own.nbytes(), &e), e);
    return all.index_select(0, at::tensor(rows, at::kLong)).to(x.device());
}

} // namespace

il_tensor *il_gather_rows(il_scope *s, il_tensor *x)
{
    if (!s || !s->share)
        return x;
    return shim::run(s, "gather", { { x } }, [&] {
        const il_share &share = *s->share;
        auto forward = [&](shim::tensors &kept) {
            kept = { x->value.detach() };
            return gather_rows(share, x->value.detach().contiguous());
        };
        return shim::differentiable({ x->value }, forward, [&share](const at::Tensor &grad, const shim::tensors &kept) {
            at::Tensor own = share.own ? grad.index_select(0, own_rows(share, grad)) : at::zeros_like(kept[0]);
            return shim::tensors{ own };
        });
    });
}

/* ---- the sum of gradients ---- */

namespace
{

struct member {
    at::Tensor param;
    int64_t from;
    int arrived = 0;     /* twice where a weight is used in several parts that are computed again */
    bool absent = false; /* had no gradient in the last step, as an auxiliary head without its loss: no bucket waits */
};

struct bucket {
    at::Tensor flat;
    std::vector<member> members = {};
    size_t complete = 0;
    il_world_sum *sum = nullptr;
    bool begun = false, there = false;
    double start = 0;
};

struct hook : torch::autograd::PostAccumulateGradHook {
    il_reducer *reducer;
    size_t bucket, member;
    hook(il_reducer *r, size_t b, size_t m) : reducer(r), bucket(b), member(m)
    {
    }
    void operator()(const torch::autograd::Variable &) override;
};

} // namespace

/* On GPUs sums are made in a stream of their own, beside the backward pass. */
struct il_reducer {
    il_world *world = nullptr;
    il_nccl *nccl = nullptr; /* nullptr: by way of the host */
    std::optional<c10::Stream> side = {};
    std::vector<bucket> buckets = {};
    size_t limit = most_bytes; /* a bucket of as many bytes is full */
    size_t next = 0;           /* bucket to begin: all ranks begin them in one order */
    bool listening = false;
    il_err error = {};
    il_reducer_report report = {};

    void open_gpus(at::Device device);
    void begin_on_gpu(bucket &b);
    void await_gpu();
    void place(const at::Tensor &param);
    void arrive(size_t b, size_t m);
    void begin(bucket &b);
    void land(bucket &b, double now);
    void look();
    void finish(bucket &b);
    void sum_again();
};

void hook::operator()(const torch::autograd::Variable &)
{
    if (reducer->listening)
        reducer->arrive(bucket, member);
}

void il_reducer::place(const at::Tensor &param)
{
    TORCH_CHECK(param.scalar_type() == at::kFloat || param.scalar_type() == at::kDouble, "gradients of type ",
                param.scalar_type(), " cannot be summed over processes");
    if (buckets.empty() || buckets.back().flat.nbytes() >= limit)
        buckets.push_back({ at::empty({ 0 }, param.options().device(nccl ? param.device() : at::Device(at::kCPU))) });
    bucket &b = buckets.back();
    b.members.push_back({ param, b.flat.numel() });
    b.flat = at::empty({ b.flat.numel() + param.numel() }, b.flat.options());
}

/* c10's streams tell what they are to CUDA from libtorch 2.11 on; without it, or without NCCL, the host serves. */
void il_reducer::open_gpus([[maybe_unused]] at::Device device)
{
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 11
    if (device.type() != at::kCUDA)
        return;
    il_err e = {};
    c10::DeviceGuard guard(device);
    if (il_nccl_open(&nccl, world, &e) == IL_OK)
        side = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
#endif
}

void il_reducer::begin_on_gpu([[maybe_unused]] bucket &b)
{
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 11
    c10::DeviceGuard guard(b.flat.device());
    c10::Event filled(b.flat.device().type());
    filled.record(c10::impl::VirtualGuardImpl(b.flat.device().type()).getStream(b.flat.device()));
    filled.block(*side);
    il_world_type type = b.flat.scalar_type() == at::kDouble ? IL_WORLD_F64 : IL_WORLD_F32;
    il_nccl_sum(nccl, b.flat.mutable_data_ptr(), static_cast<size_t>(b.flat.numel()), type, side->native_handle(),
                &error);
#endif
}

/* What follows in the current stream comes after all sums. */
void il_reducer::await_gpu()
{
    if (!side)
        return;
    c10::Event done(side->device_type());
    done.record(*side);
    done.block(c10::impl::VirtualGuardImpl(side->device_type()).getStream(side->device()));
}

/* Only the first time is a gradient's value sent; what changes it afterwards, and what was not expected, is found at the end. */
void il_reducer::arrive(size_t number, size_t m)
{
    at::NoGradGuard off;
    bucket &b = buckets[number];
    member &x = b.members[m];
    if (x.absent)
        x.arrived = 2; /* the bucket has zeros in its place */
    else
        x.arrived++;
    if (x.arrived > 1)
        return;
    b.flat.narrow(0, x.from, x.param.numel()).view(x.param.sizes()).copy_(x.param.grad());
    b.complete++;
    while (next < buckets.size() && buckets[next].complete == buckets[next].members.size())
        begin(buckets[next++]);
    look();
}

void il_reducer::begin(bucket &b)
{
    b.begun = true;
    b.start = il_clock_seconds();
    report.bytes += static_cast<double>(b.flat.nbytes());
    il_world_type type = b.flat.scalar_type() == at::kDouble ? IL_WORLD_F64 : IL_WORLD_F32;
    if (error.code == IL_OK && b.flat.is_cuda())
        begin_on_gpu(b);
    else if (error.code == IL_OK)
        il_world_sum_begin(&b.sum, world, b.flat.mutable_data_ptr(), static_cast<size_t>(b.flat.numel()), type, &error);
}

void il_reducer::land(bucket &b, double now)
{
    b.there = true;
    report.flight += now - b.start;
    report.hidden += listening ? now - b.start : 0;
}

/* MPI goes on only while it is asked. */
void il_reducer::look()
{
    for (bucket &b : buckets) {
        bool ready = false;
        if (b.sum && !b.there && il_world_sum_ready(&ready, b.sum, &error) == IL_OK && ready)
            land(b, il_clock_seconds());
    }
}

void il_reducer::finish(bucket &b)
{
    int rc = il_world_sum_end(b.sum, error.code == IL_OK ? &error : nullptr);
    b.sum = nullptr;
    if (rc != IL_OK || error.code != IL_OK)
        return;
    if (!b.there)
        land(b, il_clock_seconds());
    for (member &x : b.members)
        if (x.arrived == 1)
            x.param.mutable_grad().copy_(b.flat.narrow(0, x.from, x.param.numel()).view(x.param.sizes()));
}

/* Gradients that grew after they were sent, or came where none was expected: the whole of them, one by one. */
void il_reducer::sum_again()
{
    for (bucket &b : buckets)
        for (member &x : b.members) {
            if (x.arrived < 2 || error.code != IL_OK)
                continue;
            at::Tensor grad = x.param.grad().to(at::kCPU).contiguous();
            bucket alone{ grad };
            begin(alone);
            il_world_sum_end(alone.sum, error.code == IL_OK ? &error : nullptr);
            x.param.mutable_grad().copy_(grad);
        }
}

int il_reducer_new(il_reducer **out, il_state *st, il_world *world, il_err *e)
{
    return shim::guard(e, "sum of gradients", [&] {
        auto r = std::make_unique<il_reducer>();
        r->world = world;
        r->open_gpus(shim::device(st->device));
        size_t bytes = static_cast<size_t>(il_state_params(st)) * sizeof(float);
        r->limit = std::clamp(bytes / buckets_wanted, least_bytes, most_bytes);
        for (size_t i = st->entries.size(); i-- > 0;) /* the last ones' gradients are there first */
            if (st->entries[i].trainable && st->entries[i].tensor->value.requires_grad())
                r->place(st->entries[i].tensor->value);
        for (size_t b = 0; b < r->buckets.size(); b++)
            for (size_t m = 0; m < r->buckets[b].members.size(); m++)
                torch::autograd::impl::set_post_acc_grad_hooks(r->buckets[b].members[m].param,
                                                               std::make_unique<hook>(r.get(), b, m));
        *out = r.release();
    });
}

void il_reducer_free(il_reducer *r, il_reducer_report *told)
{
    if (!r)
        return;
    if (told)
        *told = r->report;
    for (bucket &b : r->buckets)
        for (member &x : b.members)
            torch::autograd::impl::set_post_acc_grad_hooks(x.param, nullptr);
    for (const bucket &b : r->buckets)
        if (b.sum)
            return; /* a step has failed: MPI may still write to the bucket */
    il_nccl_close(r->nccl);
    delete r;
}

void il_reducer_listen(il_reducer *r, bool on)
{
    if (r)
        r->listening = on;
}

/* What the backward pass has not reached has no gradient, on no rank; its place in the bucket holds zeros. */
int il_reducer_end(il_reducer *r, il_err *e)
{
    int rc = shim::guard(e, "sum of gradients", true, [&] {
        at::NoGradGuard off;
        double now = il_clock_seconds();
        r->look();
        for (bucket &b : r->buckets)
            r->report.hidden += b.begun && !b.there ? now - b.start : 0;
        r->listening = false;
        for (; r->next < r->buckets.size(); r->next++) {
            bucket &b = r->buckets[r->next];
            for (member &x : b.members)
                if (!x.arrived)
                    b.flat.narrow(0, x.from, x.param.numel()).zero_();
            r->begin(b);
        }
        r->await_gpu();
        for (bucket &b : r->buckets)
            r->finish(b);
        r->sum_again();
    });
    for (bucket &b : r->buckets) {
        b.complete = 0;
        b.begun = b.there = false;
        for (member &x : b.members) {
            x.absent = !x.arrived;
            x.arrived = 0;
            b.complete += x.absent;
        }
    }
    r->next = 0;
    r->report.steps++;
    if (rc == IL_OK && r->error.code != IL_OK)
        rc = il_fail(e, r->error.code, "%s", r->error.message);
    r->error = {};
    return rc;
}
