/* process_memory.c - reads /proc/self. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include "bench/process_memory.h"

bool il_process_memory_reset(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (!f)
        return false;
    bool written = fputs("5", f) != EOF; /* 5: VmHWM becomes VmRSS; see proc(5) */
    return fclose(f) == 0 && written;
}

/* "VmRSS:     1234 kB" */
static int64_t read_line(const char *name)
{
    char line[200];
    int64_t bytes = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && bytes < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0)
            bytes = strtoll(line + strlen(name), NULL, 10) * 1024;
    if (f)
        fclose(f);
    return bytes;
}

int64_t il_process_memory_now(void)
{
    return read_line("VmRSS:");
}

int64_t il_process_memory_peak(void)
{
    return read_line("VmHWM:");
}
