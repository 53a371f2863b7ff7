/* host.c - what plugins may know of the program that loads them. */
#include <inpaintlab/plugin.h>

const il_host *il_host_get(void)
{
    static const il_host host = {
        .size = sizeof host,
        .name = "inpaintlab",
        .vendor = "The inpaintlab authors",
        .version = IL_VERSION,
        .abi = IL_ABI,
    };
    return &host;
}
