/* random.cpp - the random numbers of scopes, or of the graph that is being recorded. */
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>
#include "torch/cuda_graph.hpp"
#include "torch/shim.hpp"

namespace shim
{

static thread_local uint64_t taken;

uint64_t seeds_taken()
{
    return taken;
}

at::Generator generator(il_device d, uint64_t seed)
{
    if (d.kind == IL_DEVICE_CPU)
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
    taken++;
    while (s->parent)
        s = s->parent;
    return s->opts.seed + 0x9E3779B97F4A7C15u * ++s->seeds;
}

} // namespace shim
