/* roofline.c - a benchmark's stages under the device's roofline, as an SVG file. */
#include <math.h>
#include <stdio.h>
#include "base/html.h"
#include "bench/limit.h"
#include "bench/roofline.h"

enum { WIDTH = 640, HEIGHT = 400, LEFT = 70, TOP = 46, RIGHT = 20, BOTTOM = 56 };

/* Whole decades. */
struct axes {
    int x0, x1, y0, y1;
    bool rings; /* there are earlier points */
};

enum { LINE = 14 }; /* of text */

static double at_x(const struct axes *a, double intensity)
{
    return LEFT + (log10(intensity) - a->x0) / (a->x1 - a->x0) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct axes *a, double rate)
{
    return HEIGHT - BOTTOM - (log10(rate) - a->y0) / (a->y1 - a->y0) * (HEIGHT - TOP - BOTTOM);
}

static il_bench_point point_of(const il_bench_stage *s)
{
    const double seconds = (double)s->images / il_bench_speed(s).median;
    il_bench_point p = { (double)s->flops / (double)s->moved, (double)s->flops / seconds };
    bool counted = s->flops > 0 && s->moved > 0 && seconds > 0 && isfinite(p.rate);
    return counted ? p : (il_bench_point){ 0 };
}

static void widen(int *low, int *high, double value)
{
    *low = (int)fmin(*low, floor(log10(value)));
    *high = (int)fmax(*high, ceil(log10(value)));
}

/* Around the ridge, the peak and all points; false where there is none. */
static bool choose_axes(struct axes *a, const il_bench *b, const il_bench_against *against)
{
    const double ridge = b->peak / b->bandwidth;
    bool any = false;
    *a = (struct axes){ (int)floor(log10(ridge)), (int)ceil(log10(ridge)), (int)floor(log10(b->peak)),
                        (int)ceil(log10(b->peak)), false };
    for (size_t i = 0; i < b->count; i++) {
        const il_bench_point both[] = { point_of(&b->stages[i]), il_bench_against_point(against, b->stages[i].name) };
        any = any || both[0].rate > 0;
        a->rings = a->rings || both[1].rate > 0;
        for (int k = 0; k < 2; k++)
            if (both[k].rate > 0) {
                widen(&a->x0, &a->x1, both[k].intensity);
                widen(&a->y0, &a->y1, both[k].rate);
            }
    }
    return any;
}

static void put_text(il_text *t, double x, double y, const char *anchor, const char *text)
{
    il_text_add(t, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    il_html_text(t, text);
    il_text_add(t, "</text>\n");
}

static void put_grid(il_text *t, const struct axes *a)
{
    char text[32];
    for (int x = a->x0; x <= a->x1; x++) {
        double at = at_x(a, pow(10, x));
        il_text_add(t, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>\n", at, TOP, HEIGHT - BOTTOM);
        snprintf(text, sizeof text, "%g", pow(10, x));
        put_text(t, at, HEIGHT - BOTTOM + 16, "middle", text);
    }
    for (int y = a->y0; y <= a->y1; y++) {
        double at = at_y(a, pow(10, y));
        il_text_add(t, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, at, WIDTH - RIGHT);
        snprintf(text, sizeof text, "%g", pow(10, y - 9));
        put_text(t, LEFT - 6, at + 4, "end", text);
    }
    put_text(t, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 16, "middle", "operations for each byte moved");
    put_text(t, LEFT, TOP - 8, "end", "GFLOP/s");
}

static void put_roof(il_text *t, const struct axes *a, const il_bench *b)
{
    char text[80];
    const double ridge = b->peak / b->bandwidth, least = pow(10, a->x0), bottom = pow(10, a->y0);
    const double first = fmax(least, bottom / b->bandwidth);
    il_text_add(t, "<path class=\"roof\" d=\"M%.1f %.1fL%.1f %.1fH%d\"/>\n", at_x(a, first),
                at_y(a, first * b->bandwidth), at_x(a, ridge), at_y(a, b->peak), WIDTH - RIGHT);
    snprintf(text, sizeof text, "%.1f GFLOP/s, %.1f GB/s", b->peak * 1e-9, b->bandwidth * 1e-9);
    put_text(t, WIDTH - RIGHT, at_y(a, b->peak) - 6, "end", text);
}

/* *last: the height of the label before, which this one keeps off. */
static void put_stage(il_text *t, const struct axes *a, const il_bench *b, const il_bench_stage *s,
                      const il_bench_against *against, double *last)
{
    char text[120];
    const il_bench_point now = point_of(s), then = il_bench_against_point(against, s->name);
    if (then.rate > 0)
        il_text_add(t, "<circle class=\"then\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>\n", at_x(a, then.intensity),
                    at_y(a, then.rate));
    if (now.rate <= 0)
        return;
    const double x = at_x(a, now.intensity), y = at_y(a, now.rate);
    bool left = x > WIDTH - 200;
    il_text_add(t, "<circle class=\"now\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>\n", x, y);
    snprintf(text, sizeof text, "%s: %.0f %% of the roof", s->name, 100 * il_bench_limit_of(b, s).share);
    *last = fabs(y - *last) >= LINE ? y : y >= *last ? *last + LINE : *last - LINE;
    put_text(t, left ? x - 9 : x + 9, *last + 4, left ? "end" : "start", text);
}

static const char style[] =
    "<style>text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd;fill:none}.roof{stroke:#222;stroke-width:2;fill:none}"
    ".now{fill:#0a6bb5}.then{fill:none;stroke:#c2570c;stroke-width:2}</style>\n";

int il_bench_roofline(il_text *svg, const il_bench *b, const il_bench_opts *o, const il_bench_against *against,
                      il_err *e)
{
    struct axes a;
    char title[200], device[100];
    if (b->peak <= 0 || b->bandwidth <= 0 || !choose_axes(&a, b, against))
        return il_fail(e, IL_EDATA, "nothing to draw a roofline of: expected the stage evaluation or training");
    il_device_title(o->device, device, sizeof device);
    snprintf(title, sizeof title, "%.60s, %s, %d threads%s", o->run->model.label, device, o->threads,
             a.rings ? "; rings: earlier" : "");
    il_text_add(svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n%s"
                "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                WIDTH, HEIGHT, WIDTH, HEIGHT, style);
    put_text(svg, WIDTH / 2.0, 18, "middle", title);
    put_grid(svg, &a);
    put_roof(svg, &a, b);
    double last = 0;
    for (size_t i = 0; i < b->count; i++)
        put_stage(svg, &a, b, &b->stages[i], against, &last);
    il_text_add(svg, "</svg>\n");
    return svg->failed ? il_fail_oom(e) : IL_OK;
}
