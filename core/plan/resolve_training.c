/* resolve_training.c - how a run is trained, or which weights it tests without training. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "plan/resolve_plugin.h"
#include "plan/resolve_training.h"

static void free_list(char **list)
{
    for (char **s = list; s && *s; s++)
        free(*s);
    free(list);
}

void il_resolve_free_training(il_training *t)
{
    free(t->on);
    free(t->weights);
    free_list(t->skip);
    free_list(t->freeze);
    for (size_t i = 0; i < t->nlr_of; i++)
        free(t->lr_of[i].pattern);
    free(t->lr_of);
    *t = (il_training){ 0 };
}

static const il_node *base_of(const il_resolver *r)
{
    return il_yaml_get(il_yaml_root(r->grid), "base");
}

static int read_patterns(char ***out, const il_settings *s, const char *key, il_err *e)
{
    const il_setting *slot = il_settings_get(s, key);
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
                                "%s must be a list of patterns of tensor names", key);
        list[i] = il_text_copy(item->text);
        if (!list[i])
            return il_fail_oom(e);
    }
    return IL_OK;
}

static const il_param_spec factor_table[] = {
    { "factor", IL_PARAM_REAL, NULL, 1e-9, 1e9, NULL, "of the learning rate" }, { 0 }
};

static bool read_factor(double *out, const il_node *n, il_err *e)
{
    il_params *p = NULL;
    int rc = n->kind != IL_NODE_SCALAR || n->quoted ? IL_EPARAM : il_params_new(&p, factor_table, e);
    if (!rc)
        rc = il_params_set(p, "factor", n->text, e);
    if (!rc)
        *out = il_params_real(p, "factor");
    il_params_free(p);
    return !rc;
}

static int read_factors(il_training *t, const il_settings *s, il_err *e)
{
    const il_setting *slot = il_settings_get(s, "train.lr_of");
    if (!slot)
        return IL_OK;
    const il_node *map = slot->value;
    t->lr_of = calloc(map->count + 1, sizeof *t->lr_of);
    if (!t->lr_of)
        return il_fail_oom(e);
    for (size_t i = 0; i < map->count; i++) {
        il_lr_of *one = &t->lr_of[i];
        il_err why = { 0 };
        if (!read_factor(&one->factor, map->items[i], &why) && why.code == IL_ENOMEM)
            return il_fail_oom(e);
        if (one->factor == 0)
            return il_yaml_fail(
                slot->from, slot->at ? map->items[i] : NULL, e, IL_EPARAM,
                "train.lr_of: the factor of '%.100s' must be a number from 1e-9 to 1e9 by which train.lr is"
                " multiplied; train.freeze keeps tensors as they are",
                map->keys[i]->text);
        one->pattern = il_text_copy(map->keys[i]->text);
        if (!one->pattern)
            return il_fail_oom(e);
        t->nlr_of++;
    }
    return IL_OK;
}

/* Settings that contradict each other. */
static int check_training(const il_training *t, const il_settings *s, il_err *e)
{
    const il_setting *crop = il_settings_get(s, "train.crop"), *crops = il_settings_get(s, "train.crops");
    const il_setting *skip = il_settings_get(s, "train.skip"), *warmup = il_settings_get(s, "train.warmup");
    const il_setting *weights = il_settings_get(s, "weights.file");
    if (warmup && t->warmup >= t->epochs)
        return il_settings_fail(warmup, e, "train.warmup, %g epochs, must be less than train.epochs, %d", t->warmup,
                                t->epochs);
    if (crop && t->crop > t->size)
        return il_settings_fail(crop, e, "train.crop, %d, must not be larger than train.size, %d", t->crop, t->size);
    if (crops && t->crops > 1 && t->crop == 0)
        return il_settings_fail(crops, e, "train.crops is %d, but the crops have no size; set train.crop", t->crops);
    if (skip && t->skip && !t->weights)
        return il_settings_fail(skip, e, "train.skip has no effect without train.weights; set train.weights");
    if (weights)
        return il_settings_fail_key(weights, e,
                                    "'weights' are tested without training, with 'train: none'; a training"
                                    " starts from 'train.weights'");
    return IL_OK;
}

