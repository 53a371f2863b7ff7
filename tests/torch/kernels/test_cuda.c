/* The library of kernels loads without a GPU too, has what the shim expects, and says that it cannot run. */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include "torch/kernels/cuda.h"

Test(cuda, library_loads)
{
    void *library = dlopen(BUILD_DIR "/libinpaintlab_cuda.so", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        cr_skip_test("built without nvcc");
    const il_cuda_table *k = dlsym(library, "il_cuda_kernels");
    cr_assert_not_null(k, "%s", dlerror());
    cr_assert_eq(k->version, IL_CUDA_VERSION);
    cr_assert(k->explain && k->usable && k->residual && k->focal_mean && k->focal_slopes && k->count && k->look_up);
    int code = k->usable(4096); /* there is no such device anywhere */
    cr_assert_neq(code, 0);
    cr_expect_gt(strlen(k->explain(code)), 5);
}
