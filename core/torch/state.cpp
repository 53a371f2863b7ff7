/* state.cpp - named parameters and buffers, their initial values, and their way to and from weights. */
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <cmath>
#include <cstring>
#include <fnmatch.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>
#include <inpaintlab/weights.h>
#include "base/opts.h"
#include "torch/rules.h"
#include "torch/shim.hpp"
#include "torch/state.hpp"

namespace
{

/* FNV-1a of the name, mixed with the seed as SplitMix64 does. */
uint64_t seed_of(uint64_t seed, const std::string &name)
{
    uint64_t h = 14695981039346656037u;
    for (unsigned char c : name)
        h = (h ^ c) * 1099511628211u;
    h += seed * 0x9E3779B97F4A7C15u + 0x9E3779B97F4A7C15u;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
}

/* Drawn on the CPU, so that they are the same on every device. */
at::Tensor initial(const il_state *st, const std::string &name, il_init init, int64_t fan_in, at::IntArrayRef shape)
{
    if (init == IL_INIT_NONE)
        return at::empty(shape, at::TensorOptions(shim::type(st->dtype)).device(shim::device(st->device)));
    at::Tensor t = at::zeros(shape, at::kFloat);
    at::Generator random = shim::generator({ IL_DEVICE_CPU, 0 }, seed_of(st->seed, name));
    int64_t rest = 1; /* kernel positions */
    for (size_t i = 2; i < shape.size(); i++)
        rest *= shape[i];
    double bound;
    switch (init) {
    case IL_INIT_NONE:
    case IL_INIT_ZEROS: return t;
    case IL_INIT_ONES: return t.fill_(1);
    case IL_INIT_KAIMING_UNIFORM:
    case IL_INIT_FAN_IN_UNIFORM:
        if (init == IL_INIT_KAIMING_UNIFORM) {
            TORCH_CHECK(shape.size() >= 2, "this initialisation needs two dimensions");
            fan_in = shape[1] * rest;
        }
        TORCH_CHECK(fan_in > 0, "fan_in ", fan_in, " is not positive");
        bound = 1 / std::sqrt(static_cast<double>(fan_in));
        return t.uniform_(-bound, bound, random);
    case IL_INIT_KAIMING_FAN_OUT:
        TORCH_CHECK(shape.size() >= 2, "this initialisation needs two dimensions");
        return t.normal_(0, std::sqrt(2.0 / static_cast<double>(shape[0] * rest)), random);
    case IL_INIT_NORMAL: return t.normal_(0, 0.02, random);
    }
    throw std::invalid_argument("unknown initialisation");
}

il_tensor *insert(il_state *st, const char *name, at::Tensor value, bool trainable, bool shared = false)
{
    TORCH_CHECK(!st->index.count(name), "this name exists already");
    std::unique_ptr<il_tensor> t(shim::wrap(nullptr, std::move(value)));
    st->entries.reserve(st->entries.size() + 1);
    st->index.emplace(name, st->entries.size());
    st->entries.push_back({ name, t.get(), trainable, shared });
    return t.release();
}

/* make gives the tensor to be stored; trainable: counts as parameter; learns: its gradient is wanted. */
struct role {
    bool trainable, learns;
};

template <class F> il_tensor *declare(il_state *st, const char *name, role r, F make) noexcept
{
    if (!st || st->error.code != IL_OK)
        return nullptr;
    il_tensor *t = nullptr;
    shim::guard(&st->error, name, [&] {
        at::Tensor value = make().to(shim::device(st->device));
        if (r.learns)
            value.set_requires_grad(true);
        t = insert(st, name, value, r.trainable);
    });
    return t;
}

} // namespace

int il_state_new(il_state **out, il_device device, uint64_t seed, il_err *e)
{
    return shim::guard(e, "state", [&] {
        auto *st = new il_state;
        st->device = device;
        st->seed = seed;
        *out = st;
    });
}

void il_state_free(il_state *st)
{
    if (!st)
        return;
    for (il_state::entry &x : st->entries)
        il_tensor_free(x.tensor);
    delete st;
}

il_tensor *il_state_param(il_state *st, const char *name, il_init init, int64_t fan_in, int ndim, const int64_t *shape)
{
    return declare(st, name, { true, init != IL_INIT_NONE }, [&] {
        at::Tensor t = initial(st, name, init, fan_in, shim::sizes(ndim, shape));
        return t.to(shim::type(st->dtype));
    });
}

il_tensor *il_state_buffer(il_state *st, const char *name, il_dtype dtype, double fill, int ndim, const int64_t *shape)
{
    return declare(st, name, { false, false },
                   [&] { return at::full(shim::sizes(ndim, shape), fill, shim::type(dtype)); });
}

void il_state_dtype(il_state *st, il_dtype dtype)
{
    if (dtype == IL_DTYPE_BF16 && st->error.code == IL_OK)
        il_torch_bf16(st->device, &st->error);
    st->dtype = dtype;
}

