/* orders.h - what the first of several processes tells the others to do together. */
#ifndef IL_TRAIN_ORDERS_H
#define IL_TRAIN_ORDERS_H

#include "parallel/world.h"

typedef enum il_order_kind { IL_ORDER_TRAIN = 1, IL_ORDER_TEST, IL_ORDER_END } il_order_kind;

typedef struct il_work_order {
    il_order_kind kind;
    size_t run, test; /* numbers in the plan, and among the run's tests */
    char hash[65];    /* of the run: all see the same settings and files */
} il_work_order;

/* Rank 0: returns when all are ready for it, or one of them cannot do it. world NULL: nothing. */
int il_orders_give(il_world *world, const il_work_order *o, il_err *e);
/* The other ranks: the next one. Each then says by il_world_agree whether it is ready. */
int il_orders_take(il_work_order *o, il_world *world, il_err *e);

#endif
