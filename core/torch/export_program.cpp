/* export_program.cpp - finds each node's operator, checks it against the rules, and fits the arguments to its schema. */
#include <ATen/ScalarOps.h>
#include <ATen/core/jit_type.h>
#include <algorithm>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/ScalarType.h>
#include <cstring>
#include <unordered_map>
#include <unordered_set>
#include "torch/export_program.hpp"
#include "torch/export_rules.hpp"

namespace exported
{

namespace
{

/* ---- PyTorch's numbers for what is not a number: schema.py's, and those of libtorch ---- */

c10::IValue dtype_of(int64_t n)
{
    enum { BYTE = 1, BOOL = 12, BFLOAT16 = 13 };
    if (n >= BYTE && n <= BOOL)
        return n - 1;
    if (n == BFLOAT16)
        return static_cast<int64_t>(at::kBFloat16);
    throw broken("type " + std::to_string(n) + " is not supported");
}

c10::IValue format_of(int64_t n)
{
    static const at::MemoryFormat known[] = { at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast,
                                              at::MemoryFormat::ChannelsLast3d, at::MemoryFormat::Preserve };
    if (n < 1 || n > 4)
        throw broken("memory format " + std::to_string(n) + " is unknown");
    return static_cast<int64_t>(known[n - 1]);
}

c10::IValue layout_of(int64_t n)
{
    enum { STRIDED = 7 };
    if (n != STRIDED)
        throw broken("only strided tensors are supported");
    return static_cast<int64_t>(at::kStrided);
}

/* ---- one operator ---- */

struct target {
    std::string name, overload; /* "conv2d", "" */
};

/* "torch.ops.aten.add.Tensor" */
target split_target(const std::string &text)
{
    static const std::string prefix = "torch.ops.aten.";
    size_t dot = text.rfind('.');
    if (!text.starts_with(prefix) || dot < prefix.size())
        throw broken("is not one of PyTorch's own (aten), which alone are supported");
    target t = { text.substr(prefix.size(), dot - prefix.size()), text.substr(dot + 1) };
    if (t.overload == "default")
        t.overload.clear();
    return t;
}

/* The form of an argument; optional: None will do. */
struct wanted {
    exported::form form;
    c10::TypeKind kind; /* for form::other */
    bool optional;
};

form form_of_list(c10::TypeKind element)
{
    switch (element) {
    case c10::TypeKind::TensorType: return form::tensors;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return form::wholes;
    case c10::TypeKind::FloatType: return form::reals;
    case c10::TypeKind::BoolType: return form::flags;
    case c10::TypeKind::OptionalType: return form::maybe_tensors;
    default: return form::other;
    }
}

wanted want(const c10::Argument &a)
{
    c10::TypePtr type = a.real_type();
    bool optional = type->kind() == c10::TypeKind::OptionalType;
    if (optional)
        type = type->expectRef<c10::OptionalType>().getElementType();
    auto of = [&](form f) { return wanted{ f, type->kind(), optional }; };
    switch (type->kind()) {
    case c10::TypeKind::TensorType: return of(form::tensor);
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return of(form::whole);
    case c10::TypeKind::FloatType: return of(form::real);
    case c10::TypeKind::BoolType: return of(form::flag);
    case c10::TypeKind::NumberType: return of(form::scalar);
    case c10::TypeKind::ListType: return of(form_of_list(type->expectRef<c10::ListType>().getElementType()->kind()));
    default: return of(form::other);
    }
}

const char batches[] = "num_batches_tracked";

using readers = std::unordered_multimap<int, const step *>; /* of a slot */

class compiler
{
  public:
    compiler(const graph &from, at::Device where) : g(from), device(where)
    {
    }
    program compile();

