/* tensor.cpp - implements tensor.h: every function is one guarded call of libtorch. */
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>
#include <dlfcn.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pixel_shuffle.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <c10/util/Exception.h>
#include "torch/cuda_graph.hpp"
#include "torch/shim.hpp"
#include "torch/start.h"

/* ---- errors ---- */

namespace {

/* The first line of libtorch's message that says something, without its source position and final period. */
std::string compact(const char *message)
{
    std::string text(message ? message : "");
    static const char script[] = "RuntimeError: "; /* how TorchScript ends its tracebacks */
    size_t at = text.rfind(script);
    if (at != std::string::npos)
        text.erase(0, at + sizeof script - 1);
    text.erase(0, text.find_first_not_of(" \n\t"));
    text = text.substr(0, text.find('\n'));
    while (!text.empty() && (text.back() == '.' || text.back() == ' ' || text.back() == ':'))
        text.pop_back();
    return text.empty() ? "libtorch gives no reason" : text;
}

bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

int torch_error(il_err *e, const char *what, const char *message, bool full)
{
    static const char remedy[] = "set `train.accumulate` or `train.recompute`, or a smaller `batch` or `crop`";
    std::string text = compact(message);
    if (has(text, "can't allocate memory"))
        return il_fail(e, IL_EDEVICE, "%s: the host's memory is full; %s", what, remedy);
    if (full || has(text, "out of memory") || has(text, "ALLOC_FAILED"))
        return il_fail(e, IL_EDEVICE, "%s: the GPU's memory is full; %s", what, remedy);
    return il_fail(e, IL_ETORCH, "%s: %s", what, text.c_str());
}

} // namespace

