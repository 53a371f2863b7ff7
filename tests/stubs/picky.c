/* picky.c - stub mask policy that refuses a level above 5 when opened, and counts in PICKY_OPEN and
 * PICKY_EVER where those are set. */
#include <stdio.h>
#include <stdlib.h>
#include "stub.h"

static void count(const char *variable, int step)
{
    const char *old = getenv(variable);
    char text[32];
    if (!old)
        return;
    snprintf(text, sizeof text, "%d", (int)strtol(old, NULL, 10) + step);
    setenv(variable, text, 1);
}

static int picky_open(void **out, const il_params *p, il_err *e)
{
    int level = (int)il_params_int(p, "level");
    if (level > 5)
        return il_fail(e, IL_EPARAM, "level: %d is too much to open", level);
    count("PICKY_OPEN", 1);
    count("PICKY_EVER", 1);
    *out = malloc(1);
    return *out ? IL_OK : il_fail_oom(e);
}

static void picky_close(void *self)
{
    if (self)
        count("PICKY_OPEN", -1);
    free(self);
}

static const il_param_spec params[] = { { "level", IL_PARAM_INT, "1", 0, 255, NULL, "grey level" }, { 0 } };
static const il_mask_policy_ops ops = { .label = stub_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "picky",
    .revision = 1,
    .params = params,
    .open = picky_open,
    .close = picky_close,
    .mask_policy = &ops,
};
