/* cost.c - estimates the work of runs. What many runs share is looked at once: a model at a size, a training split. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/profile.h>
#include <inpaintlab/tensor.h>
#include "base/array.h"
#include "base/json.h"
#include "base/params_json.h"
#include "base/text.h"
#include "cluster/cost.h"
#include "loader/source.h"
#include "plugin/model.h"

/* Something that runs share, by a text that is the same for all of them. */
struct shared {
    char *key;
    double value;   /* operations of one picture, or pictures; NAN: not known */
    double seconds; /* of one picture, in finished runs; NAN: not known */
};

struct memo {
    struct shared *list;
    size_t count;
};

static void free_memo(struct memo *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->list[i].key);
    free(m->list);
}

/* Takes the key over. *fresh: it was not there, and has no value yet. */
static int look_up(size_t *at, bool *fresh, struct memo *m, char *key, il_err *e)
{
    size_t i = 0;
    while (key && i < m->count && strcmp(m->list[i].key, key) != 0)
        i++;
    *fresh = key && i == m->count;
    if (*fresh) {
        struct shared *more = il_array_grow(m->list, m->count, sizeof *more);
        if (more) {
            m->list = more;
            more[m->count++] = (struct shared){ key, NAN, NAN };
        } else {
            free(key);
        }
        key = more ? key : NULL;
    } else {
        free(i < m->count ? key : NULL);
    }
    *at = i;
    return key ? IL_OK : il_fail_oom(e);
}

/* ---- pictures ---- */

static char *dataset_key(const il_run *run)
{
    bool bad = false;
    json_t *params = il_params_json_shown(run->dataset.params, &bad);
    char *settings = bad ? NULL : il_json_text(params, JSON_SORT_KEYS | JSON_COMPACT);
    il_text key = { 0 };
    il_text_add(&key, "%s %s %s %d", run->dataset.plugin->name, settings ? settings : "", run->training.on,
                (int)run->missing);
    json_decref(params);
    bool failed = key.failed || !settings;
    free(settings);
    if (failed)
        il_text_free(&key);
    return key.data;
}

/* Those of an epoch. What cannot be opened fails at once when it is run. */
static int pictures_of(double *out, struct memo *sets, const il_run *run, il_err *e)
{
    const il_training *t = &run->training;
    size_t at;
    bool fresh;
    int rc = look_up(&at, &fresh, sets, dataset_key(run), e);
    if (!rc && fresh) {
        il_source *source = NULL;
        il_err why = { 0 };
        int opened = il_source_open(&source, &run->dataset, "train", t->on, run->missing, &why);
        sets->list[at].value = opened == IL_OK ? (double)il_source_count(source) : 0;
        il_source_free(source);
        if (opened == IL_ENOMEM)
            rc = il_fail_oom(e);
    }
    if (!rc)
        *out = sets->list[at].value * (1 - run->validation_share) * (t->crop ? t->crops : 1);
    return rc;
}

/* ---- operations of one picture ---- */

static int side_of(const il_training *t)
{
    return t->crop ? t->crop : t->size;
}

/* As look_for_seconds groups them. */
static char *model_key(const il_run *run)
{
    json_t *config = il_json_loads(run->config, 0, NULL);
    char *model = config ? il_json_text(json_object_get(config, "model"), JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    il_text key = { 0 };
    il_text_add(&key, "%s %d", model ? model : "", side_of(&run->training));
    bool failed = !model || key.failed;
    json_decref(config);
    free(model);
    if (failed)
        il_text_free(&key);
    return key.data;
}

/* Such a file may be a program, which only the run itself may start. */
static bool needs_file(const il_choice *model)
{
    for (const il_param_spec *spec = il_params_specs(model->params); spec && spec->name; spec++)
        if (spec->type == IL_PARAM_PATH && *il_params_text(model->params, spec->name))
            return true;
    return false;
}

static int count_operations(double *out, const il_run *run, il_err *e)
{
    il_model model = { 0 };
    il_flops *flops = NULL;
    il_scope *s = NULL;
    int side = side_of(&run->training);
    int rc = il_model_open(&model, &run->model, (il_model_opts){ .seed = run->seed }, e);
    if (!rc)
        rc = il_flops_new(&flops, e);
    if (!rc)
        rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .flops = flops), e);
    if (!rc) {
        il_model_forward(&model, s, il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, side, side }), NULL);
        rc = il_scope_status(s, e);
    }
    if (!rc)
        *out = (double)il_flops_all(flops).forward;
    il_scope_close(s);
    il_flops_free(flops);
    il_model_close(&model);
    return rc;
}

