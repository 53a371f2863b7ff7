/* export_graph.cpp - reads model.json and the configurations of weights. PyTorch's torch/_export/serde/schema.py describes them. */
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <unordered_map>
#include "base/json.h"
#include "torch/export_graph.hpp"

namespace exported
{

std::string shown(std::string_view text)
{
    return std::string(text.substr(0, 80)) + (text.size() > 80 ? "…" : "");
}

namespace
{

enum { schema_major = 8, most_nodes = 50000, most_givens = 10000, most_guards = 2000, most_guard = 4096 };

/* ---- JSON ---- */

struct release {
    void operator()(json_t *value) const
    {
        json_decref(value);
    }
};
using document = std::unique_ptr<json_t, release>;

document parse(std::string_view text, const char *what)
{
    json_error_t why;
    document value(il_json_loadb(text.data(), text.size(), 0, &why));
    if (!value && il_json_code(IL_EFORMAT) == IL_ENOMEM)
        throw std::bad_alloc();
    if (!value)
        throw broken(std::string(what) + ": invalid JSON in line " + std::to_string(why.line) + ": " + why.text);
    return value;
}

[[noreturn]] void unexpected(const char *key, const char *expected)
{
    throw broken("the graph is not what torch.export.save writes: '" + std::string(key) + "' is not " + expected);
}

/* What may be missing or null is nullptr. */
const json_t *maybe(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? nullptr : value;
}

const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = maybe(object, key);
    if (!value)
        unexpected(key, "there");
    return value;
}

const json_t *object_in(const json_t *object, const char *key)
{
    const json_t *value = member(object, key);
    if (!json_is_object(value))
        unexpected(key, "an object");
    return value;
}

const json_t *list_in(const json_t *object, const char *key)
{
    const json_t *value = member(object, key);
    if (!json_is_array(value))
        unexpected(key, "a list");
    return value;
}

std::string text_of(const json_t *value, const char *key)
{
    if (!json_is_string(value))
        unexpected(key, "a text");
    return std::string(json_string_value(value), json_string_length(value));
}

std::string text_in(const json_t *object, const char *key)
{
    return text_of(member(object, key), key);
}

int64_t whole_of(const json_t *value, const char *key)
{
    if (!json_is_integer(value))
        unexpected(key, "a whole number");
    return json_integer_value(value);
}

bool flag_of(const json_t *value, const char *key)
{
    if (!json_is_boolean(value))
        unexpected(key, "true or false");
    return json_is_true(value);
}

/* JSON has no word for these, so PyTorch writes texts. */
double real_of(const json_t *value, const char *key)
{
    static const std::map<std::string_view, double> words = { { "Infinity", HUGE_VAL },
                                                              { "-Infinity", -HUGE_VAL },
                                                              { "NaN", std::numeric_limits<double>::quiet_NaN() } };
    if (json_is_string(value)) {
        auto word = words.find(json_string_value(value));
        if (word != words.end())
            return word->second;
    }
    if (!json_is_number(value))
        unexpected(key, "a number");
    return json_number_value(value);
}

/* A union is an object whose only member says which of them it is. */
struct choice {
    const char *key;
    const json_t *value;
};

choice only_member(const json_t *object, const char *what)
{
    void *at = json_object_size(object) == 1 ? json_object_iter(const_cast<json_t *>(object)) : nullptr;
    if (!at)
        unexpected(what, "an object of one member");
    return { json_object_iter_key(at), json_object_iter_value(at) };
}

template <class F> void for_each(const json_t *list, F body)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        body(json_array_get(list, i));
}

/* ---- sizes of the input ---- */

/* SymPy's text of a size: Symbol('s1', …), Integer(8), Mul(…, …) and Add(…, …). What is not a multiple of one symbol plus a number is
 * "?": nothing is known of it before the graph runs. */
class linear
{
  public:
    explicit linear(std::string_view text) : rest(text)
    {
    }
    side read();

  private:
    std::string_view rest;
    bool word(std::string_view w);
    static side unknown();
    side expression(int depth);
    side symbol();
    side integer();
    static const int64_t most_constant = 1 << 20;
    static side multiply(const side &a, const side &b);
    static side add(const side &a, const side &b);
};

