/* exported.cpp - loads what torch.export saved, and runs it node by node: autograd and autocast see the operators as they see
 * those of Python. */
#include <ATen/Context.h>
#include <ATen/ScalarOps.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <memory>
#include <unordered_set>
#include <inpaintlab/exported.h>
#include "torch/autograd.hpp"
#include "torch/counting.hpp"
#include "torch/export_archive.hpp"
#include "torch/export_guards.hpp"
#include "torch/export_program.hpp"
#include "torch/parallel.hpp"
#include "torch/precision.hpp"
#include "torch/shim.hpp"
#include "torch/state.hpp"

using namespace exported;

struct il_exported {
    std::string path, warning;
    exported::graph graph;
    exported::program program;
    std::vector<exported::part> parts; /* of the program */
    std::vector<at::Tensor> givens;    /* as graph.givens */
    const il_state *state = nullptr;   /* that shares them; lent */
};

/* ---- loading ---- */

namespace
{

at::ScalarType weight_type(const record &r)
{
    static const struct {
        int dtype;
        at::ScalarType type;
    } known[] = { { 1, at::kByte },        { 2, at::kChar },          { 3, at::kShort },          { 4, at::kInt },
                  { 5, at::kLong },        { 6, at::kHalf },          { 7, at::kFloat },          { 8, at::kDouble },
                  { 9, at::kComplexHalf }, { 10, at::kComplexFloat }, { 11, at::kComplexDouble }, { 12, at::kBool },
                  { 13, at::kBFloat16 } };
    for (const auto &k : known)
        if (k.dtype == r.dtype)
            return k.type;
    throw broken("is of type " + std::to_string(r.dtype) + ", which is not supported");
}

/* The tensors of the archive. Those that share bytes, as tied weights do, share memory; the same ones are one tensor. */
class store
{
  public:
    store(const archive &from, at::Device to)
        : file(from), device(to), weights(from.weights()), constants(from.constants())
    {
    }

    at::Tensor find(const given &x)
    {
        bool weight = x.from == given::origin::parameter || (x.from == given::origin::buffer && x.persistent);
        const auto &records = weight ? weights : constants;
        auto found = records.find(x.name);
        if (found == records.end())
            throw broken("lacks the values of tensor " + shown(x.name));
        try {
            return tensor(found->second, weight);
        } catch (const broken &e) {
            throw broken("tensor " + shown(x.name) + " " + e.what());
        }
    }

  private:
    const archive &file;
    at::Device device;
    std::map<std::string, record> weights, constants;
    std::map<std::pair<bool, std::string>, std::pair<int, at::Tensor>> storages; /* with the type of their elements */
    std::vector<std::pair<record, at::Tensor>> made;

    at::Tensor tensor(const record &r, bool weight)
    {
        at::Tensor whole = storage(r, weight);
        if (extent_of(r, static_cast<uint64_t>(whole.numel())) == 0)
            return at::empty(r.sizes, whole.options());
        at::Tensor view = whole.as_strided(r.sizes, r.strides, r.offset);
        for (const auto &[same, t] : made)
            if (t.is_same_size(view) && t.const_data_ptr() == view.const_data_ptr() && t.strides() == view.strides())
                return t;
        view = view.detach(); /* a leaf of its own */
        if (r.learns && weight && at::isFloatingType(view.scalar_type()))
            view.set_requires_grad(true);
        made.emplace_back(r, view);
        return view;
    }

