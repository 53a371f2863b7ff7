/* driver.c - libcuda.so.1 of a machine with one old GPU that nothing can be run on. */
#include <stdio.h>

int cuInit(unsigned flags);
int cuDeviceGetCount(int *count);
int cuDeviceGet(int *device, int ordinal);
int cuDeviceGetName(char *name, int size, int device);
int cuDeviceGetAttribute(int *value, int which, int device);

int cuInit(unsigned flags)
{
    return (int)flags;
}

int cuDeviceGetCount(int *count)
{
    *count = 1;
    return 0;
}

int cuDeviceGet(int *device, int ordinal)
{
    *device = ordinal;
    return ordinal != 0;
}

int cuDeviceGetName(char *name, int size, int device)
{
    snprintf(name, (size_t)size, "Stub %d", device);
    return 0;
}

/* Compute capability 7.5. */
int cuDeviceGetAttribute(int *value, int which, int device)
{
    *value = which == 75 ? 7 : 5;
    return device;
}
