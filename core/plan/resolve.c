/* resolve.c - the settings of a run, as written -> an il_run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "plan/resolve.h"
#include "plan/resolve_plugin.h"
#include "plan/resolve_tests.h"
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
    free(run->training.on);
    free(run->training.weights);
    for (char **s = run->training.skip; s && *s; s++)
        free(*s);
    free(run->training.skip);
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

static const il_node *base_of(const il_resolver *r)
{
    return il_yaml_get(il_yaml_root(r->grid), "base");
}

/* ---- training and plain values ---- */

/* Sets the table's settings from the slots PREFIX + name. */
static int read_table(il_params **out, const il_param_spec *table, const char *prefix, const il_settings *s, il_err *e)
{
    int rc = il_params_new(out, table, e);
    for (; !rc && table->name; table++) {
        char key[sizeof s->list->key];
        snprintf(key, sizeof key, "%s%s", prefix, table->name);
        const il_setting *slot = il_settings_get(s, key);
        if (slot)
            rc = il_choice_set(*out, table->name, slot, prefix, e);
    }
    return rc;
}

static int read_skip(char ***out, const il_settings *s, il_err *e)
{
    const il_setting *slot = il_settings_get(s, "train.skip");
    if (!slot || slot->value->count == 0)
        return IL_OK;
    char **list = calloc(slot->value->count + 1, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    *out = list;
    for (size_t i = 0; i < slot->value->count; i++) {
        const il_node *item = slot->value->items[i];
        if (item->kind != IL_NODE_SCALAR || !*item->text)
            return il_yaml_fail(slot->from, slot->at ? item : NULL, e, IL_EPARAM,
                                "train.skip must be a list of patterns of tensor names");
        list[i] = il_text_copy(item->text);
        if (!list[i])
            return il_fail_oom(e);
    }
    return IL_OK;
}

/* Settings that contradict each other. */
static int check_training(const il_training *t, const il_settings *s, il_err *e)
{
    const il_setting *crop = il_settings_get(s, "train.crop"), *crops = il_settings_get(s, "train.crops");
    const il_setting *skip = il_settings_get(s, "train.skip"), *warmup = il_settings_get(s, "train.warmup");
    if (warmup && t->warmup >= t->epochs)
        return il_settings_fail(warmup, e, "train.warmup, %g epochs, must be less than train.epochs, %d", t->warmup,
                                t->epochs);
    if (crop && t->crop > t->size)
        return il_settings_fail(crop, e, "train.crop, %d, must not be larger than train.size, %d", t->crop, t->size);
    if (crops && t->crops > 1 && t->crop == 0)
        return il_settings_fail(crops, e, "train.crops is %d, but the crops have no size; set train.crop", t->crops);
    if (skip && t->skip && !t->weights)
        return il_settings_fail(skip, e, "train.skip has no effect without train.weights; set train.weights");
    return IL_OK;
}

static int read_training(il_run *run, const il_resolver *r, const il_settings *s, il_err *e)
{
    int rc = read_table(&run->train_settings, il_keys_train, "train.", s, e);
    if (rc)
        return rc;
    const il_params *p = run->train_settings;
    const char *on = il_params_text(p, "on"), *weights = il_params_text(p, "weights");
    if (!on || !*on)
        return il_yaml_fail(r->grid, base_of(r), e, IL_EPARAM,
                            "'base' must set 'train.on', the image kind to train on");
    il_training *t = &run->training;
    t->epochs = (int)il_params_int(p, "epochs");
    t->patience = (int)il_params_int(p, "patience");
    t->batch = (int)il_params_int(p, "batch");
    t->size = (int)il_params_int(p, "size");
    t->crop = (int)il_params_int(p, "crop");
    t->crops = (int)il_params_int(p, "crops");
    t->flip = il_params_bool(p, "flip");
    t->lr = il_params_real(p, "lr");
    t->schedule = il_schedule_parse(il_params_text(p, "schedule"));
    t->warmup = il_params_real(p, "warmup");
    t->decoupled = strcmp(il_params_text(p, "optimizer"), "adamw") == 0;
    t->weight_decay = il_params_real(p, "weight_decay");
    t->aux_weight = il_params_real(p, "aux_weight");
    t->precision = il_keys_precision(il_params_text(p, "precision"));
    t->accumulate = (int)il_params_int(p, "accumulate");
    t->recompute = il_params_bool(p, "recompute");
    t->cuda_graph = il_params_bool(p, "cuda_graph");
    t->as_published = il_params_bool(p, "as_published");
    t->on = il_text_copy(on);
    t->weights = *weights ? il_text_copy(weights) : NULL;
    if (!t->on || (*weights && !t->weights))
        return il_fail_oom(e);
    rc = read_skip(&t->skip, s, e);
    return rc ? rc : check_training(t, s, e);
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
    int rc = read_table(&run->base_settings, il_keys_base, "", s, e);
    const il_params *p = run->base_settings;
    if (!rc) {
        run->missing = strcmp(il_params_text(p, "missing"), "skip") == 0 ? IL_MISSING_SKIP : IL_MISSING_REFUSE;
        run->seed = (uint64_t)il_params_int(p, "seed");
        run->testing = (il_testing){ .fit = il_keys_fit(il_params_text(p, "fit")),
                                     .batch = (int)il_params_int(p, "test_batch"),
                                     .tile = (int)il_params_int(p, "tile"),
                                     .overlap = (int)il_params_int(p, "overlap"),
                                     .count_padding = strcmp(il_params_text(p, "count"), "published") == 0 };
        rc = settle_tiles(&run->testing, run->training.size, s, e);
    }
    return rc;
}

int il_resolve_run(il_run *out, il_resolver *r, const il_variant *v, il_err *e)
{
    il_run run = { 0 };
    il_choice *choices[IL_KEYS_CHOICES] = { &run.dataset, &run.model, &run.mask_policy, &run.loss };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < IL_KEYS_CHOICES; i++)
        rc = il_choice_resolve(choices[i], r, &v->slots, &il_keys_choices[i], e);
    if (!rc)
        rc = read_training(&run, r, &v->slots, e);
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
