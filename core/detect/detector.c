/* detector.c - opens the model of a stored run or of a weights file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <inpaintlab/weights.h>
#include "base/json.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "detect/detector.h"
#include "detect/select_run.h"
#include "plugin/any_size.h"
#include "plugin/registry.h"
#include "plugin/tiled_inference.h"

void il_detector_close(il_detector *d)
{
    il_card_free(&d->card);
    il_model_close(&d->model);
    il_choice_free(&d->choice);
    *d = (il_detector){ 0 };
}

/* ---- settings from JSON ---- */

static int set_value(il_params *p, const char *name, const json_t *value, il_err *e)
{
    char text[64];
    if (json_is_string(value))
        return il_params_set(p, name, json_string_value(value), e);
    if (json_is_boolean(value))
        return il_params_set(p, name, json_is_true(value) ? "true" : "false", e);
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.17g", json_real_value(value));
    else
        return il_fail(e, IL_EFORMAT, "%s: must be a plain value", name);
    return il_params_set(p, name, text, e);
}

/* paths (NULL: none): settings as text; only path settings are taken from it, because a configuration omits them. */
static int set_params(il_params *p, const json_t *settings, const json_t *paths, il_err *e)
{
    int rc = IL_OK;
    const char *name;
    json_t *value;
    for (const il_param_spec *s = il_params_specs(p); s && s->name && !rc; s++) {
        const char *path = s->type == IL_PARAM_PATH ? json_string_value(json_object_get(paths, s->name)) : NULL;
        if (path)
            rc = il_params_set(p, s->name, path, e);
    }
    json_object_foreach((json_t *)settings, name, value) if (!rc) rc = set_value(p, name, value, e);
    return rc;
}

static int choose(il_detector *d, il_registry *registry, const char *name, il_err *e)
{
    int rc = il_registry_find(&d->choice.plugin, registry, IL_KIND_MODEL, name, e);
    if (!rc)
        rc = il_params_new(&d->choice.params, d->choice.plugin->params, e);
    if (!rc && !(d->choice.label = il_text_copy(name)))
        rc = il_fail_oom(e);
    return rc;
}