static void fill(il_training *t, const il_params *p)
{
    t->epochs = (int)il_params_int(p, "epochs");
    t->patience = (int)il_params_int(p, "patience");
    t->monitor = il_keys_monitor(il_params_text(p, "monitor"));
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
    t->clip = il_params_real(p, "clip");
    t->aux_weight = il_params_real(p, "aux_weight");
    t->precision = il_keys_precision(il_params_text(p, "precision"));
    t->accumulate = (int)il_params_int(p, "accumulate");
    t->recompute = il_params_bool(p, "recompute");
    t->cuda_graph = il_params_bool(p, "cuda_graph");
    t->as_published = il_params_bool(p, "as_published");
    t->keep = il_params_bool(p, "keep");
}

int il_resolve_training(il_run *run, const il_resolver *r, const il_settings *s, il_err *e)
{
    int rc = il_resolve_table(&run->train_settings, il_keys_train, "train.", s, e);
    if (rc)
        return rc;
    const il_params *p = run->train_settings;
    const char *on = il_params_text(p, "on"), *weights = il_params_text(p, "weights");
    if (!on || !*on)
        return il_yaml_fail(r->grid, base_of(r), e, IL_EPARAM,
                            "'base' must set 'train.on', the image kind to train on");
    il_training *t = &run->training;
    fill(t, p);
    t->on = il_text_copy(on);
    t->weights = *weights ? il_text_copy(weights) : NULL;
    if (!t->on || (*weights && !t->weights))
        return il_fail_oom(e);
    rc = read_patterns(&t->skip, s, "train.skip", e);
    if (!rc)
        rc = read_patterns(&t->freeze, s, "train.freeze", e);
    if (!rc)
        rc = read_factors(t, s, e);
    return rc ? rc : check_training(t, s, e);
}

/* ---- weights from elsewhere ---- */

/* The first setting that means nothing here. */
static int refuse_training(const il_settings *s, il_err *e)
{
    for (size_t i = 0; i < s->count; i++) {
        const il_setting *slot = &s->list[i];
        const char *name = strstr(slot->key, ".name");
        if (strcmp(slot->key, "train") != 0 && il_keys_trains(slot->key))
            return il_settings_fail_key(slot, e, "'%.*s' means nothing with 'train: none', which trains nothing",
                                        name ? (int)(name - slot->key) : (int)strlen(slot->key), slot->key);
    }
    return IL_OK;
}

static int name_weights(il_run *run, const il_settings *s, il_err *e)
{
    const il_setting *label = il_settings_get(s, "weights.label"), *file = il_settings_get(s, "weights.file");
    const char *name = il_settings_weights(s);
    if (name && (!*name || strpbrk(name, ",=") || !il_utf8_is_line(name)))
        return il_settings_fail(label ? label : file, e,
                                "weights '%s': their name in tables must be one line of text without ',' and '='; give"
                                " another by 'weights: {file: FILE, label: NAME}'",
                                name);
    run->weights_name = il_text_copy(name ? name : "its own");
    return run->weights_name ? IL_OK : il_fail_oom(e);
}

int il_resolve_no_training(il_run *run, const il_resolver *r, const il_settings *s, il_err *e)
{
    const il_setting *file = il_settings_get(s, "weights.file");
    int rc = refuse_training(s, e);
    if (!rc && !il_settings_get(s, "test"))
        rc = il_yaml_fail(r->grid, base_of(r), e, IL_EPARAM,
                          "'base' must set 'test', what weights are tested on with 'train: none'");
    if (!rc && file && !*file->value->text)
        rc = il_settings_fail(file, e, "'weights' must name a file");
    if (!rc && file && !(run->weights = il_text_copy(file->value->text)))
        rc = il_fail_oom(e);
    if (!rc)
        rc = name_weights(run, s, e);
    if (rc)
        return rc;
    il_params *defaults = NULL;
    rc = il_params_new(&defaults, il_keys_train, e);
    if (!rc)
        run->training = (il_training){ .batch = (int)il_params_int(defaults, "batch"),
                                       .size = (int)il_params_int(defaults, "size") };
    il_params_free(defaults);
    return rc;
}
