/* budget.h - how much memory pictures may take while they are decoded, for all threads together: a header can claim any
 * size, and a few bytes can hold it.
 *
 *     il_budget_enter();
 *     … read pictures, make them small, free them …
 *     il_budget_leave();
 *
 * What is read between the two counts until the end; other threads wait where there is no room. A reader of one picture
 * enters and leaves by itself, and calls nest. In between, a thread must not wait for anything else. */
#ifndef IL_IMAGE_BUDGET_H
#define IL_IMAGE_BUDGET_H

#include <stdint.h>
#include <inpaintlab/error.h>

/* Before threads are started. 0: a quarter of the machine's memory, at least 4 GiB, which any two pictures fit into. */
void il_budget_set(uint64_t bytes);

void il_budget_enter(void);
void il_budget_leave(void);

/* Waits for room. IL_ENOMEM, which says nothing about the data, when the file or the picture needs more than all of it. */
int il_budget_take_file(uint64_t bytes, const char *path, il_err *e);
int il_budget_take_picture(int64_t width, int64_t height, const char *path, il_err *e);

#endif
