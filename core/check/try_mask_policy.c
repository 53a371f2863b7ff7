/* try_mask_policy.c - checks of mask policies: 256 labels in [0,1], always the same. */
#include <math.h>
#include <string.h>
#include "check/leak.h"

enum { LEVELS = 256 };

static int labels_of(float out[LEVELS], const il_plugin_check *c, il_err *e)
{
    void *self = NULL;
    int rc = il_check_step_open(&self, c, e);
    if (rc)
        return rc;
    for (int grey = 0; grey < LEVELS; grey++)
        out[grey] = c->plugin->mask_policy->label(self, (uint8_t)grey);
    c->plugin->close(self);
    return IL_OK;
}

static int range(il_plugin_check *c, il_err *e)
{
    float label[LEVELS];
    int first = LEVELS, rc = labels_of(label, c, e);
    for (int grey = 0; grey < LEVELS && !rc; grey++) {
        if (!(label[grey] >= 0 && label[grey] <= 1))
            rc = il_fail(e, IL_EPLUGIN, "grey level %d becomes %g; expected a number from 0 to 1", grey,
                         (double)label[grey]);
        if (label[grey] > 0 && first == LEVELS)
            first = grey;
    }
    if (rc)
        return rc;
    if (first == LEVELS)
        return il_fail(e, IL_EPLUGIN, "every grey level becomes 0; expected some to be above 0");
    il_check_step_note(c, "256 levels from 0 to 1; the first above 0 is %d, which becomes %g; 255 becomes %g", first,
                       (double)label[first], (double)label[LEVELS - 1]);
    return IL_OK;
}

static int same(il_plugin_check *c, il_err *e)
{
    float once[LEVELS], again[LEVELS];
    int rc = labels_of(once, c, e);
    if (!rc)
        rc = labels_of(again, c, e);
    for (int grey = 0; grey < LEVELS && !rc; grey++)
        if (once[grey] != again[grey])
            rc = il_fail(e, IL_EPLUGIN, "grey level %d becomes %g, and %g in another instance; expected the same", grey,
                         (double)once[grey], (double)again[grey]);
    if (!rc)
        il_check_step_note(c, "two instances agree");
    return rc;
}

static int one_round(il_plugin_check *c, il_err *e)
{
    float label[LEVELS];
    return labels_of(label, c, e);
}

static int growth(il_plugin_check *c, il_err *e)
{
    return il_leak_check(c, "open, 256 labels, close", one_round, e);
}

const il_check_step il_check_step_mask_policy[] = {
    { "range", range, false },
    { "same", same, false },
    { "memory", growth, false },
    { NULL, NULL, false },
};