side linear::read()
{
    side s = expression(0);
    bool sound = rest.empty() && s.times > 0 && s.plus >= 0;
    return sound && s.symbol != "?" ? s : side{ "?", 1, 0, 0, INT64_MAX };
}

bool linear::word(std::string_view w)
{
    bool is = rest.starts_with(w);
    rest.remove_prefix(is ? w.size() : 0);
    return is;
}

side linear::unknown()
{
    return { "?", 1, 0, 0, INT64_MAX };
}

side linear::expression(int depth)
{
    if (depth > 8)
        return unknown();
    if (word("Symbol('"))
        return symbol();
    if (word("Integer("))
        return integer();
    bool product = word("Mul(");
    if (!product && !word("Add("))
        return unknown();
    side sum = expression(depth + 1);
    while (word(", "))
        sum = product ? multiply(sum, expression(depth + 1)) : add(sum, expression(depth + 1));
    return word(")") ? sum : unknown();
}

side linear::symbol()
{
    size_t quote = rest.find('\''), end = rest.find(')');
    if (quote == std::string_view::npos || end == std::string_view::npos || quote > end)
        return unknown();
    side s;
    s.symbol = rest.substr(0, quote);
    rest.remove_prefix(end + 1);
    return s;
}

side linear::integer()
{
    side s;
    auto end = std::from_chars(rest.data(), rest.data() + rest.size(), s.plus);
    rest.remove_prefix(static_cast<size_t>(end.ptr - rest.data()));
    bool small = s.plus > -most_constant && s.plus < most_constant;
    return end.ec == std::errc() && small && word(")") ? s : unknown();
}

side linear::multiply(const side &a, const side &b)
{
    const side &number = a.symbol.empty() ? a : b, &other = a.symbol.empty() ? b : a;
    if (!number.symbol.empty() || other.times > most_constant || std::abs(other.plus) > most_constant)
        return unknown();
    return { other.symbol, other.symbol.empty() ? 1 : other.times * number.plus, other.plus * number.plus, 0, 0 };
}

side linear::add(const side &a, const side &b)
{
    if ((!a.symbol.empty() && !b.symbol.empty()) || std::abs(a.plus) > most_constant ||
        std::abs(b.plus) > most_constant)
        return unknown();
    const side &with = a.symbol.empty() ? b : a;
    return { with.symbol, with.times, a.plus + b.plus, 0, 0 };
}

/* ---- the graph ---- */

class reader
{
  public:
    explicit reader(const json_t *top)
        : program(top), module(object_in(top, "graph_module")), body(object_in(module, "graph"))
    {
    }
    graph read();

  private:
    const json_t *program, *module, *body;
    graph made;
    std::unordered_map<std::string, int> slots;
    std::vector<kind> kinds;                 /* of the slots: tensor, whole, real or flag */
    std::string where = "the graph's input"; /* for messages */
    void check_version();
    int define(const std::string &name, kind k);
    int use(const std::string &name, kind k) const;
    int refer(const std::string &name, kind k, bool defines);
    item tensor_item(const json_t *x, bool defines);
    item maybe_tensor(const json_t *x);
    static item constant(const json_t *x, kind k);
    item symbol(const json_t *x, kind k, bool defines);
    template <class F> std::vector<item> each(const json_t *list, const char *key, F make);
    argument read_value(const json_t *union_, const char *what, bool defines);
    argument read_constant(choice c);
    void read_node(const json_t *x);
    void read_signature(const json_t *specs);
    void read_input(const json_t *arg);
    static side read_side(const std::string &text, const json_t *ranges);
    void read_output(const json_t *spec);
    static size_t leaves(const json_t *spec);
    foreign::result leaf(size_t number);
    foreign::result outline(const json_t *spec, size_t *at);
    std::vector<std::string> entry_names(const json_t *spec);
    void name_outputs();
    void read_guards();
};

