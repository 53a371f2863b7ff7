/* check_step.c - what the checks of one plugin share. */
#include <stdarg.h>
#include <stdio.h>
#include "check/check_step.h"

void il_step_note(il_trial *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(c->note, sizeof c->note, format, list);
    va_end(list);
}

int il_step_skip(il_trial *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(c->note, sizeof c->note, format, list);
    va_end(list);
    c->skipped = true;
    return IL_OK;
}

int il_step_open(void **out, const il_trial *c, il_err *e)
{
    return c->plugin->open(out, c->choice.params, e);
}
