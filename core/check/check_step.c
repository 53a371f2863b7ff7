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

int il_check_step_model_open(il_model *out, const il_plugin_check *c, uint64_t seed, il_err *e)
{
    int rc = il_model_open(out, &c->choice, (il_model_opts){ .seed = seed }, e);
    if (!rc)
        out->multiple = c->multiple;
    return rc;
}

il_test_input_size il_check_step_suited(const il_model *m, il_test_input_size z)
{
    const int64_t of = m->multiple > 0 ? m->multiple : 1;
    return (il_test_input_size){ z.n, (z.height + of - 1) / of * of, (z.width + of - 1) / of * of };
}