graph reader::read()
{
    check_version();
    if (json_array_size(list_in(body, "nodes")) > most_nodes || json_array_size(list_in(body, "inputs")) > most_givens)
        throw broken("the graph has more than 50000 nodes or 10000 tensors");
    for_each(list_in(body, "inputs"), [&](const json_t *x) { read_value(x, "inputs", true); });
    read_signature(list_in(object_in(module, "signature"), "input_specs"));
    for_each(list_in(body, "nodes"), [&](const json_t *x) { read_node(x); });
    for_each(list_in(object_in(module, "signature"), "output_specs"), [&](const json_t *x) { read_output(x); });
    name_outputs();
    read_guards();
    made.slots = kinds.size();
    return std::move(made);
}

std::vector<kind> kinds;                 /* of the slots: tensor, whole, real or flag */
std::string where = "the graph's input"; /* for messages */
void reader::check_version()
{
    int64_t major = whole_of(member(object_in(program, "schema_version"), "major"), "major");
    if (major != schema_major)
        throw broken("has version " + std::to_string(major) + " of torch.export's format; expected " +
                     std::to_string(schema_major) + ", that of PyTorch 2.9 to 2.11");
}

int reader::define(const std::string &name, kind k)
{
    if (!slots.emplace(name, static_cast<int>(kinds.size())).second)
        throw broken(where + " defines '" + shown(name) + "' a second time");
    kinds.push_back(k);
    return static_cast<int>(kinds.size()) - 1;
}

int reader::use(const std::string &name, kind k) const
{
    auto found = slots.find(name);
    if (found == slots.end())
        throw broken(where + " uses '" + shown(name) + "', which nothing before it gives");
    kind is = kinds[static_cast<size_t>(found->second)];
    if (is != k && (k == kind::tensor || is == kind::tensor))
        throw broken(where + " uses '" + shown(name) + "' as " + (k == kind::tensor ? "a tensor" : "a number") +
                     ", which it is not");
    return found->second;
}

int reader::refer(const std::string &name, kind k, bool defines)
{
    return defines ? define(name, k) : use(name, k);
}

item reader::tensor_item(const json_t *x, bool defines)
{
    return { refer(text_in(x, "name"), kind::tensor, defines) };
}

item reader::maybe_tensor(const json_t *x)
{
    choice c = only_member(x, "as_optional_tensor");
    return std::string_view(c.key) == "as_none" ? item{} : tensor_item(c.value, false);
}

item reader::constant(const json_t *x, kind k)
{
    item i;
    if (k == kind::whole)
        i.whole = whole_of(x, "as_int");
    else if (k == kind::real)
        i.real = real_of(x, "as_float");
    else
        i.whole = flag_of(x, "as_bool");
    return i;
}

/* A number that was computed, or one of the file. */
item reader::symbol(const json_t *x, kind k, bool defines)
{
    choice c = only_member(x, "as_sym_int");
    if (std::string_view(c.key) == "as_name")
        return { refer(text_of(c.value, c.key), k, defines) };
    return constant(c.value, k);
}

template <class F> std::vector<item> reader::each(const json_t *list, const char *key, F make)
{
    std::vector<item> items;
    if (!json_is_array(list))
        unexpected(key, "a list");
    for_each(list, [&](const json_t *x) { items.push_back(make(x)); });
    return items;
}

