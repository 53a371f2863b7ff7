/* resolve.c - the settings of a run, as written -> an il_run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "plan/resolve.h"
#include "plan/resolve_plugin.h"
#include "plan/resolve_tests.h"
#include "plan/resolve_training.h"
#include "plan/run_config.h"
#include "plan/run_name.h"
#include "plugin/instance.h"

void il_resolve_end(il_resolver *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->opened[i]);
    free(r->opened);
    r->opened = NULL;
    r->count = 0;
}

void il_resolve_free_run(il_run *run)
{
    il_choice_free(&run->model);
    il_choice_free(&run->loss);
    il_choice_free(&run->mask_policy);
    il_choice_free(&run->dataset);
    il_resolve_free_training(&run->training);
    free(run->weights);
    free(run->weights_name);
    for (size_t i = 0; i < run->ntests; i++)
        il_resolve_free_set(&run->tests[i]);
    free(run->tests);
    il_resolve_free_set(&run->validation);
    free(run->validation_name);
    free(run->name);
    il_params_free(run->train_settings);
    il_params_free(run->base_settings);
    free(run->config);
    free(run->unexamined);
    *run = (il_run){ 0 };
}

/* test_window: side and stride, as tile and overlap. */
static int read_window(il_testing *t, const il_settings *s, il_err *e)
{
    const il_setting *side = il_settings_get(s, "test_window.side"), *stride = il_settings_get(s, "test_window.stride");
    const il_setting *any = side ? side : stride;
    il_params *p = NULL;
    if (!any)
        return IL_OK;
    if (!side || !stride)
        return il_settings_fail_key(any, e, "test_window needs side and stride; '%s' is missing",
                                    side ? "stride" : "side");
    int rc = il_resolve_table(&p, il_keys_window, "test_window.", s, e);
    if (!rc) {
        t->tile = (int)il_params_int(p, "side");
        t->overlap = t->tile - (int)il_params_int(p, "stride");
    }
    if (!rc && t->overlap < 0)
        rc = il_settings_fail(stride, e, "test_window.stride, %d, must not be larger than its side, %d",
                              t->tile - t->overlap, t->tile);
    il_params_free(p);
    return rc;
}

static int settle_tiles(il_testing *t, int size, const il_settings *s, il_err *e)
{
    const il_setting *tile = il_settings_get(s, "tile"), *overlap = il_settings_get(s, "overlap");
    if (tile && t->tile > 0 && t->tile < IL_TILE_LEAST)
        return il_settings_fail(tile, e, "tile must be 0 or at least %d, not %d", IL_TILE_LEAST, t->tile);
    if (t->tile == 0)
        t->tile = size;
    if (t->overlap < 0)
        t->overlap = t->tile / 8;
    if (overlap && t->overlap >= t->tile)
        return il_settings_fail(overlap, e, "overlap, %d, must be less than the tile's side, %d", t->overlap, t->tile);
    return IL_OK;
}

static int read_base(il_run *run, const il_settings *s, il_err *e)
{
    int rc = il_resolve_table(&run->base_settings, il_keys_base, "", s, e);
    const il_params *p = run->base_settings;
    if (!rc) {
        int size = (int)il_params_int(p, "test_size");
        run->missing = strcmp(il_params_text(p, "missing"), "skip") == 0 ? IL_MISSING_SKIP : IL_MISSING_REFUSE;
        run->seed = (uint64_t)il_params_int(p, "seed");
        run->testing = (il_testing){ .fit = il_keys_fit(il_params_text(p, "fit")),
                                     .size = size ? size : run->training.size,
                                     .batch = (int)il_params_int(p, "test_batch"),
                                     .tile = (int)il_params_int(p, "tile"),
                                     .overlap = (int)il_params_int(p, "overlap"),
                                     .count_padding = strcmp(il_params_text(p, "count"), "published") == 0 };
        rc = size && size < IL_TILE_LEAST
                 ? il_settings_fail(il_settings_get(s, "test_size"), e, "test_size must be 0 or at least %d, not %d",
                                    IL_TILE_LEAST, size)
                 : read_window(&run->testing, s, e);
    }
    return rc ? rc : settle_tiles(&run->testing, run->training.size, s, e);
}

static bool is_given(const il_settings *s, const char *choice)
{
    char key[64];
    snprintf(key, sizeof key, "%s.name", choice);
    return il_settings_get(s, key) != NULL;
}

/* Nothing is trained with: a loss at all, and a data set that each test may name for itself. */
static int read_choices(il_run *run, il_resolver *r, const il_settings *s, il_err *e)
{
    il_choice *choices[IL_KEYS_CHOICES] = { &run->dataset, &run->model, &run->mask_policy, &run->loss };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < IL_KEYS_CHOICES; i++) {
        const il_keys_choice *what = &il_keys_choices[i];
        bool trains = what->kind == IL_KIND_LOSS || what->kind == IL_KIND_DATASET;
        if (!run->test_only || !trains || (what->kind == IL_KIND_DATASET && is_given(s, what->key)))
            rc = il_choice_resolve(choices[i], r, s, what, e);
    }
    return rc;
}

int il_resolve_run(il_run *out, il_resolver *r, const il_variant *v, il_err *e)
{
    il_run run = { 0 };
    run.test_only = il_settings_get(&v->slots, "train") != NULL;
    int rc = run.test_only ? il_resolve_no_training(&run, r, &v->slots, e) : IL_OK;
    if (!rc)
        rc = read_choices(&run, r, &v->slots, e);
    if (!rc && !run.test_only)
        rc = il_resolve_training(&run, r, &v->slots, e);
    if (!rc)
        rc = read_base(&run, &v->slots, e);
    if (!rc)
        rc = il_resolve_validation(&run, r, &v->slots, e);
    if (!rc)
        rc = il_resolve_tests(&run, r, &v->slots, e);
    if (!rc)
        rc = il_run_name_axes(&run, r, v, e);
    if (!rc)
        rc = il_run_config_write(&run.config, &run, run.train_settings, IL_ENGINE_REVISION, e);
    if (rc)
        il_resolve_free_run(&run);
    else
        *out = run;
    return rc;
}
