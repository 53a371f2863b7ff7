/* aggregates.c - SQL aggregates over images: quantiles, spread, bootstrap intervals, paired tests. Rows with a NULL are
 * skipped; an empty sample gives NULL. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "store/sql/arguments.h"
#include "store/sql/functions.h"
#include "store/stats/clusters.h"

enum what {
    MEDIAN,
    QUANTILE,
    STDEV,
    BOOT_LOW,
    BOOT_HIGH,
    PHOTO_LOW,
    PHOTO_HIGH,
    RATIO_LOW,
    RATIO_HIGH,
    WILCOXON,
    TTEST,
    SIGN,
    IMAGE_AUC,
    PHOTO_RATIO_LOW,
    PHOTO_RATIO_HIGH
};

static const volatile int *stop;

void il_sql_stop(const volatile int *when)
{
    stop = when;
}

struct sample {
    double *x, *y; /* y: of functions of two columns */
    char **photo;  /* of functions that resample photos */
    size_t n, room;
    double option[2]; /* constant over all rows: q, or level and seed */
    bool set;
};

static int numbers_of(const il_sql_function *f)
{
    return f->by.what < RATIO_LOW ? 1 : 2;
}

static bool has_photo(enum what what)
{
    return what == PHOTO_LOW || what == PHOTO_HIGH || what == PHOTO_RATIO_LOW || what == PHOTO_RATIO_HIGH;
}

/* Numbers, and behind them the photo. */
static int columns_of(const il_sql_function *f)
{
    return numbers_of(f) + has_photo((enum what)f->by.what);
}

static bool grow(struct sample *s)
{
    size_t room = s->room ? s->room * 2 : 64;
    double *x = realloc(s->x, room * sizeof *x);
    s->x = x ? x : s->x;
    double *y = x ? realloc(s->y, room * sizeof *y) : NULL;
    s->y = y ? y : s->y;
    char **photo = y ? realloc(s->photo, room * sizeof *photo) : NULL;
    s->photo = photo ? photo : s->photo;
    s->room = photo ? room : s->room;
    return photo != NULL;
}

static bool add(struct sample *s, double x, double y, const char *photo)
{
    if (s->n == s->room && !grow(s))
        return false;
    s->photo[s->n] = photo ? strdup(photo) : NULL;
    if (photo && !s->photo[s->n])
        return false;
    s->x[s->n] = x;
    s->y[s->n++] = y;
    return true;
}

/* q must be in [0, 1], a level in (0, 1), a seed an integer that a double can represent. */
static bool option_is_good(sqlite3_context *c, const il_sql_function *f, int i, double value)
{
    const char *name = f->arguments[columns_of(f) + i];
    if (f->by.what == QUANTILE && !(value >= 0 && value <= 1))
        il_sql_complain(c, f, "%s is %g; expected 0 to 1", name, value);
    else if (f->by.what != QUANTILE && i == 0 && !(value > 0 && value < 1))
        il_sql_complain(c, f, "%s is %g; expected more than 0 and less than 1", name, value);
    else if (i == 1 && !(value >= 0 && value <= 0x1p53 && value == floor(value)))
        il_sql_complain(c, f, "%s is %g; expected an integer from 0 to 2^53", name, value);
    else
        return true;
    return false;
}

static bool read_options(struct sample *s, sqlite3_context *c, const il_sql_function *f, int n, sqlite3_value **values)
{
    double option[2] = { 0.95, 0 };
    for (int i = 0; i < n; i++)
        if (!il_sql_number(&option[i], c, f, columns_of(f) + i, values[i]) || !option_is_good(c, f, i, option[i]))
            return false;
    for (int i = 0; s->set && i < n; i++)
        if (option[i] != s->option[i]) {
            il_sql_complain(c, f, "%s differs between rows; expected a constant", f->arguments[columns_of(f) + i]);
            return false;
        }
    s->option[0] = option[0];
    s->option[1] = option[1];
    s->set = true;
    return true;
}

