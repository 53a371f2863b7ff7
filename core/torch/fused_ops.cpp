/* fused_ops.cpp - the operations that have kernels of our own (core/torch/kernels): counts, focal loss, noise residual.
 * Where there is no kernel for a type or device, the same is composed of libtorch's operations. */
#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/bucketize.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <limits>
#include <vector>
#include "torch/autograd.hpp"
#include "torch/counts.h"
#include "torch/gpu.hpp"
#include "torch/kernels/cpu.h"
#include "torch/residual_kernel.h"
#include "torch/shim.hpp"

using shim::run;

namespace
{

/* A part of the work for one thread, whatever their number: so results do not depend on it. In pixels; a multiple of all
 * vector widths, because libtorch computes what is left over by other means. */
const int64_t part = 16384;

const int64_t most_pictures = 65535; /* of a grid's dimension */

/* Whether kernels can take a tensor; nowhere is a tensor of another device or type copied for their sake. */
bool suits(const at::Tensor &t)
{
    bool plain = t.layout() == at::kStrided && t.scalar_type() == at::kFloat && t.dim() > 1 && t.numel() > 0;
    return plain && gpu::wanted() && t.size(0) <= most_pictures && (t.is_cpu() || gpu::kernels(t.device()));
}

bool suit(const at::Tensor &a, const at::Tensor &b)
{
    return suits(a) && suits(b) && a.device() == b.device();
}

/* body(first, count) for each part. */
template <class F> void in_parts(int64_t count, F body)
{
    at::parallel_for(0, (count + part - 1) / part, 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++)
            body(i * part, std::min(part, count - i * part));
    });
}

} // namespace

/* ---- counts ---- */

namespace
{

/* Adds pixels [first, first + count) of a batch to the counts of the pictures that they belong to. */
void count_part(std::vector<int64_t> &cells, const float *logit, const float *target, int64_t pixels, int64_t first,
                int64_t count)
{
    for (int64_t done = 0; done < count;) {
        int64_t picture = (first + done) / pixels, n = std::min(count - done, (picture + 1) * pixels - first - done);
        il_cpu_count(&cells[static_cast<size_t>(picture * 2 * IL_SCORE_BINS)], logit + first + done,
                     target + first + done, n);
        done += n;
    }
}

/* (N,2,IL_SCORE_BINS). Every thread counts on its own; whole numbers may be added in any order. */
at::Tensor count_on_cpu(const at::Tensor &logit, const at::Tensor &target)
{
    int64_t n = logit.size(0), pixels = logit.numel() / n;
    std::vector<std::vector<int64_t>> all(static_cast<size_t>(at::get_num_threads()));
    const float *x = logit.const_data_ptr<float>(), *t = target.const_data_ptr<float>();
    in_parts(logit.numel(), [&](int64_t first, int64_t count) {
        std::vector<int64_t> &own = all[static_cast<size_t>(at::get_thread_num())];
        own.resize(static_cast<size_t>(n * 2 * IL_SCORE_BINS));
        count_part(own, x, t, pixels, first, count);
    });
    at::Tensor sum = at::zeros({ n, 2, IL_SCORE_BINS }, at::kLong);
    auto *cells = sum.mutable_data_ptr<int64_t>();
    for (const std::vector<int64_t> &one : all)
        for (size_t i = 0; i < one.size(); i++)
            cells[i] += one[i];
    return sum;
}

at::Tensor count_on_gpu(const at::Tensor &logit, const at::Tensor &target)
{
    gpu::queue q(logit.device());
    int64_t n = logit.size(0);
    at::Tensor cells = at::zeros({ n, 2, IL_SCORE_BINS }, logit.options().dtype(at::kLong));
    q.check(q->count(cells.mutable_data_ptr<int64_t>(), logit.const_data_ptr<float>(), target.const_data_ptr<float>(),
                     n, logit.numel() / n, q.device, q.stream));
    return cells;
}

at::Tensor count_scores(const at::Tensor &logit, const at::Tensor &target)
{
    at::Tensor x = logit.contiguous(), t = target.contiguous();
    return x.is_cpu() ? count_on_cpu(x, t) : count_on_gpu(x, t);
}

at::Tensor composed_histogram(const at::Tensor &logit, const at::Tensor &target)
{
    const int64_t bins = IL_SCORE_BINS, n = logit.size(0);
    at::Tensor edges = at::empty({ bins - 1 }, at::kDouble);
    for (int i = 1; i < IL_SCORE_BINS; i++)
        edges.mutable_data_ptr<double>()[i - 1] = il_score_edge(i);
    at::Tensor x = logit.scalar_type() == at::kDouble ? logit : logit.to(at::kFloat);
    at::Tensor bin = at::bucketize(x, edges.to(x.options())).mul_(x.isnan().logical_not()).flatten(1);
    at::Tensor row = at::arange(n, bin.options()).mul_(2 * bins).unsqueeze(1);
    at::Tensor clean = at::gt(target, 0).logical_not().flatten(1);
    bin.add_(row).add_(clean, bins);
    at::Tensor count = at::zeros({ n * 2 * bins }, bin.options());
    return count.scatter_add_(0, bin.flatten(), at::ones({ 1 }, bin.options()).expand({ bin.numel() }))
        .view({ n, 2, bins });
}

at::Tensor composed_confusion(const at::Tensor &logit, const at::Tensor &target)
{
    at::Tensor predicted = at::gt(logit, 0).flatten(1); /* where the score is above 0.5 */
    at::Tensor truth = at::gt(target, 0).flatten(1);
    at::Tensor tp = predicted.logical_and(truth).sum(1), found = predicted.sum(1), wanted = truth.sum(1);
    at::Tensor fp = at::sub(found, tp), fn = at::sub(wanted, tp);
    at::Tensor tn = at::sub(at::add(at::neg(at::add(tp, fp)), predicted.size(1)), fn);
    return at::stack({ tp, fp, fn, tn }, 1);
}

/* What is counted. Pixels that do not count are counted as clean ones with score 0 and then taken away: so the kernels need not
 * know of them. */
struct counted {
    at::Tensor logit, target, away; /* away (N): their number per picture; undefined: none */

