/* precision.cpp - half precision by libtorch's autocast; TF32 as a rule of the process, to which a scope of float32 is an
 * exception in its own thread. */
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include "torch/precision.hpp"
#include "torch/rules.h"
#include "torch/shim.hpp"

namespace shim
{

at::ScalarType computed(il_precision p)
{
    return p == IL_PRECISION_BF16 ? at::kBFloat16 : p == IL_PRECISION_FP16 ? at::kHalf : at::kFloat;
}

static at::DeviceType kind(il_device d)
{
    return d.kind == IL_DEVICE_CUDA ? at::kCUDA : at::kCPU;
}

casting::casting(const il_scope *s) : device(s->opts.device)
{
    il_precision p = s->opts.precision;
    if (p == IL_PRECISION_FP32 && device.kind == IL_DEVICE_CUDA)
        whole = std::make_unique<at::NoTF32Guard>();
    if (p < IL_PRECISION_BF16 || at::autocast::is_autocast_enabled(kind(device)))
        return; /* what is within an operation keeps to it */
    at::autocast::set_autocast_dtype(kind(device), computed(p));
    at::autocast::set_autocast_enabled(kind(device), true);
    on = true;
}

casting::~casting()
{
    if (on)
        at::autocast::set_autocast_enabled(kind(device), false);
}

fresh_casts::fresh_casts() : before(at::autocast::is_autocast_cache_enabled())
{
    at::autocast::set_autocast_cache_enabled(false);
}

fresh_casts::~fresh_casts()
{
    at::autocast::set_autocast_cache_enabled(before);
}

void forget_casts()
{
    at::autocast::clear_cache();
}

void float32_rules(bool tf32, bool search)
{
    at::Context &c = at::globalContext();
    c.setAllowTF32CuDNN(tf32);
    c.setAllowTF32CuBLAS(tf32);
    c.setBenchmarkCuDNN(search);
}

} // namespace shim

int il_torch_bf16(il_device d, il_err *e)
{
    enum { FIRST = 80 };
    int capability = d.kind == IL_DEVICE_CUDA ? shim::compute_capability(d) : 0;
    if (capability == 0 || capability >= FIRST)
        return IL_OK;
    char title[100];
    il_device_title(d, title, sizeof title);
    return il_fail(e, IL_EDEVICE,
                   "bf16: %s does not compute in bfloat16 (compute capability %d.%d, expected 8.0 or newer); use fp16",
                   title, capability / 10, capability % 10);
}

int il_torch_rules(il_device d, il_precision p, bool varied, il_err *e)
{
    if (d.kind != IL_DEVICE_CUDA)
        return IL_OK;
    int rc = p == IL_PRECISION_BF16 ? il_torch_bf16(d, e) : IL_OK;
    if (rc != IL_OK)
        return rc;
    return shim::guard(e, "precision", [&] { shim::float32_rules(p != IL_PRECISION_FP32, !varied); });
}
