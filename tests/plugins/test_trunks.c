/* test_trunks.c - the models vit and segformer against transformers: names, shapes, logits and gradients in both modes
 * (tests/data/oracle/trunks.py). INPAINTLAB_FULL_ORACLE=1 adds ViT-S/14 and B0 at full width; a minute. */
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <jansson.h>
#include <string.h>
#include <inpaintlab/weights.h>
#include "base/sha256.h"
#include "base/text.h"
#include "subject.h"

static const double logit_slack = 1e-5, gradient_slack = 1e-4; /* of the largest value */

/* ---- published names ---- */

static void add_line(il_text *out, il_state_entry at)
{
    il_text_add(out, "%s ", at.name);
    for (int d = 0; d < il_ndim(at.tensor); d++)
        il_text_add(out, "%s%lld", d ? "," : "", (long long)il_dim(at.tensor, d));
    il_text_add(out, "\n");
}

static void check_listed(const json_t *want)
{
    const char *settings[20] = { NULL }, *name;
    size_t n = 0, tensors = 0;
    json_t *value;
    json_object_foreach(json_object_get(want, "settings"), name, value)
    {
        settings[n++] = name;
        settings[n++] = json_string_value(value);
    }
    struct subject t = open_subject(json_string_value(json_object_get(want, "model")), settings, NULL);
    il_text names = { 0 };
    int64_t parameters = 0;
    for (size_t i = 0; i < il_state_count(t.state); i++) {
        il_state_entry at = il_state_at(t.state, i);
        if (strncmp(at.name, "head.", 5) == 0) /* our own */
            continue;
        add_line(&names, at);
        tensors++;
        parameters += at.trainable || fill_ends(at.name, ".mask_token") ? il_numel(at.tensor) : 0;
    }
    il_digest digest = il_sha256(names.data, names.size);
    cr_expect_eq(tensors, (size_t)json_integer_value(json_object_get(want, "tensors")), "%s", settings[1]);
    cr_expect_eq(parameters, json_integer_value(json_object_get(want, "parameters")), "%s: %lld", settings[1],
                 (long long)parameters);
    cr_expect_str_eq(digest.hex, json_string_value(json_object_get(want, "sha256")), "%s:\n%s", settings[1],
                     names.data);
    il_text_free(&names);
    close_subject(&t);
}

Test(trunks, names_and_shapes_of_every_size_are_the_published_ones)
{
    json_error_t why;
    json_t *list = json_load_file(TEST_DATA "/oracle/trunks.json", 0, &why);
    cr_assert_not_null(list, "%s", why.text);
    cr_assert_eq(json_array_size(list), 8);
    for (size_t i = 0; i < json_array_size(list); i++)
        check_listed(json_array_get(list, i));
    json_decref(list);
}

/* ---- logits and gradients ---- */

static void check_names(const struct subject *t)
{
    const json_t *keys = json_object_get(t->figures, "keys");
    cr_assert_eq(il_state_count(t->state), json_array_size(keys));
    for (size_t i = 0; i < json_array_size(keys); i++)
        cr_assert_str_eq(il_state_at(t->state, i).name, json_string_value(json_array_get(json_array_get(keys, i), 0)));
}

/* figures: from element `first` on, [index, value]; the first of these is the largest value. */
static void check_values(const il_tensor *t, const json_t *figures, size_t first, double slack, const char *what)
{
    float *values = read_all(t);
    const double most = fabs(json_number_value(json_array_get(json_array_get(figures, first), 1)));
    cr_assert(json_array_size(figures) > first && most > 0);
    for (size_t k = first; k < json_array_size(figures); k++) {
        const json_t *at = json_array_get(figures, k);
        const json_int_t index = json_integer_value(json_array_get(at, 0));
        cr_assert_lt(index, il_numel(t));
        expect_near((double)values[index], json_number_value(json_array_get(at, 1)), slack * most, what);
    }
    free(values);
}

static void check_norm(const il_tensor *t, double want, const char *what)
{
    float *values = read_all(t);
    double squares = 0;
    for (int64_t i = 0; i < il_numel(t); i++)
        squares += (double)values[i] * (double)values[i];
    expect_near(sqrt(squares), want, gradient_slack * want, what);
    free(values);
}

