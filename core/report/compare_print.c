/* compare_print.c - a comparison as tables: cells, pairs, seeds, and what could not be paired. */
#include <stdlib.h>
#include <string.h>
#include "report/compare_print.h"

/* ---- the three tables ---- */

static const il_table_column text = { 0 }, number = { .numeric = true };

static void add_columns(il_table *t, const char *const *names, il_table_column look)
{
    for (; *names; names++)
        il_table_add(t, *names, look);
}

static void cell_table(il_table *t, const il_comparison *c)
{
    il_table_add(t, "cell", number);
    il_table_add(t, "name", text);
    add_columns(t, (const char *const[]){ "seed", "pictures", "undefined", "mean", "low", "high", NULL }, number);
    for (size_t i = 0; i < c->ncells; i++) {
        const il_compare_cell *cell = &c->cells[i];
        il_table_int(t, cell->cell);
        il_table_text(t, cell->name);
        il_table_int(t, cell->seed);
        il_table_int(t, (int64_t)cell->pictures);
        il_table_int(t, (int64_t)(cell->pictures - cell->defined));
        il_table_real(t, cell->mean);
        il_table_real(t, cell->interval.low);
        il_table_real(t, cell->interval.high);
    }
}

/* From the difference on; with more than one pair, p are followed by corrected ones. */
static void add_tests(il_table *t, const il_comparison *c, const il_compare_pair *p, bool mark)
{
    il_table_real(t, p->difference)->best = mark && il_compare_differ(p);
    il_table_real(t, p->interval.low);
    il_table_real(t, p->interval.high);
    il_table_real(t, p->wilcoxon);
    il_table_real(t, p->ttest);
    if (c->npairs > 1) {
        il_table_real(t, p->wilcoxon_holm);
        il_table_real(t, p->ttest_holm);
    }
}

static void add_name(il_table *t, const il_comparison *c, size_t cell, const char *const *names)
{
    if (names)
        il_table_text(t, names[cell]);
    else
        il_table_int(t, c->cells[cell].cell);
}

/* The names are short, so that a line holds them. */
void il_compare_pairs(il_table *t, const il_comparison *c, const char *const *names)
{
    add_columns(t, (const char *const[]){ "cell", "other", NULL },
                names ? (il_table_column){ .label = true, .wraps = true } : number);
    add_columns(t, (const char *const[]){ "pairs", "unused", NULL }, number);
    il_table_add(t, "difference", (il_table_column){ .numeric = true, .sign = true });
    add_columns(t, (const char *const[]){ "low", "high", "Wilcoxon", "t-test", NULL }, number);
    if (c->npairs > 1)
        add_columns(t, (const char *const[]){ "W (Holm)", "t (Holm)", NULL }, number);
    if (names)
        il_table_add(t, "differ", text);
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_pair *p = &c->pairs[i];
        add_name(t, c, p->a, names);
        add_name(t, c, p->b, names);
        il_table_int(t, (int64_t)p->n);
        il_table_int(t, (int64_t)(p->alone_a + p->alone_b + p->undefined));
        add_tests(t, c, p, names != NULL);
        if (names)
            il_table_text(t, il_compare_differ(p) ? "yes" : "no");
    }
}

/* For programs: the names say more, and what is unused is told apart. */
static void pair_table(il_table *t, const il_comparison *c)
{
    add_columns(t,
                (const char *const[]){ "cell", "other", "pairs", "unpaired", "undefined", "difference", "low", "high",
                                       "wilcoxon_p", "ttest_p", NULL },
                number);
    if (c->npairs > 1)
        add_columns(t, (const char *const[]){ "wilcoxon_holm", "ttest_holm", NULL }, number);
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_pair *p = &c->pairs[i];
        il_table_int(t, c->cells[p->a].cell);
        il_table_int(t, c->cells[p->b].cell);
        il_table_int(t, (int64_t)p->n);
        il_table_int(t, (int64_t)(p->alone_a + p->alone_b));
        il_table_int(t, (int64_t)p->undefined);
        add_tests(t, c, p, false);
    }
}

static void seed_table(il_table *t, const il_comparison *c)
{
    add_columns(t, (const char *const[]){ "name", "tested", NULL }, text);
    add_columns(t, (const char *const[]){ "seeds", "mean", "stdev", NULL }, number);
    for (size_t i = 0; i < c->nseeds; i++) {
        const il_compare_seeds *seeds = &c->seeds[i];
        il_table_text(t, c->cells[seeds->first].name);
        il_table_text(t, c->cells[seeds->first].tested);
        il_table_int(t, (int64_t)seeds->n);
        il_table_real(t, seeds->mean);
        il_table_real(t, seeds->stdev);
    }
}

