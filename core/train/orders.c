/* orders.c - what the first of several processes tells the others to do together. */
#include "train/orders.h"

int il_orders_take(il_work_order *o, il_world *world, il_err *e)
{
    return il_world_broadcast(world, o, sizeof *o, e);
}

int il_orders_give(il_world *world, const il_work_order *o, il_err *e)
{
    il_work_order sent = *o;
    int rc = world ? il_world_broadcast(world, &sent, sizeof sent, e) : IL_OK;
    return rc ? rc : il_world_agree(world, IL_OK, e);
}
