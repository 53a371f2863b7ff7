/* imports.c - import statements of a Python file. */
#include "fuzz.h"
#include "imports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imports all = { 0 };
    il_err e = { 0 };
    const char *path = fuzz_file("net.py", data, size);
    fuzz_file("a.py", (const uint8_t *)"from . import net", 17);
    fuzz_told(imports_find(&all, path, &e), &e);
    imports_free(&all);
    return 0;
}
