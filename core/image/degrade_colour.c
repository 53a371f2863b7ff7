/* degrade_colour.c - brightness, contrast and saturation. */
#include <stddef.h>
#include "image/degrade_parts.h"

/* A pixel moved away from `other`, or towards it where the factor is below 1. Each operation is rounded to float32. */
static uint8_t blend(double factor, float value, float other)
{
    float sum = (float)factor * value + (float)(1 - factor) * other;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static uint8_t grey_of(const uint8_t *rgb)
{
    return (uint8_t)(0.2989f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]);
}

/* Every value moved away from one other. */
static void blend_all(il_image *image, double factor, float other)
{
    uint8_t table[256];
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    for (int v = 0; v < 256; v++)
        table[v] = blend(factor, (float)v, other);
    for (size_t i = 0; i < n; i++)
        image->pixels[i] = table[image->pixels[i]];
}

static float mean_grey(const il_image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height, step = (size_t)image->channels;
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += step == 3 ? grey_of(image->pixels + 3 * i) : image->pixels[i];
    return (float)((double)sum / (double)n);
}

static void saturate(il_image *image, double factor)
{
    size_t n = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < n && image->channels == 3; i++) {
        uint8_t *rgb = image->pixels + 3 * i, grey = grey_of(rgb);
        for (int c = 0; c < 3; c++)
            rgb[c] = blend(factor, rgb[c], grey);
    }
}

void il_degrade_jitter(il_image *image, const il_jitter *jitter)
{
    for (int i = 0; i < jitter->count; i++) {
        double factor = jitter->factor[jitter->order[i]];
        switch (jitter->order[i]) {
        case IL_JITTER_BRIGHTNESS: blend_all(image, factor, 0); break;
        case IL_JITTER_CONTRAST: blend_all(image, factor, mean_grey(image)); break;
        default: saturate(image, factor);
        }
    }
}
