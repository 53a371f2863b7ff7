/* shim.cpp - what all operations rest on: errors, handles, types, scopes. */
#include <c10/util/Exception.h>
#include <cstdarg>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include "base/opts.h"
#include "torch/python_embedded.hpp"
#include "torch/shim.hpp"
#include "torch/start.h"

/* ---- errors ---- */

namespace
{

/* What a TorchScript traceback ends with: the exception of the module, which may have any name. */
std::string script_cause(const std::string &text)
{
    size_t end = text.find_last_not_of(" \n\t"), from = end == std::string::npos ? end : text.rfind('\n', end);
    std::string last = from == std::string::npos ? text : text.substr(from + 1);
    static const char builtin[] = "builtins.";
    return last.rfind(builtin, 0) == 0 ? last.substr(sizeof builtin - 1) : last;
}

/* The first line of libtorch's message that says something, without its source position and final period. */
std::string compact(const char *message)
{
    std::string text(message ? message : "");
    static const char script[] = "RuntimeError: "; /* how TorchScript ends most of its tracebacks */
    size_t at = text.rfind(script);
    if (at != std::string::npos)
        text.erase(0, at + sizeof script - 1);
    else if (text.find("failed in the TorchScript interpreter") != std::string::npos)
        text = script_cause(text);
    text.erase(0, text.find_first_not_of(" \n\t"));
    text = text.substr(0, text.find('\n'));
    while (!text.empty() && (text.back() == '.' || text.back() == ' ' || text.back() == ':'))
        text.pop_back();
    return text.empty() ? "libtorch gives no reason" : text;
}

bool has(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

int torch_error(il_err *e, const char *what, const char *message, bool full, bool training)
{
    const char *remedy = training ? "set `train.accumulate` or `train.recompute`, or a smaller `batch` or `crop`"
                                  : "smaller pictures, tiles or batches need less";
    std::string text = compact(message);
    if (has(text, "can't allocate memory"))
        return il_fail(e, IL_EDEVICE, "%s: the host's memory is full; %s", what, remedy);
    if (full || has(text, "out of memory") || has(text, "ALLOC_FAILED"))
        return il_fail(e, IL_EDEVICE, "%s: the GPU's memory is full; %s", what, remedy);
    return il_fail(e, IL_ETORCH, "%s: %s", what, text.c_str());
}

} // namespace

namespace shim
{

int caught(il_err *e, const char *what, bool training) noexcept
{
    try {
        try {
            throw;
        } catch (const c10::OutOfMemoryError &x) {
            return torch_error(e, what, x.what_without_backtrace(), true, training);
        } catch (const c10::Error &x) {
            return torch_error(e, what, x.what_without_backtrace(), false, training);
        } catch (const std::bad_alloc &) {
            return il_fail(e, IL_ENOMEM, "%s: out of memory", what);
        } catch (const std::exception &x) {
            std::string line;
            if (python::pending(&line))
                return il_fail(e, IL_ETORCH, "%s: %s", what, line.c_str());
            return torch_error(e, what, x.what(), false, training);
        } catch (...) {
            return il_fail(e, IL_ETORCH, "%s: unknown exception", what);
        }
    } catch (...) {
        return il_fail_oom(e);
    }
}

void fail(il_scope *s, const il_err &err) noexcept
{
    for (; s; s = s->parent)
        if (s->error.code == IL_OK)
            s->error = err;
}

scope open_scope(il_scope_opts opts)
{
    il_scope *s = nullptr;
    il_err err = {};
    opts.size = sizeof opts;
    TORCH_CHECK(il_scope_open(&s, &opts, &err) == IL_OK, err.message);
    return scope(s);
}

static void link(il_scope *s, il_tensor *t)
{
    t->owner = s;
    t->before = nullptr;
    t->next = s->first;
    if (s->first)
        s->first->before = t;
    s->first = t;
}

static void unlink(il_tensor *t)
{
    if (!t->owner)
        return;
    (t->before ? t->before->next : t->owner->first) = t->next;
    if (t->next)
        t->next->before = t->before;
    t->owner = nullptr;
    t->next = t->before = nullptr;
}

bool dtype(il_dtype *out, at::ScalarType type)
{
    switch (type) {
    case at::kFloat: *out = IL_DTYPE_F32; return true;
    case at::kDouble: *out = IL_DTYPE_F64; return true;
    case at::kHalf: *out = IL_DTYPE_F16; return true;
    case at::kBFloat16: *out = IL_DTYPE_BF16; return true;
    case at::kLong: *out = IL_DTYPE_I64; return true;
    case at::kByte: *out = IL_DTYPE_U8; return true;
    default: return false;
    }
}

at::ScalarType type(il_dtype dtype)
{
    switch (dtype) {
    case IL_DTYPE_F32: return at::kFloat;
    case IL_DTYPE_F64: return at::kDouble;
    case IL_DTYPE_F16: return at::kHalf;
    case IL_DTYPE_BF16: return at::kBFloat16;
    case IL_DTYPE_I64: return at::kLong;
    case IL_DTYPE_U8: return at::kByte;
    }
    TORCH_CHECK(false, "there is no type ", static_cast<int>(dtype));
}

il_tensor *wrap(il_scope *s, at::Tensor value)
{
    il_dtype known;
    TORCH_CHECK(dtype(&known, value.scalar_type()), "tensors of type ", value.scalar_type(), " are not supported");
    auto *t = new il_tensor;
    t->value = std::move(value);
    if (s)
        link(s, t);
    return t;
}

at::Device device(il_device d)
{
    return d.kind == IL_DEVICE_CUDA ? at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(d.index))
                                    : at::Device(at::kCPU);
}

std::string shape(const il_tensor *t)
{
    std::string text = "(";
    for (int64_t size : t->value.sizes())
        text += (text.size() > 1 ? "," : "") + std::to_string(size);
    return text + ")";
}

} // namespace shim

