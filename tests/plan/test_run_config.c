/* test_run_config.c - what a run's identity rests on. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "plan/keys.h"
#include "plan/plan.h"
#include "plan/run_config.h"
#include "plugin/registry.h"

static il_registry *registry_with(const char *plugins)
{
    setenv("INPAINTLAB_PLUGIN_PATH", plugins, 1);
    il_registry *r = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_open(&r, &e), IL_OK, "%s", e.message);
    return r;
}

static char *config_with(il_registry *r, const char *const *set)
{
    il_plan *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_plan_read(&p, TEST_DATA "/plan/set.yaml", r, (il_plan_opts){ .set = set }, &e), IL_OK, "%s",
                 e.message);
    char *config = il_text_copy(p->runs[0].config);
    il_plan_free(p);
    return config;
}

static const struct {
    const char *set;
    bool same; /* as without it */
} identities[] = {
    { "dataset.label=other", true },
    { "dataset.root=elsewhere", true },
    { "dataset.subset=inpainted", false },
    { "test=[fakefake]", true },
    { "test_batch=3", true },
    { "test=[{images: realfake, mask_policy: {name: full, label: x}}]", true },
    { "degrade=[jpeg]", true },
    { "model.label=x", true },
    { "model=net", false },
    { "loss.gamma=2.0", true },
    { "loss.gamma=3", false },
    { "train.on=fakefake", false },
    { "train.lr=0.0001", true },
    { "train.lr=0.00010000000000000002", false },
    { "train.epochs=99", false },
    { "train.patience=4", false },
    { "train.batch=7", false },
    { "train.size=511", false },
    { "train.crop=64", false },
    { "train.flip=true", false },
    { "train.weight_decay=1e-3", false },
    { "train.aux_weight=0.5", false },
    { "train.as_published=true", false },
    { "train.weights=x.pth", false },
    { "train.monitor=loss", true },
    { "train.monitor=iou", false },
    { "train.clip=0", true },
    { "train.clip=1", false },
    { "train.freeze=[]", true },
    { "train.freeze=[a.*]", false },
    { "train.lr_of={}", true },
    { "train.lr_of={a.*: 0.1}", false },
    { "train.keep=true", true },
    { "test_window={side: 64, stride: 32}", true },
    { "test_size=64", true },
    { "seed=2", false },
    { "missing=skip", false },
};

Test(config, configuration_is_what_determines_the_weights)
{
    il_registry *r = registry_with(BUILD_DIR "/tests/stubs");
    char *plain = config_with(r, NULL);
    for (size_t i = 0; i < sizeof identities / sizeof *identities; i++) {
        const char *set[] = { identities[i].set, NULL };
        char *config = config_with(r, set);
        cr_expect_eq(strcmp(config, plain) == 0, identities[i].same, "%s: %s", identities[i].set, config);
        free(config);
    }
    free(plain);
    il_registry_free(r);
}

/* Powers of the focal loss changed their last bits, but for the exponents 0 and 2: only runs with others have another identity. */
Test(config, a_plugins_revision_may_be_of_some_settings_alone)
{
    static const struct {
        const char *set;
        int revision;
    } cases[] = { { "loss.alpha=0.5", 1 },
                  { "loss.gamma=2", 1 },
                  { "loss.gamma=0.0", 1 },
                  { "loss.gamma=3", 2 },
                  { "loss.gamma=0.5", 2 } };
    il_registry *r = registry_with(BUILD_DIR "/tests/stubs");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *config = config_with(r, (const char *[]){ cases[i].set, NULL }), wanted[20];
        const char *loss = strstr(config, "\"loss\":"), *revision = loss ? strstr(loss, "\"revision\":") : NULL;
        snprintf(wanted, sizeof wanted, "\"revision\":%d}", cases[i].revision);
        cr_expect(revision && strncmp(revision, wanted, strlen(wanted)) == 0, "%s: %s", cases[i].set, config);
        free(config);
    }
    il_registry_free(r);
}

/* The engine's first revision is not written, so that runs made before there was one are what they were. */
Test(config, the_engines_revision_is_part_of_identity)
{
    il_registry *r = registry_with(BUILD_DIR "/tests/stubs");
    il_plan *p = NULL;
    il_params *train = NULL;
    il_err e = { 0 };
    char *texts[3] = { 0 };
    cr_assert_eq(il_plan_read(&p, TEST_DATA "/plan/minimal.yaml", r, (il_plan_opts){ 0 }, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_params_new(&train, il_keys_train, &e), IL_OK);
    cr_assert_eq(il_params_set(train, "on", "realfake", &e), IL_OK);
    for (int engine = 1; engine <= 3; engine++)
        cr_assert_eq(il_run_config_write(&texts[engine - 1], &p->runs[0], train, engine, &e), IL_OK);
    cr_expect_null(strstr(texts[0], "engine"), "%s", texts[0]);
    cr_expect_not_null(strstr(texts[1], "\"engine\":2"), "%s", texts[1]);
    cr_expect_str_neq(texts[1], texts[2]);
    cr_expect_str_eq(p->runs[0].config, texts[IL_ENGINE_REVISION - 1]);
    for (int i = 0; i < 3; i++)
        free(texts[i]);
    il_params_free(train);
    il_plan_free(p);
    il_registry_free(r);
}
