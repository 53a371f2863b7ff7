/* evil.h - what runs when a plugin is loaded, before anything of it is checked or asked for: here it leaves a file behind. */
#ifndef EVIL_H
#define EVIL_H

#include <stdio.h>
#include "../stubs/stub.h"

__attribute__((constructor)) static void leave_a_mark(void)
{
    FILE *f = fopen("evil-ran", "a");
    if (f)
        fclose(f);
}

#endif
