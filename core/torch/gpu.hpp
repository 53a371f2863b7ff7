/* gpu.hpp - our own kernels for a GPU: libinpaintlab_cuda.so, loaded where there is one. */
#ifndef IL_TORCH_GPU_HPP
#define IL_TORCH_GPU_HPP

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>
#include "torch/kernels/cuda.h"

namespace gpu
{

/* Whether what is our own (kernels on any device, products of conv.cpp) is to be used: not when INPAINTLAB_KERNELS is
 * "libtorch". */
bool wanted();

/* Loads the library of that name from this library's folder; nullptr: it is not there, or lacks what it needs. */
void *beside(const char *name);

/* The kernels for a device; nullptr: there are none, and libtorch's operations serve. */
const il_cuda_table *kernels(at::Device device);

/* The current stream of a device that has kernels, where launches stand in order with libtorch's work. The device is the
 * current one for as long. */
class queue
{
  public:
    explicit queue(at::Device where);
    const il_cuda_table *operator->() const
    {
        return table;
    }
    void check(int code) const; /* throws when CUDA refused a launch */
    const int device;
    void *const stream;

  private:
    c10::DeviceGuard guard;
    const il_cuda_table *table;
};

/* Bytes as table[byte], in out, which has as many elements; false: no kernel, nothing done. All on one device. */
bool look_up(at::Tensor &out, const at::Tensor &bytes, const at::Tensor &table);

} // namespace gpu

#endif
