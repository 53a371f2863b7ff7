/* flops.cpp - counts the work of convolutions, linear layers and attention, by weight, from the shapes at hand. */
#include <ATen/record_function.h>
#include <algorithm>
#include <string_view>
#include <unordered_map>
#include "torch/counting.hpp"
#include "torch/shim.hpp"
#include "torch/state.hpp"

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

/* ---- operators that libtorch calls by itself ---- */

/* Of one thread. Weights are known by their memory, since layers give products a transposed view of it. */
struct observer {
    il_flops *flops;
    std::unordered_map<const c10::StorageImpl *, const il_tensor *> weights;
    bool inside = false; /* a counted operator, which may call others */
    at::CallbackHandle handle = 0;
};

} // namespace shim

namespace
{

thread_local shim::observer *observing;

enum class family { convolution, product, attention };

/* What autograd records of such layers, whatever else they are made of. */
const struct counted_operator {
    std::string_view name;
    family of;
    size_t first; /* of its factors */
} counted_operators[] = {
    { "aten::convolution", family::convolution, 0 },
    { "aten::_convolution", family::convolution, 0 },
    { "aten::mm", family::product, 0 },
    { "aten::bmm", family::product, 0 },
    { "aten::mv", family::product, 0 },
    { "aten::addmm", family::product, 1 },
    { "aten::baddbmm", family::product, 1 },
    { "aten::addmv", family::product, 1 },
    { "aten::_scaled_dot_product_flash_attention_for_cpu", family::attention, 0 },
    { "aten::_scaled_dot_product_flash_attention", family::attention, 0 },
    { "aten::_scaled_dot_product_efficient_attention", family::attention, 0 },
    { "aten::_scaled_dot_product_cudnn_attention", family::attention, 0 },
};

/* An operator under way. */
struct begun final : at::ObserverContext {
    const il_tensor *weight = nullptr;
    il_flop_count work = { 0, 0 };
    int64_t each = 0; /* operations for each element of the result; 0: they are in work */
    int wanted = 0;   /* gradients */
};

const il_tensor *weight_of(const at::Tensor &t)
{
    auto found = observing->weights.find(t.storage().unsafeGetStorageImpl());
    return found == observing->weights.end() ? nullptr : found->second;
}

void begin_attention(begun *b, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v)
{
    int64_t scores = 2 * q.numel() * k.size(2),
            sums = 2 * q.numel() / std::max<int64_t>(q.size(3), 1) * v.size(3) * k.size(2);
    bool by_score = wants(q) || wants(k);
    b->work = { scores + sums, scores * (wants(q) + wants(k)) + sums * (by_score + wants(v)) };
}

void begin_operator(begun *b, const counted_operator &x, c10::ArrayRef<const c10::IValue> in)
{
    const at::Tensor &a = in[x.first].toTensor(), &w = in[x.first + 1].toTensor();
    if (x.of == family::attention)
        return begin_attention(b, a, w, in[x.first + 2].toTensor());
    b->weight = weight_of(w) ? weight_of(w) : weight_of(a);
    b->wanted = wants(a) + wants(w);
    bool transposed = x.of == family::convolution && in[6].toBool();
    int64_t once = x.of == family::product ? a.size(-1) : w.numel() / std::max<int64_t>(w.size(0), 1);
    if (transposed)
        b->work = { 2 * a.numel() * once, 2 * a.numel() * once * b->wanted };
    else
        b->each = 2 * once;
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction &fn)
{
    const auto *x = std::ranges::find(counted_operators, std::string_view(fn.name()), &counted_operator::name);
    if (x == std::end(counted_operators) || observing->inside)
        return nullptr;
    auto b = std::make_unique<begun>();
    begin_operator(b.get(), *x, fn.inputs());
    observing->inside = true;
    if (b->weight)
        observing->flops->current = b->weight;
    return b;
}

void end(const at::RecordFunction &fn, at::ObserverContext *context)
{
    if (!context)
        return;
    auto *b = static_cast<begun *>(context);
    observing->inside = false;
    if (b->each && !fn.outputs().empty() && fn.outputs()[0].isTensor()) {
        int64_t once = b->each * fn.outputs()[0].toTensor().numel();
        b->work = { once, once * b->wanted };
    }
    add(observing->flops, b->weight, b->work);
}

} // namespace

shim::counting::counting(const il_scope *s, const il_state *st)
{
    if (!s->opts.flops)
        return;
    o = std::make_unique<observer>(observer{ s->opts.flops, {} });
    for (size_t i = 0; st && i < st->entries.size(); i++)
        o->weights.emplace(st->entries[i].tensor->value.storage().unsafeGetStorageImpl(), st->entries[i].tensor);
    observing = o.get();
    o->handle = at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end)
                                               .needsInputs(true)
                                               .needsOutputs(true)
                                               .scopes({ at::RecordScope::FUNCTION }));
}

shim::counting::~counting()
{
    if (!o)
        return;
    at::removeCallback(o->handle);
    observing = nullptr;
}

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
