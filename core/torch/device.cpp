/* device.cpp - implements device.h: devices by name, and libtorch in this process. */
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <string>
#include <inpaintlab/device.h>
#include "base/device_name.h"
#include "torch/shim.hpp"
#include "torch/start.h"

#define DRIVER "libcuda.so.1"

/* Why a driver gives no GPU: the loader's words about it, or about libtorch's CUDA half, if one cannot be loaded. Written
 * once, by il_torch_init. */
static char refusal[500];

static void *load_driver()
{
    static const char absent[] = DRIVER ": cannot open shared object file"; /* one that is there is named by its path */
    void *library = dlopen(DRIVER, RTLD_NOW | RTLD_LOCAL);
    const char *why = library ? nullptr : dlerror();
    if (why && strncmp(why, absent, sizeof absent - 1) != 0)
        snprintf(refusal, sizeof refusal, "the NVIDIA driver cannot be loaded: %s", why);
    return library;
}

static void *driver()
{
    static void *const library = load_driver();
    return library;
}

/* libtorch's CUDA half lies beside its other one, or where the loader looks. */
static bool load_cuda_half()
{
    int (*known)() = at::get_num_threads;
    Dl_info where;
    std::string path = "libtorch_cuda.so";
    if (dladdr(reinterpret_cast<void *>(known), &where) && where.dli_fname) {
        std::string beside(where.dli_fname);
        size_t slash = beside.rfind('/');
        if (slash != std::string::npos)
            path = beside.substr(0, slash + 1) + path;
    }
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL))
        return true;
    const char *why = dlerror();
    snprintf(refusal, sizeof refusal, "%s; 'tools/setup', run where the driver is, fetches what is missing",
             why ? why : path.c_str());
    return dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
}

void il_torch_init(void)
{
    shim::guard(nullptr, "libtorch", [] {
        if (driver() && load_cuda_half()) /* without a driver, gigabytes would be loaded in vain */
            refusal[0] = '\0';
        shim::float32_rules(false, true);
    });
}

int il_torch_threads(int threads)
{
    int now = 1;
    shim::guard(nullptr, "threads", [&] {
        if (threads > 0)
            at::set_num_threads(threads);
        now = at::get_num_threads();
    });
    return now;
}

static int cuda_count(void)
{
    int count = 0;
    shim::guard(nullptr, "cuda", [&] {
        if (at::detail::getCUDAHooks().hasCUDA())
            count = at::detail::getCUDAHooks().getNumGPUs();
    });
    return count;
}

/* libtorch_cpu knows little of a GPU; the driver knows it. */
template <class F> static F *driver_call(const char *name)
{
    return driver() ? reinterpret_cast<F *>(dlsym(driver(), name)) : nullptr;
}

const char *il_device_refusal(void)
{
    if (cuda_count() > 0)
        return nullptr;
    if (refusal[0] || !driver())
        return refusal[0] ? refusal : nullptr;
    auto start = driver_call<int(unsigned)>("cuInit");
    auto count = driver_call<int(int *)>("cuDeviceGetCount");
    int devices = 0;
    bool some = start && count && start(0) == 0 && count(&devices) == 0 && devices > 0;
    return some ? "libtorch's CUDA cannot use the driver's devices; is the driver too old?"
                : "the driver shows no device";
}

int il_device_parse(il_device *out, const char *text, il_err *e)
{
    il_device_name name;
    int count = cuda_count(), rc = il_device_name_parse(&name, text, e);
    if (rc)
        return rc;
    if (name.kind == IL_WANTED_CPU || (name.kind == IL_WANTED_AUTO && count == 0)) {
        *out = { IL_DEVICE_CPU, 0 };
        return IL_OK;
    }
    if (count == 0) {
        const char *why = il_device_refusal();
        return il_fail(e, IL_EDEVICE, "device '%s': no CUDA device can be used here: %s", text,
                       why ? why : "no NVIDIA driver (" DRIVER ") is installed");
    }
    if (name.index >= count)
        return il_fail(e, IL_EDEVICE, "device '%s': the last CUDA device is cuda:%d", text, count - 1);
    *out = { IL_DEVICE_CUDA, name.index };
    return IL_OK;
}

void il_device_text(il_device d, char *out, size_t size)
{
    if (d.kind == IL_DEVICE_CUDA)
        snprintf(out, size, "cuda:%d", d.index);
    else
        snprintf(out, size, "cpu");
}

/* The driver's handle of a device. */
static bool cuda_device(int *handle, int index)
{
    auto start = driver_call<int(unsigned)>("cuInit");
    auto get = driver_call<int(int *, int)>("cuDeviceGet");
    return start && get && start(0) == 0 && get(handle, index) == 0;
}

static bool cuda_title(int index, char *out, size_t size)
{
    int handle = 0;
    auto name = driver_call<int(char *, int, int)>("cuDeviceGetName");
    return name && cuda_device(&handle, index) && name(out, static_cast<int>(size), handle) == 0;
}

int shim::compute_capability(il_device d)
{
    enum { MAJOR = 75, MINOR = 76 }; /* of CUdevice_attribute */
    int handle = 0, major = 0, minor = 0;
    auto get = driver_call<int(int *, int, int)>("cuDeviceGetAttribute");
    if (!get || !cuda_device(&handle, d.index) || get(&major, MAJOR, handle) != 0 || get(&minor, MINOR, handle) != 0)
        return 0;
    return 10 * major + minor;
}

void il_device_title(il_device d, char *out, size_t size)
{
    il_device_text(d, out, size);
    if (d.kind == IL_DEVICE_CUDA) {
        if (!cuda_title(d.index, out, size))
            il_device_text(d, out, size);
        return;
    }
    shim::guard(nullptr, "title", [&] {
        std::ifstream info("/proc/cpuinfo");
        for (std::string line; std::getline(info, line);)
            if (line.compare(0, 10, "model name") == 0 && line.find(": ") != std::string::npos) {
                snprintf(out, size, "%s", line.substr(line.find(": ") + 2).c_str());
                return;
            }
    });
}