namespace shim {

int caught(il_err *e, const char *what) noexcept
{
    try {
        try {
            throw;
        } catch (const c10::OutOfMemoryError &x) {
            return torch_error(e, what, x.what_without_backtrace(), true);
        } catch (const c10::Error &x) {
            return torch_error(e, what, x.what_without_backtrace(), false);
        } catch (const std::bad_alloc &) {
            return il_fail(e, IL_ENOMEM, "%s: out of memory", what);
        } catch (const std::exception &x) {
            return torch_error(e, what, x.what(), false);
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
    TORCH_CHECK(il_scope_open(&s, opts, &err) == IL_OK, err.message);
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
    case at::kFloat: *out = IL_F32; return true;
    case at::kDouble: *out = IL_F64; return true;
    case at::kHalf: *out = IL_F16; return true;
    case at::kBFloat16: *out = IL_BF16; return true;
    case at::kLong: *out = IL_I64; return true;
    case at::kByte: *out = IL_U8; return true;
    default: return false;
    }
}

at::ScalarType type(il_dtype dtype)
{
    switch (dtype) {
    case IL_F32: return at::kFloat;
    case IL_F64: return at::kDouble;
    case IL_F16: return at::kHalf;
    case IL_BF16: return at::kBFloat16;
    case IL_I64: return at::kLong;
    case IL_U8: return at::kByte;
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
    return d.kind == IL_CUDA ? at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(d.index)) : at::Device(at::kCPU);
}

at::Generator generator(il_device d, uint64_t seed)
{
    if (d.kind == IL_CPU)
        return at::detail::createCPUGenerator(seed);
    at::Generator g = at::detail::getCUDAHooks().getNewGenerator(static_cast<c10::DeviceIndex>(d.index));
    g.set_current_seed(seed);
    return g;
}

const at::Generator &random(il_scope *s)
{
    if (const at::Generator *recorded = graph::recording())
        return *recorded;
    while (s->parent)
        s = s->parent;
    if (!s->random.defined())
        s->random = generator(s->opts.device, s->opts.seed);
    return s->random;
}

uint64_t next_seed(il_scope *s)
{
    TORCH_CHECK(!graph::recording(), "random numbers of their own seed cannot be recorded");
    while (s->parent)
        s = s->parent;
    return s->opts.seed + 0x9E3779B97F4A7C15u * ++s->seeds;
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

namespace shim {

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
        caught(&err, what.c_str());
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

} // namespace shim

using shim::operand;
using shim::operands;
using shim::or_one;
using shim::run;
using shim::run_list;
using shim::run_weighted;
using shim::sizes;

namespace {

std::vector<int64_t> from_dim(const il_tensor *a, int keep)
{
    TORCH_CHECK(keep >= 0 && keep <= a->value.dim(), "cannot keep ", keep, " dimensions");
    std::vector<int64_t> dims;
    for (int64_t i = keep; i < a->value.dim(); i++)
        dims.push_back(i);
    return dims;
}

} // namespace

/* ---- process and devices ---- */

void il_torch_init(void)
{
    if (!dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL))
        return; /* no driver: do not load gigabytes in vain */
    int (*known)() = at::get_num_threads;
    Dl_info where;
    std::string path = "libtorch_cuda.so";
    if (dladdr(reinterpret_cast<void *>(known), &where) && where.dli_fname) {
        std::string beside(where.dli_fname);
        size_t slash = beside.rfind('/');
        if (slash != std::string::npos)
            path = beside.substr(0, slash + 1) + path;
    }
    if (!dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL))
        dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
}

int il_torch_threads(int threads)
{
    int now = 1;
    shim::guard(nullptr, "threads", [&] {
        if (threads > 0)
            at::set_num_threads(threads);
        now = at::get_num_threads();
    });
    return now;
}

static int cuda_count(void)
{
    int count = 0;
    shim::guard(nullptr, "cuda", [&] {
        if (at::detail::getCUDAHooks().hasCUDA())
            count = at::detail::getCUDAHooks().getNumGPUs();
    });
    return count;
}

int il_device_parse(il_device *out, const char *text, il_err *e)
{
    int count = cuda_count();
    if (strcmp(text, "cpu") == 0 || (strcmp(text, "auto") == 0 && count == 0)) {
        *out = { IL_CPU, 0 };
        return IL_OK;
    }
    long index = 0;
    if (strcmp(text, "cuda") != 0 && strcmp(text, "auto") != 0) {
        bool numbered = strncmp(text, "cuda:", 5) == 0 && text[5] >= '0' && text[5] <= '9';
        char *end = nullptr;
        index = numbered ? strtol(text + 5, &end, 10) : 0;
        if (!numbered || *end != '\0')
            return il_fail(e, IL_EPARAM, "device '%s': expected auto, cpu, cuda or cuda:N", text);
    }
    if (count == 0)
        return il_fail(e, IL_EDEVICE, "device '%s': no CUDA device can be used here (driver or CUDA libraries absent)", text);
    if (index >= count)
        return il_fail(e, IL_EDEVICE, "device '%s': the last CUDA device is cuda:%d", text, count - 1);
    *out = { IL_CUDA, static_cast<int>(index) };
    return IL_OK;
}

void il_device_text(il_device d, char *out, size_t size)
{
    if (d.kind == IL_CUDA)
        snprintf(out, size, "cuda:%d", d.index);
    else
        snprintf(out, size, "cpu");
}

/* libtorch_cpu cannot tell a GPU's name; the driver can. */
static bool cuda_title(int index, char *out, size_t size)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!driver)
        return false;
    auto device = reinterpret_cast<int (*)(int *, int)>(dlsym(driver, "cuDeviceGet"));
    auto name = reinterpret_cast<int (*)(char *, int, int)>(dlsym(driver, "cuDeviceGetName"));
    int handle = 0;
    return device && name && device(&handle, index) == 0 && name(out, static_cast<int>(size), handle) == 0;
}

void il_device_title(il_device d, char *out, size_t size)
{
    il_device_text(d, out, size);
    if (d.kind == IL_CUDA) {
        if (!cuda_title(d.index, out, size))
            il_device_text(d, out, size);
        return;
    }
    shim::guard(nullptr, "title", [&] {
        std::ifstream info("/proc/cpuinfo");
        for (std::string line; std::getline(info, line);)
            if (line.compare(0, 10, "model name") == 0 && line.find(": ") != std::string::npos) {
                snprintf(out, size, "%s", line.substr(line.find(": ") + 2).c_str());
                return;
            }
    });
}

/* ---- scopes ---- */

