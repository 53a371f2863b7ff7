/* rank_part.c - which images of an epoch one of several processes loads. */
#include "loader/rank_part.h"

bool il_rank_part_divides(const il_rank_part *p)
{
    return p->ranks > 1 && !p->turns;
}

bool il_rank_part_owns(const il_rank_part *p, size_t position)
{
    if (p->ranks < 2)
        return true;
    size_t batch = position / (size_t)p->batch, place = position % (size_t)p->batch;
    size_t number = il_rank_part_divides(p) ? place : batch / (size_t)p->turns;
    return number % (size_t)p->ranks == (size_t)p->own;
}

size_t il_rank_part_length(const il_rank_part *p, size_t total, size_t batch)
{
    size_t begin = batch * (size_t)p->batch, most = (size_t)p->batch;
    size_t n = total - begin < most ? total - begin : most, own = (size_t)p->own;
    if (il_rank_part_divides(p))
        return n > own ? (n - own - 1) / (size_t)p->ranks + 1 : 0;
    return il_rank_part_owns(p, begin) ? n : 0;
}

int il_rank_part_place(const il_rank_part *p, size_t position)
{
    int place = (int)(position % (size_t)p->batch);
    return il_rank_part_divides(p) ? place / p->ranks : place;
}