int il_state_share(il_state *st, const char *name, il_tensor *t, bool trainable, il_err *e)
{
    if (!t)
        return il_fail(e, IL_ETORCH, "%s: there is no tensor", name);
    return shim::guard(e, name, [&] {
        insert(st, name, t->value, trainable, true);
        if (trainable)
            t->value.set_requires_grad(true);
    });
}

int il_state_order(il_state *st, il_order order, il_err *e)
{
    at::MemoryFormat format = order == IL_ORDER_NHWC ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    return shim::guard(e, "layout", [&] {
        at::NoGradGuard off;
        for (il_state::entry &x : st->entries)
            if (x.tensor->value.dim() == 4 && !x.shared)
                x.tensor->value.set_data(x.tensor->value.contiguous(format));
    });
}

int il_state_double(il_state *st, il_err *e)
{
    return shim::guard(e, "float64", [&] {
        for (il_state::entry &x : st->entries) {
            at::Tensor &value = x.tensor->value;
            bool learns = value.requires_grad();
            if (value.scalar_type() == at::kFloat)
                value = value.detach().to(at::kDouble).set_requires_grad(learns);
        }
    });
}

int il_state_freeze(size_t *matched, il_state *st, const char *pattern, il_err *e)
{
    return shim::guard(e, "freeze", [&] {
        size_t n = 0;
        for (size_t i = 0; i < st->entries.size(); i++) {
            const il_state::entry &x = st->entries[i];
            if (fnmatch(pattern, x.name.c_str(), 0) != 0)
                continue;
            n++;
            if (x.trainable)
                x.tensor->value.set_requires_grad(false);
            else if (!x.tensor->frozen)
                st->frozen.push_back({ i, x.tensor->value.detach().clone() });
            x.tensor->frozen = true;
        }
        *matched = n;
    });
}

bool il_state_frozen(const il_state *st, size_t i)
{
    return st->entries[i].tensor->frozen;
}

std::unordered_set<std::string> shim::held_norms(const il_state *st)
{
    static const std::string mean = ".running_mean", var = ".running_var";
    std::unordered_set<std::string> names;
    for (const il_state::held &x : st->frozen) {
        const std::string &name = st->entries[x.entry].name;
        std::string part = name.substr(0, name.rfind('.'));
        auto other = st->index.find(part + var);
        if (name == part + mean && other != st->index.end() && il_state_frozen(st, other->second))
            names.insert(part);
    }
    return names;
}

const char *il_state_initial(const il_state *st)
{
    for (const il_state::entry &x : st->entries)
        if (!x.shared)
            return x.name.c_str();
    return nullptr;
}

int il_state_restore(il_state *st, il_err *e)
{
    return shim::guard(e, "freeze", [&] {
        at::NoGradGuard off;
        for (const il_state::held &x : st->frozen) {
            st->entries[x.entry].tensor->value.copy_(x.value);
            st->entries[x.entry].tensor->changes++;
        }
    });
}

void il_state_warn(il_state *st, const char *line)
{
    il_err err = {};
    int rc = shim::guard(&err, "warning", [&] {
        if (st->warning.empty())
            st->warning = line;
    });
    if (rc != IL_OK && st->error.code == IL_OK)
        st->error = err;
}

const char *il_state_warning(const il_state *st)
{
    return st->warning.empty() ? nullptr : st->warning.c_str();
}

int il_state_status(const il_state *st, il_err *e)
{
    if (st->error.code != IL_OK && e)
        *e = st->error;
    return st->error.code;
}

il_device il_state_device(const il_state *st)
{
    return st->device;
}

size_t il_state_count(const il_state *st)
{
    return st->entries.size();
}

il_state_entry il_state_at(const il_state *st, size_t i)
{
    const il_state::entry &x = st->entries[i];
    return { x.name.c_str(), x.tensor, x.trainable };
}

il_tensor *il_state_find(const il_state *st, const char *name)
{
    il_tensor *t = nullptr;
    shim::guard(nullptr, name, [&] {
        auto found = st->index.find(name);
        if (found != st->index.end())
            t = st->entries[found->second].tensor;
    });
    return t;
}

int64_t il_state_params(const il_state *st)
{
    int64_t n = 0;
    for (const il_state::entry &x : st->entries)
        n += x.trainable ? x.tensor->value.numel() : 0;
    return n;
}

/* ---- files ---- */

int il_state_save(const il_state *st, il_bundle *b, const char *prefix, il_err *e)
{
    int rc = IL_OK;
    int guarded = shim::guard(e, "save", [&] {
        for (size_t i = 0; i < st->entries.size() && rc == IL_OK; i++)
            rc = il_bundle_add(b, ((prefix ? prefix : "") + st->entries[i].name).c_str(), st->entries[i].tensor, e);
    });
    return rc != IL_OK ? rc : guarded;
}