int il_scope_open(il_scope **out, il_scope_opts opts, il_err *e)
{
    return shim::guard(e, "scope", [&] {
        auto s = std::make_unique<il_scope>();
        s->opts = opts;
        shim::float32_rules(opts.device, opts.precision);
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
    return s;
}

il_scope *il_scope_nest_exact(il_scope *parent)
{
    il_scope *s = il_scope_nest(parent);
    if (s && s->opts.precision >= IL_PRECISION_BF16)
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

bool il_scope_training(const il_scope *s) { return s && s->opts.training; }

bool il_scope_records(const il_scope *s) { return s && shim::records(s); }

il_device il_scope_device(const il_scope *s) { return s ? s->opts.device : il_device{ IL_CPU, 0 }; }

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

/* ---- data in and out ---- */

il_tensor *il_from_f32(il_scope *s, const float *data, int ndim, const int64_t *shape)
{
    return il_from_bytes(s, data, IL_F32, ndim, shape);
}

il_tensor *il_from_bytes(il_scope *s, const void *data, il_dtype dtype, int ndim, const int64_t *shape)
{
    return run(s, "from_bytes", {}, [&] {
        at::Tensor t = at::empty(sizes(ndim, shape), at::TensorOptions(shim::type(dtype)));
        if (t.nbytes() > 0)
            memcpy(t.data_ptr(), data, t.nbytes());
        return t.to(shim::device(s->opts.device));
    });
}

il_tensor *il_full(il_scope *s, double value, il_dtype dtype, int ndim, const int64_t *shape)
{
    return run(s, "full", {}, [&] {
        at::TensorOptions o = at::TensorOptions(shim::type(dtype)).device(shim::device(s->opts.device));
        return at::full(sizes(ndim, shape), value, o);
    });
}

int il_ndim(const il_tensor *t) { return static_cast<int>(t->value.dim()); }

int64_t il_dim(const il_tensor *t, int i)
{
    int64_t n = t->value.dim(), at = i < 0 ? i + n : i;
    return at < 0 || at >= n ? 1 : t->value.sizes()[static_cast<size_t>(at)];
}

int64_t il_numel(const il_tensor *t) { return t->value.numel(); }

il_dtype il_dtype_of(const il_tensor *t)
{
    il_dtype known = IL_F32;
    shim::dtype(&known, t->value.scalar_type()); /* wrap let no other in */
    return known;
}

static int read_as(const il_tensor *t, at::ScalarType type, void *out, size_t bytes, il_err *e)
{
    if (!t)
        return il_fail(e, IL_ETORCH, "read: there is no tensor");
    return shim::guard(e, "read", [&] {
        at::NoGradGuard off;
        size_t has = static_cast<size_t>(t->value.numel()), each = c10::elementSize(type);
        TORCH_CHECK(bytes == has * each, "tensor ", shim::shape(t), " has ", has, " elements, not ", bytes / each);
        at::Tensor flat = t->value.detach().to(at::kCPU, type).contiguous();
        if (bytes > 0)
            memcpy(out, flat.const_data_ptr(), bytes);
    });
}

int il_read_f32(const il_tensor *t, float *out, size_t count, il_err *e)
{
    return read_as(t, at::kFloat, out, count * sizeof *out, e);
}

int il_read_i64(const il_tensor *t, int64_t *out, size_t count, il_err *e)
{
    return read_as(t, at::kLong, out, count * sizeof *out, e);
}

int il_read_bytes(const il_tensor *t, void *out, size_t bytes, il_err *e)
{
    return read_as(t, t ? t->value.scalar_type() : at::kByte, out, bytes, e);
}

int il_copy(il_tensor *to, const il_tensor *from, il_err *e)
{
    if (!to || !from)
        return il_fail(e, IL_ETORCH, "copy: there is no tensor");
    return shim::guard(e, "copy", [&] {
        at::NoGradGuard off;
        TORCH_CHECK(to->value.sizes() == from->value.sizes(), "shape ", shim::shape(from), " does not fit ",
                    shim::shape(to));
        to->value.copy_(from->value);
    });
}

int il_assign(il_tensor *to, const il_tensor *from, il_err *e)
{
    if (!to || !from)
        return il_fail(e, IL_ETORCH, "assign: there is no tensor");
    return shim::guard(e, "assign", [&] {
        at::NoGradGuard off;
        TORCH_CHECK(!to->value.requires_grad(), "the tensor wants a gradient");
        TORCH_CHECK(to->value.numel() == from->value.numel(), "shape ", shim::shape(from), " does not fit ",
                    shim::shape(to));
        to->value = from->value.detach().reshape(to->value.sizes()).to(to->value.options());
    });
}

/* ---- arithmetic ---- */

il_tensor *il_add(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "add", { { a }, { b } }, [&] { return at::add(a->value, b->value); });
}

il_tensor *il_add_(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "add_", { { a }, { b } }, [&] { return a->value.add_(b->value); });
}

il_tensor *il_sub(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "sub", { { a }, { b } }, [&] { return at::sub(a->value, b->value); });
}

il_tensor *il_mul(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "mul", { { a }, { b } }, [&] { return at::mul(a->value, b->value); });
}

il_tensor *il_div(il_scope *s, il_tensor *a, il_tensor *b)
{
    return run(s, "div", { { a }, { b } }, [&] { return at::div(a->value, b->value); });
}

il_tensor *il_affine(il_scope *s, il_tensor *a, double scale, double shift)
{
    return run(s, "affine", { { a } }, [&] { return at::add(at::mul(a->value, scale), shift); });
}

