/* test_model_summary.c - a model's parts: groups, parameters, work and memory against PyTorch's figures. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "bench/model_summary.h"
#include "plugins/subject.h"
#include "support/figures.h"

static il_model_summary measure(const struct subject *t, il_model_summary_opts opts)
{
    il_err e = { 0 };
    il_model_summary a = { 0 };
    const il_model m = { .plugin = t->plugin.plugin, .self = t->plugin.self, .state = t->state };
    cr_assert_eq(il_model_summary_measure(&a, &m, opts, &e), IL_OK, "%s", e.message);
    return a;
}

static const il_model_summary_group *group(const il_model_summary *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->groups[i].name, name) == 0)
            return &a->groups[i];
    cr_assert_fail("no group is called %s", name);
    return NULL;
}

/* FlopCounterMode's and saved_tensors_hooks' figures; NIX's noise filter stands apart. */
static void check_figures(const char *model, const char *net)
{
    json_t *root = figures_load("flops/flops.json"), *row = NULL, *at;
    size_t i;
    json_array_foreach(json_object_get(root, "nets"), i,
                       at) if (json_object_get(at, "kept") &&
                               strcmp(json_string_value(json_object_get(at, "net")), net) == 0) row = at;
    cr_assert_not_null(row, "no figures of %s", net);
    const int side = (int)json_integer_value(json_object_get(row, "side"));
    struct subject t = open_subject(model, NULL, NULL);
    il_model_summary a = measure(&t, (il_model_summary_opts){ .batch = 1, .size = side });
    const int64_t forward = a.all.work.forward - a.rest.work.forward;
    const int64_t backward = a.all.work.backward - a.rest.work.backward;
    cr_expect_eq(forward, json_integer_value(json_object_get(row, "forward")));
    cr_expect_eq(forward + backward, json_integer_value(json_object_get(row, "training")));
    const double kept = json_number_value(json_object_get(row, "kept"));
    expect_near((double)a.all.held_bytes, kept, 0.01 * kept, net);
    cr_expect_geq(a.peak_training, a.all.held_bytes);
    cr_expect_gt(a.peak_evaluation, 0);
    cr_expect_lt(a.peak_evaluation, a.peak_training);
    il_model_summary_free(&a);
    close_subject(&t);
    json_decref(root);
}

Test(anatomy, figures_of_fcn)
{
    check_figures("fcn", "fcn");
}
Test(anatomy, figures_of_nix)
{
    check_figures("nix", "nix40");
}

/* The numbers of parameters are torchvision's. */
Test(anatomy, groups_of_fcn)
{
    struct subject t = open_subject("fcn", NULL, NULL);
    il_model_summary a = measure(&t, (il_model_summary_opts){ .batch = 1, .size = 32 });
    cr_assert_eq(a.count, 12);
    cr_expect_eq(a.opts.depth, 2);
    cr_expect_str_eq(a.groups[0].name, "backbone.conv1");
    cr_expect_str_eq(a.groups[11].name, "aux_classifier.4");
    const il_model_summary_group *layer3 = group(&a, "backbone.layer3");
    cr_expect_eq(layer3->parameters, 7098368);
    cr_expect_eq(layer3->buffers, 2 * (INT64_C(6) * (256 + 256 + 1024) + 1024) + 19); /* means, variances, counts */
    cr_expect_eq(layer3->weight_bytes, 4 * (layer3->parameters + layer3->buffers + 19));
    cr_expect_eq(layer3->work.backward, 2 * layer3->work.forward);
    const il_model_summary_group *first = group(&a, "backbone.conv1"), *aux = group(&a, "aux_classifier.0");
    cr_expect_eq(first->work.forward, 2LL * 16 * 16 * 64 * 3 * 49);
    cr_expect_eq(first->work.backward, first->work.forward, "the picture wants no gradient");
    cr_expect_eq(aux->parameters, 2359296);
    cr_expect_eq(aux->work.forward, 0, "the auxiliary head is not computed");
    int64_t parameters = 0, held = a.rest.held_bytes;
    for (size_t i = 0; i < a.count; i++) {
        parameters += a.groups[i].parameters;
        held += a.groups[i].held_bytes;
    }
    cr_expect_eq(parameters, 35306818);
    cr_expect_eq(a.all.parameters, 35306818);
    cr_expect_eq(a.all.held_bytes, held);
    il_model_summary_free(&a);
    a = measure(&t, (il_model_summary_opts){ .batch = 2, .size = 32, .depth = 1 });
    cr_assert_eq(a.count, 3);
    cr_expect_str_eq(a.groups[1].name, "classifier");
    cr_expect_eq(a.groups[1].parameters, 9437184 + 1024 + 513);
    il_model_summary_free(&a);
    close_subject(&t);
}

Test(anatomy, work_grows_with_the_batch_and_is_printed)
{
    struct subject t = open_subject("unet", (const char *[]){ "fine", "4", "coarse", "4", NULL }, NULL);
    il_model_summary one = measure(&t, (il_model_summary_opts){ .batch = 1, .size = 32 });
    il_model_summary three = measure(&t, (il_model_summary_opts){ .batch = 3, .size = 32 });
    cr_expect_eq(three.all.work.forward, 3 * one.all.work.forward);
    cr_expect_eq(three.all.parameters, one.all.parameters);

    il_err e = { 0 };
    il_params *p = NULL;
    cr_assert_eq(il_params_new(&p, t.plugin.plugin->params, &e), IL_OK);
    const il_choice choice = { .plugin = t.plugin.plugin, .params = p, .label = (char *)"unet" };
    FILE *f = tmpfile();
    cr_assert_not_null(f);
    cr_assert_eq(il_model_summary_print(f, &three, &choice, (il_device){ 0 }, true, &e), IL_OK, "%s", e.message);
    rewind(f);
    json_t *root = json_loadf(f, 0, NULL), *total = json_object_get(root, "total");
    cr_assert_not_null(root);
    cr_expect_eq(json_integer_value(json_object_get(total, "flops_training")),
                 three.all.work.forward + three.all.work.backward);
    cr_expect_eq(json_integer_value(json_object_get(total, "kept_bytes")), three.all.held_bytes);
    cr_expect_eq(json_array_size(json_object_get(root, "groups")), three.count);
    cr_expect_eq(json_integer_value(json_object_get(root, "batch")), 3);
    json_decref(root);
    fclose(f);
    il_params_free(p);
    il_model_summary_free(&one);
    il_model_summary_free(&three);
    close_subject(&t);
}

/* Batch norm needs more than one value per channel in training: the model's error comes back. */
Test(anatomy, too_small)
{
    struct subject t = open_subject("fcn", NULL, NULL);
    il_err e = { 0 };
    il_model_summary a = { 0 };
    const il_model m = { .plugin = t.plugin.plugin, .self = t.plugin.self, .state = t.state };
    cr_expect_neq(il_model_summary_measure(&a, &m, (il_model_summary_opts){ .batch = 1, .size = 1 }, &e), IL_OK);
    cr_expect_not_null(strstr(e.message, "more than one value per channel"), "%s", e.message);
    cr_expect_null(a.groups);
    close_subject(&t);
}
