/* test_svg.c - the lines of a chart can be told apart, and what lies around them. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include "report/html/svg.h"

Test(svg, no_two_series_look_alike)
{
    enum { ALL = IL_SVG_SERIES * IL_SVG_SERIES };
    for (size_t i = 0; i < ALL; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(il_svg_style_of(i).line, il_svg_style_of(j).line, "%zu and %zu", i, j);
    cr_assert_str_eq(il_svg_style_of(0).line, "a p0"); /* a solid line comes first */
}

/* Two places joined, a gap, and one alone, which has a width. */
Test(svg, a_band_breaks_where_a_value_is_missing)
{
    const il_plot plot = { 0, 4, 0, 1, 0, 0, 40, 100 };
    const double x[] = { 0, 1, 2, 3 }, low[] = { 0.25, 0.5, NAN, 0.1 }, high[] = { 0.5, 0.75, NAN, 0.2 };
    il_text t = { 0 };
    il_svg_band(&t, &plot, x, low, high, 4, 1);
    cr_assert_str_eq(t.data, "<path class=\"band b\" d=\"M0.0 50.0L10.0 25.0L10.0 50.0L0.0 75.0Z\"/>"
                             "<path class=\"band b\" d=\"M27.0 80.0h6L33.0 90.0h-6Z\"/>");
    il_text_free(&t);
}
