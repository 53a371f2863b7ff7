/* cuda_graph_capture.cpp - libinpaintlab_graph.so: records with libtorch's CUDA graphs. Linked against libtorch's CUDA half, so it is a
 * library of its own, loaded where that half is. */
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <mutex>
#include "torch/cuda_graph.hpp"

namespace
{

struct cuda_graph : graph::recorder {
    const c10::Device device;
    at::cuda::CUDAGraph recorded;

    explicit cuda_graph(int index) : device(c10::kCUDA, static_cast<c10::DeviceIndex>(index))
    {
        random = at::cuda::detail::createCUDAGenerator(device.index());
        recorded.register_generator_state(random);
    }

    /* On a stream of its own: CUDA does not record its default one. */
    void record(const std::function<void()> &body) override
    {
        c10::DeviceGuard on(device);
        c10::impl::VirtualGuardImpl streams(c10::kCUDA);
        streams.synchronizeDevice(device.index());
        c10::StreamGuard during(streams.getStreamFromGlobalPool(device));
        const at::MempoolId_t pool = at::cuda::graph_pool_handle();
        recorded.capture_begin(pool, cudaStreamCaptureModeThreadLocal); /* the loader's threads may do as they like */
        try {
            body();
        } catch (...) {
            give_up(pool);
            throw;
        }
        recorded.capture_end();
    }

    void replay(uint64_t seed) override
    {
        c10::DeviceGuard on(device);
        {
            std::lock_guard<std::mutex> lock(random.mutex());
            random.set_current_seed(seed);
        }
        recorded.replay();
    }

  private:
    /* Ends a recording that failed: the stream records no more, and the allocator no longer fills the pool. */
    void give_up(at::MempoolId_t pool) noexcept
    {
        try {
            recorded.capture_end();
        } catch (...) {
            c10::cuda::CUDACachingAllocator::endAllocateToPool(device.index(), pool);
        }
    }
};

} // namespace

extern "C" __attribute__((visibility("default"))) graph::recorder *il_cuda_graph_recorder(int device)
{
    return new cuda_graph(device);
}