    counted(il_tensor *x, il_tensor *t, il_tensor *valid) : logit(x->value), target(t->value)
    {
        shim::same_shape(x, t);
        if (!valid)
            return;
        shim::same_shape(x, valid);
        logit = shim::where(valid->value, logit, -std::numeric_limits<double>::infinity());
        target = shim::where(valid->value, target, 0);
        away = at::eq(valid->value, 0).flatten(1).sum(1);
    }

    at::Tensor bins(bool own) const
    {
        at::Tensor cells = own ? count_scores(logit, target) : composed_histogram(logit, target);
        if (away.defined())
            cells.select(1, 1).select(1, 0).sub_(away);
        return cells;
    }

    at::Tensor confusion() const
    {
        at::Tensor c = composed_confusion(logit, target);
        if (away.defined())
            c.select(1, 3).sub_(away);
        return c;
    }
};

shim::operands counting(const shim::operand in[3])
{
    return shim::operands(in, in[2].t ? 3 : 2);
}

} // namespace

il_tensor *il_confusion(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const shim::operand in[] = { { logit }, { target }, { valid } };
    return shim::run_list(s, "confusion", counting(in), [&] {
        at::NoGradGuard off;
        counted c(logit, target, valid);
        if (!suit(c.logit, c.target))
            return c.confusion();
        at::Tensor side = c.bins(true).view({ -1, 2, 2, IL_SCORE_BINS / 2 }).sum(3).flatten(1); /* fn, tp, tn, fp */
        return at::stack({ side.select(1, 1), side.select(1, 3), side.select(1, 0), side.select(1, 2) }, 1);
    });
}

il_tensor *il_histogram(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const shim::operand in[] = { { logit }, { target }, { valid } };
    return shim::run_list(s, "histogram", counting(in), [&] {
        at::NoGradGuard off;
        return counted(logit, target, valid).bins(false);
    });
}

il_tensor *il_count_scores(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const shim::operand in[] = { { logit }, { target }, { valid } };
    return shim::run_list(s, "count_scores", counting(in), [&] {
        at::NoGradGuard off;
        counted c(logit, target, valid);
        return c.bins(suit(c.logit, c.target));
    });
}