il_tensor *il_pow(il_scope *s, il_tensor *a, double exponent)
{
    return run(s, "pow", { { a } }, [&] { return at::pow(a->value, exponent); });
}

il_tensor *il_clamp(il_scope *s, il_tensor *a, double low, double high)
{
    return run(s, "clamp", { { a } }, [&] { return at::clamp(a->value, at::Scalar(low), at::Scalar(high)); });
}

il_tensor *il_lerp(il_scope *s, il_tensor *a, il_tensor *b, il_tensor *t)
{
    return run(s, "lerp", { { a }, { b }, { t } }, [&] { return at::lerp(a->value, b->value, t->value); });
}

il_tensor *il_sigmoid(il_scope *s, il_tensor *a)
{
    return run(s, "sigmoid", { { a } }, [&] { return at::sigmoid(a->value); });
}

il_tensor *il_tanh(il_scope *s, il_tensor *a)
{
    return run(s, "tanh", { { a } }, [&] { return at::tanh(a->value); });
}

il_tensor *il_relu(il_scope *s, il_tensor *a)
{
    return run(s, "relu", { { a } }, [&] { return at::relu(a->value); });
}

il_tensor *il_relu_(il_scope *s, il_tensor *a)
{
    return run(s, "relu_", { { a } }, [&] { return at::relu_(a->value); });
}

il_tensor *il_silu(il_scope *s, il_tensor *a)
{
    return run(s, "silu", { { a } }, [&] { return at::silu(a->value); });
}

il_tensor *il_greater(il_scope *s, il_tensor *a, double level)
{
    return run(s, "greater", { { a } }, [&] { return at::gt(a->value, level).to(a->value.scalar_type()); });
}

/* ---- reductions ---- */

il_tensor *il_mean(il_scope *s, il_tensor *a)
{
    return run(s, "mean", { { a } }, [&] { return at::mean(a->value); });
}

il_tensor *il_sum(il_scope *s, il_tensor *a)
{
    return run(s, "sum", { { a } }, [&] { return at::sum(a->value); });
}

il_tensor *il_sum_to(il_scope *s, il_tensor *a, int keep)
{
    return run(s, "sum_to", { { a } }, [&] {
        std::vector<int64_t> dims = from_dim(a, keep);
        return dims.empty() ? a->value.clone() : at::sum(a->value, dims); /* no dimension would mean all */
    });
}

il_tensor *il_amin_to(il_scope *s, il_tensor *a, int keep)
{
    return run(s, "amin_to", { { a } }, [&] {
        std::vector<int64_t> dims = from_dim(a, keep);
        return dims.empty() ? a->value.clone() : at::amin(a->value, dims, true);
    });
}

il_tensor *il_amax_to(il_scope *s, il_tensor *a, int keep)
{
    return run(s, "amax_to", { { a } }, [&] {
        std::vector<int64_t> dims = from_dim(a, keep);
        return dims.empty() ? a->value.clone() : at::amax(a->value, dims, true);
    });
}

/* ---- shape ---- */

il_tensor *il_reshape(il_scope *s, il_tensor *a, int ndim, const int64_t *shape)
{
    return run(s, "reshape", { { a } }, [&] { return a->value.reshape(sizes(ndim, shape)); });
}

il_tensor *il_permute(il_scope *s, il_tensor *a, int ndim, const int *order)
{
    return run(s, "permute", { { a } }, [&] {
        std::vector<int64_t> dims(order, order + ndim);
        return a->value.permute(dims);
    });
}

il_tensor *il_cat(il_scope *s, il_tensor *const *parts, int count, int dim)
{
    std::vector<operand> in;
    std::vector<at::Tensor> list;
    il_err err = {};
    int rc = shim::guard(&err, "cat", [&] {
        for (int i = 0; i < count; i++)
            in.push_back({ parts[i] });
        for (int i = 0; i < count && parts[i]; i++)
            list.push_back(parts[i]->value);
    });
    if (rc != IL_OK)
        shim::fail(s, err);
    return run_list(s, "cat", in, [&] { return at::cat(list, dim); });
}

il_tensor *il_slice(il_scope *s, il_tensor *a, int dim, int64_t start, int64_t end)
{
    return run(s, "slice", { { a } }, [&] { return a->value.slice(dim, start, end); });
}

il_tensor *il_to(il_scope *s, il_tensor *a, il_dtype dtype)
{
    return run(s, "to", { { a } }, [&] { return a->value.to(shim::device(s->opts.device), shim::type(dtype)); });
}

