/* flops.cpp - counts the work of convolutions, linear layers and attention, by weight, from the shapes at hand. */
#include <unordered_map>
#include "torch/shim.hpp"

struct il_flops {
    std::unordered_map<const il_tensor *, il_flop_count> by; /* weight; nullptr: operations without one */
    const il_tensor *current = nullptr;                      /* of the operation under way, or the last one */
};

namespace
{

bool wants(const at::Tensor &t)
{
    return c10::GradMode::is_enabled() && t.requires_grad();
}

void add(il_flops *f, const il_tensor *weight, il_flop_count work)
{
    il_flop_count &sum = f->by[weight];
    sum.forward += work.forward;
    sum.backward += work.backward;
}

} // namespace

namespace shim
{

void working(il_scope *s, const il_tensor *weight) noexcept
{
    if (s->opts.flops)
        s->opts.flops->current = weight;
}

const il_tensor *worked(const il_flops *f) noexcept
{
    return f->current;
}

at::Tensor counted(il_scope *s, const il_tensor *x, const il_tensor *weight, at::Tensor out, sides dense)
{
    if (!s->opts.flops)
        return out;
    const at::Tensor &w = weight->value;
    int64_t places = dense == sides::output ? out.numel() : x->value.numel();
    int64_t once = w.numel() == 0 ? 0 : 2 * places * (w.numel() / w.size(0));
    add(s->opts.flops, weight, { once, once * (wants(x->value) + wants(w)) });
    return out;
}

at::Tensor counted_attention(il_scope *s, const il_tensor *q, const il_tensor *k, const il_tensor *v, at::Tensor out)
{
    if (!s->opts.flops)
        return out;
    int64_t scores = q->value.numel() * k->value.size(2) * 2; /* q k^T */
    int64_t sums = out.numel() * k->value.size(2) * 2;        /* weights times v */
    bool by_score = wants(q->value) || wants(k->value);
    add(s->opts.flops, nullptr,
        { scores + sums, scores * (wants(q->value) + wants(k->value)) + sums * (by_score + wants(v->value)) });
    return out;
}

} // namespace shim

int il_flops_new(il_flops **out, il_err *e)
{
    return shim::guard(e, "flops", [&] { *out = new il_flops; });
}

void il_flops_free(il_flops *f)
{
    delete f;
}

il_flop_count il_flops_of(const il_flops *f, const il_tensor *weight)
{
    auto at = f->by.find(weight);
    return at == f->by.end() ? il_flop_count{ 0, 0 } : at->second;
}

il_flop_count il_flops_all(const il_flops *f)
{
    il_flop_count sum = { 0, 0 };
    for (const auto &[weight, work] : f->by) {
        sum.forward += work.forward;
        sum.backward += work.backward;
    }
    return sum;
}
