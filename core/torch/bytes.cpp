/* bytes.cpp - the memory that tensors take, as libtorch's allocators tell it to a profiler. */
#include <algorithm>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <memory>
#include <mutex>
#include <unordered_map>
#include "torch/bytes.h"
#include "torch/shim.hpp"

namespace
{

struct block {
    int64_t size;
    const il_tensor *weight;
};

/* Called by several threads at once: the backward pass of a GPU has its own. */
struct account final : c10::MemoryReportingInfoBase {
    const il_flops *by = nullptr;
    mutable std::mutex lock;
    std::unordered_map<const void *, block> blocks; /* taken since the start and still held */
    int64_t now = 0, peak = 0, taken = 0;

    void reportMemoryUsage(void *ptr, int64_t size, size_t, size_t, c10::Device) override
    {
        std::lock_guard<std::mutex> hold(lock);
        auto at = blocks.find(ptr);
        if (at != blocks.end()) {
            now -= at->second.size;
            blocks.erase(at);
        }
        if (size <= 0)
            return;
        blocks[ptr] = { size, by ? shim::worked(by) : nullptr };
        now += size;
        taken += size;
        peak = std::max(peak, now);
    }
    bool memoryProfilingEnabled() const override
    {
        return true;
    }
};

} // namespace

struct il_bytes {
    std::shared_ptr<account> held;
    std::unique_ptr<c10::DebugInfoGuard> guard;
};

int il_bytes_start(il_bytes **out, const il_flops *by, il_err *e)
{
    return shim::guard(e, "bytes", [&] {
        auto b = std::make_unique<il_bytes>();
        b->held = std::make_shared<account>();
        b->held->by = by;
        b->guard = std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, b->held);
        *out = b.release();
    });
}

void il_bytes_free(il_bytes *b)
{
    delete b;
}

int64_t il_bytes_now(const il_bytes *b)
{
    std::lock_guard<std::mutex> hold(b->held->lock);
    return b->held->now;
}

int64_t il_bytes_peak(const il_bytes *b)
{
    std::lock_guard<std::mutex> hold(b->held->lock);
    return b->held->peak;
}

int64_t il_bytes_taken(const il_bytes *b)
{
    std::lock_guard<std::mutex> hold(b->held->lock);
    return b->held->taken;
}

int64_t il_bytes_of(const il_bytes *b, const il_tensor *weight)
{
    std::lock_guard<std::mutex> hold(b->held->lock);
    int64_t sum = 0;
    for (const auto &[at, held] : b->held->blocks)
        sum += held.weight == weight ? held.size : 0;
    return sum;
}
