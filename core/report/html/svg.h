/* svg.h - small charts as inline SVG. Colours and dashes come from the page's style sheet, by the classes a to f and p0 to p5. */
#ifndef IL_REPORT_HTML_SVG_H
#define IL_REPORT_HTML_SVG_H

#include "base/html.h"

enum { IL_SVG_SERIES = 6 };

/* Where data lies on the drawing. */
typedef struct il_plot {
    double x0, x1, y0, y1;        /* data */
    int left, top, width, height; /* of the inner area */
} il_plot;

double il_svg_x(const il_plot *p, double x);
double il_svg_y(const il_plot *p, double y);

/* <svg> with a title for those who cannot see it. */
void il_svg_begin(il_text *t, int width, int height, const char *title);
void il_svg_end(il_text *t);
/* The frame's lines and two or three numbers at the left. */
void il_svg_axis_y(il_text *t, const il_plot *p, int ticks, int decimals);
/* A label under a place on the x axis. */
void il_svg_tick_x(il_text *t, const il_plot *p, double x, const char *label);
/* The classes of a series' line, which are unlike those of the other series up to the square of IL_SVG_SERIES. */
typedef struct il_svg_style {
    char line[16];
} il_svg_style;
il_svg_style il_svg_style_of(size_t series);
/* A line through n points with a dot on each when there are few; NANs break it. */
void il_svg_line(il_text *t, const il_plot *p, const double *x, const double *y, size_t n, size_t series);
/* The area between low and high, behind the series' line; NANs break it. */
void il_svg_band(il_text *t, const il_plot *p, const double *x, const double *low, const double *high, size_t n,
                 size_t series);
/* The key to a series, for a legend. */
void il_svg_key(il_text *t, size_t series);
/* The next of 1, 2, 5 times a power of ten; 1 for what is not above 0. */
double il_svg_nice(double value);

#endif
