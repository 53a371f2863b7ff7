/* matrix_axes.c - the axes of a sweep, from the view `varied`. */
#include <stdlib.h>
#include <string.h>
#include "report/matrix_axes.h"

static const char *const choices[IL_AXES_CHOICES] = { "model", "dataset", "mask_policy", "loss" };

/* What labels show, and what is no setting. */
static bool is_label(const char *key)
{
    static const char *const names[] = { "seed", "train.on", "engine" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], key) == 0)
            return true;
    for (size_t i = 0; i < IL_AXES_CHOICES; i++)
        if (strcmp(choices[i], key) == 0)
            return true;
    return false;
}

/* Of the key "model.width" 0; IL_AXES_CHOICES where it belongs to no choice. */
static size_t choice_of(const char *key)
{
    size_t i = 0, size = key ? strcspn(key, ".") : 0;
    while (i < IL_AXES_CHOICES && (strlen(choices[i]) != size || strncmp(choices[i], key, size) != 0))
        i++;
    return i;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What a run that only tests weights does not have. */
static bool is_of_training(const char *key)
{
    static const char *const heads[] = { "train", "loss", "dataset", "validation" };
    for (size_t i = 0; key && i < sizeof heads / sizeof *heads; i++)
        if (strncmp(key, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

/* Whether trained runs differ in it. */
static bool varies_in_trainings(const il_matrix_axes *a, size_t key, const il_axes_run *runs, size_t nruns)
{
    size_t first = 0;
    while (first < nruns && runs[first].given)
        first++;
    for (size_t i = first + 1; i < nruns; i++)
        if (!runs[i].given && !same(a->values[first * a->count + key], a->values[i * a->count + key]))
            return true;
    return false;
}

/* Whether two runs of one label differ in it. */
static bool tells_apart(const il_matrix_axes *a, size_t key, size_t choice, const il_axes_run *runs, size_t nruns)
{
    for (size_t i = 0; i < nruns; i++)
        for (size_t k = 0; k < i; k++)
            if (same(runs[i].labels[choice], runs[k].labels[choice]) &&
                !same(a->values[i * a->count + key], a->values[k * a->count + key]))
                return true;
    return false;
}

static size_t find(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static size_t find_run(const il_axes_run *runs, size_t nruns, const char *name)
{
    size_t i = 0;
    while (i < nruns && strcmp(runs[i].name, name) != 0)
        i++;
    return i;
}

static void fill_keys(il_matrix_axes *a)
{
    for (size_t i = 0; i < a->rows.count; i++) {
        const char *key = il_rows_word(&a->rows, i, "key");
        if (!is_label(key) && find(a->keys, a->count, key) == a->count)
            a->keys[a->count++] = key;
    }
}

static void fill_values(il_matrix_axes *a, const il_axes_run *runs, size_t nruns)
{
    for (size_t i = 0, run = nruns; i < a->rows.count; i++) {
        const char *name = il_rows_word(&a->rows, i, "run");
        size_t key = find(a->keys, a->count, il_rows_word(&a->rows, i, "key"));
        if (run == nruns || strcmp(runs[run].name, name) != 0)
            run = find_run(runs, nruns, name);
        if (run < nruns && key < a->count)
            a->values[run * a->count + key] = il_rows_text(&a->rows, i, "value");
    }
}

/* Drops the keys of choices that labels tell apart as well, and those that only tell a training from none. */
static int drop(il_matrix_axes *a, const il_axes_run *runs, size_t nruns, il_err *e)
{
    size_t all = a->count, kept = 0;
    bool *keep = calloc(all + 1, sizeof *keep);
    if (!keep)
        return il_fail_oom(e);
    for (size_t key = 0; key < all; key++) {
        size_t choice = choice_of(a->keys[key]);
        keep[key] = (choice == IL_AXES_CHOICES || tells_apart(a, key, choice, runs, nruns)) &&
                    (!is_of_training(a->keys[key]) || varies_in_trainings(a, key, runs, nruns));
    }
    for (size_t i = 0; i < nruns; i++)
        for (size_t key = 0; key < all; key++)
            if (keep[key])
                a->values[kept++] = a->values[i * all + key];
    a->count = 0;
    for (size_t key = 0; key < all; key++)
        if (keep[key])
            a->keys[a->count++] = a->keys[key];
    free(keep);
    return IL_OK;
}

int il_matrix_axes_read(il_matrix_axes *out, il_store *s, const char *experiment, const il_axes_run *runs, size_t nruns,
                        il_err *e)
{
    il_matrix_axes a = { 0 };
    int rc = il_store_read(&a.rows, s, "varied: run text, key text",
                           "SELECT run, key, value FROM varied WHERE experiment = ?1",
                           (const char *const[]){ experiment, NULL }, e);
    if (rc)
        return rc;
    a.keys = calloc(a.rows.count + 1, sizeof *a.keys);
    if (a.keys)
        fill_keys(&a);
    a.values = calloc(nruns * a.count + 1, sizeof *a.values);
    if (a.keys && a.values) {
        fill_values(&a, runs, nruns);
        rc = drop(&a, runs, nruns, e);
    } else {
        rc = il_fail_oom(e);
    }
    if (rc) {
        il_matrix_axes_free(&a);
        return rc;
    }
    *out = a;
    return IL_OK;
}

void il_matrix_axes_free(il_matrix_axes *a)
{
    free(a->keys);
    free(a->values);
    il_store_rows_free(&a->rows);
    *a = (il_matrix_axes){ 0 };
}
