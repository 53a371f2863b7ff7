/* test_device_name.c - what --device may say. */
#include <criterion/criterion.h>
#include <string.h>
#include "base/device_name.h"

static void check(const char *text, il_device_wanted kind, int index)
{
    il_device_name name;
    il_err e = { 0 };
    cr_assert_eq(il_device_name_parse(&name, text, &e), IL_OK, "%s", e.message);
    cr_assert_eq(name.kind, kind, "%s", text);
    cr_assert_eq(name.index, index, "%s", text);
}

Test(device_name, is_read)
{
    check("auto", IL_WANTED_AUTO, 0);
    check("cpu", IL_WANTED_CPU, 0);
    check("cuda", IL_WANTED_CUDA, 0);
    check("cuda:0", IL_WANTED_CUDA, 0);
    check("cuda:2147483647", IL_WANTED_CUDA, 2147483647);
}

Test(device_name, anything_else_is_refused)
{
    static const char *const wrong[] = {
        "",        "gpu",     "CPU",     "cuda:",           "cuda:x",
        "cuda:1x", "cuda:-1", "cuda: 1", "cuda:2147483648", "cuda:99999999999999999999",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_device_name name;
        il_err e = { 0 };
        cr_assert_eq(il_device_name_parse(&name, wrong[i], &e), IL_EUSAGE, "%s", wrong[i]);
        cr_assert_not_null(strstr(e.message, "is not auto, cpu, cuda or cuda:N"), "%s", e.message);
    }
}
