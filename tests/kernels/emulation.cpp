/* emulation.cpp - blocks of threads. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <pthread.h>
#include <thread>
#include <vector>
#include "emulation.hpp"

thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace
{

enum { WARP = 32, SHARED = 48 << 10, RESIDENT = 2 };

struct meeting {
    pthread_barrier_t barrier;
    explicit meeting(unsigned threads)
    {
        if (pthread_barrier_init(&barrier, nullptr, threads) != 0)
            abort();
    }
    ~meeting()
    {
        pthread_barrier_destroy(&barrier);
    }
    void wait()
    {
        pthread_barrier_wait(&barrier);
    }
};

struct warp {
    meeting all{ WARP };
    uint32_t given[WARP];
};

/* Where one block after another runs. */
struct place {
    meeting all;
    std::vector<std::unique_ptr<warp>> warps;
    alignas(64) unsigned char memory[SHARED];

    explicit place(unsigned threads) : all(threads)
    {
        for (unsigned i = 0; i < threads / WARP; i++)
            warps.push_back(std::make_unique<warp>());
    }
};

thread_local place *here;
thread_local size_t taken; /* of the block's memory, by this thread */

warp &own_warp()
{
    return *here->warps[threadIdx.x / WARP];
}

/* Every RESIDENT-th block, from `first` on. Memory that nobody filled would show: it holds NANs. */
void work(place *at, unsigned thread, unsigned first, dim3 grid, unsigned threads, const std::function<void()> &kernel)
{
    here = at;
    threadIdx = dim3(thread);
    blockDim = dim3(threads);
    gridDim = grid;
    for (unsigned i = first; i < grid.x * grid.y * grid.z; i += RESIDENT) {
        blockIdx = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
        if (thread == 0)
            memset(at->memory, 0xFF, sizeof at->memory);
        at->all.wait();
        taken = 0;
        kernel();
        at->all.wait();
    }
}

} // namespace

void *emulation::shared_bytes(size_t size)
{
    void *start = here->memory + taken;
    taken += (size + 63) / 64 * 64;
    if (taken > SHARED) {
        fprintf(stderr, "%zu bytes of shared memory, a block has %d\n", taken, SHARED);
        abort();
    }
    return start;
}

const uint32_t *emulation::exchange(uint32_t mask, uint32_t value)
{
    if (mask != 0xFFFFFFFFu)
        abort();
    warp &w = own_warp();
    w.given[threadIdx.x % WARP] = value;
    w.all.wait();
    return w.given;
}

void emulation::exchanged()
{
    own_warp().all.wait();
}

void __syncthreads()
{
    here->all.wait();
}

void emulation::run(dim3 grid, unsigned threads, const std::function<void()> &kernel)
{
    std::vector<std::unique_ptr<place>> places;
    std::vector<std::thread> all;
    for (unsigned first = 0; first < RESIDENT && first < grid.x * grid.y * grid.z; first++) {
        places.push_back(std::make_unique<place>(threads));
        for (unsigned i = 0; i < threads; i++)
            all.emplace_back(work, places.back().get(), i, first, grid, threads, std::cref(kernel));
    }
    for (std::thread &t : all)
        t.join();
}
