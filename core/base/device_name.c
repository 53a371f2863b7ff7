/* device_name.c - reads auto, cpu, cuda and cuda:N. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/device_name.h"

int il_device_name_parse(il_device_name *out, const char *text, il_err *e)
{
    static const char prefix[] = "cuda:";
    const char *number = strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
    *out = (il_device_name){ strcmp(text, "auto") == 0  ? IL_WANTED_AUTO
                             : strcmp(text, "cpu") == 0 ? IL_WANTED_CPU
                                                        : IL_WANTED_CUDA,
                             0 };
    if (out->kind != IL_WANTED_CUDA || strcmp(text, "cuda") == 0)
        return IL_OK;
    errno = 0;
    long index = number && *number && number[strspn(number, "0123456789")] == '\0' ? strtol(number, NULL, 10) : -1;
    if (index < 0 || index > INT_MAX || errno)
        return il_fail(e, IL_EUSAGE, "--device: '%s' is not auto, cpu, cuda or cuda:N", text);
    out->index = (int)index;
    return IL_OK;
}
