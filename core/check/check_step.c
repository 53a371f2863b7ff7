/* check_step.c - what the checks of one plugin share. */
#include <stdarg.h>
#include <stdio.h>
#include "check/check_step.h"

void il_check_step_note(il_plugin_check *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(c->note, sizeof c->note, format, list);
    va_end(list);
}

int il_check_step_skip(il_plugin_check *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(c->note, sizeof c->note, format, list);
    va_end(list);
    c->skipped = true;
    return IL_OK;
}

int il_check_step_open(void **out, const il_plugin_check *c, il_err *e)
{
    return c->plugin->open(out, c->choice.params, e);
}