/* defines: the values are made here, not used. */
argument reader::read_value(const json_t *union_, const char *what, bool defines)
{
    choice c = only_member(union_, what);
    std::string_view key = c.key;
    auto one = [&](kind k, item i) { return argument{ {}, k, { i }, {} }; };
    auto many = [&](kind k, auto make) { return argument{ {}, k, each(c.value, c.key, make), {} }; };
    using enum kind;
    if (key == "as_none")
        return {};
    if (key == "as_tensor")
        return one(kind::tensor, tensor_item(c.value, defines));
    if (key == "as_tensors")
        return many(tensors, [&](const json_t *x) { return tensor_item(x, defines); });
    if (key == "as_sym_int")
        return one(whole, symbol(c.value, whole, defines));
    if (key == "as_sym_float")
        return one(real, symbol(c.value, real, defines));
    if (key == "as_sym_bool")
        return one(flag, symbol(c.value, flag, defines));
    if (defines)
        throw broken(where + " gives '" + shown(key) + "', which is not supported");
    if (key == "as_optional_tensor") {
        item i = maybe_tensor(c.value);
        return i.slot < 0 ? argument{} : one(kind::tensor, i);
    }
    if (key == "as_optional_tensors")
        return many(tensors, [&](const json_t *x) { return maybe_tensor(x); });
    if (key == "as_sym_ints")
        return many(wholes, [&](const json_t *x) { return symbol(x, whole, false); });
    if (key == "as_sym_floats")
        return many(reals, [&](const json_t *x) { return symbol(x, real, false); });
    if (key == "as_sym_bools")
        return many(flags, [&](const json_t *x) { return symbol(x, flag, false); });
    return read_constant(c);
}

argument reader::read_constant(choice c)
{
    static const struct {
        std::string_view key;
        exported::kind kind, of;
        bool list;
    } known[] = {
        { "as_int", kind::whole, kind::whole, false },         { "as_ints", kind::wholes, kind::whole, true },
        { "as_float", kind::real, kind::real, false },         { "as_floats", kind::reals, kind::real, true },
        { "as_bool", kind::flag, kind::flag, false },          { "as_bools", kind::flags, kind::flag, true },
        { "as_scalar_type", kind::dtype, kind::whole, false }, { "as_memory_format", kind::format, kind::whole, false },
        { "as_layout", kind::layout, kind::whole, false }
    };
    std::string_view key = c.key;
    for (const auto &k : known) {
        if (key != k.key)
            continue;
        if (!k.list)
            return { {}, k.kind, { constant(c.value, k.of) }, {} };
        return { {}, k.kind, each(c.value, c.key, [&](const json_t *x) { return constant(x, k.of); }), {} };
    }
    if (key == "as_string")
        return { {}, kind::text, {}, text_of(c.value, c.key) };
    if (key == "as_device")
        return { {}, kind::device, {}, {} };
    return { {}, kind::other, {}, c.key };
}

void reader::read_node(const json_t *x)
{
    node n;
    n.target = text_in(x, "target");
    const json_t *name = maybe(x, "name");
    n.name = name ? text_of(name, "name") : "";
    where = "node " + std::to_string(made.nodes.size()) + (name ? " (" + shown(n.name) + ")" : "");
    n.name = where;
    for_each(list_in(x, "inputs"), [&](const json_t *i) {
        argument a = read_value(member(i, "arg"), "arg", false);
        a.name = text_in(i, "name");
        n.inputs.push_back(std::move(a));
    });
    for_each(list_in(x, "outputs"), [&](const json_t *o) {
        argument a = read_value(o, "outputs", true);
        result r = { a.kind, {} };
        for (const item &i : a.items) {
            if (i.slot < 0)
                throw broken(where + " gives a constant; expected the name of what it gives");
            r.slots.push_back(i.slot);
        }
        n.outputs.push_back(std::move(r));
    });
    made.nodes.push_back(std::move(n));
}

/* ---- what goes in ---- */

void reader::read_signature(const json_t *specs)
{
    using origin = given::origin;
    for_each(specs, [&](const json_t *spec) {
        choice c = only_member(spec, "input_specs");
        std::string_view key = c.key;
        auto add = [&](origin from, const char *name, bool persistent) {
            made.givens.push_back({ from, use(text_in(object_in(c.value, "arg"), "name"), kind::tensor),
                                    text_in(c.value, name), persistent });
        };
        if (key == "user_input")
            read_input(object_in(c.value, "arg"));
        else if (key == "parameter")
            add(origin::parameter, "parameter_name", true);
        else if (key == "buffer")
            add(origin::buffer, "buffer_name", flag_of(member(c.value, "persistent"), "persistent"));
        else if (key == "tensor_constant")
            add(origin::constant, "tensor_constant_name", false);
        else if (key != "constant_input")
            throw broken("the graph takes a '" + shown(key) + "', which is not supported");
    });
    if (made.image < 0)
        throw broken("the graph takes no tensor; expected one, the image");
}

