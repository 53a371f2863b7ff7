/* optimizer.cpp - Adam over the parameters of a state. */
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sub.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <cstring>
#include <fnmatch.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/weights.h>
#include "base/opts.h"
#include "torch/shim.hpp"
#include "torch/state.hpp"

namespace
{

/* Of one parameter; undefined until its first gradient, as in torch.optim.Adam. */
struct moments {
    at::Tensor mean, square, step;
};

moments fresh(const at::Tensor &param)
{
    at::TensorOptions o = at::TensorOptions(at::kFloat).device(param.device());
    return { at::zeros_like(param, {}, at::MemoryFormat::Preserve),
             at::zeros_like(param, {}, at::MemoryFormat::Preserve), at::zeros({}, o) };
}

} // namespace

struct il_adam {
    const il_state *state = nullptr;
    il_adam_opts opts = {};
    std::vector<moments> moment; /* one per entry of state */
    std::vector<double> factor;  /* of the learning rate, likewise */
    at::Tensor scale, good;      /* of the loss; steps without overflow since it last changed. Undefined: not scaling */
};

int il_adam_new(il_adam **out, il_state *st, const il_adam_opts *given, il_err *e)
{
    il_adam_opts opts = {};
    int rc = given ? il_opts_read(&opts, sizeof opts, given, e)
                   : il_fail(e, IL_EPARAM, "Adam: the learning rate must be set");
    if (rc != IL_OK)
        return rc;
    return shim::guard(e, "adam", [&] {
        auto a = std::make_unique<il_adam>();
        a->state = st;
        a->opts = opts;
        a->opts.beta1 = opts.beta1 == 0 ? 0.9 : opts.beta1;
        a->opts.beta2 = opts.beta2 == 0 ? 0.999 : opts.beta2;
        a->opts.eps = opts.eps == 0 ? 1e-8 : opts.eps;
        a->moment.resize(st->entries.size());
        a->factor.resize(st->entries.size(), 1);
        at::TensorOptions o = at::TensorOptions(at::kFloat).device(shim::device(st->device));
        if (opts.scaling) {
            a->scale = at::full({}, 65536.0, o);
            a->good = at::zeros({}, o.dtype(at::kInt));
        }
        *out = a.release();
    });
}

il_tensor *il_adam_scaled(const il_adam *a, il_scope *s, il_tensor *loss)
{
    if (!a->scale.defined())
        return loss;
    return shim::run(s, "scale", { { loss } }, [&] { return at::mul(loss->value, a->scale); });
}

void il_adam_free(il_adam *a)
{
    delete a;
}

namespace
{

/* Divides the gradients by the scale and chooses the next one; the result says (1 or 0) whether they overflowed. */
at::Tensor unscale(il_adam *a, const std::vector<at::Tensor> &grads)
{
    at::Tensor overflow = at::zeros({}, a->scale.options());
    at::_amp_foreach_non_finite_check_and_unscale_(grads, overflow, a->scale.reciprocal());
    at::_amp_update_scale_(a->scale, a->good, overflow, 2.0, 0.5, 2000);
    return overflow;
}

/* As torch.nn.utils.clip_grad_norm_. Nothing is copied to the host. */
void clip(const std::vector<at::Tensor> &grads, double most)
{
    at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(grads, 2)), 2);
    at::_foreach_mul_(grads, norm.add(1e-6).reciprocal().mul(most).clamp_max(1));
}

/* Parameters that have a gradient and one learning rate. */
struct group {
    double factor;
    std::vector<at::Tensor> params, grads, means, squares, steps;
};

std::vector<group> groups_of(il_adam *a)
{
    std::vector<group> all;
    for (size_t i = 0; i < a->moment.size(); i++) {
        const il_state::entry &x = a->state->entries[i];
        at::Tensor &param = x.tensor->value;
        if (!x.trainable || !param.grad().defined())
            continue;
        moments &m = a->moment[i];
        if (!m.mean.defined())
            m = fresh(param);
        auto g = std::find_if(all.begin(), all.end(), [&](const group &g) { return g.factor == a->factor[i]; });
        if (g == all.end())
            g = all.insert(all.end(), { a->factor[i], {}, {}, {}, {}, {} });
        g->params.push_back(param);
        g->grads.push_back(param.grad());
        g->means.push_back(m.mean);
        g->squares.push_back(m.square);
        g->steps.push_back(m.step);
    }
    return all;
}

void update(const group &g, const il_adam_opts &o, const std::optional<at::Tensor> &overflow)
{
    double lr = o.lr * g.factor;
    at::_foreach_add_(g.steps, 1);
    if (o.decoupled)
        at::_fused_adamw_(g.params, g.grads, g.means, g.squares, {}, g.steps, lr, o.beta1, o.beta2, o.weight_decay,
                          o.eps, false, false, {}, overflow);
    else
        at::_fused_adam_(g.params, g.grads, g.means, g.squares, {}, g.steps, lr, o.beta1, o.beta2, o.weight_decay,
                         o.eps, false, false, {}, overflow);
    if (overflow) /* a step that did not happen */
        at::_foreach_sub_(g.steps, std::vector<at::Tensor>(g.steps.size(), *overflow));
    for (const at::Tensor &param : g.params) {
        param.unsafeGetTensorImpl()->bump_version(); /* whether or not the kernel did */
        param.mutable_grad() = at::Tensor();
    }
}

} // namespace

void il_adam_rate(il_adam *a, double lr)
{
    a->opts.lr = lr;
}

