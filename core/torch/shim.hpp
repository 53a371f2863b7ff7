/* shim.hpp - what the C++ files of the shim share: handles, scopes, and the guard that turns exceptions into il_err. */
#ifndef IL_SHIM_HPP
#define IL_SHIM_HPP

#include <string>
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <inpaintlab/tensor.h>

/* A handle. Handles of one scope form a list, so that keeping and freeing take constant time. */
struct il_tensor {
    at::Tensor value;
    il_scope *owner = nullptr; /* nullptr: kept */
    il_tensor *next = nullptr, *before = nullptr;
};

struct il_scope {
    il_scope_opts opts = {};
    il_scope *parent = nullptr;
    il_tensor *first = nullptr;
    il_err error = {};
    at::Generator random; /* of the outermost scope; made when first needed */
    uint64_t seeds = 0;   /* handed out by next_seed */
};

namespace shim {

/* Call inside catch (...): fills *e from the exception in flight, "what: reason", and returns the code. */
int caught(il_err *e, const char *what) noexcept;

/* body returns void; what goes before the message. */
template <class F> int guard(il_err *e, const char *what, F body) noexcept
{
    try {
        body();
        return IL_OK;
    } catch (...) {
        return caught(e, what);
    }
}

/* Records err in s and all its parents, unless they hold one. */
void fail(il_scope *s, const il_err &err) noexcept;

/* A new handle in s; s nullptr: kept. Throws when the type is none of il_dtype. */
il_tensor *wrap(il_scope *s, at::Tensor value);

inline bool records(const il_scope *s) { return s->opts.training || s->opts.grad; }

at::Generator &random(il_scope *s); /* of the scope and its nested ones */
uint64_t next_seed(il_scope *s);     /* for what cannot take a generator */
at::Generator generator(il_device d, uint64_t seed);

at::Device device(il_device d);
at::ScalarType type(il_dtype dtype);
bool dtype(il_dtype *out, at::ScalarType type); /* false when il_dtype lacks it */
std::string shape(const il_tensor *t);          /* "(2,3,8,8)" */

} // namespace shim

#endif
