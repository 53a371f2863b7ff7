/* emulation.hpp - as much of CUDA as kernels.cu uses, on the CPU: a thread for each of CUDA's, two blocks at a time, so that a
 * sanitizer sees races within a block and between blocks. */
#ifndef EMULATION_HPP
#define EMULATION_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#define __host__
#define __device__
#define __global__

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z)
    {
    }
};

extern thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

enum cudaError_t { cudaSuccess };
using cudaStream_t = void *;
struct cudaFuncAttributes {
};
inline cudaError_t cudaSetDevice(int)
{
    return cudaSuccess;
}
inline cudaError_t cudaGetLastError()
{
    return cudaSuccess;
}
inline const char *cudaGetErrorString(cudaError_t)
{
    return "no error";
}
template <class F> cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *, F *)
{
    return cudaSuccess;
}

namespace emulation
{

/* The block's memory, the same for all its threads, which ask for it in the same order. */
void *shared_bytes(size_t size);
template <class T> T *shared(size_t count)
{
    return static_cast<T *>(shared_bytes(count * sizeof(T)));
}

/* What each thread of the warp gave. Whole warps take part. */
const uint32_t *exchange(uint32_t mask, uint32_t value);
void exchanged(); /* all have read it */

void run(dim3 grid, unsigned threads, const std::function<void()> &kernel);

template <class... P> auto launch(void (*kernel)(P...), dim3 grid, unsigned threads, int, cudaStream_t)
{
    return [=](P... arguments) { run(grid, threads, [=] { kernel(arguments...); }); };
}

} // namespace emulation

void __syncthreads();

inline uint32_t __shfl_xor_sync(uint32_t mask, uint32_t value, int step)
{
    uint32_t other = emulation::exchange(mask, value)[(threadIdx.x ^ static_cast<unsigned>(step)) % 32];
    emulation::exchanged();
    return other;
}

inline unsigned __match_any_sync(uint32_t mask, int value)
{
    const uint32_t *given = emulation::exchange(mask, static_cast<uint32_t>(value));
    unsigned equal = 0;
    for (unsigned lane = 0; lane < 32; lane++)
        equal |= static_cast<unsigned>(given[lane] == static_cast<uint32_t>(value)) << lane;
    emulation::exchanged();
    return equal;
}

inline int __ffs(int bits)
{
    return __builtin_ffs(bits);
}

inline int __popc(unsigned bits)
{
    return __builtin_popcount(bits);
}

template <class T> void atomicMax(T *to, T value)
{
    std::atomic_ref<T> cell(*to);
    T now = cell.load(std::memory_order_relaxed);
    while (now < value && !cell.compare_exchange_weak(now, value, std::memory_order_relaxed))
        ;
}

template <class T> void atomicAdd(T *to, T value)
{
    std::atomic_ref<T>(*to).fetch_add(value, std::memory_order_relaxed);
}

#endif