/* ---- the guard of all operations ---- */

namespace shim
{

bool ready(il_scope *s, const char *name, operands in)
{
    if (!s || s->error.code != IL_OK)
        return false;
    for (const operand &o : in)
        if (!o.t) {
            il_scope_fail(s, IL_ETORCH, "%s: operand %d is missing", name, static_cast<int>(&o - in.data()) + 1);
            return false;
        }
    return true;
}

il_tensor *refuse(il_scope *s, const char *name, operands in) noexcept
{
    il_err err = {};
    try {
        std::string what(name);
        for (const operand &o : in)
            what += (&o == in.data() ? ": " : o.lead) + shape(o.t);
        caught(&err, what.c_str(), s->opts.training);
    } catch (...) {
        il_fail_oom(&err);
    }
    fail(s, err);
    return nullptr;
}

at::IntArrayRef sizes(int ndim, const int64_t *shape)
{
    TORCH_CHECK(ndim >= 0 && (ndim == 0 || shape), "no shape");
    return { shape, static_cast<size_t>(ndim) };
}

void same_shape(const il_tensor *a, const il_tensor *b)
{
    TORCH_CHECK(a->value.sizes() == b->value.sizes(), "the shapes differ");
}

} // namespace shim

/* ---- scopes ---- */

int il_scope_open(il_scope **out, const il_scope_opts *given, il_err *e)
{
    il_scope_opts opts;
    int rc = il_opts_read(&opts, sizeof opts, given, e);
    if (rc != IL_OK)
        return rc;
    return shim::guard(e, "scope", [&] {
        auto s = std::make_unique<il_scope>();
        s->opts = opts;
        *out = s.release();
    });
}

il_scope *il_scope_nest(il_scope *parent)
{
    if (!parent || parent->error.code != IL_OK)
        return nullptr;
    il_scope *s = nullptr;
    il_err err = {};
    int rc = shim::guard(&err, "scope", [&] { s = new il_scope; });
    if (rc != IL_OK) {
        shim::fail(parent, err);
        return nullptr;
    }
    s->opts = parent->opts;
    s->parent = parent;
    s->dry = parent->dry;
    s->again = parent->again;
    s->share = parent->share;
    return s;
}

il_scope *il_scope_nest_exact(il_scope *parent)
{
    il_scope *s = il_scope_nest(parent);
    if (s)
        s->opts.precision = IL_PRECISION_FP32;
    return s;
}

void il_scope_close(il_scope *s)
{
    if (!s)
        return;
    for (il_tensor *t = s->first, *next; t; t = next) {
        next = t->next;
        delete t;
    }
    if (!s->parent && s->opts.precision >= IL_PRECISION_BF16)
        shim::forget_casts();
    delete s;
}

int il_scope_status(const il_scope *s, il_err *e)
{
    if (!s)
        return il_fail(e, IL_ENOMEM, "no scope");
    if (s->error.code != IL_OK && e)
        *e = s->error;
    return s->error.code;
}

il_tensor *il_scope_vfail(il_scope *s, int code, const char *format, va_list args)
{
    il_err err = {};
    char text[sizeof err.message];
    vsnprintf(text, sizeof text, format, args);
    il_fail(&err, code, "%s", text);
    shim::fail(s, err);
    return nullptr;
}

bool il_scope_training(const il_scope *s)
{
    return s && s->opts.training;
}

bool il_scope_records(const il_scope *s)
{
    return s && shim::records(s);
}

il_device il_scope_device(const il_scope *s)
{
    return s ? s->opts.device : il_device{ IL_DEVICE_CPU, 0 };
}

il_tensor *il_keep(il_scope *, il_tensor *t)
{
    if (t)
        shim::unlink(t);
    return t;
}

il_tensor *il_lift(il_scope *nested, il_tensor *t)
{
    if (t && t->owner == nested && nested && nested->parent) {
        shim::unlink(t);
        shim::link(nested->parent, t);
    }
    return t;
}

il_tensor *il_adopt(il_scope *s, il_tensor *t)
{
    if (!t)
        return nullptr;
    shim::unlink(t);
    if (!s) {
        il_tensor_free(t);
        return nullptr;
    }
    shim::link(s, t);
    return t;
}

void il_tensor_free(il_tensor *t)
{
    if (!t)
        return;
    shim::unlink(t);
    delete t;
}
