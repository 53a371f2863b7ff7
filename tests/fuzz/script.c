/* script.c - TorchScript archives, as far as they are read before libtorch reads them. */
#include "base/file.h"
#include "fuzz.h"
#include "torch/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    int fd = -1;
    uint64_t bytes = 0;
    if (il_file_open(&fd, &bytes, fuzz_file("model.pt", data, size), IL_FILE_ANY, &e) != IL_OK)
        abort();
    fuzz_told(il_script_check(fd, bytes, &e), &e);
    close(fd);
    return 0;
}