void reader::read_input(const json_t *arg)
{
    choice c = only_member(arg, "user_input");
    if (std::string_view(c.key) != "as_tensor") {
        if (std::string_view(c.key).starts_with("as_sym"))
            throw broken("the graph takes a number beside the image; expected the image alone");
        return;
    }
    std::string name = text_in(c.value, "name");
    if (made.image >= 0)
        throw broken("the graph takes several tensors; expected one, the image");
    made.image = use(name, kind::tensor);
    const json_t *ranges = maybe(program, "range_constraints");
    for_each(list_in(object_in(object_in(body, "tensor_values"), name.c_str()), "sizes"), [&](const json_t *size) {
        choice s = only_member(size, "sizes");
        if (std::string_view(s.key) == "as_int")
            made.sides.emplace_back().plus = whole_of(s.value, s.key);
        else
            made.sides.push_back(read_side(text_in(s.value, "expr_str"), ranges));
    });
}

side reader::read_side(const std::string &text, const json_t *ranges)
{
    side s = linear(text).read();
    const json_t *range = ranges && !s.symbol.empty() ? maybe(ranges, s.symbol.c_str()) : nullptr;
    const json_t *least = range ? maybe(range, "min_val") : nullptr;
    const json_t *most = range ? maybe(range, "max_val") : nullptr;
    s.least = least ? whole_of(least, "min_val") : 0;
    s.most = most ? whole_of(most, "max_val") : INT64_MAX;
    return s;
}

/* ---- what comes out ---- */

void reader::read_output(const json_t *spec)
{
    choice c = only_member(spec, "output_specs");
    where = "the graph's output";
    if (std::string_view(c.key) != "user_output")
        throw broken("the graph also returns a '" + shown(c.key) +
                     "'; save what torch.export.export gives, without run_decompositions");
    argument a = read_value(object_in(c.value, "arg"), "user_output", false);
    made.outputs.push_back(a.kind == kind::tensor ? a.items[0].slot : -1);
}

size_t reader::leaves(const json_t *spec)
{
    const json_t *children = list_in(spec, "children_spec");
    size_t n = maybe(spec, "type") ? 0 : 1;
    for_each(children, [&](const json_t *child) { n += leaves(child); });
    return n;
}

foreign::result reader::leaf(size_t number)
{
    foreign::result r;
    bool tensor = made.outputs[number] >= 0;
    r.is = tensor ? foreign::result::kind::tensor : foreign::result::kind::other;
    r.text = tensor ? "" : "no tensor";
    r.number = number;
    return r;
}

/* *at: the next output. */
foreign::result reader::outline(const json_t *spec, size_t *at)
{
    using of = foreign::result::kind;
    if (!maybe(spec, "type"))
        return leaf((*at)++);
    foreign::result r;
    std::string type = text_in(spec, "type");
    r.is = type == "builtins.tuple" || type == "collections.namedtuple" ? of::tuple
           : type == "builtins.list" || type == "collections.deque"     ? of::list
                                                                        : of::dict;
    std::vector<std::string> names = entry_names(spec);
    for_each(list_in(spec, "children_spec"), [&](const json_t *child) {
        foreign::result entry = outline(child, at);
        entry.name = r.entries.size() < names.size() ? names[r.entries.size()] : "";
        r.entries.push_back(std::move(entry));
    });
    return r;
}

/* Names of the entries of a dict, a named tuple or another class; none where it has none. */
std::vector<std::string> reader::entry_names(const json_t *spec)
{
    std::vector<std::string> names;
    const json_t *type = maybe(spec, "type"), *context = maybe(spec, "context");
    const json_t *named = maybe(module, "treespec_namedtuple_fields");
    const json_t *fields = named ? maybe(named, text_of(type, "type").c_str()) : nullptr;
    document parsed;
    if (fields)
        fields = list_in(fields, "field_names");
    else if (json_is_string(context))
        fields = (parsed = document(il_json_loads(json_string_value(context), JSON_DECODE_ANY, nullptr))).get();
    if (!json_is_array(fields))
        return names;
    for_each(fields, [&](const json_t *f) { names.push_back(json_is_string(f) ? json_string_value(f) : ""); });
    return names;
}

