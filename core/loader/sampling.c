/* sampling.c - the loader's random choices. */
#include <inpaintlab/random.h>
#include "loader/sampling.h"

enum purpose { ORDER, LEFT, TOP, FLIP, AUGMENT };
#define DRAW UINT64_C(0x647261772d736565) /* separates the readers' seeds from the others */

uint64_t il_sampling_key(const il_sampling *s, size_t number)
{
    return il_random_mix(il_random_mix(il_random_mix(s->seed) + (uint64_t)s->epoch) + number);
}

/* 0 .. n - 1; the modulo's bias is below 2^-32 */
static size_t choose(const il_sampling *s, size_t number, enum purpose purpose, size_t n)
{
    return (size_t)(il_random_mix(il_sampling_key(s, number) + (uint64_t)purpose) % n);
}

uint64_t il_sampling_seed(const il_sampling *s, size_t number)
{
    uint64_t epoch = s->shuffle ? (uint64_t)s->epoch : 0;
    return il_random_mix(il_random_mix(il_random_mix(s->seed ^ DRAW) + epoch) + number);
}

uint64_t il_sampling_stream(const il_sampling *s, const char *name, size_t crop)
{
    return il_random_mix(il_sampling_key(s, (size_t)il_random_seed(crop, name)) + AUGMENT);
}

/* Fisher-Yates. */
void il_sampling_order(uint32_t *order, size_t count, const il_sampling *s)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = count; s->shuffle && i-- > 1;) {
        size_t j = choose(s, i, ORDER, i + 1);
        uint32_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
}

il_window il_sampling_window(const il_sampling *s, size_t number, int width, int height)
{
    il_window w = { 0 };
    if (s->crop && width > s->crop)
        w.left = (int)choose(s, number, LEFT, (size_t)(width - s->crop) + 1);
    if (s->crop && height > s->crop)
        w.top = (int)choose(s, number, TOP, (size_t)(height - s->crop) + 1);
    if (s->flip)
        w.flip = choose(s, number, FLIP, 2) == 1;
    return w;
}