il_tensor *il_to_order(il_scope *s, il_tensor *a, il_order order)
{
    return run(s, "to_layout", { { a } }, [&] {
        return a->value.contiguous(order == IL_NHWC ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
    });
}

il_tensor *il_detach(il_scope *s, il_tensor *a)
{
    return run(s, "detach", { { a } }, [&] { return a->value.detach(); });
}

/* ---- networks ---- */

il_tensor *il_batch_norm(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_tensor *mean,
                         il_tensor *var, il_tensor *tracked)
{
    return run(s, "batch_norm", { { x }, { weight, " with weight " }, { bias }, { mean }, { var } }, [&] {
        bool training = s->opts.training;
        if (training) {
            TORCH_CHECK(x->value.dim() > 1 && x->value.numel() > x->value.size(1),
                        "more than one value per channel is needed in training");
            at::NoGradGuard off;
            if (tracked && !s->again)
                tracked->value.add_(1);
        }
        std::optional<at::Tensor> running_mean, running_var;
        if (!training || !s->again) {
            running_mean = mean->value;
            running_var = var->value;
        }
        at::Tensor y = at::batch_norm(x->value, weight->value, bias->value, running_mean, running_var, training, 0.1,
                                      1e-5, true);
        if (training && !s->again) {
            mean->changes++;
            var->changes++;
        }
        return y;
    });
}

il_tensor *il_max_pool2d(il_scope *s, il_tensor *x, int kernel, int stride, int padding)
{
    return run(s, "max_pool2d", { { x } },
               [&] { return at::max_pool2d(x->value, kernel, stride ? stride : kernel, padding); });
}

il_tensor *il_upsample_bilinear(il_scope *s, il_tensor *x, int64_t height, int64_t width)
{
    return run(s, "upsample_bilinear", { { x } }, [&] {
        const int64_t size[] = { height, width };
        return at::upsample_bilinear2d(x->value, at::IntArrayRef(size), false, std::nullopt);
    });
}

il_tensor *il_upsample_nearest(il_scope *s, il_tensor *x, int64_t height, int64_t width)
{
    return run(s, "upsample_nearest", { { x } }, [&] {
        const int64_t size[] = { height, width };
        return at::upsample_nearest2d(x->value, at::IntArrayRef(size), std::nullopt);
    });
}

il_tensor *il_pixel_shuffle(il_scope *s, il_tensor *x, int factor)
{
    return run(s, "pixel_shuffle", { { x } }, [&] { return at::pixel_shuffle(x->value, factor); });
}

il_tensor *il_dropout(il_scope *s, il_tensor *x, double p)
{
    return run(s, "dropout", { { x } }, [&] {
        TORCH_CHECK(p >= 0 && p <= 1, "probability ", p, " is not in [0, 1]");
        if (!s->opts.training || p == 0)
            return x->value.alias();
        at::Tensor mask;
        {
            at::NoGradGuard off;
            mask = at::empty_like(x->value).bernoulli_(1 - p, shim::random(s));
            if (p < 1)
                mask.div_(1 - p);
        }
        return at::mul(x->value, mask);
    });
}

void shim::same_shape(const il_tensor *a, const il_tensor *b)
{
    TORCH_CHECK(a->value.sizes() == b->value.sizes(), "the shapes differ");
}

il_tensor *il_bce_logits(il_scope *s, il_tensor *logit, il_tensor *target)
{
    return run(s, "bce_logits", { { logit }, { target } }, [&] {
        shim::same_shape(logit, target);
        return at::binary_cross_entropy_with_logits(logit->value, target->value, {}, {}, at::Reduction::None);
    });
}

/* ---- gradients ---- */

int il_backward(il_scope *s, il_tensor *loss, il_err *e)
{
    if (!s || s->error.code != IL_OK)
        return il_scope_status(s, e);
    if (!loss)
        return il_fail(e, IL_ETORCH, "backward: there is no loss");
    return shim::guard(e, "backward", [&] {
        TORCH_CHECK(loss->value.dim() == 0, "the loss has shape ", shim::shape(loss), ", not ()");
        TORCH_CHECK(loss->value.requires_grad(), "the loss does not depend on anything that wants a gradient");
        loss->value.backward();
    });
}

il_tensor *il_grad(il_scope *s, il_tensor *leaf)
{
    if (!leaf || !leaf->value.is_leaf() || !leaf->value.grad().defined())
        return nullptr;
    return run(s, "grad", { { leaf } }, [&] { return leaf->value.grad(); });
}

int il_require_grad(il_tensor *t, il_err *e)
{
    if (!t)
        return il_fail(e, IL_ETORCH, "require_grad: there is no tensor");
    return shim::guard(e, "require_grad", [&] { t->value.set_requires_grad(true); });
}
