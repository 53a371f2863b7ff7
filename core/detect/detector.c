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
#include "detect/detector.h"
#include "detect/model_choice.h"
#include "detect/select_run.h"
#include "plugin/any_size.h"
#include "plugin/registry.h"
#include "plugin/tiled_inference.h"
#include "torch/bundle.h"

void il_detector_close(il_detector *d)
{
    il_card_free(&d->card);
    il_model_close(&d->model);
    il_choice_free(&d->choice);
    *d = (il_detector){ 0 };
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

/* A database may name any file of the user's: of one that is no weights, nothing is told. */
int il_detector_check_hash(const il_card *c, il_err *e)
{
    il_digest found;
    int rc = il_safetensors_look(c->weights, e);
    if (rc)
        return rc != IL_EFORMAT
                   ? rc
                   : il_fail(e, rc,
                             "%s: the database names it as the weights of run %lld, but it is not a safetensors file",
                             c->weights, (long long)c->run);
    rc = il_sha256_file(&found, c->weights, e);
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
    rc = il_model_choice_noted(&d.choice, &d.card, registry, config, params, e);
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

static int apply_noted(il_detector *d, il_registry *registry, const char *config, il_err *e)
{
    int rc = il_model_choice_noted(&d->choice, &d->card, registry, config, NULL, e);
    return rc && rc != IL_ENOMEM ? il_fail_in(e, "%s", d->card.weights) : rc;
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
        rc = il_model_choice_typed(&d->choice, &d->card, registry, model, config, e);
    else if (config)
        rc = apply_noted(d, registry, config, e);
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
