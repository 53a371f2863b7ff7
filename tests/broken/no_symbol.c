/* no_symbol.c - a shared object that is no plugin; its constructor may not run. */
#include <stdlib.h>

__attribute__((constructor)) static void start(void)
{
    setenv("BROKEN_PLUGIN_RAN", "constructor", 1);
}
