/* precision.cpp - half precision by libtorch's autocast, and TF32 as a rule of the process. */
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
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

void casting::begin(il_precision p)
{
    if (at::autocast::is_autocast_enabled(kind(device)))
        return; /* an operation within an operation */
    at::autocast::set_autocast_dtype(kind(device), computed(p));
    at::autocast::set_autocast_enabled(kind(device), true);
    on = true;
}

void casting::end()
{
    at::autocast::set_autocast_enabled(kind(device), false);
}

void forget_casts()
{
    at::autocast::clear_cache();
}

void float32_rules(il_device d, il_precision p)
{
    if (d.kind != IL_DEVICE_CUDA)
        return;
    at::Context &c = at::globalContext();
    c.setAllowTF32CuDNN(p != IL_PRECISION_FP32);
    c.setAllowTF32CuBLAS(p != IL_PRECISION_FP32);
    c.setBenchmarkCuDNN(true); /* sizes repeat: measure the algorithms once */
}

} // namespace shim