namespace
{

bool skipped(const char *const *patterns, const char *name)
{
    for (; patterns && *patterns; patterns++)
        if (fnmatch(*patterns, name, 0) == 0)
            return true;
    return false;
}

/* State dicts written before PyTorch 0.4.1 lack this count; PyTorch loads them too. */
bool optional_name(const std::string &name)
{
    static const std::string tail = "num_batches_tracked";
    return name.size() >= tail.size() && name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
}

/* Tensors of the file that st lacks. */
int check_superfluous(const il_state *st, const il_bundle *b, const il_load_opts &o, il_err *e)
{
    size_t cut = o.prefix ? strlen(o.prefix) : 0;
    for (size_t i = 0; i < il_bundle_count(b); i++) {
        const char *name = il_bundle_name(b, i);
        if (cut && strncmp(name, o.prefix, cut) != 0)
            continue;
        /* counters and the like do no work in a network */
        if (at::isIntegralType(il_bundle_at(b, i)->value.scalar_type(), true))
            continue;
        if (!st->index.count(name + cut) && !skipped(o.skip, name + cut))
            return il_fail(e, IL_EFORMAT, "tensor %s: the model has no tensor of this name", name);
    }
    return IL_OK;
}

/* What wrappers put before every name: "module." of DataParallel, "model." of Lightning, or both. "" where some name is one of the
 * state's as it stands, or where not all names begin alike. */
std::string wrapper(const il_state *st, const il_bundle *b)
{
    std::string prefix;
    for (size_t n = il_bundle_count(b); n > 0;) {
        for (size_t i = 0; i < n; i++)
            if (st->index.count(il_bundle_name(b, i) + prefix.size()))
                return prefix;
        std::string first = il_bundle_name(b, 0);
        size_t dot = first.find('.', prefix.size());
        std::string longer = dot == std::string::npos ? "" : first.substr(0, dot + 1);
        for (size_t i = 0; i < n && !longer.empty(); i++)
            if (strncmp(il_bundle_name(b, i), longer.c_str(), longer.size()) != 0)
                longer.clear();
        if (longer.empty())
            break;
        prefix = longer;
    }
    return "";
}

/* " (the file has model.head.weight)", or "". */
std::string longer_name(const il_bundle *b, const std::string &name)
{
    std::string tail = "." + name;
    for (size_t i = 0; i < il_bundle_count(b); i++) {
        std::string held = il_bundle_name(b, i);
        if (held.size() > tail.size() && held.compare(held.size() - tail.size(), tail.size(), tail) == 0)
            return " (the file has " + held + ")";
    }
    return "";
}

struct assignment {
    il_tensor *to;
    const il_tensor *from;
};

/* Pairs every tensor of st with its value; nothing is copied before all of them fit. */
int match(std::vector<assignment> *out, const il_state *st, const il_bundle *b, const il_load_opts &o, il_err *e)
{
    std::unordered_map<std::string, const il_tensor *> held;
    for (size_t i = 0; i < il_bundle_count(b); i++)
        held.emplace(il_bundle_name(b, i), il_bundle_at(b, i));
    for (const il_state::entry &x : st->entries) {
        if (skipped(o.skip, x.name.c_str()))
            continue;
        std::string name = (o.prefix ? o.prefix : "") + x.name;
        auto found = held.find(name);
        if (found == held.end()) {
            if (optional_name(name))
                continue;
            return il_fail(e, IL_EFORMAT, "tensor %s is missing%s", name.c_str(), longer_name(b, name).c_str());
        }
        if (found->second->value.sizes() != x.tensor->value.sizes())
            return il_fail(e, IL_EFORMAT, "tensor %s has shape %s; expected %s", name.c_str(),
                           shim::shape(found->second).c_str(), shim::shape(x.tensor).c_str());
        out->push_back({ x.tensor, found->second });
    }
    return IL_OK;
}

} // namespace

int il_state_load(il_state *st, const il_bundle *b, const il_load_opts *given, il_err *e)
{
    il_load_opts opts;
    int rc = il_opts_read(&opts, sizeof opts, given, e);
    if (rc != IL_OK)
        return rc;
    int guarded = shim::guard(e, "load", [&] {
        std::vector<assignment> pairs;
        std::string prefix = opts.prefix ? "" : wrapper(st, b);
        if (!prefix.empty())
            opts.prefix = prefix.c_str();
        rc = match(&pairs, st, b, opts, e);
        if (rc == IL_OK)
            rc = check_superfluous(st, b, opts, e);
        for (size_t i = 0; i < pairs.size() && rc == IL_OK; i++)
            rc = il_copy(pairs[i].to, pairs[i].from, e);
    });
    return rc != IL_OK ? rc : guarded;
}
