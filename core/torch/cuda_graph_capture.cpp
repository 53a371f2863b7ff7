/* cuda_graph_capture.cpp - libinpaintlab_graph.so: records with libtorch's CUDA graphs. Linked against libtorch's CUDA half, so it is a
 * library of its own, loaded where that half is. */
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <mutex>
#include <optional>
#include "torch/cuda_graph.hpp"

namespace
{

struct cuda_graph : graph::recorder {
    const c10::Device device;
    std::optional<at::cuda::CUDAGraph> recorded;

    explicit cuda_graph(int index) : device(c10::kCUDA, static_cast<c10::DeviceIndex>(index))
    {
        c10::DeviceGuard on(device); /* the graph's seed lives on the device that is current when it is registered */
        random = at::cuda::detail::createCUDAGenerator(device.index());
        recorded.emplace();
        recorded->register_generator_state(random);
    }

    /* On a stream of its own: CUDA does not record its default one. What is recorded works in memory of its own, of which the
     * cache's blocks cannot become part. */
    void record(const std::function<void()> &body) override
    {
        c10::DeviceGuard on(device);
        c10::impl::VirtualGuardImpl streams(c10::kCUDA);
        streams.synchronizeDevice(device.index());
        c10::cuda::CUDACachingAllocator::emptyCache();
        c10::StreamGuard during(streams.getStreamFromGlobalPool(device));
        const at::MempoolId_t pool = at::cuda::graph_pool_handle();
        try {
            recorded->capture_begin(pool,
                                    cudaStreamCaptureModeThreadLocal); /* the loader's threads may do as they like */
            body();
            recorded->capture_end();
        } catch (...) {
            give_up(pool);
            throw;
        }
    }

    void replay(uint64_t seed) override
    {
        c10::DeviceGuard on(device);
        {
            std::lock_guard<std::mutex> lock(random.mutex());
            random.set_current_seed(seed);
        }
        recorded->replay();
    }

  private:
    /* Whether what throws when it comes too early or too late came at its time. */
    template <class F> static bool done(F what) noexcept
    {
        try {
            what();
            return true;
        } catch (...) {
            return false;
        }
    }

    /* Ends a recording that failed, however far it came: the stream records no more, the allocator no longer fills the pool,
     * and the pool is released once. A graph whose recording has ended, which pool() tells, does that itself. */
    void give_up(at::MempoolId_t pool) noexcept
    {
        namespace allocator = c10::cuda::CUDACachingAllocator;
        done([&] { recorded->capture_end(); });
        done([&] { allocator::endAllocateToPool(device.index(), pool); });
        bool owned = done([&] { recorded->pool(); });
        done([&] { recorded.reset(); });
        if (!owned)
            done([&] { allocator::releasePool(device.index(), pool); });
    }
};

} // namespace

extern "C" __attribute__((visibility("default"))) graph::recorder *il_cuda_graph_recorder(int device)
{
    return new cuda_graph(device);
}
