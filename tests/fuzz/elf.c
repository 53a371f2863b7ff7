/* elf.c - shared objects, which are read before they are loaded. */
#include "fuzz.h"
#include "plugin/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    uint32_t word = 0;
    bool found = false;
    int rc = il_elf_word(&word, &found, fuzz_file("plugin.so", data, size), "il_plugin_entry", &e);
    fuzz_told(rc, &e);
    if ((rc || !found) && word)
        abort();
    return 0;
}