/* ---- focal loss ---- */

namespace
{

at::Tensor focal_on_cpu(const at::Tensor &logit, const at::Tensor &target, il_pixel_focal f)
{
    std::vector<double> sums(static_cast<size_t>((logit.numel() + part - 1) / part));
    const float *x = logit.const_data_ptr<float>(), *t = target.const_data_ptr<float>();
    in_parts(logit.numel(), [&](int64_t first, int64_t count) {
        sums[static_cast<size_t>(first / part)] = il_cpu_focal_sum(x + first, t + first, count, f);
    });
    double sum = 0;
    for (double one : sums)
        sum += one;
    return at::scalar_tensor(sum / static_cast<double>(logit.numel()), at::kFloat);
}

at::Tensor focal_on_gpu(const at::Tensor &logit, const at::Tensor &target, il_pixel_focal f)
{
    gpu::queue q(logit.device());
    at::Tensor out = at::empty({}, logit.options()),
               room = at::empty({ IL_CUDA_PARTS }, logit.options().dtype(at::kDouble));
    q.check(q->focal_mean(out.mutable_data_ptr<float>(), room.mutable_data_ptr<double>(), logit.const_data_ptr<float>(),
                          target.const_data_ptr<float>(), logit.numel(), f, q.device, q.stream));
    return out;
}

/* d(loss)/d(logit) times the loss's own gradient, a 0-d tensor. */
at::Tensor focal_slopes(const at::Tensor &grad, const at::Tensor &logit, const at::Tensor &target, il_pixel_focal f)
{
    at::Tensor out = at::empty_like(logit);
    auto *to = out.mutable_data_ptr<float>();
    const float *x = logit.const_data_ptr<float>(), *t = target.const_data_ptr<float>();
    if (logit.is_cpu()) {
        float scale = grad.item<float>() / static_cast<float>(logit.numel());
        in_parts(logit.numel(), [&](int64_t first, int64_t count) {
            il_cpu_focal_slopes(to + first, x + first, t + first, count, f, scale);
        });
        return out;
    }
    gpu::queue q(logit.device());
    at::Tensor scale = grad.contiguous();
    q.check(q->focal_slopes(to, scale.const_data_ptr<float>(), x, t, logit.numel(), f, q.device, q.stream));
    return out;
}

at::Tensor focal_loss(const at::Tensor &logit, const at::Tensor &target, double alpha, double gamma)
{
    il_pixel_focal f = il_pixel_focal_of(alpha, gamma);
    auto forward = [&](shim::tensors &kept) {
        kept = { logit.contiguous(), target.contiguous() };
        return kept[0].is_cpu() ? focal_on_cpu(kept[0], kept[1], f) : focal_on_gpu(kept[0], kept[1], f);
    };
    return shim::differentiable({ logit, target }, forward, [f](const at::Tensor &grad, const shim::tensors &kept) {
        return shim::tensors{ focal_slopes(grad, kept[0], kept[1], f), at::Tensor() };
    });
}

/* (1 - p(true class))^gamma * cross-entropy, for each pixel; a soft target stands between the two classes. */
at::Tensor composed_focal(const at::Tensor &logit, const at::Tensor &target, double alpha, double gamma)
{
    at::Tensor p = at::sigmoid(logit), miss = at::lerp(p, at::rsub(p, 1), target);
    at::Tensor entropy = at::binary_cross_entropy_with_logits(logit, target, {}, {}, at::Reduction::None);
    at::Tensor loss = at::mul(entropy, at::pow(miss, gamma));
    if (alpha >= 0)
        loss = at::mul(at::add(at::mul(target, 2 * alpha - 1), 1 - alpha), loss);
    return loss;
}

/* A pixel that does not count becomes one that is clean beyond doubt, whose loss and slope are exactly 0: its score, e^-200, is
 * none in float32. So the kernels need not know of it, and only the number of pixels is set right behind them. */
at::Tensor fused_focal(const at::Tensor &logit, const at::Tensor &target, const at::Tensor &valid, double alpha,
                       double gamma)
{
    if (!valid.defined())
        return focal_loss(logit, target, alpha, gamma);
    at::Tensor mean = focal_loss(shim::where(valid, logit, -200), shim::where(valid, target, 0), alpha, gamma);
    at::Tensor all = at::full({}, static_cast<double>(logit.numel()), mean.options());
    return at::mul(mean, at::div(all, shim::count_set(valid, mean)));
}

} // namespace

