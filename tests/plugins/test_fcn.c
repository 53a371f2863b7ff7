/* test_fcn.c - FCN-ResNet50: torchvision's files, initial values, dropout. Its figures are in test_models.c. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/weights.h>
#include "subject.h"

enum { AUX_CLASSIFIER = 326 }; /* position of aux_classifier.0.weight in the state dict */

static float element(const struct subject *t, const char *name, int64_t index)
{
    const il_tensor *at = il_state_find(t->state, name);
    cr_assert_not_null(at, "%s", name);
    float *values = read_all(at), value = values[index];
    free(values);
    return value;
}

/* What fcn-strided.pth holds: tensor number `position` is a view of one storage, strides 1, 2, 7, 5. */
static float strided(int64_t position, const int64_t index[4])
{
    const int64_t at = position + index[0] + 2 * index[1] + 7 * index[2] + 5 * index[3];
    return (float)fill_noise(fill_hash("strided"), 9, (uint64_t)at);
}

/* A torchvision file has 21 classes: the last convolutions keep their initial values. This one also lacks what would
 * make it large. */
Test(fcn, loads_torchvision_file)
{
    struct subject t = open_subject("fcn", NULL, NULL);
    const float before = element(&t, "classifier.4.weight", 3);
    il_err e = { 0 };
    il_bundle *b = NULL;
    cr_assert_eq(il_bundle_read(&b, TEST_DATA "/oracle/fcn-strided.pth", &e), IL_OK, "%s", e.message);

    const char *skip[] = { "backbone.layer4.*", "classifier.0.*", NULL, NULL, NULL };
    cr_expect_eq(il_state_load(t.state, b, IL_OPTS(il_load_opts, .skip = skip), &e), IL_EFORMAT);
    cr_expect_not_null(strstr(e.message, "classifier.4.weight"), "%s", e.message);

    skip[2] = "classifier.4.*";
    skip[3] = "aux_classifier.4.*";
    cr_assert_eq(il_state_load(t.state, b, IL_OPTS(il_load_opts, .skip = skip), &e), IL_OK, "%s", e.message);
    cr_expect_eq(element(&t, "classifier.4.weight", 3), before);
    cr_expect_eq(element(&t, "backbone.conv1.weight", ((1 * 3 + 2) * 7 + 3) * 7 + 4),
                 strided(0, (int64_t[]){ 1, 2, 3, 4 }));
    cr_expect_eq(element(&t, "backbone.bn1.running_var", 63), strided(4, (int64_t[]){ 63, 0, 0, 0 }));
    cr_expect_eq(element(&t, "backbone.bn1.num_batches_tracked", 0), 5);
    cr_expect_eq(element(&t, "aux_classifier.0.weight", (255 * 1024 + 1023) * 9 + 5),
                 strided(AUX_CLASSIFIER, (int64_t[]){ 255, 1023, 1, 2 }));
    il_bundle_free(b);
    close_subject(&t);
}

struct moments {
    double mean, std, low, high;
};

static struct moments moments_of(const struct subject *t, const char *name)
{
    const il_tensor *at = il_state_find(t->state, name);
    cr_assert_not_null(at, "%s", name);
    float *v = read_all(at);
    const int64_t n = il_numel(at);
    double sum = 0, squares = 0;
    struct moments m = { .low = v[0], .high = v[0] };
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
        squares += (double)v[i] * v[i];
        m.low = fmin(m.low, v[i]);
        m.high = fmax(m.high, v[i]);
    }
    m.mean = sum / (double)n;
    m.std = sqrt(squares / (double)n - m.mean * m.mean);
    free(v);
    return m;
}

/* torchvision: ResNet's convolutions normal by fan-out, the heads uniform by fan-in, batch norms 1 and 0. */
Test(fcn, initial_values)
{
    struct subject t = open_subject("fcn", NULL, NULL);
    const struct moments stem = moments_of(&t, "backbone.conv1.weight");
    expect_near(stem.mean, 0, 4 * stem.std / sqrt(64 * 147), "mean of backbone.conv1.weight");
    expect_near(stem.std, sqrt(2.0 / (64 * 49)), 0.03 * stem.std, "std of backbone.conv1.weight");
    cr_expect_gt(stem.high, 3 * stem.std);

    const struct moments head = moments_of(&t, "classifier.0.weight");
    const double bound = 1 / sqrt(2048 * 9);
    expect_near(head.high, bound, 1e-3 * bound, "largest of classifier.0.weight");
    expect_near(head.low, -bound, 1e-3 * bound, "smallest of classifier.0.weight");
    expect_near(head.std, bound / sqrt(3), 0.01 * bound, "std of classifier.0.weight");

    cr_expect_leq(fabs((double)element(&t, "classifier.4.bias", 0)), 1 / sqrt(512));
    cr_expect_eq(element(&t, "backbone.layer4.2.bn3.weight", 7), 1);
    cr_expect_eq(element(&t, "backbone.layer4.2.bn3.bias", 7), 0);
    cr_expect_eq(element(&t, "backbone.layer4.2.bn3.running_var", 7), 1);
    close_subject(&t);
}

static float first_logit(const struct subject *t, uint64_t seed)
{
    il_scope *s = open_scope(IL_OPTS(il_scope_opts, .training = true, .seed = seed));
    il_tensor *image = il_from_f32(s, (float[3 * 32 * 32 * 2]){ 0.5f, 0.1f, 0.9f }, 4, (int64_t[]){ 2, 3, 32, 32 });
    float *y = read_all(forward(t, s, image, NULL)), first = y[0];
    free(y);
    il_scope_close(s);
    return first;
}

/* Equal seeds drop the same features; with none dropped the seed is without effect. */
Test(fcn, dropout)
{
    struct subject t = open_subject("fcn", (const char *[]){ "dropout", "0.5", NULL }, NULL);
    cr_expect_eq(first_logit(&t, 1), first_logit(&t, 1));
    cr_expect_neq(first_logit(&t, 1), first_logit(&t, 2));
    close_subject(&t);
    t = open_subject("fcn", (const char *[]){ "dropout", "0", NULL }, NULL);
    cr_expect_eq(first_logit(&t, 1), first_logit(&t, 2));
    close_subject(&t);
}