    at::Tensor storage(const record &r, bool weight)
    {
        auto known = storages.find({ weight, r.path });
        at::ScalarType type = weight_type(r);
        if (known != storages.end() && known->second.first != r.dtype)
            throw broken("shares bytes with a tensor of another type");
        if (known != storages.end())
            return known->second.second;
        archive::span at = weight ? file.find_weight(r.path) : file.find_constant(r.path);
        size_t each = c10::elementSize(type);
        if (at.bytes % each != 0)
            throw broken("has bytes that are no whole number of elements");
        at::Tensor t = at::empty({ static_cast<int64_t>(at.bytes / each) }, type);
        if (at.bytes > 0)
            file.read(t.data_ptr(), at.at, static_cast<size_t>(at.bytes));
        t = t.to(device);
        storages.emplace(std::pair{ weight, r.path }, std::pair{ r.dtype, t });
        return t;
    }
};

void load(il_exported *m, const char *path, at::Device device)
{
    archive file(path);
    m->path = path;
    m->graph = file.read_graph();
    m->program = compile(m->graph, device);
    m->parts = divide(m->program, m->graph);
    store tensors(file, device);
    for (const given &x : m->graph.givens)
        m->givens.push_back(tensors.find(x));
    if (!m->program.fixed.empty())
        m->warning = "the graph draws random numbers in tests too (" + m->program.fixed + ")";
    m->graph.nodes = {}; /* the program is what is run */
}

} // namespace

int il_exported_open(il_exported **out, const char *path, il_device device, il_err *e)
{
    il_err why = {};
    int code = IL_OK;
    int rc = shim::guard(&why, path, [&] {
        try {
            auto m = std::make_unique<il_exported>();
            load(m.get(), path, shim::device(device));
            *out = m.release();
        } catch (const failed &x) {
            bool named = std::string(x.err.message).find(path) != std::string::npos;
            code = il_fail(e, x.err.code, named ? "%s%s" : "%s: %s", named ? "" : path, x.err.message);
        } catch (const broken &x) {
            code = il_fail(e, IL_EFORMAT, "%s: %s", path, x.what());
        }
    });
    return code != IL_OK ? code : rc == IL_OK ? IL_OK : il_fail(e, rc, "%s", why.message);
}

void il_exported_free(il_exported *m)
{
    delete m;
}

const char *il_exported_warning(const il_exported *m)
{
    return m->warning.empty() ? nullptr : m->warning.c_str();
}

int il_exported_state(il_exported *m, il_state *st, il_err *e)
{
    return shim::guard(e, m->path.c_str(), [&] {
        std::unordered_set<const void *> seen;
        for (size_t i = 0; i < m->givens.size(); i++) {
            const given &x = m->graph.givens[i];
            il_dtype known;
            /* flags and small whole numbers are tables of the model, which weights do not change */
            if (!x.persistent || !shim::dtype(&known, m->givens[i].scalar_type()))
                continue;
            bool trainable = x.from == given::origin::parameter && m->givens[i].requires_grad();
            if (!seen.insert(m->givens[i].unsafeGetTensorImpl()).second)
                trainable = false; /* under another name already */
            std::unique_ptr<il_tensor> t(shim::wrap(nullptr, m->givens[i]));
            il_err err = {};
            TORCH_CHECK(il_state_share(st, x.name.c_str(), t.get(), trainable, &err) == IL_OK, err.message);
        }
        m->state = st;
    });
}

/* ---- running ---- */

