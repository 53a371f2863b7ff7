/* check_print.c - a check's result as text. */
#include <string.h>
#include "dataset/check.h"

enum { SIZES = 10 /* rows of the table */ };

static const char *const layouts[] = { "the paper's layout", "a folder pair (Tp and Gt)", "a JSON list" };

static size_t sum_of(const size_t list[IL_LISTING_GROUPS])
{
    size_t sum = 0;
    for (int s = 0; s < IL_LISTING_GROUPS; s++)
        sum += list[s];
    return sum;
}

static int width_of(int kind)
{
    int width = (int)strlen(il_picture_kinds[kind]) + 2;
    return width > 11 ? width : 11;
}

static void print_samples(FILE *to, const il_check *c)
{
    fprintf(to, "\nSamples %13s", "all");
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (c->has[k])
            fprintf(to, "%*s", width_of(k), il_picture_kinds[k]);
    fprintf(to, "%s\n", c->opts.as ? "    paper" : "");
    for (int s = 0; s < IL_LISTING_GROUPS; s++) {
        if (!c->samples[s] && c->published[s] < 0)
            continue;
        fprintf(to, "  %-12s%7zu", il_listing_groups[s], c->samples[s]);
        for (int k = 0; k < IL_PICTURE_KINDS; k++)
            if (c->has[k])
                fprintf(to, "%*zu", width_of(k), c->files[s][k]);
        if (c->published[s] >= 0)
            fprintf(to, "%9ld", c->published[s]);
        fputc('\n', to);
    }
}

static void print_sizes(FILE *to, const il_check *c)
{
    fprintf(to, "\nSizes %15s\n", "files");
    for (size_t i = 0; i < c->size_count && i < SIZES; i++) {
        char size[40];
        snprintf(size, sizeof size, "%d x %d", c->sizes[i].width, c->sizes[i].height);
        fprintf(to, "  %-12s%7zu\n", size, c->sizes[i].count);
    }
    if (c->size_count > SIZES)
        fprintf(to, "  and %zu more sizes\n", c->size_count - SIZES);
}

static void print_share(FILE *to, const char *what, il_check_share s)
{
    fprintf(to, "  %-26s min %.4f  median %.4f  mean %.4f  max %.4f\n", what, s.least, s.median, s.mean, s.most);
}

static void print_masks(FILE *to, const il_check *c)
{
    fprintf(to, "\nMasks\n  %zu blurred, %zu with grey levels 0 and 255 only; %zu reach 255\n", c->blurred,
            c->masks - c->blurred, c->touching_255);
    print_share(to, "area (grey above 0)", c->area);
    print_share(to, "area painted (grey 255)", c->core);
}

static void print_findings(FILE *to, const il_check *c, int first, int end, size_t most)
{
    for (int t = first; t < end; t++) {
        size_t n = c->findings.of[t].count;
        if (!n)
            continue;
        fprintf(to, "  %zu %s\n", n, n == 1 ? il_findings_titles[t].one : il_findings_titles[t].many);
        for (size_t i = 0; i < n && i < most; i++)
            fprintf(to, "    %s: %s\n", c->findings.of[t].list[i].where, c->findings.of[t].list[i].what);
        if (n > most)
            fprintf(to, "    and %zu more\n", n - most);
    }
}

void il_check_print(FILE *to, const il_check *c, size_t most)
{
    size_t problems = il_findings_problems(&c->findings), warnings = il_findings_warnings(&c->findings);
    fprintf(to, "%s: %s, %zu samples\n", c->opts.path, layouts[c->listing.layout], sum_of(c->samples));
    print_samples(to, c);
    if (c->size_count)
        print_sizes(to, c);
    if (c->masks)
        print_masks(to, c);
    if (c->listing.layout == IL_LAYOUT_SPLITS && c->has_manifest)
        fprintf(to, "\nManifest\n  %zu lines%s\n", c->manifest.count,
                c->sealed ? "" : ", without a checksum in recipe.json: whether they changed is not known");
    else if (c->listing.layout == IL_LAYOUT_SPLITS)
        fprintf(to, "\nManifest\n  none: photos used in two splits cannot be detected\n");
    if (problems)
        fprintf(to, "\nProblems\n");
    print_findings(to, c, 0, IL_FOUND_PROBLEMS, most);
    if (warnings)
        fprintf(to, "\nWarnings\n");
    print_findings(to, c, IL_FOUND_PROBLEMS, IL_FOUND_TYPES, most);
    fprintf(to, "\n%zu problem%s, %zu warning%s%s\n", problems, problems == 1 ? "" : "s", warnings,
            warnings == 1 ? "" : "s", c->opts.fast ? "; files were not decoded, hashed or compared" : "");
}