void reader::name_outputs()
{
    const json_t *calls = maybe(module, "module_call_graph"), *first = calls ? json_array_get(calls, 0) : nullptr;
    const json_t *signature = first ? maybe(first, "signature") : nullptr;
    size_t at = 0;
    if (!signature) {
        made.result.is = foreign::result::kind::tuple;
        while (at < made.outputs.size())
            made.result.entries.push_back(leaf(at++));
        return;
    }
    std::string text = text_in(signature, "out_spec");
    document spec = parse(text, "out_spec");
    const json_t *top = json_array_get(spec.get(), 1);
    if (!json_is_object(top) || leaves(top) != made.outputs.size())
        unexpected("out_spec", "the form of the outputs");
    made.result = outline(top, &at);
}

void reader::read_guards()
{
    for_each(maybe(program, "guards_code"), [&](const json_t *x) {
        std::string text = text_of(x, "guards_code");
        if (text.size() <= most_guard && made.guards.size() < most_guards)
            made.guards.push_back(std::move(text));
    });
}

/* A size that stands in the file; symbolic ones are not of weights. */
int64_t size_of(const json_t *union_)
{
    choice c = only_member(union_, "sizes");
    int64_t n = std::string_view(c.key) == "as_int" ? whole_of(c.value, c.key) : -1;
    if (n < 0)
        unexpected(c.key, "a size of at least 0");
    return n;
}

record read_record(const std::string &name, const json_t *x)
{
    if (flag_of(member(x, "use_pickle"), "use_pickle"))
        throw broken("tensor " + shown(name) + " is stored as a pickle, which is not read");
    const json_t *meta = object_in(x, "tensor_meta");
    record r;
    r.path = text_in(x, "path_name");
    r.dtype = static_cast<int>(std::min<int64_t>(whole_of(member(meta, "dtype"), "dtype"), INT16_MAX));
    r.learns = flag_of(member(meta, "requires_grad"), "requires_grad");
    for_each(list_in(meta, "sizes"), [&](const json_t *n) { r.sizes.push_back(size_of(n)); });
    for_each(list_in(meta, "strides"), [&](const json_t *n) { r.strides.push_back(size_of(n)); });
    r.offset = size_of(member(meta, "storage_offset"));
    if (r.sizes.size() != r.strides.size() || r.sizes.size() > most_dims)
        throw broken("tensor " + shown(name) + " has more than 16 dimensions, or not as many strides as sizes");
    return r;
}

} // namespace

graph read_graph(std::string_view json)
{
    document top = parse(json, "model.json");
    return reader(top.get()).read();
}

std::map<std::string, record> read_records(std::string_view json)
{
    document top = parse(json, "the list of weights");
    std::map<std::string, record> records;
    const json_t *config = object_in(top.get(), "config");
    for (void *at = json_object_iter(const_cast<json_t *>(config)); at;
         at = json_object_iter_next(const_cast<json_t *>(config), at)) {
        std::string name = json_object_iter_key(at);
        records.emplace(name, read_record(name, json_object_iter_value(at)));
    }
    return records;
}

uint64_t extent_of(const record &r, uint64_t available)
{
    uint64_t count = 1, extent = 1, more;
    for (size_t i = 0; i < r.sizes.size(); i++) {
        uint64_t n = static_cast<uint64_t>(r.sizes[i]), step = static_cast<uint64_t>(r.strides[i]);
        if (__builtin_mul_overflow(count, n, &count) || __builtin_mul_overflow(n ? n - 1 : 0, step, &more) ||
            __builtin_add_overflow(extent, more, &extent))
            throw broken("is too large");
    }
    if (count == 0)
        return 0;
    if (__builtin_add_overflow(extent, static_cast<uint64_t>(r.offset), &extent) || extent > available ||
        count > available)
        throw broken("reaches beyond its bytes");
    return extent;
}

} // namespace exported