static void sample_step(sqlite3_context *c, int n, sqlite3_value **values)
{
    const il_sql_function *f = sqlite3_user_data(c);
    struct sample *s = sqlite3_aggregate_context(c, sizeof *s);
    int columns = columns_of(f);
    double value[2] = { 0 };
    const char *photo = NULL;
    if (!s) {
        sqlite3_result_error_nomem(c);
        return;
    }
    if (!read_options(s, c, f, n - columns, values + columns) || il_sql_any_null(columns, values))
        return;
    for (int i = 0; i < numbers_of(f); i++)
        if (!il_sql_number(&value[i], c, f, i, values[i]))
            return;
    if (columns > numbers_of(f) && !(photo = il_sql_text(c, f, columns - 1, values[columns - 1])))
        return;
    if (!add(s, value[0], value[1], photo))
        sqlite3_result_error_nomem(c);
}

/* Of sum(x) over the pictures, or of sum(x) / sum(y), resampling photos. */
static int resample_photos(il_interval *out, const struct sample *s, bool ratio, il_boot how)
{
    il_clusters c = { 0 };
    il_clustered *pictures = calloc(s->n + 1, sizeof *pictures);
    if (!pictures)
        return IL_ENOMEM;
    for (size_t i = 0; i < s->n; i++)
        pictures[i] = (il_clustered){ s->photo[i], s->x[i], s->y[i] };
    int rc = il_clusters_gather(&c, pictures, s->n, NULL);
    if (!rc && c.n >= IL_PHOTOS_LEAST)
        rc = il_bootstrap_ratio(out, c.x, ratio ? c.y : c.pictures, c.n, how, NULL);
    il_clusters_free(&c);
    free(pictures);
    return rc;
}

static int compute(double *out, struct sample *s, enum what what)
{
    il_interval between = { NAN, NAN };
    il_boot how = { s->option[0], (uint64_t)s->option[1], stop };
    int rc = IL_OK;
    switch (what) {
    case MEDIAN: *out = il_stats_quantile(s->x, s->n, 0.5); break;
    case QUANTILE: *out = il_stats_quantile(s->x, s->n, s->option[0]); break;
    case STDEV: *out = il_stats_stdev(s->x, s->n); break;
    case BOOT_LOW:
    case BOOT_HIGH:
        rc = il_bootstrap_mean(&between, s->x, s->n, how, NULL);
        *out = what == BOOT_LOW ? between.low : between.high;
        break;
    case PHOTO_LOW:
    case PHOTO_HIGH:
    case PHOTO_RATIO_LOW:
    case PHOTO_RATIO_HIGH:
        rc = resample_photos(&between, s, what == PHOTO_RATIO_LOW || what == PHOTO_RATIO_HIGH, how);
        *out = what == PHOTO_LOW || what == PHOTO_RATIO_LOW ? between.low : between.high;
        break;
    case RATIO_LOW:
    case RATIO_HIGH:
        rc = il_bootstrap_ratio(&between, s->x, s->y, s->n, how, NULL);
        *out = what == RATIO_LOW ? between.low : between.high;
        break;
    case WILCOXON: rc = il_stats_wilcoxon(out, s->x, s->y, s->n, NULL); break;
    case TTEST: *out = il_stats_ttest(s->x, s->y, s->n); break;
    case SIGN: *out = il_stats_sign(s->x, s->y, s->n); break;
    case IMAGE_AUC: rc = il_stats_auc(out, s->x, s->y, s->n, NULL); break;
    }
    return rc;
}

/* SQLite also calls this after an error. */
static void sample_final(sqlite3_context *c)
{
    const il_sql_function *f = sqlite3_user_data(c);
    struct sample *s = sqlite3_aggregate_context(c, 0);
    double value = NAN;
    if (!s)
        return;
    int rc = s->n ? compute(&value, s, (enum what)f->by.what) : IL_OK;
    if (rc == IL_ECANCEL)
        sqlite3_result_error_code(c, SQLITE_INTERRUPT);
    else if (rc)
        sqlite3_result_error_nomem(c);
    else
        il_sql_return(c, value);
    for (size_t i = 0; i < s->n; i++)
        free(s->photo[i]);
    free(s->photo);
    free(s->x);
    free(s->y);
}

