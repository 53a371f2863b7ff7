/* device.c - the option --device. */
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"

int il_cli_device(il_device *out, const char *text, il_err *e)
{
    int rc = il_device_parse(out, text, e);
    if (!rc && out->kind == IL_DEVICE_CPU && strcmp(text, "auto") == 0 && il_device_refusal())
        fprintf(stderr, "inpaintlab: device 'auto': the CPU is used, because the GPU cannot be: %s\n",
                il_device_refusal());
    return rc;
}
