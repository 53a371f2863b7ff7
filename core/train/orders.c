/* orders.c - what the first of several processes tells the others to do together. */
#include "train/orders.h"

int il_orders_take(il_work_order *o, il_ranks *ranks, il_err *e)
{
    return il_ranks_broadcast(ranks, o, sizeof *o, e);
}

int il_orders_give(il_ranks *ranks, const il_work_order *o, il_err *e)
{
    il_work_order sent = *o;
    int rc = ranks ? il_ranks_broadcast(ranks, &sent, sizeof sent, e) : IL_OK;
    return rc ? rc : il_ranks_agree(ranks, IL_OK, e);
}
