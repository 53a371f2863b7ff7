/* host.c - the machine that the program runs on, in words. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/host.h"

il_host_words il_host_name(void)
{
    il_host_words w = { "?" };
    if (gethostname(w.text, sizeof w.text - 1) != 0)
        strcpy(w.text, "?");
    return w;
}

il_host_words il_host_processor(void)
{
    static const char key[] = "model name";
    il_host_words w = { "" };
    struct utsname system;
    char line[512];
    FILE *info = fopen("/proc/cpuinfo", "r");
    while (info && !*w.text && fgets(line, sizeof line, info)) {
        const char *value = strncmp(line, key, strlen(key)) == 0 ? strstr(line, ": ") : NULL;
        if (value)
            snprintf(w.text, sizeof w.text, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
    }
    if (info)
        fclose(info);
    if (!*w.text && uname(&system) == 0)
        snprintf(w.text, sizeof w.text, "%s", system.machine);
    return w;
}

il_host_words il_host_job(void)
{
    il_host_words w = { "" };
    const char *array = getenv("SLURM_ARRAY_JOB_ID"), *task = getenv("SLURM_ARRAY_TASK_ID"),
               *job = getenv("SLURM_JOB_ID");
    if (array && task)
        snprintf(w.text, sizeof w.text, "%.100s_%.100s", array, task);
    else if (job)
        snprintf(w.text, sizeof w.text, "%.200s", job);
    return w;
}

long il_host_restarts(void)
{
    const char *count = getenv("SLURM_RESTART_COUNT");
    long n = count ? strtol(count, NULL, 10) : 0;
    return n > 0 ? n : 0;
}

int il_host_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (int)cores : 1;
}

int il_host_own_cores(void)
{
    cpu_set_t own;
    return sched_getaffinity(0, sizeof own, &own) == 0 ? CPU_COUNT(&own)
                                                       : il_host_cores(); /* more than the set has room for */
}
