/* svg.c - small charts as inline SVG. */
#include <math.h>
#include <stdio.h>
#include "report/html/svg.h"

enum { FEW_POINTS = 30 };

double il_svg_x(const il_plot *p, double x)
{
    return p->x1 > p->x0 ? p->left + (x - p->x0) / (p->x1 - p->x0) * p->width : p->left + p->width / 2.0;
}

double il_svg_y(const il_plot *p, double y)
{
    return p->y1 > p->y0 ? p->top + p->height - (y - p->y0) / (p->y1 - p->y0) * p->height : p->top + p->height;
}

void il_svg_begin(il_text *t, int width, int height, const char *title)
{
    il_text_add(t, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\"><title>", width, height, width,
                height);
    il_html_text(t, title);
    il_text_add(t, "</title>");
}

void il_svg_end(il_text *t)
{
    il_text_add(t, "</svg>\n");
}

void il_svg_axis_y(il_text *t, const il_plot *p, int ticks, int decimals)
{
    for (int i = 0; i <= ticks; i++) {
        double value = p->y0 + (p->y1 - p->y0) * i / ticks, y = il_svg_y(p, value);
        il_text_add(t, "<line class=\"%s\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", i ? "grid" : "axis", p->left,
                    y, p->left + p->width, y);
        il_text_add(t, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f</text>", p->left - 5, y + 4, decimals,
                    value);
    }
}

void il_svg_tick_x(il_text *t, const il_plot *p, double x, const char *label)
{
    il_text_add(t, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", il_svg_x(p, x), p->top + p->height + 14);
    il_html_text(t, label);
    il_text_add(t, "</text>");
}

il_svg_style il_svg_style_of(size_t series)
{
    il_svg_style style;
    int colour = 'a' + (int)(series % IL_SVG_SERIES), dash = (int)((series + series / IL_SVG_SERIES) % IL_SVG_SERIES);
    snprintf(style.line, sizeof style.line, "%c p%d", colour, dash);
    return style;
}

void il_svg_line(il_text *t, const il_plot *p, const double *x, const double *y, size_t n, size_t series)
{
    const il_svg_style style = il_svg_style_of(series);
    bool open = false;
    il_text_add(t, "<path class=\"line %s\" d=\"", style.line);
    for (size_t i = 0; i < n; i++) {
        if (isfinite(y[i]))
            il_text_add(t, "%c%.1f %.1f", open ? 'L' : 'M', il_svg_x(p, x[i]), il_svg_y(p, y[i]));
        open = isfinite(y[i]);
    }
    il_text_add(t, "\"/>");
    for (size_t i = 0; i < n && n <= FEW_POINTS; i++)
        if (isfinite(y[i]))
            il_text_add(t, "<circle class=\"dot %c\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\"/>", style.line[0],
                        il_svg_x(p, x[i]), il_svg_y(p, y[i]));
}

void il_svg_band(il_text *t, const il_plot *p, const double *x, const double *low, const double *high, size_t n,
                 size_t series)
{
    for (size_t first = 0, end; first < n; first = end + 1) {
        end = first;
        while (end < n && isfinite(low[end]) && isfinite(high[end]))
            end++;
        if (end == first)
            continue;
        double wide = end == first + 1 ? 3 : 0; /* a point alone */
        il_text_add(t, "<path class=\"band %c\" d=\"", il_svg_style_of(series).line[0]);
        for (size_t i = first; i < end; i++)
            il_text_add(t, "%c%.1f %.1f", i == first ? 'M' : 'L', il_svg_x(p, x[i]) - wide, il_svg_y(p, high[i]));
        if (wide > 0)
            il_text_add(t, "h%.0f", 2 * wide);
        for (size_t i = end; i-- > first;)
            il_text_add(t, "L%.1f %.1f", il_svg_x(p, x[i]) + wide, il_svg_y(p, low[i]));
        if (wide > 0)
            il_text_add(t, "h%.0f", -2 * wide);
        il_text_add(t, "Z\"/>");
    }
}

void il_svg_key(il_text *t, size_t series)
{
    const il_svg_style style = il_svg_style_of(series);
    il_text_add(
        t,
        "<svg width=\"30\" height=\"8\" viewBox=\"0 0 30 8\" aria-hidden=\"true\"><path class=\"line %s\" d=\"M0 4H30\"/>"
        "</svg>",
        style.line);
}

double il_svg_nice(double value)
{
    if (!isfinite(value) || value <= 0)
        return 1;
    double unit = pow(10, floor(log10(value)));
    static const double steps[] = { 1, 2, 5, 10 };
    for (int i = 0; i < 4; i++)
        if (value <= steps[i] * unit * (1 + 1e-9))
            return steps[i] * unit;
    return 10 * unit;
}