static int operations_of(size_t *at, struct memo *models, const il_run *run, il_err *e)
{
    bool fresh;
    il_err why = { 0 };
    int rc = look_up(at, &fresh, models, model_key(run), e);
    if (!rc && fresh && !needs_file(&run->model) && count_operations(&models->list[*at].value, run, &why) == IL_ENOMEM)
        rc = il_fail_oom(e);
    return rc;
}

/* ---- seconds of finished runs ---- */

static int look_for_seconds(struct memo *models, il_store *like, il_err *e)
{
    static const char query[] =
        "SELECT json_extract(config, '$.model') || ' ' || COALESCE(NULLIF(json_extract(config, '$.train.crop'), 0),"
        "   json_extract(config, '$.train.size')) AS key,"
        " SUM(seconds) / SUM((SELECT COUNT(*) FROM epochs WHERE run = runs.id) * json_extract(manifest, '$.train.images')"
        "   * CASE WHEN json_extract(config, '$.train.crop') > 0 THEN json_extract(config, '$.train.crops') ELSE 1 END)"
        "   AS seconds"
        " FROM runs WHERE status = 'done' AND seconds > 0 GROUP BY 1";
    il_rows rows = { 0 };
    int rc = like ? il_store_query(&rows, like, query, NULL, e) : IL_OK;
    for (size_t i = 0; !rc && i < rows.count; i++)
        for (size_t k = 0; k < models->count; k++)
            if (strcmp(models->list[k].key, il_rows_word(&rows, i, "key")) == 0)
                models->list[k].seconds = il_rows_real(&rows, i, "seconds");
    if (like)
        il_store_rows_free(&rows);
    return rc;
}

/* Seconds of a picture for every model where any are known, else operations: of what is not known, the average's. */
static bool fill_in(struct memo *models)
{
    double seconds = 0, of = 0, sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < models->count; i++) {
        const struct shared *m = &models->list[i];
        sum += isnan(m->value) ? 0 : m->value;
        known += !isnan(m->value);
    }
    for (size_t i = 0; i < models->count; i++) {
        struct shared *m = &models->list[i];
        if (isnan(m->value) || m->value <= 0)
            m->value = known && sum > 0 ? sum / (double)known : 1;
        seconds += isnan(m->seconds) ? 0 : m->seconds;
        of += isnan(m->seconds) ? 0 : m->value;
    }
    for (size_t i = 0; i < models->count; i++)
        if (isnan(models->list[i].seconds))
            models->list[i].seconds = of > 0 ? models->list[i].value * (seconds / of) : models->list[i].value;
    return of > 0;
}

/* ---- the whole ---- */

static int look_at_runs(size_t *model, il_costs *c, struct memo *models, struct memo *sets, const il_plan *plan,
                        il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < plan->count && !rc; i++) {
        const il_run *run = &plan->runs[i];
        double pictures = 0;
        if (run->unexamined)
            continue;
        rc = operations_of(&model[i], models, run, e);
        if (!rc)
            rc = pictures_of(&pictures, sets, run, e);
        c->of[i] = pictures * run->training.epochs;
    }
    return rc;
}

int il_costs_estimate(il_costs *out, const il_plan *plan, il_store *like, il_err *e)
{
    struct memo models = { 0 }, sets = { 0 };
    il_costs c = { .of = calloc(plan->count + 1, sizeof *c.of) };
    size_t *model = calloc(plan->count + 1, sizeof *model);
    int rc = c.of && model ? look_at_runs(model, &c, &models, &sets, plan, e) : il_fail_oom(e);
    if (!rc)
        rc = look_for_seconds(&models, like, e);
    if (!rc && models.count) {
        c.seconds = fill_in(&models);
        for (size_t i = 0; i < plan->count; i++)
            c.sum += c.of[i] *= models.list[model[i]].seconds;
    }
    free_memo(&models);
    free_memo(&sets);
    free(model);
    if (rc) {
        il_costs_free(&c);
        return rc;
    }
    *out = c;
    return IL_OK;
}

void il_costs_free(il_costs *c)
{
    free(c->of);
    *c = (il_costs){ 0 };
}
