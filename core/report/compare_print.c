/* compare_print.c - a comparison as tables: cells, pairs, seeds, and what could not be paired. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/compare.h"
#include "report/format_markup.h"

/* ---- tables of one's own ---- */

static int new_table(il_rows *t, const char *const *names, size_t columns, size_t count, il_err *e)
{
    *t = (il_rows){ .columns = columns, .count = count, .names = calloc(columns, sizeof *t->names),
                    .values = calloc(columns * count + 1, sizeof *t->values), .numeric = calloc(columns, sizeof *t->numeric) };
    if (!t->names || !t->values || !t->numeric) {
        free(t->names);
        free(t->values);
        free(t->numeric);
        *t = (il_rows){ 0 };
        return il_fail_oom(e);
    }
    for (size_t i = 0; i < columns; i++)
        if (!(t->names[i] = il_words_copy(names[i])))
            return il_fail_oom(e);
    return IL_OK;
}

/* A table as it is filled, value by value. */
struct filling {
    il_rows *t;
    size_t at;
    bool failed;
};

static void put_text(struct filling *f, const char *text)
{
    char *copy = il_words_copy(text);
    f->failed = f->failed || !copy;
    f->t->values[f->at++] = copy;
}

/* NAN: no value. */
static void put_real(struct filling *f, double value)
{
    char text[40];
    f->t->numeric[f->at % f->t->columns] = true;
    if (isnan(value)) {
        f->at++;
        return;
    }
    int size = snprintf(text, sizeof text - 2, "%.15g", value);
    if (!strpbrk(text, ".e"))
        snprintf(text + size, sizeof text - (size_t)size, ".0"); /* as SQLite writes reals */
    put_text(f, text);
}

static void put_whole(struct filling *f, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    f->t->numeric[f->at % f->t->columns] = true;
    put_text(f, text);
}

/* ---- the three tables ---- */

static int cell_table(il_rows *t, const il_comparison *c, il_err *e)
{
    static const char *const names[] = { "cell", "name", "seed", "pictures", "undefined", "mean", "low", "high" };
    struct filling f = { .t = t };
    int rc = new_table(t, names, sizeof names / sizeof *names, c->ncells, e);
    for (size_t i = 0; rc == IL_OK && i < c->ncells; i++) {
        const il_compare_cell *cell = &c->cells[i];
        put_whole(&f, cell->cell);
        put_text(&f, cell->name);
        put_whole(&f, cell->seed);
        put_whole(&f, (int64_t)cell->pictures);
        put_whole(&f, (int64_t)(cell->pictures - cell->defined));
        put_real(&f, cell->mean);
        put_real(&f, cell->interval.low);
        put_real(&f, cell->interval.high);
    }
    return f.failed ? il_fail_oom(e) : rc;
}

static void put_pair(struct filling *f, const il_comparison *c, const il_compare_pair *p, bool people)
{
    size_t unpaired = p->alone_a + p->alone_b;
    put_whole(f, c->cells[p->a].cell);
    put_whole(f, c->cells[p->b].cell);
    put_whole(f, (int64_t)p->n);
    put_whole(f, (int64_t)(people ? unpaired + p->undefined : unpaired));
    if (!people)
        put_whole(f, (int64_t)p->undefined);
    put_real(f, p->difference);
    put_real(f, p->interval.low);
    put_real(f, p->interval.high);
    put_real(f, p->wilcoxon);
    put_real(f, p->ttest);
    if (c->npairs > 1) {
        put_real(f, p->wilcoxon_holm);
        put_real(f, p->ttest_holm);
    }
}

/* With more than one pair, p are followed by corrected ones. For people the names are short, so that a line holds them. */
static int pair_table(il_rows *t, const il_comparison *c, bool people, il_err *e)
{
    static const char *const for_people[] = { "cell", "other", "pairs", "unused", "difference", "low", "high",
                                              "Wilcoxon", "t-test", "W (Holm)", "t (Holm)" };
    static const char *const names[] = { "cell", "other", "pairs", "unpaired", "undefined", "difference", "low", "high",
                                         "wilcoxon_p", "ttest_p", "wilcoxon_holm", "ttest_holm" };
    struct filling f = { .t = t };
    size_t all = people ? sizeof for_people / sizeof *for_people : sizeof names / sizeof *names;
    int rc = new_table(t, people ? for_people : names, c->npairs > 1 ? all : all - 2, c->npairs, e);
    for (size_t i = 0; rc == IL_OK && i < c->npairs; i++)
        put_pair(&f, c, &c->pairs[i], people);
    return f.failed ? il_fail_oom(e) : rc;
}

