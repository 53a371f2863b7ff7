/* compare_print.c - a comparison as tables: cells, pairs, seeds, and what could not be paired. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "report/compare_print.h"
#include "store/stats/clusters.h"

enum { TABLES = 4 };

/* ---- the tables ---- */

static const il_table_column text = { 0 }, number = { .numeric = true };

static void add_columns(il_table *t, const char *const *names, il_table_column look)
{
    for (; *names; names++)
        il_table_add(t, *names, look);
}

/* What people need be told of: what is not as it always is. Programs get it all. */
struct told {
    bool split, truth, photos;
};

static struct told tell(const il_comparison *c, bool all)
{
    struct told told = { all, all, all };
    for (size_t i = 0; i < c->ncells; i++) {
        told.split = told.split || strcmp(c->cells[i].split, "test") != 0;
        told.truth = told.truth || strcmp(c->cells[i].truth, c->cells[0].truth) != 0;
        told.photos = told.photos || c->cells[i].photos < c->cells[i].defined;
    }
    return told;
}

static void cell_table(il_table *t, const il_comparison *c, bool all)
{
    const struct told told = tell(c, all);
    il_table_add(t, "cell", number);
    add_columns(t, (const char *const[]){ "name", told.split ? "split" : NULL, NULL }, text);
    add_columns(t, (const char *const[]){ told.truth ? "truth" : NULL, NULL }, text);
    add_columns(t, (const char *const[]){ "seed", "pictures", told.photos ? "photos" : NULL, NULL }, number);
    add_columns(t, (const char *const[]){ "undefined", "mean", "low", "high", NULL }, number);
    for (size_t i = 0; i < c->ncells; i++) {
        const il_compare_cell *cell = &c->cells[i];
        il_table_int(t, cell->cell);
        il_table_text(t, cell->name);
        if (told.split)
            il_table_text(t, cell->split);
        if (told.truth)
            il_table_text(t, cell->truth);
        if (cell->given)
            il_table_text(t, NULL);
        else
            il_table_int(t, cell->seed);
        il_table_int(t, (int64_t)cell->pictures);
        if (told.photos)
            il_table_int(t, (int64_t)cell->photos);
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

/* "truth, split"; nothing where the cells differ in the run alone. */
static void add_unlike(il_table *t, const il_compare_pair *p)
{
    static const char *const names[] = { "truth", "split", "images", "degradation", "pixels", "nothing true" };
    il_text all = { 0 };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (p->unlike & 1u << i)
            il_text_add(&all, "%s%s", all.data ? ", " : "", names[i]);
    t->failed = t->failed || all.failed;
    il_table_text(t, all.data);
    il_text_free(&all);
}

static bool any_unlike(const il_comparison *c)
{
    bool any = false;
    for (size_t i = 0; i < c->npairs; i++)
        any = any || c->pairs[i].unlike;
    return any;
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
    bool unlike = names && any_unlike(c); /* else the notes tell, and a line has no room */
    add_columns(t, (const char *const[]){ "cell", "other", NULL },
                names ? (il_table_column){ .label = true, .wraps = true } : number);
    bool photos = tell(c, false).photos;
    add_columns(t, (const char *const[]){ "pairs", photos ? "photos" : NULL, NULL }, number);
    il_table_add(t, "unused", number);
    il_table_add(t, "difference", (il_table_column){ .numeric = true, .sign = true });
    add_columns(t, (const char *const[]){ "low", "high", "Wilcoxon", "t-test", NULL }, number);
    if (c->npairs > 1)
        add_columns(t, (const char *const[]){ "W (Holm)", "t (Holm)", NULL }, number);
    if (names)
        il_table_add(t, "these differ", text);
    if (unlike)
        il_table_add(t, "unlike", text);
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_pair *p = &c->pairs[i];
        add_name(t, c, p->a, names);
        add_name(t, c, p->b, names);
        il_table_int(t, (int64_t)p->n);
        if (photos)
            il_table_int(t, (int64_t)p->photos);
        il_table_int(t, (int64_t)(p->alone_a + p->alone_b + p->undefined));
        add_tests(t, c, p, names != NULL);
        if (names)
            il_table_text(t, p->unlike & IL_UNLIKE_REFUSED ? "not compared" : il_compare_differ(p) ? "yes" : "no");
        if (unlike)
            add_unlike(t, p);
    }
}

/* For programs: the names say more, and what is unused is told apart. */
static void pair_table(il_table *t, const il_comparison *c)
{
    add_columns(t,
                (const char *const[]){ "cell", "other", "pairs", "photos", "unpaired", "undefined", "difference", "low",
                                       "high", "wilcoxon_p", "ttest_p", NULL },
                number);
    if (c->npairs > 1)
        add_columns(t, (const char *const[]){ "wilcoxon_holm", "ttest_holm", NULL }, number);
    add_columns(t, (const char *const[]){ "unlike", "truth", "other_truth", NULL }, text);
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_pair *p = &c->pairs[i];
        il_table_int(t, c->cells[p->a].cell);
        il_table_int(t, c->cells[p->b].cell);
        il_table_int(t, (int64_t)p->n);
        il_table_int(t, (int64_t)p->photos);
        il_table_int(t, (int64_t)(p->alone_a + p->alone_b));
        il_table_int(t, (int64_t)p->undefined);
        add_tests(t, c, p, false);
        add_unlike(t, p);
        il_table_text(t, c->cells[p->a].truth);
        il_table_text(t, c->cells[p->b].truth);
    }
}

