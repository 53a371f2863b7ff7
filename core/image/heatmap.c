/* heatmap.c - heat map and overlay. */
#include <math.h>
#include "image/heatmap.h"

/* ---- heat ---- */

/* Linear light -> sRGB byte. */
static uint8_t encode(double light)
{
    light = light < 0 ? 0 : light > 1 ? 1 : light;
    double v = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return (uint8_t)lrint(v * 255);
}

/* OKLab (Ottosson 2020) to sRGB: equal steps of its lightness look equal. */
static void from_oklab(uint8_t rgb[3], double lightness, double a, double b)
{
    double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
    double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
    double s = lightness - 0.0894841775 * a - 1.2914855480 * b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    rgb[0] = encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
    rgb[1] = encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
    rgb[2] = encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

/* The hue goes from violet (-60 degrees) to yellow (105); chroma is highest in the middle. */
static void heat_colour(uint8_t rgb[3], double t)
{
    const double turn = acos(-1) / 180;
    double hue = (-60 + 165 * t) * turn, chroma = 0.05 + 0.16 * sin(t * 180 * turn);
    from_oklab(rgb, 0.15 + 0.80 * t, chroma * cos(hue), chroma * sin(hue));
}

int il_heatmap_scores(il_image *out, const il_image *score, il_err *e)
{
    uint8_t colours[256][3];
    il_image heat = { 0 };
    int rc = il_image_new(&heat, score->width, score->height, 3, e);
    if (rc)
        return rc;
    for (int i = 0; i < 256; i++)
        heat_colour(colours[i], i / 255.0);
    size_t pixels = (size_t)score->width * (size_t)score->height;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            heat.pixels[3 * i + c] = colours[score->pixels[i]][c];
    *out = heat;
    return IL_OK;
}

/* ---- overlay ---- */

enum { TINT = 110, WHOLE = 256, MOST_LINE = 8 };

static const uint8_t tint[3] = { 255, 0, 110 };

static void mix(uint8_t *to, const uint8_t colour[3], int part)
{
    for (int c = 0; c < 3; c++)
        to[c] = (uint8_t)((to[c] * (WHOLE - part) + colour[c] * part) / WHOLE);
}

/* The mask without specks and thin lines that an outline would cover: only what a square of `size` fits into. */
static int open_mask(il_image *out, const il_image *mask, int size, il_err *e)
{
    il_image rest = { 0 }, shrunk = { 0 };
    int rc = il_image_crop(&rest, mask, 0, 0, mask->width, mask->height, e);
    if (!rc) {
        il_image_invert(&rest);
        rc = il_image_maximum(&shrunk, &rest, size, e);
    }
    il_image_free(&rest);
    if (!rc) {
        il_image_invert(&shrunk);
        rc = il_image_maximum(out, &shrunk, size, e);
    }
    il_image_free(&shrunk);
    return rc;
}

int il_heatmap_overlay(il_image *photo, const il_image *mask, il_err *e)
{
    static const uint8_t bright[3] = { 255, 240, 0 }, dark[3] = { 0, 0, 0 };
    int shorter = photo->width < photo->height ? photo->width : photo->height;
    int line = shorter / 700 + 1 < MOST_LINE ? shorter / 700 + 1 : MOST_LINE; /* visible even when shrunk */
    il_image solid = { 0 }, around = { 0 }, rim = { 0 };
    int rc = open_mask(&solid, mask, 2 * line + 1, e);
    if (!rc)
        rc = il_image_maximum(&around, &solid, 2 * line + 1, e);
    il_image_free(&solid);
    if (!rc)
        rc = il_image_maximum(&rim, &around, 2 * ((line + 1) / 2) + 1, e);
    size_t pixels = (size_t)photo->width * (size_t)photo->height;
    for (size_t i = 0; i < pixels && !rc; i++) {
        uint8_t *to = photo->pixels + 3 * i;
        if (mask->pixels[i])
            mix(to, tint, TINT);
        else if (around.pixels[i])
            mix(to, bright, WHOLE);
        else if (rim.pixels[i])
            mix(to, dark, WHOLE / 2);
    }
    il_image_free(&around);
    il_image_free(&rim);
    return rc;
}
