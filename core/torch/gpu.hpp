/* gpu.hpp - our own kernels for a GPU: libinpaintlab_cuda.so, loaded where there is one. */
#ifndef IL_GPU_HPP
#define IL_GPU_HPP

#include <ATen/core/Tensor.h>
#include "kernels/cuda.h"

namespace gpu {

/* Whether kernels of our own, on any device, are to be used: not when INPAINTLAB_KERNELS is "libtorch". */
bool wanted();

/* The kernels for a device; nullptr: there are none, and libtorch's operations serve. */
const il_cuda_table *kernels(at::Device device);

/* A launch on the device's current stream, so in order with libtorch's work. Throws when CUDA refuses it. */
class queue {
public:
    explicit queue(at::Device device);
    int device() const { return where.index(); }
    void *stream() const { return handle; }
    void check(int code) const;

private:
    at::Device where;
    void *handle;
    const il_cuda_table *table;
};

/* Bytes as table[byte], in out, which has as many elements; false: no kernel, nothing done. All on one device. */
bool look_up(at::Tensor &out, const at::Tensor &bytes, const at::Tensor &table);

} // namespace gpu

#endif