namespace
{

/* "node 3 (conv2d): aten.conv2d.default" goes before whatever is wrong there. */
struct execution {
    const il_exported *m;
    il_scope *s;
    std::vector<c10::IValue> slots;
    std::unordered_set<std::string> held; /* batch norms that are evaluated in training too */
    const step *now = nullptr;
    c10::IValue &at(int slot);
    number number_of(const operand &o, const item &x);
    template <class T, class F> c10::IValue list_of(const operand &o, F convert);
    const at::Tensor &tensor_at(int slot);
    c10::IValue value_of(const operand &o);
    void put(const result &r, size_t i, c10::IValue value);
    void take_results(const step &x, std::vector<c10::IValue> stack);
    void check_sizes(const std::vector<c10::IValue> &stack);
    static void check_factors(const std::vector<c10::IValue> &stack);
    void call(const step &x);
    void count_batch(int slot);
    void calculate(const step &x);
    void measure(const step &x);
    void execute(const step &x);
    void begin();
    void steps(size_t first, size_t end);
    void compute(const part &x);
    void all(const at::Tensor &image);
};

const int64_t most = int64_t{ 1 } << 33; /* elements of any tensor */

c10::IValue &execution::at(int slot)
{
    return slots[static_cast<size_t>(slot)];
}

/* ---- arguments ---- */

number execution::number_of(const operand &o, const item &x)
{
    if (x.slot < 0)
        return o.real ? number{ x.real } : number{ x.whole };
    const c10::IValue &v = at(x.slot);
    if (v.isBool())
        return v.toBool();
    if (v.isDouble())
        return v.toDouble();
    TORCH_CHECK(v.isInt(), "a number is missing");
    return v.toInt();
}

template <class T, class F> c10::IValue execution::list_of(const operand &o, F convert)
{
    c10::List<T> list;
    list.reserve(o.items.size());
    for (const item &x : o.items)
        list.push_back(convert(x));
    return list;
}

const at::Tensor &execution::tensor_at(int slot)
{
    TORCH_CHECK(slot >= 0 && at(slot).isTensor(), "a tensor is missing");
    return at(slot).toTensor();
}

c10::IValue execution::value_of(const operand &o)
{
    if (o.items.empty() && (o.form == form::other || !o.constant.isNone()))
        return o.constant;
    auto whole = [&](const item &x) { return whole_of(number_of(o, x)); };
    auto real = [&](const item &x) { return real_of(number_of(o, x)); };
    switch (o.form) {
    case form::tensor:
        if (at(o.items[0].slot).isScalar())
            return at::native::wrapped_scalar_tensor(at(o.items[0].slot).toScalar());
        return tensor_at(o.items[0].slot);
    case form::tensors: return list_of<at::Tensor>(o, [&](const item &x) { return tensor_at(x.slot); });
    case form::maybe_tensors:
        return list_of<std::optional<at::Tensor>>(
            o, [&](const item &x) { return x.slot < 0 ? std::nullopt : std::optional<at::Tensor>(tensor_at(x.slot)); });
    case form::whole: return whole(o.items[0]);
    case form::wholes: return list_of<int64_t>(o, whole);
    case form::real: return real(o.items[0]);
    case form::reals: return list_of<double>(o, real);
    case form::flag: return flag_of(number_of(o, o.items[0]));
    case form::flags: return list_of<bool>(o, [&](const item &x) { return flag_of(number_of(o, x)); });
    case form::scalar: return std::visit([](auto n) { return c10::IValue(n); }, number_of(o, o.items[0]));
    case form::other: break;
    }
    return o.constant;
}

/* ---- steps ---- */

void execution::put(const result &r, size_t i, c10::IValue value)
{
    if (value.isTensor() && value.toTensor().defined())
        TORCH_CHECK(value.toTensor().numel() <= most, "the result has more than 2^33 elements");
    at(r.slots[i]) = std::move(value);
}

void execution::take_results(const step &x, std::vector<c10::IValue> stack)
{
    TORCH_CHECK(stack.size() == x.results.size(), "another number of results than the graph expects");
    for (size_t i = 0; i < stack.size(); i++) {
        const result &r = x.results[i];
        if (!stack[i].isTensorList()) {
            if (!r.slots.empty())
                put(r, 0, std::move(stack[i]));
            continue;
        }
        auto list = stack[i].toTensorList();
        TORCH_CHECK(list.size() == r.slots.size(), "gives ", list.size(), " tensors; the graph expects ",
                    r.slots.size());
        for (size_t k = 0; k < list.size(); k++)
            put(r, k, list.get(k));
    }
}

/* Sizes that the file states, before memory is asked for. */
void execution::check_sizes(const std::vector<c10::IValue> &stack)
{
    for (const c10::IValue &v : stack) {
        if (!v.isIntList())
            continue;
        int64_t product = 1;
        for (int64_t n : v.toIntList())
            TORCH_CHECK(n <= 1 || (!__builtin_mul_overflow(product, n, &product) && product <= most),
                        "the sizes in the file ask for more than 2^33 elements");
    }
}

void execution::check_factors(const std::vector<c10::IValue> &stack)
{
    auto good = [](double f) { return f >= 1e-3 && f <= 1e3; };
    for (const c10::IValue &v : stack) {
        bool fine = !v.isDouble() || good(v.toDouble());
        if (v.isDoubleList())
            for (double f : v.toDoubleList())
                fine = fine && good(f);
        TORCH_CHECK(fine, "a scale is not between 0.001 and 1000");
    }
}

void execution::call(const step &x)
{
    bool training = s->opts.training && !(held.size() && held.count(x.norm));
    std::vector<c10::IValue> stack;
    stack.reserve(x.operands.size());
    if (x.written >= 0 && (!training || s->again)) /* buffers are kept */
        return take_results(x, { at(x.written) });
    for (const operand &o : x.operands)
        stack.push_back(value_of(o));
    if (x.keeps >= 0 && !training)
        return take_results(x, { at::full_like(stack[0].toTensor(), x.keeps) });
    if (x.flag >= 0) {
        c10::IValue &flag = stack[static_cast<size_t>(x.flag)];
        flag = flag.isBool() ? c10::IValue(training) : training ? flag : c10::IValue(0.0);
    }
    if (x.counter >= 0 && training && !s->again)
        count_batch(x.counter);
    if (x.statistics >= 0 && s->again) /* they have moved already */
        for (size_t i = static_cast<size_t>(x.statistics); i < static_cast<size_t>(x.statistics) + 2; i++)
            stack[i] = stack[i].isTensor() ? c10::IValue(stack[i].toTensor().clone()) : stack[i];
    if (x.scaled)
        check_factors(stack);
    check_sizes(stack);
    x.op->callBoxed(&stack);
    if (x.unset)
        stack[0].toTensor().zero_();
    take_results(x, std::move(stack));
}

void execution::count_batch(int slot)
{
    at::NoGradGuard off;
    tensor_at(slot).add_(1);
}

void execution::calculate(const step &x)
{
    std::vector<number> of;
    for (const operand &o : x.operands)
        of.push_back(o.items.empty() ? number{ o.constant.toBool() } : number_of(o, o.items[0]));
    number n = x.calculation->compute(of);
    at(x.results[0].slots[0]) = std::visit([](auto v) { return c10::IValue(v); }, n);
}

void execution::measure(const step &x)
{
    const at::Tensor &t = tensor_at(x.operands[0].items[0].slot);
    at(x.results[0].slots[0]) = x.operands.size() > 1
                                    ? t.size(whole_of(number_of(x.operands[1], x.operands[1].items[0])))
                                    : t.numel();
}

void execution::execute(const step &x)
{
    switch (x.act) {
    case step::act::call: return call(x);
    case step::act::calculate: return calculate(x);
    case step::act::measure: return measure(x);
    case step::act::require: {
        const operand &o = x.operands[0];
        TORCH_CHECK(o.items.empty() ? o.constant.toBool() : flag_of(number_of(o, o.items[0])),
                    "the exported model requires what does not hold for this input");
        return;
    }
    case step::act::nothing: return;
    }
}

void execution::begin()
{
    shim::refuse_share(s);
    slots.resize(m->graph.slots);
    for (size_t i = 0; i < m->givens.size(); i++)
        at(m->graph.givens[i].slot) = m->givens[i];
    if (s->opts.training && m->state)
        held = shim::held_norms(m->state);
}

void execution::steps(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        now = &m->program.steps[i];
        execute(*now);
        for (int slot : now->last)
            at(slot) = {};
    }
    now = nullptr;
}