static void check_gradients(const struct subject *t, il_scope *s, const json_t *look)
{
    const char *name;
    json_t *want;
    json_t *figures = json_object_get(look, "gradients");
    size_t learning = 0;
    for (size_t i = 0; i < il_state_count(t->state); i++)
        learning += il_state_at(t->state, i).trainable;
    cr_assert(json_object_size(figures) <= learning && json_object_size(figures) > learning * 3 / 4);
    json_object_foreach(figures, name, want)
    {
        il_tensor *leaf = il_state_find(t->state, name), *g = leaf ? il_grad(s, leaf) : NULL;
        cr_assert_not_null(g, "%s has no gradient", name);
        check_norm(g, json_number_value(json_array_get(want, 0)), name);
        check_values(g, want, 1, gradient_slack, name);
    }
}

/* What the gradients are of: the mean of the logits, each times a noise. */
static il_tensor *weighed(il_scope *s, il_tensor *logit, uint64_t seed)
{
    const size_t count = (size_t)il_numel(logit);
    float *up = malloc(count * sizeof *up);
    cr_assert_not_null(up);
    for (size_t i = 0; i < count; i++)
        up[i] = (float)fill_noise(fill_hash("up"), seed, i);
    il_tensor *by = il_from_f32(s, up, 4, (int64_t[]){ BATCH, 1, il_dim(logit, 2), il_dim(logit, 3) });
    free(up);
    return il_mean(s, il_mul(s, logit, by));
}

static void check_look(const struct subject *t, const json_t *look, bool recompute)
{
    const int height = (int)json_integer_value(json_object_get(look, "height"));
    const int width = (int)json_integer_value(json_object_get(look, "width"));
    il_err e = { 0 };
    il_scope *s = open_scope(IL_OPTS(il_scope_opts, .training = json_is_true(json_object_get(look, "training")),
                                     .grad = true, .recompute = recompute));
    for (size_t i = 0; i < il_state_count(t->state); i++) {
        il_tensor *g = il_grad(s, il_state_at(t->state, i).tensor);
        if (g)
            cr_assert_eq(il_copy(g, il_affine(s, g, 0, 0), &e), IL_OK, "%s", e.message);
    }
    il_tensor *logit = forward(t, s, crops(s, height, width), NULL);
    check_values(logit, json_object_get(look, "logits"), 0, logit_slack, "logits");
    il_tensor *value = weighed(s, logit, (uint64_t)json_integer_value(json_object_get(t->figures, "seed")));
    cr_assert_eq(il_backward(s, value, &e), IL_OK, "%s", e.message);
    check_gradients(t, s, look);
    il_scope_close(s);
}

static void check_all(const char *model, const char *const *settings, const char *figures)
{
    struct subject t = open_subject(model, settings, figures);
    check_names(&t);
    const json_t *looks = json_object_get(t.figures, "looks");
    cr_assert_eq(json_array_size(looks), 4);
    for (size_t i = 0; i < json_array_size(looks); i++)
        check_look(&t, json_array_get(looks, i), i == 2);
    close_subject(&t);
}

#define NARROW "width", "24", "depth", "2", "heads", "3", "grid", "5"
#define WITHOUT_DROPOUT "drop_path", "0", "dropout", "0"

Test(trunks, vit)
{
    check_all("vit", (const char *[]){ NARROW, NULL }, "vit.json");
}

Test(trunks, vit_with_a_convolution_in_its_head)
{
    check_all("vit", (const char *[]){ NARROW, "head", "conv", NULL }, "vit-conv.json");
}

Test(trunks, vit_without_registers)
{
    check_all("vit", (const char *[]){ NARROW, "registers", "0", NULL }, "vit-plain.json");
}

Test(trunks, segformer)
{
    check_all("segformer", (const char *[]){ "width", "8", "decoder", "24", WITHOUT_DROPOUT, NULL }, "segformer.json");
}

Test(trunks, full_width)
{
    if (!subject_full())
        cr_skip_test("full width takes a minute: set INPAINTLAB_FULL_ORACLE=1");
    check_all("vit", NULL, "vit-small.json");
    check_all("segformer", (const char *[]){ WITHOUT_DROPOUT, NULL }, "segformer-b0.json");
}

/* ---- files ---- */