il_tensor *il_focal(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid, double alpha, double gamma)
{
    const shim::operand in[] = { { logit }, { target }, { valid } };
    return shim::run_list(s, "focal", shim::operands(in, valid ? 3 : 2), [&] {
        shim::same_shape(logit, target);
        if (valid)
            shim::same_shape(logit, valid);
        at::Tensor counts = valid ? valid->value : at::Tensor();
        if (suit(logit->value, target->value) && !target->value.requires_grad())
            return fused_focal(logit->value, target->value, counts, alpha, gamma);
        if (!valid)
            return at::mean(composed_focal(logit->value, target->value, alpha, gamma));
        at::Tensor loss = composed_focal(shim::where(counts, logit->value, 0), target->value, alpha, gamma);
        at::Tensor sum = at::sum(shim::where(counts, loss, 0));
        return at::div(sum, shim::count_set(counts, sum));
    });
}

/* ---- noise residual ---- */

namespace
{

enum { BAND = 16 }; /* rows of a picture that one thread takes at a time */

void residual_on_cpu(float *out, const float *image, int64_t n, il_pixel_picture p, bool published)
{
    const int64_t bands = (p.height + BAND - 1) / BAND, values = 3 * p.height * p.width;
    std::vector<float> range(static_cast<size_t>(published ? 2 * n * bands : 0));
    at::parallel_for(0, n * bands, 1, [&](int64_t from, int64_t to) {
        std::vector<float> room(static_cast<size_t>(il_cpu_residual_room(p.width, BAND)));
        for (int64_t i = from; i < to; i++) {
            int64_t top = i % bands * BAND, picture = i / bands * values;
            il_cpu_residual(out + picture, published ? &range[static_cast<size_t>(2 * i)] : nullptr, image + picture, p,
                            top, std::min<int64_t>(top + BAND, p.height), room.data());
        }
    });
    for (int64_t k = 0; published && k < n; k++) {
        const float *of = &range[static_cast<size_t>(2 * k * bands)];
        float low = of[0], high = of[1];
        for (int64_t b = 1; b < bands; b++) {
            low = std::min(low, of[2 * b]);
            high = std::max(high, of[2 * b + 1]);
        }
        in_parts(values,
                 [&](int64_t first, int64_t count) { il_cpu_stretch(out + k * values + first, count, low, high); });
    }
}

void residual_on_gpu(at::Tensor &out, const at::Tensor &image, il_pixel_picture p, bool published)
{
    gpu::queue q(image.device());
    at::Tensor range = at::zeros({ published ? image.size(0) : 0, 2 }, image.options().dtype(at::kInt));
    q.check(q->residual(out.mutable_data_ptr<float>(),
                        published ? static_cast<uint32_t *>(range.mutable_data_ptr()) : nullptr,
                        image.const_data_ptr<float>(), image.size(0), p, q.device, q.stream));
}

} // namespace

il_tensor *il_kernels_residual(il_scope *s, il_tensor *image, bool published)
{
    if (!s || !image || image->value.dim() != 4 || image->value.size(1) != 3 || !suits(image->value) ||
        (shim::records(s) && image->value.requires_grad()))
        return nullptr;
    return run(s, "residual", { { image } }, [&] {
        at::NoGradGuard off;
        at::MemoryFormat layout = image->value.suggest_memory_format();
        at::Tensor x = image->value.contiguous(layout), out = at::empty_like(x);
        il_pixel_picture p = { x.size(2), x.size(3), layout == at::MemoryFormat::ChannelsLast };
        if (x.is_cpu())
            residual_on_cpu(out.mutable_data_ptr<float>(), x.const_data_ptr<float>(), x.size(0), p, published);
        else
            residual_on_gpu(out, x, p, published);
        return out;
    });
}
