/* kernels.cu - the fused operations on a GPU. The arithmetic is pixel.h's and the work of a residual's tile tile.h's, which
 * the tests walk through on the CPU; tests/kernels runs all of it there, a thread for each of CUDA's. On a GPU it has not run
 * yet. Built without contraction to fused multiply-adds, so that both devices compute the same bits. */
#include "torch/kernels/cuda.h"
#include "torch/kernels/tile.h"

namespace
{

enum { THREADS = IL_TILE_THREADS, WARP = 32, CELLS = 2 * IL_SCORE_BINS, MOST_BLOCKS = 1024 };

unsigned blocks_for(int64_t count, int64_t most)
{
    int64_t blocks = (count + THREADS - 1) / THREADS;
    return static_cast<unsigned>(blocks < 1 ? 1 : blocks < most ? blocks : most);
}

__device__ int64_t first_item()
{
    return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ int64_t stride()
{
    return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

/* ---- noise residual: one block per tile, one thread per pixel ---- */

__device__ uint32_t warp_max(uint32_t value)
{
    for (int step = WARP / 2; step > 0; step /= 2) {
        uint32_t other = __shfl_xor_sync(0xFFFFFFFFu, value, step);
        value = other > value ? other : value;
    }
    return value;
}

__global__ void residual_tile(float *out, uint32_t *ranges, const float *image, il_pixel_picture p)
{
    __shared__ float sums[IL_TILE_SUMS];
    int64_t picture = static_cast<int64_t>(blockIdx.z) * 3 * p.height * p.width;
    il_tile_place at = il_tile_at(static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y));
    int thread = static_cast<int>(threadIdx.x);
    il_tile_load(sums, image + picture, p, at, thread);
    __syncthreads();
    il_tile_range r = il_tile_filter(out + picture, sums, image + picture, p, at, thread, ranges != nullptr);
    if (!ranges)
        return;
    uint32_t high = warp_max(r.high), low = warp_max(r.low);
    if (thread % WARP == 0) {
        atomicMax(&ranges[2 * blockIdx.z], high);
        atomicMax(&ranges[2 * blockIdx.z + 1], low);
    }
}

__global__ void residual_stretch(float *out, const uint32_t *ranges, int64_t count)
{
    il_tile_range r = { ranges[2 * blockIdx.y], ranges[2 * blockIdx.y + 1] };
    float *values = out + blockIdx.y * count;
    for (int64_t i = first_item(); i < count; i += stride())
        values[i] = il_tile_stretch(values[i], r);
}

/* ---- focal loss: sums of parts in a fixed order, so that runs repeat ---- */

__device__ double block_sum(double *shared, double value)
{
    shared[threadIdx.x] = value;
    __syncthreads();
    for (unsigned half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half)
            shared[threadIdx.x] += shared[threadIdx.x + half];
        __syncthreads();
    }
    return shared[0];
}

__global__ void focal_parts(double *parts, const float *logit, const float *target, int64_t count, il_pixel_focal f)
{
    __shared__ double shared[THREADS];
    double sum = 0;
    for (int64_t i = first_item(); i < count; i += stride())
        sum += il_pixel_focal_value(logit[i], target[i], f);
    sum = block_sum(shared, sum);
    if (threadIdx.x == 0)
        parts[blockIdx.x] = sum;
}

__global__ void focal_total(float *out, const double *parts, unsigned blocks, int64_t count)
{
    __shared__ double shared[THREADS];
    double sum = block_sum(shared, threadIdx.x < blocks ? parts[threadIdx.x] : 0);
    if (threadIdx.x == 0)
        *out = static_cast<float>(sum / static_cast<double>(count));
}

__global__ void focal_derivatives(float *out, const float *scale, const float *logit, const float *target,
                                  int64_t count, il_pixel_focal f)
{
    float each = *scale / static_cast<float>(count);
    for (int64_t i = first_item(); i < count; i += stride())
        out[i] = each * il_pixel_focal_slope(logit[i], target[i], f);
}

/* ---- counts ---- */

/* Neighbours mostly fall into the same cell: the threads of a warp that do so add once, by one of them. */
__device__ void add_together(unsigned *cells, int cell)
{
    unsigned equal = __match_any_sync(0xFFFFFFFFu, cell);
    bool first = threadIdx.x % WARP == static_cast<unsigned>(__ffs(static_cast<int>(equal)) - 1);
    if (cell >= 0 && first)
        atomicAdd(&cells[cell], static_cast<unsigned>(__popc(equal)));
}

__global__ void count_cells(unsigned long long *cells, const float *logit, const float *target, int64_t pixels)
{
    __shared__ unsigned own[CELLS];
    for (int k = static_cast<int>(threadIdx.x); k < CELLS; k += THREADS)
        own[k] = 0;
    __syncthreads();
    const float *x = logit + blockIdx.y * pixels, *t = target + blockIdx.y * pixels;
    for (int64_t base = static_cast<int64_t>(blockIdx.x) * THREADS; base < pixels; base += stride()) {
        int64_t i = base + threadIdx.x; /* the whole warp goes on, so that all its threads take part */
        add_together(own, i < pixels ? il_pixel_cell(x[i], t[i]) : -1);
    }
    __syncthreads();
    for (int k = static_cast<int>(threadIdx.x); k < CELLS; k += THREADS)
        if (own[k] > 0)
            atomicAdd(&cells[blockIdx.y * static_cast<int64_t>(CELLS) + k], static_cast<unsigned long long>(own[k]));
}

/* ---- bytes ---- */

__global__ void look_up_bytes(float *out, const uint8_t *bytes, const float *table, int64_t count)
{
    __shared__ float own[256];
    for (int k = static_cast<int>(threadIdx.x); k < 256; k += THREADS)
        own[k] = table[k];
    __syncthreads();
    for (int64_t i = first_item(); i < count; i += stride())
        out[i] = own[bytes[i]];
}

/* ---- what the table holds ---- */

const char *explain(int code)
{
    return cudaGetErrorString(static_cast<cudaError_t>(code));
}

int usable(int device)
{
    cudaFuncAttributes known;
    cudaError_t rc = cudaSetDevice(device);
    if (rc == cudaSuccess)
        rc = cudaFuncGetAttributes(&known, count_cells);
    cudaGetLastError(); /* it would be taken for the next launch's */
    return rc;
}

int launch_residual(float *out, uint32_t *range, const float *image, int64_t pictures, il_pixel_picture p, int device,
                    void *stream)
{
    cudaError_t rc = cudaSetDevice(device);
    if (rc != cudaSuccess)
        return rc;
    unsigned n = static_cast<unsigned>(pictures);
    dim3 tiles(static_cast<unsigned>((p.width + IL_TILE_WIDTH - 1) / IL_TILE_WIDTH),
               static_cast<unsigned>((p.height + IL_TILE_HEIGHT - 1) / IL_TILE_HEIGHT), n);
    cudaStream_t queue = static_cast<cudaStream_t>(stream);
    residual_tile<<<tiles, THREADS, 0, queue>>>(out, range, image, p);
    int64_t values = 3 * p.height * p.width;
    if (range)
        residual_stretch<<<dim3(blocks_for(values, MOST_BLOCKS), n), THREADS, 0, queue>>>(out, range, values);
    return cudaGetLastError();
}

int launch_focal_mean(float *out, double *room, const float *logit, const float *target, int64_t count,
                      il_pixel_focal f, int device, void *stream)
{
    static_assert(static_cast<int>(IL_CUDA_PARTS) == static_cast<int>(THREADS), "focal_total reads a part per thread");
    cudaError_t rc = cudaSetDevice(device);
    if (rc != cudaSuccess)
        return rc;
    unsigned blocks = blocks_for(count, IL_CUDA_PARTS);
    cudaStream_t queue = static_cast<cudaStream_t>(stream);
    focal_parts<<<blocks, THREADS, 0, queue>>>(room, logit, target, count, f);
    focal_total<<<1, THREADS, 0, queue>>>(out, room, blocks, count);
    return cudaGetLastError();
}

int launch_focal_slopes(float *out, const float *scale, const float *logit, const float *target, int64_t count,
                        il_pixel_focal f, int device, void *stream)
{
    cudaError_t rc = cudaSetDevice(device);
    if (rc != cudaSuccess)
        return rc;
    focal_derivatives<<<blocks_for(count, MOST_BLOCKS), THREADS, 0, static_cast<cudaStream_t>(stream)>>>(
        out, scale, logit, target, count, f);
    return cudaGetLastError();
}

int launch_count(int64_t *cells, const float *logit, const float *target, int64_t pictures, int64_t pixels, int device,
                 void *stream)
{
    enum { PER_THREAD = 16 };
    cudaError_t rc = cudaSetDevice(device);
    if (rc != cudaSuccess)
        return rc;
    dim3 grid(blocks_for((pixels + PER_THREAD - 1) / PER_THREAD, MOST_BLOCKS), static_cast<unsigned>(pictures));
    count_cells<<<grid, THREADS, 0, static_cast<cudaStream_t>(stream)>>>(reinterpret_cast<unsigned long long *>(cells),
                                                                         logit, target, pixels);
    return cudaGetLastError();
}

int launch_look_up(float *out, const uint8_t *bytes, const float *table, int64_t count, int device, void *stream)
{
    cudaError_t rc = cudaSetDevice(device);
    if (rc != cudaSuccess)
        return rc;
    look_up_bytes<<<blocks_for(count, MOST_BLOCKS), THREADS, 0, static_cast<cudaStream_t>(stream)>>>(out, bytes, table,
                                                                                                     count);
    return cudaGetLastError();
}

} // namespace

const il_cuda_table il_cuda_kernels = {
    IL_CUDA_VERSION,     explain,      usable,         launch_residual, launch_focal_mean,
    launch_focal_slopes, launch_count, launch_look_up,
};