#define ONE(what_, name, about)                                                                                        \
    {                                                                                                                  \
        name, { "x" }, 1, { .what = (what_) }, NULL, sample_step, sample_final, name "(x)", "aggregate: " about        \
    }
#define TWO(what_, name, first, second, about)                                                                         \
    {                                                                                                                  \
        name, { first, second }, 2, { .what = (what_) }, NULL, sample_step, sample_final,                              \
            name "(" first ", " second ")", "aggregate: " about                                                        \
    }
#define BOOT(what_, name, about)                                                                                       \
    {                                                                                                                  \
        name, { "x", "level", "seed" }, 1, { .what = (what_) }, NULL, sample_step, sample_final,                       \
            name "(x[, level[, seed]])", "aggregate: " about                                                           \
    }
#define RATIO(what_, name, about)                                                                                      \
    {                                                                                                                  \
        name, { "numerator", "denominator", "level", "seed" }, 2, { .what = (what_) }, NULL, sample_step,              \
            sample_final, name "(numerator, denominator[, level[, seed]])", "aggregate: " about                        \
    }
#define PHOTOS(what_, name, about)                                                                                     \
    {                                                                                                                  \
        name, { "x", "photo", "level", "seed" }, 2, { .what = (what_) }, NULL, sample_step, sample_final,              \
            name "(x, photo[, level[, seed]])", "aggregate: " about                                                    \
    }
#define PHOTO_RATIO(what_, name, about)                                                                                \
    {                                                                                                                  \
        name, { "numerator", "denominator", "photo", "level", "seed" }, 3, { .what = (what_) }, NULL, sample_step,     \
            sample_final, name "(numerator, denominator, photo[, level[, seed]])", "aggregate: " about                 \
    }

const il_sql_function il_sql_samples[] = {
    ONE(MEDIAN, "il_median", "the median"),
    { "il_quantile",
      { "x", "q" },
      2,
      { .what = QUANTILE },
      NULL,
      sample_step,
      sample_final,
      "il_quantile(x, q)",
      "aggregate: quantile, interpolated linearly" },
    ONE(STDEV, "il_stdev", "standard deviation of the sample (n - 1)"),
    BOOT(BOOT_LOW, "il_boot_low", "lower end of the percentile bootstrap interval of the mean; level 0.95"),
    BOOT(BOOT_HIGH, "il_boot_high", "its upper end"),
    PHOTOS(PHOTO_LOW, "il_boot_photo_low",
           "as il_boot_low, resampling photos with all their pictures; NULL below 3 photos"),
    PHOTOS(PHOTO_HIGH, "il_boot_photo_high", "its upper end"),
    RATIO(RATIO_LOW, "il_boot_ratio_low", "lower end for sum(numerator) / sum(denominator), such as a pooled IoU"),
    RATIO(RATIO_HIGH, "il_boot_ratio_high", "its upper end"),
    PHOTO_RATIO(PHOTO_RATIO_LOW, "il_boot_photo_ratio_low", "as il_boot_ratio_low, resampling photos"),
    PHOTO_RATIO(PHOTO_RATIO_HIGH, "il_boot_photo_ratio_high", "its upper end"),
    TWO(WILCOXON, "il_wilcoxon_p", "a", "b", "two-sided p of Wilcoxon's signed-rank test of pairs"),
    TWO(TTEST, "il_ttest_p", "a", "b", "two-sided p of the paired t-test"),
    TWO(SIGN, "il_sign_p", "a", "b", "two-sided p of the sign test of pairs"),
    TWO(IMAGE_AUC, "il_image_auc", "score", "label", "area under the ROC curve over images; labels above 0 are true"),
    { 0 },
};