static void seed_table(il_table *t, const il_comparison *c)
{
    add_columns(t, (const char *const[]){ "name", "tested", NULL }, text);
    add_columns(t, (const char *const[]){ "seeds", "mean", "stdev", "low", "high", NULL }, number);
    for (size_t i = 0; i < c->nseeds; i++) {
        const il_compare_seeds *seeds = &c->seeds[i];
        il_table_text(t, c->cells[seeds->first].name);
        il_table_text(t, c->cells[seeds->first].tested);
        il_table_int(t, (int64_t)seeds->n);
        il_table_real(t, seeds->mean);
        il_table_real(t, seeds->stdev);
        il_table_real(t, seeds->interval.low);
        il_table_real(t, seeds->interval.high);
    }
}

static void method_table(il_table *t, const il_comparison *c)
{
    add_columns(t, (const char *const[]){ "name", "other", NULL }, text);
    add_columns(t, (const char *const[]){ "seeds", "other seeds", "difference", "Welch", "Welch (Holm)", NULL },
                number);
    for (size_t i = 0; i < c->nmethods; i++) {
        const il_compare_methods *m = &c->methods[i];
        const il_compare_seeds *a = &c->seeds[m->a], *b = &c->seeds[m->b];
        il_table_text(t, c->cells[a->first].name);
        il_table_text(t, c->cells[b->first].name);
        il_table_int(t, (int64_t)a->n);
        il_table_int(t, (int64_t)b->n);
        il_table_real(t, m->difference);
        il_table_real(t, m->welch);
        il_table_real(t, m->welch_holm);
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

static void note_unlike(il_text *to, const il_compare_pair *p, const il_compare_cell *a, const il_compare_cell *b)
{
    long long one = (long long)a->cell, other = (long long)b->cell;
    if (p->unlike & IL_UNLIKE_NOTHING)
        il_text_add(to,
                    "Cells %lld and %lld are not compared: in one of them (%s; %s) nothing is true, so that its numbers"
                    " are false alarms; the column marked of the view cells has them.\n",
                    one, other, a->tested, b->tested);
    if (p->unlike & IL_UNLIKE_TRUTH && strcmp(a->truth, b->truth) != 0)
        il_text_add(to, "Cells %lld and %lld are not compared: they are measured by different truths (%s; %s).\n", one,
                    other, a->truth, b->truth);
    else if (p->unlike & IL_UNLIKE_TRUTH)
        il_text_add(to, "Cells %lld and %lld are not compared: other pixels of the same pictures are true (%s; %s).\n",
                    one, other, a->tested, b->tested);
    if (p->unlike & IL_UNLIKE_SPLIT)
        il_text_add(to, "Cells %lld and %lld are not compared: they are of different splits (%s; %s).\n", one, other,
                    a->split, b->split);
    if (p->unlike & (IL_UNLIKE_IMAGES | IL_UNLIKE_DEGRADED) && !(p->unlike & IL_UNLIKE_REFUSED))
        il_text_add(to, "Cells %lld and %lld are paired by names alone: one was tested on %s, the other on %s.\n", one,
                    other, a->tested, b->tested);
    if (p->unlike & IL_UNLIKE_COUNTED)
        il_text_add(to,
                    "Cells %lld and %lld count other pixels of the same pictures, as their sizes or borders differ;"
                    " take their difference with care.\n",
                    one, other);
}

static void note_pair(il_text *to, const il_comparison *c, const il_compare_pair *p)
{
    const il_compare_cell *a = &c->cells[p->a], *b = &c->cells[p->b];
    if (p->n + p->undefined == 0)
        il_text_add(to, "Cells %lld and %lld cannot be paired: they were tested on different pictures.\n",
                    (long long)a->cell, (long long)b->cell);
    else if (p->alone_a + p->alone_b)
        il_text_add(to, "Left unpaired: %zu pictures of cell %lld and %zu of cell %lld have no partner.\n", p->alone_a,
                    (long long)a->cell, p->alone_b, (long long)b->cell);
    if (p->undefined)
        il_text_add(to, "Left out: of cells %lld and %lld, %zu pairs where %s is undefined for one or both.\n",
                    (long long)a->cell, (long long)b->cell, p->undefined, il_compare_name(c->metric));
    if (p->n + p->undefined)
        note_unlike(to, p, a, b);
}

void il_compare_note_photos(il_text *to, size_t pictures, size_t photos)
{
    if (photos < pictures)
        il_text_add(to, "%zu tiles of %zu photo%s: intervals resample photos, and tests pair the means of each photo.",
                    pictures, photos, photos == 1 ? "" : "s");
    if (photos < IL_PHOTOS_ROUGH)
        il_text_add(to, "%sOnly %zu %s%s: %s.", photos < pictures ? " " : "", photos,
                    photos < pictures ? "photo" : "picture", photos == 1 ? "" : "s",
                    photos < IL_PHOTOS_LEAST ? "too few for an interval" : "intervals are rough");
}

/* Whether a pair that is compared is of two runs, one of them trained. */
static bool any_trained(const il_comparison *c)
{
    for (size_t i = 0; i < c->npairs; i++) {
        const il_compare_cell *a = &c->cells[c->pairs[i].a], *b = &c->cells[c->pairs[i].b];
        if (a->run != b->run && !(a->given && b->given) && !(c->pairs[i].unlike & IL_UNLIKE_REFUSED))
            return true;
    }
    return false;
}

static void add_notes(il_text *to, const il_comparison *c)
{
    const il_compare_cell *fewest = &c->cells[0];
    il_text photos = { 0 };
    note_bins(to, c);
    for (size_t i = 0; i < c->npairs; i++)
        note_pair(to, c, &c->pairs[i]);
    for (size_t i = 0; i < c->ncells; i++)
        fewest = c->cells[i].photos < fewest->photos ? &c->cells[i] : fewest;
    il_compare_note_photos(&photos, fewest->defined, fewest->photos);
    if (photos.data)
        il_text_add(to, "Cell %lld: %s\n", (long long)fewest->cell, photos.data);
    to->failed = to->failed || photos.failed;
    il_text_free(&photos);
    if (any_trained(c))
        il_text_add(to, "%s\n", IL_COMPARE_TRAININGS);
}

static void add_titles(il_table tables[TABLES], const il_comparison *c)
{
    il_text_add(&tables[0].title,
                "%s: mean over pictures where it is defined, 95 %% interval by %d bootstrap resamples of photos",
                il_compare_name(c->metric), IL_BOOT_RESAMPLES);
    il_text_add(&tables[1].title,
                "Paired by picture: mean difference cell - other; p two-sided, of the photos' means%s",
                c->npairs > 1 ? ", and by Holm for all pairs" : "");
    il_text_add(&tables[2].title,
                "Spread over seeds: mean and standard deviation of the cells' means, 95 %% interval by Student's t");
    il_text_add(&tables[3].title,
                "Over seeds: difference of the means, p two-sided by Welch's test, and by Holm for all");
}

/* Tables one below the other, then the notes, each a line. */
static int print_tables(FILE *to, const il_comparison *c, const il_table tables[TABLES], il_format format, il_err *e)
{
    il_text notes = { 0 };
    int rc = IL_OK;
    for (int i = 0; !rc && i < (c->nmethods ? 4 : c->nseeds ? 3 : 2); i++) {
        fputs(i ? "\n" : "", to);
        rc = il_format_table(to, &tables[i], format, e);
    }
    add_notes(&notes, c);
    if (!rc && notes.failed)
        rc = il_fail_oom(e);
    errno = 0;
    if (!rc && notes.data && fprintf(to, "\n%s", notes.data) < 0)
        rc = il_fail(e, il_file_code(errno), "cannot write the comparison");
    il_text_free(&notes);
    return rc;
}

static int print(FILE *to, const il_comparison *c, const il_table tables[TABLES], il_format format, il_err *e)
{
    const il_json_part parts[] = { { NULL, "cells", &tables[0].rows },
                                   { NULL, "pairs", &tables[1].rows },
                                   { NULL, "seeds", &tables[2].rows },
                                   { NULL, "over_seeds", &tables[3].rows } };
    int rc = IL_OK;
    for (int i = 0; !rc && i < TABLES; i++)
        rc = il_table_check(&tables[i], e);
    if (rc)
        return rc;
    return format == IL_FORMAT_JSON  ? il_format_json_parts(to, parts, TABLES, e)
           : format == IL_FORMAT_CSV ? il_format_rows(to, &tables[1].rows, format, e)
                                     : print_tables(to, c, tables, format, e);
}

int il_compare_print(FILE *to, const il_comparison *c, il_format format, il_err *e)
{
    il_table tables[TABLES] = { 0 };
    bool programs = format == IL_FORMAT_JSON || format == IL_FORMAT_CSV;
    cell_table(&tables[0], c, programs);
    if (programs)
        pair_table(&tables[1], c);
    else
        il_compare_pairs(&tables[1], c, NULL);
    seed_table(&tables[2], c);
    method_table(&tables[3], c);
    add_titles(tables, c);
    int rc = print(to, c, tables, format, e);
    for (int i = 0; i < TABLES; i++)
        il_table_free(&tables[i]);
    return rc;
}
