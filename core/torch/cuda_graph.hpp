/* cuda_graph.hpp - what records and replays: libinpaintlab_graph.so, which needs libtorch's CUDA half, or the CPU's stand-in. */
#ifndef IL_TORCH_CUDA_GRAPH_HPP
#define IL_TORCH_CUDA_GRAPH_HPP

#include <ATen/core/Generator.h>
#include <functional>
#include <memory>

namespace graph
{

struct recorder {
    virtual ~recorder() = default;
    /* Runs body, whose work is recorded and not done; random numbers come from `random`. Throws what body throws. */
    virtual void record(const std::function<void()> &body) = 0;
    /* Queues the recorded work, with random numbers as of a new generator with that seed. */
    virtual void replay(uint64_t seed) = 0;
    at::Generator random;
};

/* The only symbol of libinpaintlab_graph.so. */
using make_recorder = recorder *(int device);
const char make_recorder_name[] = "il_cuda_graph_recorder";

/* The generator of what is recorded in this thread; nullptr: nothing is. */
const at::Generator *recording();

} // namespace graph

#endif