static int seed_table(il_rows *t, const il_comparison *c, il_err *e)
{
    static const char *const names[] = { "name", "tested", "seeds", "mean", "stdev" };
    struct filling f = { .t = t };
    int rc = new_table(t, names, sizeof names / sizeof *names, c->nseeds, e);
    for (size_t i = 0; rc == IL_OK && i < c->nseeds; i++) {
        const il_compare_seeds *seeds = &c->seeds[i];
        put_text(&f, c->cells[seeds->first].name);
        put_text(&f, c->cells[seeds->first].tested);
        put_whole(&f, (int64_t)seeds->n);
        put_real(&f, seeds->mean);
        put_real(&f, seeds->stdev);
    }
    return f.failed ? il_fail_oom(e) : rc;
}

/* ---- notes ---- */

static void add_notes(il_text *to, const il_comparison *c)
{
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_pair *p = &c->pairs[i];
        const il_compare_cell *a = &c->cells[p->a], *b = &c->cells[p->b];
        if (p->n + p->undefined == 0)
            il_words_add(to, "Cells %lld and %lld cannot be paired: they were tested on different pictures.\n",
                         (long long)a->cell, (long long)b->cell);
        else if (p->alone_a + p->alone_b)
            il_words_add(to, "Left unpaired: %zu pictures of cell %lld and %zu of cell %lld have no partner.\n", p->alone_a,
                         (long long)a->cell, p->alone_b, (long long)b->cell);
        if (p->undefined)
            il_words_add(to, "Left out: of cells %lld and %lld, %zu pairs where %s is undefined for one or both.\n",
                         (long long)a->cell, (long long)b->cell, p->undefined, il_compare_name(c->metric));
        if (p->n + p->undefined && strcmp(a->tested, b->tested) != 0)
            il_words_add(to, "Cells %lld and %lld are paired by names alone: one was tested on %s, the other on %s.\n",
                         (long long)a->cell, (long long)b->cell, a->tested, b->tested);
    }
}

/* Text and Markdown: tables one below the other, then the notes, each a line. */
static int print_sheets(FILE *to, const il_comparison *c, const il_rows tables[3], il_format format, il_err *e)
{
    char title[200];
    il_text notes = { 0 };
    snprintf(title, sizeof title, "%s: mean over pictures where it is defined, 95 %% interval by %d bootstrap resamples",
             il_compare_name(c->metric), IL_BOOT_RESAMPLES);
    const char *const titles[] = { title,
        c->npairs > 1 ? "Paired by picture: mean difference cell - other; p two-sided, and by Holm for all pairs"
                      : "Paired by picture: mean difference cell - other; p two-sided",
        "Spread over seeds: mean and standard deviation of the cells' means" };
    int rc = IL_OK;
    for (int i = 0; rc == IL_OK && i < (c->nseeds ? 3 : 2); i++) {
        fputs(i ? "\n" : "", to);
        rc = il_report_rows(to, &tables[i], format, titles[i], e);
    }
    add_notes(&notes, c);
    if (rc == IL_OK && notes.failed)
        rc = il_fail_oom(e);
    if (rc == IL_OK && notes.data)
        fprintf(to, "\n%s", notes.data);
    il_words_free(&notes);
    return rc;
}

int il_compare_print(FILE *to, const il_comparison *c, il_format format, il_err *e)
{
    il_rows tables[3] = { 0 };
    int rc = cell_table(&tables[0], c, e);
    if (rc == IL_OK)
        rc = pair_table(&tables[1], c, format != IL_FORMAT_JSON && format != IL_FORMAT_CSV, e);
    if (rc == IL_OK)
        rc = seed_table(&tables[2], c, e);
    il_json_part parts[] = { { NULL, "cells", &tables[0] }, { NULL, "pairs", &tables[1] }, { NULL, "seeds", &tables[2] } };
    if (rc == IL_OK && format == IL_FORMAT_JSON)
        rc = il_report_json_parts(to, parts, 3, e);
    else if (rc == IL_OK && format == IL_FORMAT_CSV)
        rc = il_report_rows(to, &tables[1], format, NULL, e);
    else if (rc == IL_OK)
        rc = print_sheets(to, c, tables, format, e);
    for (int i = 0; i < 3; i++)
        il_store_rows_free(&tables[i]);
    return rc;
}
