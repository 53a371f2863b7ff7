/* test_gpu_runtime.cpp - cuda_graph_capture.cpp and gpu.cpp as they are, on a CUDA that only takes notes: it knows devices, streams,
 * and which memory pools are being filled or still belong to somebody, by the rules of libtorch 2.11. */
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include "torch/cuda_graph.hpp"
#include "torch/gpu.hpp"

extern "C" graph::recorder *il_cuda_graph_recorder(int device);

namespace
{

#define EXPECT(good)                                                                                                   \
    do {                                                                                                               \
        if (!(good)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s, when it fails at stage %d\n", __FILE__, __LINE__, #good, notes.fails);         \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

enum stage { NEVER, BEFORE_THE_POOL, AT_BEGIN, IN_THE_BODY, AT_END, AFTER_THE_POOL, AT_INSTANTIATION, STAGES };

struct notes_taken {
    stage fails = NEVER;
    std::set<at::MempoolId_t> filled = {}; /* pools that the allocator fills */
    std::map<at::MempoolId_t, int> owners = {};
    int emptied = 0, releases = 0, captured_on = -1, registered_on = -1;
    bool emptied_first = false;
} notes;

c10::DeviceIndex current;
c10::StreamId streams[8];

void fail_at(stage here)
{
    TORCH_CHECK(notes.fails != here, "this fails");
}

struct guard : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override
    {
        return c10::kCUDA;
    }
    c10::Device exchangeDevice(c10::Device d) const override
    {
        return { c10::kCUDA, std::exchange(current, d.index()) };
    }
    c10::Device getDevice() const override
    {
        return { c10::kCUDA, current };
    }
    void setDevice(c10::Device d) const override
    {
        current = d.index();
    }
    void uncheckedSetDevice(c10::Device d) const noexcept override
    {
        current = d.index();
    }
    c10::Stream getStream(c10::Device d) const override
    {
        return c10::Stream(c10::Stream::UNSAFE, d, streams[d.index()]);
    }
    c10::Stream getStreamFromGlobalPool(c10::Device d, bool) const override
    {
        return c10::Stream(c10::Stream::UNSAFE, d, 1);
    }
    c10::Stream exchangeStream(c10::Stream s) const override
    {
        return c10::Stream(c10::Stream::UNSAFE, s.device(), std::exchange(streams[s.device_index()], s.id()));
    }
    void *getStreamNativeHandle(const c10::Stream) const override
    {
        return nullptr;
    }
    void synchronizeDevice(const c10::DeviceIndex) const override
    {
    }
    c10::DeviceIndex deviceCount() const noexcept override
    {
        return 8;
    }
};
C10_REGISTER_GUARD_IMPL(CUDA, guard)

namespace caching = c10::cuda::CUDACachingAllocator;
using caching::CUDAAllocator;

/* What is not asked for aborts: it is a pure function of the base in all but name. */
struct allocator : CUDAAllocator {
    [[noreturn]] static void never()
    {
        abort();
    }
    void beginAllocateToPool(c10::DeviceIndex, at::MempoolId_t pool, std::function<bool(cudaStream_t)>) override
    {
        notes.filled.insert(pool);
        notes.owners[pool]++;
    }
    void endAllocateToPool(c10::DeviceIndex device, at::MempoolId_t pool) override
    {
        TORCH_CHECK(device == 1 && notes.filled.erase(pool) == 1, "not currently recording to this pool");
    }
    void releasePool(c10::DeviceIndex device, at::MempoolId_t pool) override
    {
        auto known = notes.owners.find(pool);
        TORCH_CHECK(device == 1 && known != notes.owners.end(), "there is no such pool");
        EXPECT(known->second > 0); /* libtorch counts below 0, and the pool's memory is lost */
        known->second--;
        notes.releases++;
    }
    void emptyCache(at::MempoolId_t) override
    {
        notes.emptied++;
        notes.emptied_first = notes.filled.empty();
    }
    // clang-format off
    void *raw_alloc(size_t) override { never(); }
    void *raw_alloc_with_stream(size_t, cudaStream_t) override { never(); }
    void raw_delete(void *) override { never(); }
    void init(int) override { never(); }
    double getMemoryFraction(c10::DeviceIndex) override { never(); }
    void setMemoryFraction(double, c10::DeviceIndex) override { never(); }
    std::vector<caching::StreamSegmentSize> getExpandableSegmentSizes(c10::DeviceIndex) override { never(); }
    void enable(bool) override { never(); }
    bool isEnabled() const override { never(); }
    void cacheInfo(c10::DeviceIndex, size_t *) override { never(); }
    void *getBaseAllocation(void *, size_t *) override { never(); }
    void recordStream(const c10::DataPtr &, c10::cuda::CUDAStream) override { never(); }
    caching::SnapshotInfo snapshot(at::MempoolId_t, bool) override { never(); }
    caching::ShareableHandle shareIpcHandle(void *) override { never(); }
    std::shared_ptr<void> getIpcDevPtr(std::string) override { never(); }
    void recordHistory(bool, caching::CreateContextFn, size_t,
                       caching::RecordContext, bool, const std::vector<std::string> &) override { never(); }
    void attachOutOfMemoryObserver(caching::OutOfMemoryObserver) override { never(); }
    void attachAllocatorTraceTracker(caching::AllocatorTraceTracker) override { never(); }
    void enablePeerAccess(c10::DeviceIndex, c10::DeviceIndex) override { never(); }
    cudaError_t memcpyAsync(void *, int, const void *, int, size_t, cudaStream_t, bool) override { never(); }
    std::shared_ptr<caching::AllocatorState> getCheckpointState(c10::DeviceIndex, at::MempoolId_t) override { never(); }
    caching::CheckpointDelta
    setCheckpointPoolState(c10::DeviceIndex, std::shared_ptr<caching::AllocatorState>) override { never(); }
    std::string name() override { never(); }
    bool initialized() override { never(); }
    c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override { never(); }
    void resetAccumulatedStats(c10::DeviceIndex) override { never(); }
    void resetPeakStats(c10::DeviceIndex) override { never(); }
    c10::DataPtr allocate(size_t) override { never(); }
    void copy_data(void *, const void *, size_t) const override { never(); }
    // clang-format on
} memory;

} // namespace

/* ---- what libtorch's CUDA half defines, and when it throws ---- */

std::atomic<CUDAAllocator *> c10::cuda::CUDACachingAllocator::allocator{ &memory };

void c10::cuda::c10_cuda_check_implementation(int32_t, const char *, const char *, uint32_t, bool)
{
    abort(); /* without optimization the allocator's base needs it */
}

extern "C" cudaError_t cudaMemGetInfo(size_t *, size_t *)
{
    abort(); /* a function of the allocator's base calls it */
}

at::Generator at::cuda::detail::createCUDAGenerator(c10::DeviceIndex)
{
    return at::detail::createCPUGenerator();
}

namespace at::cuda
{

MempoolId_t graph_pool_handle()
{
    static CaptureId_t last;
    return { 0, ++last };
}

CUDAGraph::CUDAGraph(bool keep)
    : capture_stream_(c10::cuda::CUDAStream::UNCHECKED, c10::Stream(c10::Stream::DEFAULT, { c10::kCUDA, current })),
      keep_graph_(keep)
{
}

CUDAGraph::~CUDAGraph()
{
    reset();
}

void CUDAGraph::register_generator_state(const at::Generator &)
{
    notes.registered_on = current;
}

void CUDAGraph::capture_begin(MempoolId_t pool, cudaStreamCaptureMode mode)
{
    TORCH_CHECK(mode == cudaStreamCaptureModeThreadLocal && streams[current] != 0);
    fail_at(BEFORE_THE_POOL);
    capture_dev_ = current;
    mempool_id_ = pool;
    caching::beginAllocateToPool(capture_dev_, pool, {});
    fail_at(AT_BEGIN);
    notes.captured_on = current;
}

void CUDAGraph::capture_end()
{
    TORCH_CHECK(notes.captured_on >= 0, "nothing is recorded");
    fail_at(AT_END);
    caching::endAllocateToPool(capture_dev_, mempool_id_);
    fail_at(AFTER_THE_POOL);
    capture_ended_ = true;
    fail_at(AT_INSTANTIATION);
    has_graph_exec_ = true;
}

void CUDAGraph::replay()
{
    TORCH_CHECK(has_graph_exec_ && current == capture_dev_);
}

MempoolId_t CUDAGraph::pool()
{
    TORCH_CHECK(capture_ended_, "called without a preceding successful capture");
    return mempool_id_;
}

void CUDAGraph::reset()
{
    if (capture_ended_)
        caching::releasePool(capture_dev_, mempool_id_);
    capture_ended_ = has_graph_exec_ = false;
}

} // namespace at::cuda

/* ---- the tests ---- */

namespace
{

bool nobody_owns_a_pool()
{
    for (const auto &[pool, count] : notes.owners)
        if (count != 0)
            return false;
    return notes.filled.empty();
}

/* Whatever fails, the caller's device and stream come back, no pool is filled any more, and each is released once. */
void record_failing_at(stage where)
{
    notes = {};
    notes.fails = where;
    std::unique_ptr<graph::recorder> r(il_cuda_graph_recorder(1));
    EXPECT(notes.registered_on == 1); /* else its seed would lie on another GPU */
    bool failed = false;
    try {
        r->record([] {
            EXPECT(current == 1 && streams[1] != 0 && notes.filled.size() == 1);
            fail_at(IN_THE_BODY);
        });
    } catch (const c10::Error &e) {
        failed = true;
        EXPECT(std::string(e.what_without_backtrace()) == "this fails");
    }
    EXPECT(failed == (where != NEVER));
    EXPECT(notes.emptied == 1 && notes.emptied_first);
    EXPECT(current == 0 && streams[1] == 0);
    EXPECT(!failed || nobody_owns_a_pool());
    if (!failed)
        r->replay(3);
    r.reset();
    EXPECT(nobody_owns_a_pool());
    EXPECT(notes.releases == (where == BEFORE_THE_POOL ? 0 : 1));
}

/* Whether a device can run our kernels is asked once, not several times an operation. */
void ask_for_kernels()
{
    for (int i = 0; i < 5; i++)
        for (c10::DeviceIndex device = 0; device < 3; device++) /* the stub's kernels cannot run on the last one */
            EXPECT((gpu::kernels({ c10::kCUDA, device }) != nullptr) == (device < 2));
    const il_cuda_table *table = gpu::kernels({ c10::kCUDA, 0 });
    EXPECT(table->version == IL_CUDA_VERSION);
    EXPECT(std::string(table->explain(0)) == "3"); /* as often as it was asked */
}

} // namespace

int main()
{
    for (int where = NEVER; where < STAGES; where++)
        record_failing_at(static_cast<stage>(where));
    notes.fails = NEVER;
    ask_for_kernels();
    return 0;
}