/* A file as Hugging Face has them: every name with a prefix, and for those that `skip` covers a tensor of another shape. */
static il_bundle *file_of(const struct subject *t, const char *prefix, const char *skip, il_scope *s)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    il_tensor *other = il_full(s, 0, IL_DTYPE_F32, 1, (int64_t[]){ 150 });
    cr_assert_eq(il_bundle_new(&b, &e), IL_OK, "%s", e.message);
    for (size_t i = 0; i < il_state_count(t->state); i++) {
        il_state_entry at = il_state_at(t->state, i);
        il_tensor *held = fnmatch(skip, at.name, 0) == 0 ? other : at.tensor;
        cr_assert_eq(il_bundle_add(b, il_name("%s%s", prefix, at.name).text, held, &e), IL_OK, "%s", e.message);
    }
    return b;
}

static void loads(const char *model, const char *const *settings, const char *prefix, const char *skip)
{
    struct subject from = open_subject(model, settings, NULL), to = open_subject(model, settings, NULL);
    il_err e = { 0 };
    size_t kept = 0;
    fill_state(from.state, 5);
    il_scope *s = open_scope(NULL);
    il_bundle *b = file_of(&from, prefix, skip, s);
    cr_expect_lt(il_state_load(to.state, b, NULL, &e), 0, "another shape was loaded");
    cr_assert_eq(il_state_load(to.state, b, IL_OPTS(il_load_opts, .skip = (const char *[]){ skip, NULL }), &e), IL_OK,
                 "%s", e.message);
    for (size_t i = 0; i < il_state_count(to.state); i++) {
        il_state_entry at = il_state_at(to.state, i);
        float *got = read_all(at.tensor), *want = read_all(il_state_find(from.state, at.name));
        bool same = memcmp(got, want, (size_t)il_numel(at.tensor) * sizeof *got) == 0, own = !fnmatch(skip, at.name, 0);
        kept += own;
        cr_expect(same != own, "%s", at.name);
        free(got);
        free(want);
    }
    cr_expect_eq(kept, 2);
    il_bundle_free(b);
    il_scope_close(s);
    close_subject(&from);
    close_subject(&to);
}

Test(trunks, published_trunks_load_without_their_heads)
{
    loads("vit", (const char *[]){ NARROW, NULL }, "dinov2_with_registers.", "head.*");
    loads("segformer", (const char *[]){ "width", "8", NULL }, "", "decode_head.classifier.*");
}

/* ---- what transformers has no figures of ---- */

/* Stochastic depth: at 0.5 the last block of two pictures is left out or doubled, so that runs differ by their seed alone. */
Test(trunks, segformer_drops_by_its_seed_and_in_training_alone)
{
    const char *const settings[] = { "width", "8", "decoder", "24", "drop_path", "0.5", "dropout", "0", NULL };
    struct subject t = open_subject("segformer", settings, NULL);
    fill_state(t.state, 3);
    float *y[4];
    static const struct {
        bool training;
        uint64_t seed;
    } runs[4] = { { true, 1 }, { true, 1 }, { true, 2 }, { false, 1 } };
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        il_scope *s = open_scope(IL_OPTS(il_scope_opts, .training = runs[i].training, .seed = runs[i].seed));
        il_tensor *logit = forward(&t, s, crops(s, 64, 64), NULL);
        count = (size_t)il_numel(logit);
        y[i] = read_all(logit);
        il_scope_close(s);
    }
    cr_expect_arr_eq(y[0], y[1], count * sizeof *y[0]);
    cr_expect_arr_neq(y[0], y[2], count * sizeof *y[0]);
    cr_expect_arr_neq(y[0], y[3], count * sizeof *y[0]);
    for (size_t i = 0; i < 4; i++)
        free(y[i]);
    close_subject(&t);
}