/* ---- a part that is computed twice ---- */

/* What the second time begins with, beside the tensors that autograd keeps. */
struct memory {
    std::vector<int> inputs, results; /* slots of tensors that are recorded */
    std::vector<std::pair<int, c10::IValue>> values;
    at::Tensor random; /* the generator's state; undefined: nothing is drawn */
};

at::Generator drawn_from(const il_scope *s)
{
    return at::globalContext().defaultGenerator(shim::device(s->opts.device));
}

shim::tensors compute_again(const il_exported *m, const il_scope_opts &opts, const part &x, const memory &kept,
                            const shim::tensors &inputs, const shim::tensors &grads)
{
    shim::scope s = shim::open_scope(opts);
    s->again = true;
    c10::AutoGradMode on(true);
    shim::casting half(s.get());
    shim::fresh_casts fresh;
    shim::counting count(s.get(), m->state);
    execution r = { m, s.get(), {}, {} };
    r.begin();
    for (const auto &[slot, value] : kept.values)
        r.at(slot) = value;
    shim::tensors leaves, ends, slopes;
    for (size_t i = 0; i < inputs.size(); i++) {
        leaves.push_back(inputs[i].detach().requires_grad_());
        r.at(kept.inputs[i]) = leaves[i];
    }
    for (size_t i : x.weights)
        if (m->givens[i].requires_grad())
            leaves.push_back(m->givens[i]);
    if (kept.random.defined()) {
        at::Generator g = drawn_from(s.get());
        std::lock_guard<std::mutex> lock(g.mutex());
        g.set_state(kept.random);
    }
    r.steps(x.first, x.end);
    for (size_t i = 0; i < kept.results.size(); i++) {
        const at::Tensor &t = r.tensor_at(kept.results[i]);
        if (!t.requires_grad() || !grads[i].defined())
            continue;
        ends.push_back(t);
        slopes.push_back(grads[i]);
    }
    return ends.empty() ? shim::tensors{} : shim::gradients(ends, leaves, slopes);
}

