/* check.c - measures every sample on threads, then reports problems. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/thread_pool.h"
#include "dataset/check.h"

extern const char il_embedded_published_splits_csv[];

enum { AT_ONCE = 64 };

void il_check_free(il_check *c)
{
    if (!c)
        return;
    for (size_t i = 0; c->measures && i < c->listing.count; i++)
        il_sample_stats_clear(&c->measures[i]);
    free(c->measures);
    free(c->sizes);
    il_manifest_free(&c->manifest);
    il_findings_clear(&c->findings);
    il_listing_free(&c->listing);
    *c = (il_check){ 0 };
}

/* ---- measuring ---- */

struct job {
    const il_listed *sample;
    il_sample_stats *measure;
    bool fast;
    int code;
    il_err error;
};

static void work(void *context)
{
    struct job *job = context;
    job->code = il_sample_stats_sample(job->measure, job->sample, job->fast, &job->error);
}

static void tell(const il_check *c, const il_observer *observer, size_t done, double seconds)
{
    double rate = seconds > 0 ? (double)done / seconds : NAN;
    il_observer_count(observer, c->opts.path, "samples", done, c->listing.count, rate);
}

static int measure_some(il_check *c, il_thread_pool *pool, size_t first, size_t n, il_err *e)
{
    struct job jobs[AT_ONCE];
    il_thread_pool_group group = { 0 };
    int rc = IL_OK;
    for (size_t k = 0; k < n; k++)
        jobs[k] = (struct job){ &c->listing.list[first + k], &c->measures[first + k], c->opts.fast, IL_OK, { 0 } };
    for (size_t k = 0; k < n && !rc; k++)
        rc = il_thread_pool_add(pool, &group, work, &jobs[k], e);
    il_thread_pool_wait(pool, &group);
    for (size_t k = 0; k < n && !rc; k++)
        if (jobs[k].code)
            rc = il_fail(e, jobs[k].code, "%s", jobs[k].error.message);
    return rc;
}

static int measure_all(il_check *c, const il_observer *observer, il_err *e)
{
    il_thread_pool *pool = NULL;
    size_t count = c->listing.count;
    double start = il_clock_seconds();
    c->measures = calloc(count ? count : 1, sizeof *c->measures);
    int rc = c->measures ? il_thread_pool_open(&pool, c->opts.threads, e) : il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i += AT_ONCE) {
        size_t n = count - i < AT_ONCE ? count - i : AT_ONCE;
        rc = measure_some(c, pool, i, n, e);
        if (!rc && il_observer_stopped(observer))
            rc = il_fail(e, IL_ECANCEL, "stopped after sample %zu of %zu", i + n, count);
        if (!rc)
            tell(c, observer, i + n, il_clock_seconds() - start);
    }
    il_thread_pool_close(pool);
    return rc;
}

/* ---- sums ---- */

static int by_size(const void *a, const void *b)
{
    const il_check_size *x = a, *y = b;
    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    return (x->height > y->height) - (x->height < y->height);
}

static int by_count(const void *a, const void *b)
{
    const il_check_size *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return by_size(a, b);
}

static int count_sizes(il_check *c, il_err *e)
{
    size_t n = 0;
    il_check_size *sizes = malloc((c->listing.count * IL_PICTURE_KINDS + 1) * sizeof *sizes);
    if (!sizes)
        return il_fail_oom(e);
    for (size_t i = 0; i < c->listing.count; i++)
        for (int k = 0; k < IL_PICTURE_KINDS; k++)
            if (c->measures[i].width[k])
                sizes[n++] = (il_check_size){ c->measures[i].width[k], c->measures[i].height[k], 1 };
    qsort(sizes, n, sizeof *sizes, by_size);
    for (size_t i = 0; i < n; i++) {
        il_check_size *last = c->size_count ? &sizes[c->size_count - 1] : NULL;
        if (last && by_size(last, &sizes[i]) == 0)
            last->count++;
        else
            sizes[c->size_count++] = sizes[i];
    }
    qsort(sizes, c->size_count, sizeof *sizes, by_count);
    c->sizes = sizes;
    return IL_OK;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static il_check_share share_of(double *values, size_t n)
{
    double sum = 0;
    qsort(values, n, sizeof *values, by_value);
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return (il_check_share){ values[0], (values[(n - 1) / 2] + values[n / 2]) / 2, sum / (double)n, values[n - 1] };
}

static int sum_masks(il_check *c, il_err *e)
{
    size_t n = 0;
    double *areas = malloc((c->listing.count * 2 + 1) * sizeof *areas),
           *cores = areas ? areas + c->listing.count : NULL;
    if (!areas)
        return il_fail_oom(e);
    for (size_t i = 0; i < c->listing.count; i++) {
        const il_sample_stats *m = &c->measures[i];
        if (!m->has_mask)
            continue;
        areas[n] = m->area;
        cores[n++] = m->core;
        c->blurred += m->between;
        c->touching_255 += m->most == 255;
    }
    c->masks = n;
    if (n) {
        c->area = share_of(areas, n);
        c->core = share_of(cores, n);
    }
    free(areas);
    return IL_OK;
}

/* What Table 1 counts: training images with their masks; for the inpainted subset, those with an inpainted image. */
static bool is_counted(const il_check *c, const il_listed *s)
{
    bool inpainted = c->opts.as && strcmp(c->opts.as, "inpainted") == 0;
    if (!s->path[IL_MASK])
        return false;
    return inpainted ? s->path[IL_INPAINTED] != NULL : s->path[IL_REALFAKE] || s->path[IL_FAKEFAKE];
}

static void count_files(il_check *c)
{
    for (size_t i = 0; i < c->listing.count; i++) {
        const il_listed *s = &c->listing.list[i];
        c->samples[s->split]++;
        c->counted[s->split] += is_counted(c, s);
        for (int k = 0; k < IL_PICTURE_KINDS; k++)
            c->files[s->split][k] += s->path[k] != NULL;
    }
    for (int k = 0; k < IL_PICTURE_KINDS; k++) {
        c->has[k] = k < IL_PUBLISHED_KINDS;
        for (int s = 0; s < IL_LISTING_GROUPS; s++)
            c->has[k] = c->has[k] || c->files[s][k];
    }
}

/* ---- findings ---- */

/* The report's count of a split, or that of its code's logs where it is `counted`; -1: not published. */
static long published_count(const char *as, const char *split, long counted)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\n%s,%s,", strcmp(as, "inpainted") == 0 ? "dataset2-inpainted" : as, split);
    const char *at = n > 0 && (size_t)n < sizeof key ? strstr(il_embedded_published_splits_csv, key) : NULL;
    char *rest = NULL;
    long count = at ? strtol(at + n, &rest, 10) : -1;
    long ran = at && *rest == ',' ? strtol(rest + 1, NULL, 10) : 0;
    return ran == counted && ran > 0 ? ran : count;
}

