/* left_out.h - how many images could not be read. */
#ifndef IL_TRAIN_LEFT_OUT_H
#define IL_TRAIN_LEFT_OUT_H

#include "loader/loader.h"
#include "parallel/world.h"

/* Adds to *out those that some rank could not read, each once. world NULL: this process. */
int il_left_out_add(size_t *out, const il_loader *l, const il_source *src, il_world *world, il_err *e);

#endif