/* Its steps leave nothing for the backward pass but what goes into it. */
void execution::compute(const part &x)
{
    auto kept = std::make_shared<memory>();
    shim::tensors own, inputs;
    for (int slot : x.in) {
        if (at(slot).isTensor() && at(slot).toTensor().requires_grad()) {
            kept->inputs.push_back(slot);
            own.push_back(at(slot).toTensor());
        } else {
            kept->values.emplace_back(slot, at(slot));
        }
    }
    inputs = own;
    for (size_t i : x.weights)
        if (m->givens[i].requires_grad())
            inputs.push_back(m->givens[i]);
    if (inputs.empty() || x.out.empty())
        return steps(x.first, x.end);
    if (x.draws) {
        at::Generator g = drawn_from(s);
        std::lock_guard<std::mutex> lock(g.mutex());
        kept->random = g.get_state();
    }
    auto forward = [&](shim::tensors &keep) {
        shim::fresh_casts fresh;
        shim::tensors results;
        keep = own;
        steps(x.first, x.end);
        for (int slot : x.out)
            if (at(slot).isTensor() && at(slot).toTensor().is_floating_point()) {
                kept->results.push_back(slot);
                results.push_back(at(slot).toTensor());
            }
        return results;
    };
    auto backward = [m = m, &x, kept, opts = s->opts](const shim::tensors &grads, const shim::tensors &saved) {
        return compute_again(m, opts, x, *kept, saved, grads);
    };
    shim::tensors results = shim::differentiable_list(inputs, forward, backward);
    for (size_t i = 0; i < results.size(); i++)
        at(kept->results[i]) = results[i];
}

void execution::all(const at::Tensor &image)
{
    const program &p = m->program;
    begin();
    at(m->graph.image) = image;
    if (s->opts.training ? p.drops : p.draws) /* they draw from libtorch's own generators */
        at::manual_seed(shim::next_seed(s));
    if (!s->opts.recompute || !s->opts.training || !shim::records(s))
        return steps(0, p.steps.size());
    for (const part &x : m->parts)
        compute(x);
}

/* ---- sizes ---- */

const char *side_name(size_t i, size_t count)
{
    static const char *const names[] = { "batch", "channels", "height", "width" };
    return count == 4 ? names[i] : "size";
}

/* What decides a side that does not fit. */
const char *side_remedy(size_t i, size_t count)
{
    static const char *const remedies[] = { "; export it again with a free batch", "",
                                            " (train.size or train.crop, test_window or test_size)" };
    return count == 4 ? remedies[std::min<size_t>(i, 2)] : "";
}