/* What the settings are, for the card. */
static int note_settings(il_detector *d, il_err *e)
{
    json_t *o = json_object();
    const il_param_spec *s = il_params_specs(d->choice.params);
    for (; s && s->name; s++)
        json_object_set_new(o, s->name, json_string(il_params_canonical(d->choice.params, s->name)));
    d->card.settings = il_json_text(o, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(o);
    return d->card.settings ? IL_OK : il_fail_oom(e);
}

static int as_int(const json_t *v)
{
    json_int_t n = json_integer_value(v);
    return n > 0 && n <= 1 << 20 ? (int)n : 0;
}

/* Size, seed and data set of the training. */
static int note_training(il_card *c, const json_t *root, il_err *e)
{
    const json_t *seed = json_object_get(root, "seed");
    const char *dataset = json_string_value(json_object_get(json_object_get(root, "dataset"), "name"));
    c->size = as_int(json_object_get(json_object_get(root, "train"), "size"));
    c->has_seed = json_is_integer(seed);
    c->seed = (uint64_t)json_integer_value(seed);
    if (dataset && !c->dataset && !(c->dataset = il_text_copy(dataset)))
        return il_fail_oom(e);
    if (dataset)
        il_utf8_make_plain(c->dataset);
    return IL_OK;
}

/* The model and its training from the configuration of a run. */
static int apply_config(il_detector *d, il_registry *registry, const char *config, const char *params, il_err *e)
{
    json_error_t why;
    json_t *root = il_json_loads(config, 0, &why), *paths = params ? il_json_loads(params, 0, NULL) : NULL;
    const json_t *model = json_object_get(root, "model");
    const char *name = json_string_value(json_object_get(model, "name"));
    int rc = name ? choose(d, registry, name, e)
                  : il_fail(e, IL_EFORMAT, "its configuration has no model name%s%s", root ? "" : ": ",
                            root ? "" : why.text);
    if (!rc)
        rc = set_params(d->choice.params, json_object_get(model, "params"), paths, e);
    if (!rc) {
        d->card.revision = as_int(json_object_get(model, "revision"));
        rc = note_training(&d->card, root, e);
    }
    json_decref(root);
    json_decref(paths);
    return rc;
}

static int note_from(char **to, const il_bundle *b, const char *key, il_err *e)
{
    const char *text = il_bundle_noted(b, key);
    *to = il_text_copy(text);
    if (*to)
        il_utf8_make_plain(*to);
    return text && !*to ? il_fail_oom(e) : IL_OK;
}

/* What made the training pictures: noted in the weights by `inpaintlab run`. */
static int note_origin(il_card *c, const il_bundle *b, il_err *e)
{
    int rc = note_from(&c->generators, b, "generators", e);
    return rc ? rc : note_from(&c->recipe, b, "recipe", e);
}

static int read_origin(il_card *c, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_read(&b, c->weights, e);
    if (!rc)
        rc = note_origin(c, b, e);
    il_bundle_free(b);
    return rc;
}

/* ---- the model ---- */

static int load(il_detector *d, il_device device, il_err *e)
{
    int rc = il_params_check(d->choice.params, e);
    if (!rc)
        rc = il_model_open(&d->model, &d->choice, (il_model_opts){ .device = device, .varied = true }, e);
    if (!rc)
        rc = il_model_load(&d->model, d->card.weights, NULL, e);
    if (!rc)
        rc = il_any_size_probe(&d->model, e);
    return rc ? rc : note_settings(d, e);
}

int il_detector_check_hash(const il_card *c, il_err *e)
{
    il_digest found;
    int rc = il_sha256_file(&found, c->weights, e);
    if (rc)
        return rc;
    if (strcmp(found.hex, c->sha256) == 0)
        return IL_OK;
    return il_fail(e, IL_EFORMAT,
                   "%s: its SHA-256 is %.16s..., but the database has %.16s...: these are "
                   "not the weights that run %lld was tested with",
                   c->weights, found.hex, c->sha256, (long long)c->run);
}

int il_detector_from_store(il_detector *out, il_registry *registry, il_store *store, const char *wanted,
                           il_device device, il_err *e)
{
    il_detector d = { .card = { .tested = { .iou = NAN } } };
    char *config = NULL, *params = NULL;
    int rc = il_select_run(&d.card, &config, &params, store, wanted, e);
    if (rc)
        return rc;
    rc = apply_config(&d, registry, config, params, e);
    if (!rc)
        rc = il_detector_check_hash(&d.card, e);
    if (!rc)
        rc = read_origin(&d.card, e);
    if (!rc)
        rc = load(&d, device, e);
    free(config);
    free(params);
    if (rc) {
        il_fail_in(e, "run %lld (%s)", (long long)d.card.run, d.card.name);
        il_detector_close(&d);
        return rc;
    }
    *out = d;
    return IL_OK;
}

/* ---- weights without a database ---- */

static int apply_yaml(il_detector *d, il_registry *registry, const char *text, il_err *e)
{
    il_yaml *y = NULL;
    int rc = il_yaml_parse(&y, "--model", text, strlen(text), e);
    if (rc)
        return rc;
    const il_node *root = il_yaml_root(y), *name = root;
    if (root && root->kind == IL_NODE_MAP)
        name = il_yaml_get(root, "name");
    if (!name || name->kind != IL_NODE_SCALAR)
        rc = il_fail(e, IL_EPARAM, "--model: expected a name, or settings as in '{name: unet, fine: 16}'");
    else
        rc = choose(d, registry, name->text, e);
    for (size_t i = 0; !rc && root->kind == IL_NODE_MAP && i < root->count; i++) {
        const il_node *value = root->items[i];
        if (strcmp(root->keys[i]->text, "name") == 0)
            continue;
        rc = value->kind == IL_NODE_SCALAR ? il_params_set(d->choice.params, root->keys[i]->text, value->text, e)
                                           : il_fail(e, IL_EPARAM, "%s: must be a plain value", root->keys[i]->text);
        if (rc)
            il_fail_in(e, "--model");
    }
    il_yaml_free(y);
    return rc;
}

static int apply_model(il_detector *d, il_registry *registry, const char *model, const char *config, il_err *e)
{
    json_t *root = config ? il_json_loads(config, 0, NULL) : NULL;
    int rc = apply_yaml(d, registry, model, e);
    if (!rc)
        rc = note_training(&d->card, root, e);
    json_decref(root);
    return rc;
}

/* The notes that `inpaintlab run` writes into the weights. */
static int apply_notes(il_detector *d, il_registry *registry, const char *model, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_read(&b, d->card.weights, e);
    if (rc)
        return rc;
    const char *config = il_bundle_noted(b, "config");
    if (model)
        rc = apply_model(d, registry, model, config, e);
    else if (config)
        rc = apply_config(d, registry, config, NULL, e);
    else
        rc = il_fail(e, IL_EPARAM, "%s: does not name its model; name it with --model", d->card.weights);
    if (!rc)
        rc = note_from(&d->card.trained_on, b, "trained_on", e);
    if (!rc)
        rc = note_from(&d->card.mask_policy, b, "mask_policy", e);
    if (!rc)
        rc = note_origin(&d->card, b, e);
    il_bundle_free(b);
    return rc;
}

int il_detector_from_file(il_detector *out, il_registry *registry, const char *weights, const char *model,
                          il_device device, il_err *e)
{
    il_detector d = { .card = { .tested = { .iou = NAN } } };
    il_digest digest;
    int rc = il_sha256_file(&digest, weights, e);
    if (!rc && !(d.card.weights = il_text_copy(weights)))
        rc = il_fail_oom(e);
    if (!rc)
        rc = apply_notes(&d, registry, model, e);
    if (!rc && !(d.card.model = il_text_copy(d.choice.plugin->name)))
        rc = il_fail_oom(e);
    if (!rc)
        rc = load(&d, device, e);
    if (rc) {
        il_detector_close(&d);
        return rc;
    }
    memcpy(d.card.sha256, digest.hex, sizeof d.card.sha256);
    *out = d;
    return IL_OK;
}

/* ---- memory ---- */

static int64_t most_bytes(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (int64_t)u.ru_maxrss * 1024 : 0;
}

int il_detector_try(il_detector *d, int tile, il_err *e)
{
    il_image black = { 0 };
    il_tiled_inference_result r = { 0 };
    int rc = il_image_new(&black, tile, tile, 3, e);
    if (rc)
        return rc;
    memset(black.pixels, 0, (size_t)tile * (size_t)tile * 3);
    d->base_bytes = most_bytes();
    rc = il_tiled_inference_run(&r, &d->model, &black,
                                (il_tiled_inference_opts){ .tile = tile, .batch = 1, .threshold = 0.5 }, e);
    d->tile_bytes = most_bytes() - d->base_bytes;
    il_tiled_inference_free(&r);
    il_image_free(&black);
    return rc ? il_fail_in(e, "tiles of %d", tile) : rc;
}