static int compare_counts(il_check *c, il_err *e)
{
    int rc = IL_OK;
    for (int s = 0; s < IL_LISTING_GROUPS; s++) {
        const char *split = il_listing_groups[s];
        c->published[s] = c->opts.as ? published_count(c->opts.as, split, c->counted[s]) : -1;
        if (!rc && c->published[s] >= 0 && c->published[s] != c->counted[s])
            rc = il_findings_add(&c->findings, IL_FOUND_COUNTS, e, split, "%ld samples; the paper has %ld",
                                 c->counted[s], c->published[s]);
    }
    return rc;
}

static int tell_troubles(il_check *c, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < c->listing.trouble_count && !rc; i++) {
        const il_listing_trouble *t = &c->listing.troubles[i];
        rc = il_findings_add(&c->findings, t->unpaired ? IL_FOUND_UNPAIRED : IL_FOUND_ODD_NAMES, e, t->where, "%s",
                             t->why);
    }
    return rc;
}

/* The first image whose size differs from the mask's or, without a mask, from the first image's. */
static int check_sizes(il_check *c, const il_sample_stats *m, const char *name, il_err *e)
{
    int first = m->width[IL_MASK] ? IL_MASK : 0;
    while (first < IL_PICTURE_KINDS && !m->width[first])
        first++;
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (m->width[k] && (m->width[k] != m->width[first] || m->height[k] != m->height[first]))
            return il_findings_add(&c->findings, IL_FOUND_SIZES, e, name, "%s is %dx%d, %s %dx%d",
                                   il_picture_kinds[first], m->width[first], m->height[first], il_picture_kinds[k],
                                   m->width[k], m->height[k]);
    return IL_OK;
}

static int check_mask(il_check *c, const il_sample_stats *m, const char *name, il_err *e)
{
    int rc = IL_OK;
    if (m->most == 0)
        rc = il_findings_add(&c->findings, IL_FOUND_EMPTY_MASK, e, name, "no pixel of the mask is above 0");
    else if (m->most < 255)
        rc = il_findings_add(&c->findings, IL_FOUND_NEVER_255, e, name, "highest grey level is %d", m->most);
    if (!rc && m->core == 1)
        rc = il_findings_add(&c->findings, IL_FOUND_FULL_MASK, e, name, "every pixel of the mask is 255");
    return rc;
}

static int check_sample(il_check *c, const il_listed *s, const il_sample_stats *m, const char *name, il_err *e)
{
    int rc = check_sizes(c, m, name, e);
    if (!rc && m->has_mask)
        rc = check_mask(c, m, name, e);
    for (int k = 0; k < IL_PICTURE_KINDS && !rc; k++) {
        if (m->why[k])
            rc = il_findings_add(&c->findings, IL_FOUND_UNREADABLE, e, s->path[k], "%s", m->why[k]);
        if (!rc && m->is_original[k])
            rc = il_findings_add(&c->findings, IL_FOUND_IDENTICAL, e, name, "%s is identical to the original",
                                 il_picture_kinds[k]);
        if (!rc && m->outside[k])
            rc = il_findings_add(&c->findings, IL_FOUND_OUTSIDE, e, name, "%s: %zu of %zu pixels", il_picture_kinds[k],
                                 m->outside[k], m->outside_area[k]);
    }
    return rc;
}

static int check_samples(il_check *c, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < c->listing.count && !rc; i++) {
        char *name = il_listing_name(&c->listing, i);
        rc = name ? check_sample(c, &c->listing.list[i], &c->measures[i], name, e) : il_fail_oom(e);
        free(name);
    }
    return rc;
}

int il_check_run(il_check *out, il_check_opts o, const il_observer *observer, il_err *e)
{
    il_check c = { .opts = o };
    int (*const steps[])(il_check *, il_err *) = { count_sizes,   sum_masks,       tell_troubles,    compare_counts,
                                                   check_samples, il_check_across, il_check_manifest };
    int rc = il_listing_open(&c.listing, o.path, e);
    if (!rc)
        rc = measure_all(&c, observer, e);
    if (!rc)
        count_files(&c);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !rc; i++)
        rc = steps[i](&c, e);
    if (rc)
        il_check_free(&c);
    else
        *out = c;
    return rc;
}