/* ---- notes ---- */

/* Of tests made before scores were counted over the logit. */
static void note_bins(il_text *to, const il_comparison *c)
{
    size_t old = 0;
    for (size_t i = 0; c->metric == IL_METRIC_AUC && i < c->ncells; i++)
        if (c->cells[i].equal_bins)
            il_text_add(to, "%s%lld",
                        old++ ? ", "
                              : "Scores in 256 equal bins, which cannot tell apart those near 0 or near 1: cell ",
                        (long long)c->cells[i].cell);
    if (old)
        il_text_add(to, "; test again for an AUC over finer bins.\n");
}

static void add_notes(il_text *to, const il_comparison *c)
{
    note_bins(to, c);
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_pair *p = &c->pairs[i];
        const il_compare_cell *a = &c->cells[p->a], *b = &c->cells[p->b];
        if (p->n + p->undefined == 0)
            il_text_add(to, "Cells %lld and %lld cannot be paired: they were tested on different pictures.\n",
                        (long long)a->cell, (long long)b->cell);
        else if (p->alone_a + p->alone_b)
            il_text_add(to, "Left unpaired: %zu pictures of cell %lld and %zu of cell %lld have no partner.\n",
                        p->alone_a, (long long)a->cell, p->alone_b, (long long)b->cell);
        if (p->undefined)
            il_text_add(to, "Left out: of cells %lld and %lld, %zu pairs where %s is undefined for one or both.\n",
                        (long long)a->cell, (long long)b->cell, p->undefined, il_compare_name(c->metric));
        if (p->n + p->undefined && strcmp(a->tested, b->tested) != 0)
            il_text_add(to, "Cells %lld and %lld are paired by names alone: one was tested on %s, the other on %s.\n",
                        (long long)a->cell, (long long)b->cell, a->tested, b->tested);
    }
}

static void add_titles(il_table tables[3], const il_comparison *c)
{
    il_text_add(&tables[0].title,
                "%s: mean over pictures where it is defined, 95 %% interval by %d bootstrap resamples",
                il_compare_name(c->metric), IL_BOOT_RESAMPLES);
    il_text_add(&tables[1].title, "Paired by picture: mean difference cell - other; p two-sided%s",
                c->npairs > 1 ? ", and by Holm for all pairs" : "");
    il_text_add(&tables[2].title, "Spread over seeds: mean and standard deviation of the cells' means");
}

/* Tables one below the other, then the notes, each a line. */
static int print_tables(FILE *to, const il_comparison *c, const il_table tables[3], il_format format, il_err *e)
{
    il_text notes = { 0 };
    int rc = IL_OK;
    for (int i = 0; !rc && i < (c->nseeds ? 3 : 2); i++) {
        fputs(i ? "\n" : "", to);
        rc = il_format_table(to, &tables[i], format, e);
    }
    add_notes(&notes, c);
    if (!rc && notes.failed)
        rc = il_fail_oom(e);
    if (!rc && notes.data)
        fprintf(to, "\n%s", notes.data);
    il_text_free(&notes);
    return rc;
}

static int print(FILE *to, const il_comparison *c, const il_table tables[3], il_format format, il_err *e)
{
    const il_json_part parts[] = { { NULL, "cells", &tables[0].rows },
                                   { NULL, "pairs", &tables[1].rows },
                                   { NULL, "seeds", &tables[2].rows } };
    int rc = IL_OK;
    for (int i = 0; !rc && i < 3; i++)
        rc = il_table_check(&tables[i], e);
    if (rc)
        return rc;
    return format == IL_FORMAT_JSON  ? il_format_json_parts(to, parts, 3, e)
           : format == IL_FORMAT_CSV ? il_format_rows(to, &tables[1].rows, format, e)
                                     : print_tables(to, c, tables, format, e);
}

int il_compare_print(FILE *to, const il_comparison *c, il_format format, il_err *e)
{
    il_table tables[3] = { 0 };
    cell_table(&tables[0], c);
    if (format == IL_FORMAT_JSON || format == IL_FORMAT_CSV)
        pair_table(&tables[1], c);
    else
        il_compare_pairs(&tables[1], c, NULL);
    seed_table(&tables[2], c);
    add_titles(tables, c);
    int rc = print(to, c, tables, format, e);
    for (int i = 0; i < 3; i++)
        il_table_free(&tables[i]);
    return rc;
}
