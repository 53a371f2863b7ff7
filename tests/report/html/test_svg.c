/* The lines of a chart can be told apart. */
#include <criterion/criterion.h>
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