/* `recompute` promises the same results, and so the same blocks are dropped. */
Test(trunks, segformer_recomputes_what_it_dropped)
{
    const char *const settings[] = { "width", "8", "decoder", "24", "drop_path", "0.5", NULL };
    float *g[2];
    int64_t count = 0;
    for (int i = 0; i < 2; i++) {
        struct subject t = open_subject("segformer", settings, NULL);
        il_err e = { 0 };
        fill_state(t.state, 3);
        il_tensor *first = il_state_find(t.state, "segformer.encoder.patch_embeddings.0.proj.weight");
        il_scope *s = open_scope(IL_OPTS(il_scope_opts, .training = true, .seed = 1, .recompute = i == 1));
        il_tensor *loss = weighed(s, forward(&t, s, crops(s, 64, 64), NULL), 1);
        cr_assert_eq(il_backward(s, loss, &e), IL_OK, "%s", e.message);
        count = il_numel(first);
        g[i] = read_all(il_grad(s, first));
        il_scope_close(s);
        close_subject(&t);
    }
    double most = 0, off = 0;
    for (int64_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)g[0][i]));
        off = fmax(off, fabs((double)g[0][i] - (double)g[1][i]));
    }
    cr_expect(most > 0 && off <= 1e-6 * most, "off by %.2g of %.2g", off, most);
    free(g[0]);
    free(g[1]);
}

/* Norms, softmax and the residual stream stay in float32. */
static void check_half(const char *model, const char *const *settings)
{
    struct subject t = open_subject(model, settings, NULL);
    fill_state(t.state, 3);
    float *y[2];
    int64_t count = 0;
    double most = 0, off = 0;
    for (int i = 0; i < 2; i++) {
        const il_precision p = i ? IL_PRECISION_BF16 : IL_PRECISION_FP32;
        il_scope *s = open_scope(IL_OPTS(il_scope_opts, .precision = p));
        il_tensor *logit = forward(&t, s, crops(s, 56, 70), NULL);
        count = il_numel(logit);
        y[i] = read_all(logit);
        il_scope_close(s);
    }
    for (int64_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)y[0][i]));
        off = fmax(off, fabs((double)y[0][i] - (double)y[1][i]));
    }
    cr_expect(off > 0 && off < 0.05 * most, "%s: off by %.2g of %.2g", model, off, most);
    free(y[0]);
    free(y[1]);
    close_subject(&t);
}

Test(trunks, half_precision_is_near)
{
    check_half("vit", (const char *[]){ NARROW, "head", "conv", NULL });
    check_half("segformer", (const char *[]){ "width", "8", "decoder", "24", NULL });
}

static void refuses(const char *model, int height, int width, const char *message)
{
    struct subject t = open_subject(model, (const char *[]){ "width", model[0] == 'v' ? "12" : "8", NULL }, NULL);
    il_err e = { 0 };
    il_scope *s = open_scope(NULL);
    cr_expect_null(t.plugin.plugin->model->forward(t.plugin.self, s, crops(s, height, width), NULL));
    cr_expect_eq(il_scope_status(s, &e), IL_EPLUGIN);
    cr_expect_str_eq(e.message, message);
    il_scope_close(s);
    close_subject(&t);
}

Test(trunks, sides_that_do_not_suit_are_told)
{
    refuses("vit", 56, 60, "model vit: a picture of 60x56; expected sides that are multiples of 14");
    refuses("vit", 55, 56, "model vit: a picture of 56x55; expected sides that are multiples of 14");
    refuses("segformer", 64, 28, "model segformer: a picture of 28x64; expected sides of at least 29");
}

Test(trunks, segformer_takes_its_smallest_picture)
{
    struct subject t = open_subject("segformer", (const char *[]){ "width", "8", NULL }, NULL);
    il_scope *s = open_scope(NULL);
    cr_expect_eq(il_dim(forward(&t, s, crops(s, 29, 29), NULL), 3), 29);
    il_scope_close(s);
    close_subject(&t);
}

Test(trunks, heads_that_do_not_divide_the_width_are_told)
{
    il_err e = { 0 };
    il_params *p = NULL;
    void *self = NULL;
    struct opened o = open_plugin(IL_KIND_MODEL, "vit", NULL);
    cr_assert_eq(il_params_new(&p, o.plugin->params, &e), IL_OK);
    cr_assert_eq(il_params_set(p, "width", "100", &e), IL_OK);
    cr_assert_eq(il_params_check(p, &e), IL_OK, "%s", e.message);
    cr_expect_eq(o.plugin->open(&self, p, &e), IL_EPARAM);
    cr_expect_str_eq(e.message, "width: 100 is not a multiple of heads, 6");
    il_params_free(p);
    close_plugin(&o);
}