int il_adam_factor(size_t *matched, il_adam *a, const char *pattern, double factor, il_err *e)
{
    if (!(factor > 0))
        return il_fail(e, IL_EPARAM, "Adam: the factor of a learning rate must be above 0, not %g", factor);
    size_t n = 0;
    for (size_t i = 0; i < a->factor.size(); i++) {
        const il_state::entry &x = a->state->entries[i];
        if (!x.trainable || fnmatch(pattern, x.name.c_str(), 0) != 0)
            continue;
        a->factor[i] = factor;
        n++;
    }
    *matched = n;
    return IL_OK;
}

int il_adam_step(il_adam *a, il_err *e)
{
    return shim::guard(e, "adam", true, [&] {
        at::NoGradGuard off;
        std::vector<group> groups = groups_of(a);
        std::vector<at::Tensor> grads;
        for (const group &g : groups)
            grads.insert(grads.end(), g.grads.begin(), g.grads.end());
        std::optional<at::Tensor> overflow;
        if (!grads.empty() && a->scale.defined())
            overflow = unscale(a, grads);
        if (!grads.empty() && a->opts.clip > 0)
            clip(grads, a->opts.clip);
        for (const group &g : groups)
            update(g, a->opts, overflow);
    });
}

namespace
{

const char scale_name[] = "loss_scale", good_name[] = "loss_scale_good_steps"; /* no parameter is called so: no dot */
const char *const parts[] = { ".exp_avg", ".exp_avg_sq", ".step" };

at::Tensor &part_of(moments &m, int i)
{
    return i == 0 ? m.mean : i == 1 ? m.square : m.step;
}

/* Reads one parameter's moments into *m; leaves it undefined when the file holds none. */
int read_moments(moments *m, const at::Tensor &param, const il_bundle *b, const std::string &name, size_t *used,
                 il_err *e)
{
    moments read = fresh(param);
    int found = 0;
    for (int i = 0; i < 3; i++) {
        std::string key = name + parts[i];
        const il_tensor *t = il_bundle_find(b, key.c_str());
        if (!t)
            continue;
        found++;
        at::Tensor &to = part_of(read, i);
        if (t->value.sizes() != to.sizes())
            return il_fail(e, IL_EFORMAT, "tensor %s has shape %s, which does not fit its parameter", key.c_str(),
                           shim::shape(t).c_str());
        to.copy_(t->value);
    }
    if (found != 0 && found != 3)
        return il_fail(e, IL_EFORMAT, "tensor %s: exp_avg, exp_avg_sq and step must come together", name.c_str());
    if (found == 3)
        *m = read;
    *used += static_cast<size_t>(found);
    return IL_OK;
}

size_t count_prefix(const il_bundle *b, const std::string &prefix)
{
    size_t n = 0;
    for (size_t i = 0; i < il_bundle_count(b); i++)
        n += strncmp(il_bundle_name(b, i), prefix.c_str(), prefix.size()) == 0;
    return n;
}

} // namespace

static int save_scale(const il_adam *a, il_bundle *b, const std::string &prefix, il_err *e)
{
    il_tensor scale, good;
    scale.value = a->scale;
    good.value = a->good.to(at::kLong);
    int rc = il_bundle_add(b, (prefix + scale_name).c_str(), &scale, e);
    return rc == IL_OK ? il_bundle_add(b, (prefix + good_name).c_str(), &good, e) : rc;
}

static int load_scale(il_adam *a, const il_bundle *b, const std::string &prefix, size_t *used, il_err *e)
{
    const il_tensor *scale = il_bundle_find(b, (prefix + scale_name).c_str());
    const il_tensor *good = il_bundle_find(b, (prefix + good_name).c_str());
    if (!scale || !good || scale->value.numel() != 1 || good->value.numel() != 1)
        return il_fail(e, IL_EFORMAT, "tensors %s%s and %s must have one element each", prefix.c_str(), scale_name,
                       good_name);
    a->scale.copy_(scale->value.reshape({}));
    a->good.copy_(good->value.reshape({}));
    *used += 2;
    return IL_OK;
}

int il_adam_save(const il_adam *a, il_bundle *b, const char *prefix, il_err *e)
{
    int rc = IL_OK;
    int guarded = shim::guard(e, "save", [&] {
        if (a->scale.defined())
            rc = save_scale(a, b, prefix ? prefix : "", e);
        if (rc != IL_OK)
            return;
        for (size_t i = 0; i < a->moment.size(); i++) {
            moments m = a->moment[i];
            for (int k = 0; m.mean.defined() && k < 3; k++) {
                std::string name = (prefix ? prefix : "") + a->state->entries[i].name + parts[k];
                il_tensor t;
                t.value = part_of(m, k);
                rc = il_bundle_add(b, name.c_str(), &t, e);
                if (rc != IL_OK)
                    return;
            }
        }
    });
    return rc != IL_OK ? rc : guarded;
}

int il_adam_load(il_adam *a, const il_bundle *b, const char *prefix, il_err *e)
{
    int rc = IL_OK;
    int guarded = shim::guard(e, "load", [&] {
        at::NoGradGuard off;
        std::string start(prefix ? prefix : "");
        std::vector<moments> read(a->moment.size());
        size_t used = 0;
        for (size_t i = 0; i < read.size() && rc == IL_OK; i++) {
            const il_state::entry &x = a->state->entries[i];
            if (x.trainable)
                rc = read_moments(&read[i], x.tensor->value, b, start + x.name, &used, e);
        }
        if (rc == IL_OK && a->scale.defined())
            rc = load_scale(a, b, start, &used, e);
        if (rc != IL_OK)
            return;
        if (used != count_prefix(b, start)) {
            rc = il_fail(e, IL_EFORMAT, "tensors %s*: some do not belong to a parameter of the model", start.c_str());
            return;
        }
        a->moment.swap(read);
    });
    return rc != IL_OK ? rc : guarded;
}
