/* shim.hpp - what the C++ files of the shim share: handles, scopes, and the guard that turns exceptions into il_err. */
#ifndef IL_TORCH_SHIM_HPP
#define IL_TORCH_SHIM_HPP

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <atomic>
#include <c10/core/GradMode.h>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <inpaintlab/profile.h>
#include <inpaintlab/tensor.h>

namespace at
{
struct NoTF32Guard;
}

namespace shim
{
struct folded;
}

/* A handle. Handles of one scope form a list, so that keeping and freeing take constant time. */
struct il_tensor {
    at::Tensor value;
    il_scope *owner = nullptr; /* nullptr: kept */
    il_tensor *next = nullptr, *before = nullptr;
    uint64_t changes = 0; /* those in place that libtorch's own count leaves out */
    bool frozen = false;  /* of a state: see il_state_freeze */
    std::atomic<std::shared_ptr<const shim::folded>> folded = {}; /* of a convolution's weight, see fold.cpp */
};

struct il_scope {
    il_scope_opts opts = {};
    il_scope *parent = nullptr;
    il_tensor *first = nullptr;
    const struct il_share *share = nullptr; /* the pictures of other ranks, see parallel.h; nullptr: alone */
    bool dry = false, again = false;        /* il_recompute's first pass, which records nothing, and its second */
    il_err error = {};
    at::Generator random; /* of the outermost scope; made when first needed */
    uint64_t seeds = 0;   /* handed out by next_seed */
};

namespace shim
{

/* Call inside catch (...): fills *e from the exception in flight, "what: reason", and returns the code. training: what needs less
 * memory is named by the keys of a training. */
int caught(il_err *e, const char *what, bool training = false) noexcept;

/* body returns void; what goes before the message. */
template <class F> int guard(il_err *e, const char *what, bool training, F body) noexcept
{
    try {
        body();
        return IL_OK;
    } catch (...) {
        return caught(e, what, training);
    }
}

template <class F> int guard(il_err *e, const char *what, F body) noexcept
{
    return guard(e, what, false, body);
}

/* Records err in s and all its parents, unless they hold one. */
void fail(il_scope *s, const il_err &err) noexcept;

/* A scope that is closed whatever happens; open_scope throws. */
struct closer {
    void operator()(il_scope *s) const
    {
        il_scope_close(s);
    }
};
using scope = std::unique_ptr<il_scope, closer>;
scope open_scope(il_scope_opts opts);

/* A new handle in s; s nullptr: kept. Throws when the type is none of il_dtype. */
il_tensor *wrap(il_scope *s, at::Tensor value);

inline bool records(const il_scope *s)
{
    return (s->opts.training || s->opts.grad) && !s->dry;
}

/* The scope's precision, while it lives: half precision of the operations that libtorch's autocast knows, or no TF32. */
class casting
{
  public:
    explicit casting(const il_scope *s);
    ~casting();
    casting(const casting &) = delete;
    casting &operator=(const casting &) = delete;

  private:
    il_device device;
    bool on = false;
    std::unique_ptr<at::NoTF32Guard> whole;
};

at::ScalarType computed(il_precision p);    /* the type of what is computed */
void float32_rules(bool tf32, bool search); /* of the process: factors may be rounded; cuDNN measures its algorithms */
void forget_casts();                        /* of weights that may change now */
int compute_capability(il_device d);        /* 75: 7.5; 0: not known */

const at::Generator &random(il_scope *s); /* of the scope and its nested ones, or of the graph that is recorded */
uint64_t next_seed(il_scope *s);          /* for what cannot take a generator; throws where a graph is recorded */
uint64_t seeds_taken();                   /* how many of those there were in this thread */
at::Generator generator(il_device d, uint64_t seed);

at::Device device(il_device d);
at::ScalarType type(il_dtype dtype);
bool dtype(il_dtype *out, at::ScalarType type); /* false when il_dtype lacks it */
std::string shape(const il_tensor *t);          /* "(2,3,8,8)" */
at::IntArrayRef sizes(int ndim, const int64_t *shape);
inline int64_t or_one(int value)
{
    return value == 0 ? 1 : value;
} /* as il_conv_geometry means its zeros */
void same_shape(const il_tensor *a, const il_tensor *b);                          /* throws when they differ in it */
at::Tensor where(const at::Tensor &which, const at::Tensor &a, double otherwise); /* il_where */
/* How many elements of `which` are not 0, at least 1; 0-d, of the type and device of `like`. Nothing is copied to the host. */
at::Tensor count_set(const at::Tensor &which, const at::Tensor &like);

/* The convolution, by the way that is fastest on the processor at hand: see conv.cpp. */
at::Tensor conv2d(il_scope *s, const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                  il_conv_geometry o);

/* ---- counted work: see flops.cpp ---- */

enum class sides { output, input }; /* which of them has one value per use of each weight row */

void working(il_scope *s, const il_tensor *weight) noexcept; /* an operation with that weight begins */
const il_tensor *worked(const il_flops *f) noexcept;         /* the weight last named so */
/* Count an operation and hand its result through. */
at::Tensor counted(il_scope *s, const il_tensor *x, const il_tensor *weight, at::Tensor out,
                   sides dense = sides::output);
at::Tensor counted_attention(il_scope *s, const il_tensor *q, const il_tensor *k, const il_tensor *v, at::Tensor out);

/* ---- the guard of all operations ---- */

/* An argument, and the words that lead to it in messages. */
struct operand {
    const il_tensor *t;
    const char *lead = " and ";
};
using operands = std::span<const operand>;

/* Whether work can go on. A NULL whose reason nobody recorded becomes an error here. */
bool ready(il_scope *s, const char *name, operands in);

/* Inside catch (...): "conv2d: (2,3,8,8) with weight (4,5,3,3): reason" */
il_tensor *refuse(il_scope *s, const char *name, operands in) noexcept;

/* body returns the result. */
template <class F> il_tensor *run_list(il_scope *s, const char *name, operands in, F body) noexcept
{
    if (!ready(s, name, in))
        return nullptr;
    try {
        c10::AutoGradMode mode(records(s));
        casting half(s);
        return wrap(s, body());
    } catch (...) {
        return refuse(s, name, in);
    }
}

template <class F> il_tensor *run(il_scope *s, const char *name, std::initializer_list<operand> in, F body) noexcept
{
    return run_list(s, name, operands(in.begin(), in.size()), body);
}

/* With an optional bias as last operand, which body takes. */
template <class F>
il_tensor *run_weighted(il_scope *s, const char *name, il_tensor *x, il_tensor *weight, il_tensor *bias,
                        F body) noexcept
{
    const operand in[] = { { x }, { weight, " with weight " }, { bias, " and bias " } };
    return run_list(s, name, operands(in, bias ? 3 : 2), [&] {
        working(s, weight);
        std::optional<at::Tensor> b;
        if (bias)
            b = bias->value;
        return body(b);
    });
}

} // namespace shim

#endif