/* "32 to 512, multiples of 8" */
std::string range_of(const side &x)
{
    int64_t least = x.least > 2 ? x.least * x.times + x.plus : 0; /* torch.export means 1 and more by 2 */
    int64_t most;
    bool open = __builtin_mul_overflow(x.most, x.times, &most) || __builtin_add_overflow(most, x.plus, &most) ||
                x.most > INT32_MAX;
    std::string text;
    if (least && !open)
        text = std::to_string(least) + " to " + std::to_string(most);
    else if (!open)
        text = "up to " + std::to_string(most);
    else if (least)
        text = std::to_string(least) + " and more";
    if (x.times > 1)
        text += (text.empty() ? "multiples of " : ", multiples of ") + std::to_string(x.times);
    if (x.times > 1 && x.plus > 0)
        text += " plus " + std::to_string(x.plus);
    return text;
}

void check_size(const graph &g, const at::Tensor &image)
{
    TORCH_CHECK(static_cast<size_t>(image.dim()) == g.sides.size(), "the model was exported for an input of ",
                g.sides.size(), " dimensions, not ", image.dim());
    std::map<std::string, std::pair<int64_t, const char *>> known; /* n of a symbol, and the side that told it */
    for (size_t i = 0; i < g.sides.size(); i++) {
        const side &x = g.sides[i];
        const char *name = side_name(i, g.sides.size()), *remedy = side_remedy(i, g.sides.size());
        int64_t size = image.size(static_cast<int64_t>(i)), n = (size - x.plus) / x.times;
        if (x.symbol == "?")
            continue;
        if (x.symbol.empty()) {
            TORCH_CHECK(size == x.plus, name, " ", size, ": the model was exported for ", x.plus, " only", remedy);
            continue;
        }
        bool fits = size >= x.plus && (size - x.plus) % x.times == 0 && (x.least <= 2 || n >= x.least) && n <= x.most;
        TORCH_CHECK(fits, name, " ", size, ": the model was exported for ", range_of(x), remedy);
        auto [same, fresh] = known.emplace(x.symbol, std::pair{ n, name });
        TORCH_CHECK(fresh || same->second.first == n, name, " ", size, ": the model was exported for a ", name,
                    " that follows its ", same->second.second);
    }
}

/* PyTorch takes a batch of one for a case of its own, which it is not here. */
void check_guards(const graph &g, at::IntArrayRef sizes)
{
    std::vector<int64_t> several(sizes.begin(), sizes.end());
    several[0] = std::max<int64_t>(several[0], 2);
    for (const std::string &guard : g.guards) {
        bool holds = guard_holds(guard, sizes).value_or(true) || guard_holds(guard, several).value_or(true);
        TORCH_CHECK(holds, "size ", sizes, ": the model was exported for those where ", guard_shown(guard));
    }
}

} // namespace

il_tensor *il_exported_output(il_scope *s, const il_exported *m, il_tensor *x, const char *output)
{
    il_err err = {};
    if (il_scope_status(s, &err) != IL_OK)
        return nullptr;
    if (!m || !x)
        return il_scope_fail(s, IL_ETORCH, "exported model: the input is missing");
    il_tensor *out = nullptr;
    execution r = { m, s, {}, {} };
    try {
        size_t chosen = foreign::choose(m->graph.result, output);
        check_size(m->graph, x->value);
        check_guards(m->graph, x->value.sizes());
        c10::AutoGradMode mode(shim::records(s));
        shim::casting half(s);
        shim::counting count(s, m->state);
        at::Tensor image = x->value.contiguous(); /* as it was traced: view() takes no other order */
        r.all(m->program.writes && image.is_alias_of(x->value) ? image.clone() : image);
        out = shim::wrap(s, r.tensor_at(m->graph.outputs[chosen]));
    } catch (...) {
        il_err why = {};
        shim::caught(&why, r.now ? r.now->name.c_str() : "", s->opts.training);
        bool bare = !r.now && why.message[0] == ':'; /* there is no node to name */
        il_fail(&err, why.code, "%s: %s", m->path.c_str(), bare ? why.message + 2 : why.message);
        shim::fail(s, err);
    }
    return out;
}