  private:
    const graph &g;
    at::Device device;
    program p;
    void resolve(step *s, const node &n);
    void take_numbers(step *s, const node &n, size_t count);
    static const argument &input(const node &n, const char *name);
    static void expect_results(const step &s, kind k);
    void resolve_call(step *s, const node &n, const target &t);
    void find_write(step *s, const c10::FunctionSchema &schema);
    static void check_names(const node &n, const c10::FunctionSchema &schema);
    operand take(const node &n, const c10::Argument &a, bool creates);
    static operand fit_other(const argument &a, c10::TypeKind kind);
    static operand fit(const argument &a, form f, int repeat = 1);
    static at::Scalar constant_of(const argument &a);
    static bool fits(kind k, form f);
    static void check_results(const step &s, const c10::FunctionSchema &schema);
    void follow_modes();
    std::string owner_of(int slot, std::string_view last) const;
    int counter_of(const std::string &norm) const;
    static bool is_set(const operand &o);
    void follow_noise();
    static double real_constant(const operand &o);
    static double kept_share(const std::unordered_map<int, const step *> &maker, const operand &sum);
    static bool feeds_only_kept(const readers &r, const step &s);
    static const step *only_reader(const readers &r, const step &s);
    readers read_by() const;
    void find_last_uses();
};

program compiler::compile()
{
    for (const node &n : g.nodes) {
        step s;
        s.name = n.name + ": " + shown(n.target);
        s.results = n.outputs;
        try {
            resolve(&s, n);
        } catch (const broken &x) {
            throw broken(s.name + " " + x.what());
        }
        p.steps.push_back(std::move(s));
    }
    follow_modes();
    follow_noise();
    find_last_uses();
    return std::move(p);
}

/* ---- kinds of nodes ---- */

void compiler::resolve(step *s, const node &n)
{
    static const std::unordered_set<std::string> ignored = { "_assert_tensor_metadata", "sym_constrain_range",
                                                             "sym_constrain_range_for_size" };
    s->calculation = find_operation(n.target);
    if (s->calculation) {
        s->act = step::act::calculate;
        take_numbers(s, n, s->calculation->operands);
        return;
    }
    target t = split_target(n.target);
    if (ignored.count(t.name)) {
        s->act = step::act::nothing;
    } else if (t.name == "_assert_scalar") {
        s->act = step::act::require;
        s->operands.push_back(fit(input(n, "self"), form::scalar));
    } else if (t.name == "sym_size" || t.name == "sym_numel") {
        s->act = step::act::measure;
        s->operands.push_back(fit(input(n, "self"), form::tensor));
        if (t.name == "sym_size")
            s->operands.push_back(fit(input(n, "dim"), form::whole));
        expect_results(*s, kind::whole);
    } else {
        resolve_call(s, n, t);
    }
}

void compiler::take_numbers(step *s, const node &n, size_t count)
{
    if (n.inputs.size() != count)
        throw broken("has " + std::to_string(n.inputs.size()) + " arguments; expected " + std::to_string(count));
    for (const argument &a : n.inputs)
        s->operands.push_back(fit(a, form::scalar));
    if (n.outputs.size() != 1 || n.outputs[0].slots.size() != 1 || n.outputs[0].kind == kind::tensor ||
        n.outputs[0].kind == kind::tensors)
        throw broken("gives one number; the graph expects something else");
}

const argument &compiler::input(const node &n, const char *name)
{
    for (const argument &a : n.inputs)
        if (a.name == name)
            return a;
    throw broken("lacks the argument '" + std::string(name) + "'");
}

void compiler::expect_results(const step &s, kind k)
{
    if (s.results.size() != 1 || s.results[0].kind != k)
        throw broken("gives another kind of value than the graph expects");
}

/* ---- calls ---- */

void compiler::resolve_call(step *s, const node &n, const target &t)
{
    if (!allowed(t.name, t.overload))
        throw broken("is not among the operators that are supported");
    s->op = c10::Dispatcher::singleton().findSchema(c10::OperatorName("aten::" + t.name, t.overload));
    if (!s->op)
        throw broken("is unknown to this libtorch");
    s->act = step::act::call;
    const c10::FunctionSchema &schema = s->op->schema();
    bool creates = std::ranges::none_of(
        n.inputs, [](const argument &a) { return a.kind == kind::tensor || a.kind == kind::tensors; });
    check_names(n, schema);
    for (const c10::Argument &a : schema.arguments())
        s->operands.push_back(take(n, a, creates));
    check_results(*s, schema);
    s->unset = leaves_unset(t.name);
    s->scaled = scales(t.name);
    s->draws = draws(t.name);
    find_write(s, schema);
}

/* Writing in place: to a buffer, which only training does, or to what the graph made itself. */
void compiler::find_write(step *s, const c10::FunctionSchema &schema)
{
    const c10::AliasInfo *alias = schema.arguments().empty() ? nullptr : schema.arguments()[0].alias_info();
    if (!alias || !alias->isWrite() || s->operands[0].items.empty())
        return;
    int slot = s->operands[0].items[0].slot;
    auto to = std::ranges::find(g.givens, slot, &given::slot);
    if (to == g.givens.end())
        p.writes = true;
    else if (to->from != given::origin::buffer)
        throw broken("changes " + shown(to->name) + " in place; only buffers may change");
    else
        s->norm = owner_of(s->written = slot, batches);
}

void compiler::check_names(const node &n, const c10::FunctionSchema &schema)
{
    std::unordered_set<std::string> seen;
    for (const argument &a : n.inputs) {
        if (!schema.argumentIndexWithName(a.name))
            throw broken("takes no argument '" + shown(a.name) + "'");
        if (!seen.insert(a.name).second)
            throw broken("has the argument '" + shown(a.name) + "' twice");
    }
}

operand compiler::take(const node &n, const c10::Argument &a, bool creates)
{
    wanted w = want(a);
    auto found = std::ranges::find(n.inputs, a.name(), &argument::name);
    bool there = found != n.inputs.end();
    if (a.is_out())
        throw broken("writes to a tensor that it is given (out=), which is not supported");
    if (a.name() == "pin_memory")
        return {};
    if (a.name().starts_with("cudnn_enable")) /* exported as it was on the exporter's machine */
        return { form::other, true, {}, false };
    /* the file's device is the exporter's */
    if (w.kind == c10::TypeKind::DeviceObjType && (creates || (there && found->kind == kind::device)))
        return { form::other, device, {}, false };
    if (!there && !a.default_value())
        throw broken("lacks the argument '" + a.name() + "'");
    if (!there)
        return { form::other, *a.default_value(), {}, false };
    if (found->kind == kind::none && (w.optional || w.kind == c10::TypeKind::GeneratorType))
        return {};
    try {
        return w.form == form::other ? fit_other(*found, w.kind) : fit(*found, w.form, a.N().value_or(1));
    } catch (const broken &x) {
        throw broken("cannot take '" + a.name() + "': " + x.what());
    }
}

operand compiler::fit_other(const argument &a, c10::TypeKind kind)
{
    auto constant = [](c10::IValue v) { return operand{ form::other, std::move(v), {}, false }; };
    if (kind == c10::TypeKind::StringType && a.kind == kind::text)
        return constant(a.text);
    if (kind == c10::TypeKind::ScalarTypeType && a.kind == kind::dtype)
        return constant(dtype_of(a.items[0].whole));
    if (kind == c10::TypeKind::MemoryFormatType && a.kind == kind::format)
        return constant(format_of(a.items[0].whole));
    if (kind == c10::TypeKind::LayoutType && a.kind == kind::layout)
        return constant(layout_of(a.items[0].whole));
    throw broken("it is of another kind");
}

/* repeat: a single number in place of a list of so many. */
operand compiler::fit(const argument &a, form f, int repeat)
{
    operand o = { f, {}, a.items, a.kind == kind::real || a.kind == kind::reals };
    if (!fits(a.kind, f))
        throw broken(a.kind == kind::other ? "'" + shown(a.text) + "' is not supported" : "it is of another kind");
    if ((f == form::wholes || f == form::reals) && (a.kind == kind::whole || a.kind == kind::real))
        o.items.assign(static_cast<size_t>(std::clamp(repeat, 1, 8)), a.items[0]);
    if (f == form::tensor && a.kind != kind::tensor && a.items[0].slot < 0) /* as Python turns numbers into tensors */
        return { form::other, at::native::wrapped_scalar_tensor(constant_of(a)), {}, false };
    if (f == form::scalar && a.kind == kind::flag && a.items[0].slot < 0)
        return { form::other, a.items[0].whole != 0, {}, false };
    return o;
}

at::Scalar compiler::constant_of(const argument &a)
{
    if (a.kind == kind::real)
        return a.items[0].real;
    return a.kind == kind::flag ? at::Scalar(a.items[0].whole != 0) : at::Scalar(a.items[0].whole);
}

bool compiler::fits(kind k, form f)
{
    switch (f) {
    case form::tensor: return k == kind::tensor || k == kind::whole || k == kind::real || k == kind::flag;
    case form::tensors:
    case form::maybe_tensors: return k == kind::tensors;
    case form::whole: return k == kind::whole;
    case form::wholes: return k == kind::wholes || k == kind::whole;
    case form::real: return k == kind::real || k == kind::whole;
    case form::reals: return k == kind::reals || k == kind::wholes || k == kind::real || k == kind::whole;
    case form::flag: return k == kind::flag;
    case form::flags: return k == kind::flags;
    case form::scalar: return k == kind::whole || k == kind::real || k == kind::flag;
    case form::other: return false;
    }
    return false;
}

void compiler::check_results(const step &s, const c10::FunctionSchema &schema)
{
    const auto &returns = schema.returns();
    if (returns.size() != s.results.size())
        throw broken("gives " + std::to_string(returns.size()) + " values; the graph expects " +
                     std::to_string(s.results.size()));
    for (size_t i = 0; i < returns.size(); i++) {
        c10::TypeKind is = returns[i].real_type()->kind();
        kind k = s.results[i].kind;
        if (!(is == c10::TypeKind::TensorType && (k == kind::tensor || k == kind::none)) &&
            !(is == c10::TypeKind::ListType && k == kind::tensors))
            throw broken("gives another kind of value than the graph expects");
    }
}

/* ---- training and testing ---- */

/* A graph that was exported in training has its flags set; those that are not were frozen by its author. One exported in
 * evaluation has none set, so all of them may follow. */
void compiler::follow_modes()
{
    std::vector<std::pair<step *, int>> found;
    bool trained = false;
    for (step &s : p.steps) {
        std::string_view full = s.op ? std::string_view(s.op->schema().name()) : "";
        const mode *m = s.op ? find_mode(full.substr(std::strlen("aten::"))) : nullptr;
        if (!m)
            continue;
        const c10::FunctionSchema &schema = s.op->schema();
        auto flag = schema.argumentIndexWithName(std::string(m->flag));
        auto statistics = schema.argumentIndexWithName(std::string(m->statistics));
        if (!flag || (statistics && s.operands[static_cast<size_t>(*statistics)].items.empty()))
            continue;
        found.emplace_back(&s, *flag);
        if (statistics)
            s.norm = owner_of(s.operands[static_cast<size_t>(*statistics)].items[0].slot, m->statistics);
        const operand &o = s.operands[static_cast<size_t>(*flag)];
        trained = trained || is_set(o);
    }
    for (auto [s, flag] : found) {
        const operand &o = s->operands[static_cast<size_t>(flag)];
        if (trained && !is_set(o))
            continue;
        s->flag = flag;
        if (!trained)
            s->counter = counter_of(s->norm);
        s->drops =
            find_mode(std::string_view(s->op->schema().name()).substr(std::strlen("aten::")))->statistics.empty();
        p.drops = p.drops || s->drops;
    }
}

/* "norm" where the slot holds the buffer "norm.running_mean" and `last` is "running_mean", else "". */
std::string compiler::owner_of(int slot, std::string_view last) const
{
    auto x = std::ranges::find(g.givens, slot, &given::slot);
    std::string end = "." + std::string(last);
    bool is = x != g.givens.end() && x->from == given::origin::buffer && x->name.ends_with(end);
    return is ? x->name.substr(0, x->name.size() - end.size()) : "";
}

int compiler::counter_of(const std::string &norm) const
{
    auto x = std::ranges::find(g.givens, norm + "." + batches, &given::name);
    return norm.empty() || x == g.givens.end() || x->from != given::origin::buffer ? -1 : x->slot;
}

bool compiler::is_set(const operand &o)
{
    if (o.items.empty())
        return o.constant.isBool() ? o.constant.toBool() : o.constant.isDouble() && o.constant.toDouble() > 0;
    return o.items[0].whole != 0 || o.items[0].real > 0;
}

/* Stochastic depth has no flag: it multiplies by 0 or 1, drawn by bernoulli_(p) or floor(p + rand()), and divides by p. Where
 * these draws give p itself, nothing is dropped. */
void compiler::follow_noise()
{
    std::unordered_map<int, const step *> maker; /* of a slot */
    for (step &s : p.steps) {
        std::string_view name = s.op ? std::string_view(s.op->schema().name()) : "";
        if (name == "aten::bernoulli_" && s.op->schema().overload_name() == "float")
            s.keeps = real_constant(s.operands[1]);
        else if (name == "aten::floor" || name == "aten::floor_")
            s.keeps = kept_share(maker, s.operands[0]);
        s.draws = s.draws && s.keeps < 0;
        for (const result &r : s.results)
            for (int slot : r.slots)
                maker[slot] = &s;
    }
    readers r = read_by();
    for (step &s : p.steps) {
        p.drops = p.drops || s.keeps >= 0;
        if (!s.draws)
            continue;
        p.drops = p.draws = true;
        bool harmless = feeds_only_kept(r, s);
        if (!harmless && p.fixed.empty())
            p.fixed = s.name;
    }
}

double compiler::real_constant(const operand &o)
{
    if (o.items.empty() && o.constant.isTensor()) /* a number where a tensor is taken */
        return o.constant.toTensor().item().toDouble();
    if (o.items.empty())
        return o.constant.isDouble() ? o.constant.toDouble() : -1;
    return o.items[0].slot < 0 ? o.items[0].real : -1;
}

/* p of add(rand(), p), else -1. */
double compiler::kept_share(const std::unordered_map<int, const step *> &maker, const operand &sum)
{
    auto add = sum.items.empty() ? maker.end() : maker.find(sum.items[0].slot);
    if (add == maker.end() || !add->second->op || add->second->op->schema().name() != "aten::add" ||
        add->second->operands[0].items.empty())
        return -1;
    auto rand = maker.find(add->second->operands[0].items[0].slot);
    if (rand == maker.end() || !rand->second->op || !rand->second->op->schema().name().starts_with("aten::rand"))
        return -1;
    return real_constant(add->second->operands[1]);
}

/* The numbers of rand() in floor(p + rand()), which nothing else reads. */
bool compiler::feeds_only_kept(const readers &r, const step &s)
{
    const step *sum = only_reader(r, s);
    const step *floor = sum ? only_reader(r, *sum) : nullptr;
    return floor && floor->keeps >= 0;
}

const step *compiler::only_reader(const readers &r, const step &s)
{
    if (s.results.empty() || s.results[0].slots.empty())
        return nullptr;
    auto found = r.equal_range(s.results[0].slots[0]);
    return found.first != found.second && std::next(found.first) == found.second ? found.first->second : nullptr;
}

readers compiler::read_by() const
{
    readers r;
    for (const step &s : p.steps)
        for (const operand &o : s.operands)
            for (const item &i : o.items)
                if (i.slot >= 0)
                    r.emplace(i.slot, &s);
    return r;
}

/* ---- memory ---- */

void compiler::find_last_uses()
{
    std::vector<bool> needed(g.slots);
    for (const output &o : g.outputs)
        if (o.slot >= 0)
            needed[static_cast<size_t>(o.slot)] = true;
    for (size_t i = p.steps.size(); i > 0; i--) {
        step &s = p.steps[i - 1];
        auto look = [&](int slot) {
            if (slot < 0 || needed[static_cast<size_t>(slot)])
                return;
            needed[static_cast<size_t>(slot)] = true;
            s.last.push_back(slot);
        };
        for (const operand &o : s.operands)
            for (const item &x : o.items)
                look(x.slot);
        for (const result &r : s.results)
            for (int slot : r.slots)
                look(slot);
    }
}

} // namespace

program compile(const graph &g, at::Device device)
{
    return compiler(g, device).compile();
}

} // namespace exported
