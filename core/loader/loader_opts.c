/* loader_opts.c - how a run loads what it trains on, and what it is validated and tested on. */
#include "loader/loader.h"

il_loader_opts il_loader_of_run(const il_run *run, il_device device, const il_observer *observer)
{
    return (il_loader_opts){ .batch = run->training.batch,
                             .size = run->training.size,
                             .crops = 1,
                             .count_padding = run->training.as_published,
                             .missing = run->missing,
                             .run = run->name,
                             .device = device,
                             .observer = observer };
}

il_loader_opts il_loader_of_training(const il_run *run, il_loader_opts validating)
{
    const il_training *t = &run->training;
    il_loader_opts o = validating;
    o.crop = t->crop;
    o.crops = t->crops;
    o.flip = t->flip;
    o.pairs = t->pairs;
    o.augment = &t->augment;
    o.shuffle = true;
    o.seed = run->seed;
    return o;
}
