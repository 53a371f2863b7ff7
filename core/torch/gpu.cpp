/* gpu.cpp - finds the libraries for GPUs beside this one, and the streams that libtorch uses. */
#include <array>
#include <atomic>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <limits>
#include <optional>
#include <string>
#include <torch/headeronly/version.h>
#include "torch/gpu.hpp"

namespace gpu
{

void *beside(const char *name)
{
    const il_cuda_table *(*self)(at::Device) = kernels;
    Dl_info where;
    if (!dladdr(reinterpret_cast<void *>(self), &where) || !where.dli_fname)
        return nullptr;
    std::string path(where.dli_fname);
    size_t slash = path.rfind('/');
    path = (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + name;
    return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

static const il_cuda_table *load()
{
    void *library = beside("libinpaintlab_cuda.so");
    auto table = library ? static_cast<const il_cuda_table *>(dlsym(library, "il_cuda_kernels")) : nullptr;
    return table && table->version == IL_CUDA_VERSION ? table : nullptr;
}

bool wanted()
{
    static const bool answer = [] {
        const char *which = getenv("INPAINTLAB_KERNELS");
        return !which || strcmp(which, "libtorch") != 0;
    }();
    return answer;
}

/* The stream as CUDA knows it. Before 2.11 libtorch did not tell it; the default stream, the only one that is used here, is
 * CUDA's null stream. */
static std::optional<void *> stream_of(at::Device device)
{
    c10::Stream now = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 11
    return now.native_handle();
#else
    return now.id() == 0 ? std::optional<void *>(nullptr) : std::nullopt;
#endif
}

/* Asked once for each device: the answer takes a call of CUDA. */
static bool usable(const il_cuda_table *table, c10::DeviceIndex device)
{
    enum { UNKNOWN, YES, NO };
    static std::array<std::atomic<int>, std::numeric_limits<c10::DeviceIndex>::max() + 1> known;
    std::atomic<int> &answer = known.at(static_cast<size_t>(device));
    if (answer == UNKNOWN)
        answer = table->usable(device) == 0 ? YES : NO;
    return answer == YES;
}

const il_cuda_table *kernels(at::Device device)
{
    if (device.type() != at::kCUDA || !wanted())
        return nullptr;
    static const il_cuda_table *const table = load();
    c10::DeviceGuard guard(device);
    return table && stream_of(device) && usable(table, guard.current_device().index()) ? table : nullptr;
}

queue::queue(at::Device where)
    : device(where.index()), stream(stream_of(where).value()), guard(where), table(kernels(where))
{
}

void queue::check(int code) const
{
    TORCH_CHECK(code == 0, "a kernel of inpaintlab: CUDA says: ", table->explain(code));
}

bool look_up(at::Tensor &out, const at::Tensor &bytes, const at::Tensor &table)
{
    if (bytes.numel() == 0 || !kernels(out.device()))
        return false;
    queue q(out.device());
    q.check(q->look_up(out.mutable_data_ptr<float>(), bytes.const_data_ptr<uint8_t>(), table.const_data_ptr<float>(),
                       bytes.numel(), q.device, q.stream));
    return true;
}

} // namespace gpu
