/* pixels.cpp - il_from_pixels: bytes to the device, and there through a table. */
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>
#include <cstring>
#include "torch/gpu.hpp"
#include "torch/pixels.h"
#include "torch/shim.hpp"

namespace
{

const int64_t GRAIN = 1 << 15; /* values that are worth a thread */
const int64_t LEVELS = 256;

at::Tensor look_up(const uint8_t *pixels, const int64_t shape[4], const float *table)
{
    at::Tensor out = at::empty({ shape[0], shape[3], shape[1], shape[2] }, at::kFloat, at::MemoryFormat::ChannelsLast);
    float *to = out.data_ptr<float>();
    at::parallel_for(0, out.numel(), GRAIN, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
            to[i] = table[pixels[i]];
    });
    return out;
}

/* The stream for copies: one, so that its memory is used again and again. */
c10::Stream copy_stream(const c10::impl::VirtualGuardImpl &guard, c10::Device device)
{
    static const c10::Stream first = guard.getStreamFromGlobalPool(device);
    return first.device() == device ? first : guard.getStreamFromGlobalPool(device);
}

/* libtorch gives page-locked memory out again only when the copies from it are over. */
at::Tensor send(const void *data, at::IntArrayRef shape, at::ScalarType type, c10::Device device)
{
    at::Tensor staged = at::empty(shape, at::TensorOptions(type).pinned_memory(true));
    memcpy(staged.data_ptr(), data, staged.nbytes());
    return staged.to(device, /*non_blocking=*/true);
}

/* The copies wait for nothing that the device computes; the look-up waits for them. */
at::Tensor look_up_there(const uint8_t *pixels, at::IntArrayRef shape, const float *table, c10::Device device)
{
    c10::impl::VirtualGuardImpl guard(device.type());
    c10::Stream compute = guard.getStream(device), copies = copy_stream(guard, device);
    at::Tensor bytes, values;
    {
        c10::StreamGuard during(copies);
        bytes = send(pixels, shape, at::kByte, device);
        values = send(table, { LEVELS }, at::kFloat, device);
    }
    c10::Event sent(device.type());
    sent.record(copies);
    sent.block(compute);
    bytes.record_stream(compute); /* their memory belongs to the other stream */
    values.record_stream(compute);
    at::Tensor out = at::empty({ shape[0], shape[3], shape[1], shape[2] }, values.options(),
                               at::MemoryFormat::ChannelsLast);
    if (gpu::look_up(out, bytes, values))
        return out;
    return at::index_select(values, 0, bytes.to(at::kInt).view(-1)).view(shape).permute({ 0, 3, 1, 2 });
}

} // namespace

il_tensor *il_from_pixels(il_scope *s, const uint8_t *pixels, int64_t n, int64_t height, int64_t width, int channels,
                          const float table[256])
{
    return shim::run(s, "from_pixels", {}, [&] {
        const int64_t shape[] = { n, height, width, channels };
        for (int64_t side : shape)
            TORCH_CHECK(side > 0, "(", n, ",", height, ",", width, ",", channels, ") is not a shape of images");
        c10::Device device = shim::device(s->opts.device);
        return device.is_cpu() ? look_up(pixels, shape, table) : look_up_there(pixels, shape, table, device);
    });
}
