/* test_scheduler.c - timesteps and trajectories against diffusers (tests/data/diffusion/scheduler), and refused options. */
#include <jansson.h>
#include <math.h>
#include <inpaintlab/diffusion.h>
#include "scratch.h"
#include "support/figures.h"

enum { ELEMENTS = 6 };

static il_scheduler *opened(const char *folder, const char *name)
{
    il_err e = { 0 };
    il_scheduler *d = NULL;
    cr_assert_eq(il_scheduler_open(&d, folder, name, &e), IL_OK, "%s", e.message);
    return d;
}

static void close_to(const il_tensor *t, const json_t *want, const char *what)
{
    il_err e = { 0 };
    float got[ELEMENTS];
    cr_assert_eq(il_read_f32(t, got, ELEMENTS, &e), IL_OK, "%s", e.message);
    for (size_t j = 0; j < ELEMENTS; j++) {
        double x = json_number_value(json_array_get(want, j));
        cr_assert(fabs(got[j] - x) <= 2e-5 * (1 + fabs(x)), "%s: element %zu is %.9g, expected %.9g", what, j,
                  (double)got[j], x);
    }
}

static il_tensor *network(il_scope *s, size_t call)
{
    float v[ELEMENTS];
    for (int j = 0; j < ELEMENTS; j++)
        v[j] = (float)(1.5 * sin(1.3 * (double)call + 0.7 * j));
    return il_from_f32(s, v, 4, (int64_t[]){ 1, 1, 2, 3 });
}

static il_tensor *first_latents(il_scope *s)
{
    float v[ELEMENTS];
    for (int j = 0; j < ELEMENTS; j++)
        v[j] = (float)cos(j);
    return il_from_f32(s, v, 4, (int64_t[]){ 1, 1, 2, 3 });
}

static void check_run(il_scheduler *d, const json_t *run, size_t index)
{
    il_err e = { 0 };
    char what[100];
    const int steps = (int)json_integer_value(json_object_get(run, "steps"));
    const json_t *list = json_object_get(run, "timesteps"), *after = json_object_get(run, "after");
    const int64_t *timesteps = NULL;
    size_t count = 0;
    cr_assert_eq(il_scheduler_start(d, steps, &timesteps, &count, &e), IL_OK, "%s", e.message);
    cr_assert_eq(count, json_array_size(list), "case %zu: %d steps: %zu timesteps", index, steps, count);
    il_scope *outer = figures_scope(false, false);
    il_tensor *x = first_latents(outer);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(timesteps[i], json_integer_value(json_array_get(list, i)),
                     "case %zu: %d steps: timestep %zu is %lld", index, steps, i, (long long)timesteps[i]);
        il_scope *s = il_scope_nest(outer); /* what the scheduler remembers must outlive it */
        x = il_lift(s, il_scheduler_step(s, d, network(s, i), timesteps[i], x));
        il_scope_close(s);
        cr_assert_eq(il_scope_status(outer, &e), IL_OK, "%s", e.message);
        snprintf(what, sizeof what, "case %zu, %d steps, call %zu", index, steps, i);
        if (json_array_size(after) == count)
            close_to(x, json_array_get(after, i), what);
    }
    close_to(x, json_array_get(after, json_array_size(after) - 1), what);
    il_scope_close(outer);
}

Test(scheduler, as_diffusers)
{
    json_t *cases = figures_load("diffusion/scheduler/figures.json"), *row, *run;
    size_t i, k;
    json_array_foreach(cases, i, row)
    {
        struct scratch s = scratch_new();
        char *config = json_dumps(json_object_get(row, "config"), 0);
        scratch_write(&s, "scheduler_config.json", config);
        il_scheduler *d = opened(s.path, ""), *named = opened(s.path, json_string_value(json_object_get(row, "name")));
        cr_assert_eq(il_scheduler_sigma(d), 1);
        json_array_foreach(json_object_get(row, "runs"), k, run)
        {
            check_run(d, run, i);
            check_run(named, run, i);
        }
        cr_assert_eq(k, 9);
        il_scheduler_free(d);
        il_scheduler_free(named);
        scratch_remove(&s);
        free(config);
    }
    cr_assert_eq(i, 13);
    json_decref(cases);
}

/* The name overrules the class, and the class's own defaults hold: DDIM clips unless told otherwise. */
Test(scheduler, another_than_the_configuration_names)
{
    json_t *cases = figures_load("diffusion/scheduler/figures.json"), *run;
    size_t k;
    struct scratch s = scratch_new();
    scratch_write(&s, "scheduler_config.json", "{\"_class_name\": \"EulerDiscreteScheduler\"}");
    il_scheduler *d = opened(s.path, "ddim");
    json_array_foreach(json_object_get(json_array_get(cases, 8), "runs"), k, run) check_run(d, run, 8);
    il_scheduler_free(d);
    scratch_remove(&s);
    json_decref(cases);
}

/* A run given up half-way leaves nothing behind. */
Test(scheduler, starts_anew)
{
    json_t *cases = figures_load("diffusion/scheduler/figures.json");
    struct scratch s = scratch_new();
    char *config = json_dumps(json_object_get(json_array_get(cases, 0), "config"), 0);
    const json_t *run = json_array_get(json_object_get(json_array_get(cases, 0), "runs"), 5);
    const int64_t *timesteps = NULL;
    size_t count = 0;
    scratch_write(&s, "scheduler_config.json", config);
    il_scheduler *d = opened(s.path, "pndm");
    for (size_t calls = 0; calls < 6; calls++) {
        il_scope *scope = figures_scope(false, false);
        cr_assert_eq(il_scheduler_start(d, 10, &timesteps, &count, NULL), IL_OK);
        for (size_t i = 0; i < calls; i++)
            il_scheduler_step(scope, d, network(scope, i + 3), timesteps[i], first_latents(scope));
        il_scope_close(scope);
        check_run(d, run, 0);
    }
    il_scheduler_free(d);
    il_scheduler_free(NULL);
    scratch_remove(&s);
    json_decref(cases);
    free(config);
}

static const struct {
    const char *config, *name, *message; /* without the folder's name; NULL config: no file */
    int code;
} refused[] = {
    { NULL, "", "cannot open /scheduler_config.json: No such file or directory", IL_EIO },
    { "{}", "", "/scheduler_config.json: '_class_name' is missing; expected PNDMScheduler or DDIMScheduler",
      IL_EFORMAT },
    { "{\"_class_name\": \"EulerDiscreteScheduler\"}", "",
      "/scheduler_config.json: '_class_name' is \"EulerDiscreteScheduler\"; expected PNDMScheduler or DDIMScheduler",
      IL_EFORMAT },
    { "{\"beta_schedule\": \"squaredcos_cap_v2\"}", "pndm",
      "/scheduler_config.json: 'beta_schedule' is \"squaredcos_cap_v2\"; expected linear or scaled_linear",
      IL_EFORMAT },
    { "{\"prediction_type\": \"sample\"}", "ddim",
      "/scheduler_config.json: 'prediction_type' is \"sample\"; expected epsilon or v_prediction", IL_EFORMAT },
    { "{\"thresholding\": true}", "ddim", "/scheduler_config.json: 'thresholding' is true; expected false",
      IL_EFORMAT },
    { "{\"rescale_betas_zero_snr\": true}", "ddim",
      "/scheduler_config.json: 'rescale_betas_zero_snr' is true; expected false", IL_EFORMAT },
    { "{\"trained_betas\": [1]}", "pndm", "/scheduler_config.json: 'trained_betas' is [1]; expected null", IL_EFORMAT },
    { "{\"num_train_timesteps\": 0}", "pndm",
      "/scheduler_config.json: 'num_train_timesteps' is 0; expected an integer from 1 to 1000000", IL_EFORMAT },
    { "{\"beta_start\": 2}", "pndm", "/scheduler_config.json: 'beta_start' is 2; expected a number between 0 and 1",
      IL_EFORMAT },
    { "{\"timestep_spacing\": \"even\"}", "ddim",
      "/scheduler_config.json: 'timestep_spacing' is \"even\"; expected leading, linspace or trailing", IL_EFORMAT },
    { "{\"clip_sample_range\": -1}", "ddim",
      "/scheduler_config.json: 'clip_sample_range' is -1; expected a number above 0", IL_EFORMAT },
};

Test(scheduler, refused_options)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct scratch s = scratch_new();
        il_err e = { 0 };
        il_scheduler *d = NULL;
        if (refused[i].config)
            scratch_write(&s, "scheduler_config.json", refused[i].config);
        cr_expect_eq(il_scheduler_open(&d, s.path, refused[i].name, &e), refused[i].code, "case %zu: %s", i, e.message);
        scratch_forget(&s, e.message);
        cr_expect_str_eq(e.message, refused[i].message, "case %zu", i);
        il_scheduler_free(d);
        scratch_remove(&s);
    }
}

Test(scheduler, refused_calls)
{
    il_err e = { 0 };
    const int64_t *timesteps = NULL;
    size_t count = 0;
    il_scheduler *d = NULL;
    struct scratch s = scratch_new();
    scratch_write(&s, "scheduler_config.json", "{\"steps_offset\": 1}");
    cr_assert_eq(il_scheduler_open(&d, s.path, "plms", &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "scheduler 'plms' is not supported; expected pndm or ddim");
    d = opened(s.path, "pndm");
    il_scope *scope = figures_scope(false, false);
    cr_assert_null(il_scheduler_step(scope, d, network(scope, 0), 1, first_latents(scope)));
    il_scope_status(scope, &e);
    cr_assert_str_eq(e.message, "the scheduler must be started before a step");
    il_scope_close(scope);
    cr_assert_eq(il_scheduler_start(d, 0, &timesteps, &count, &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "steps: 0 is out of range; expected 1 to 1000");
    cr_assert_eq(il_scheduler_start(d, 1001, &timesteps, &count, &e), IL_EPARAM);
    cr_assert_eq(il_scheduler_start(d, 1000, &timesteps, &count, &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "steps: 1000 with steps_offset 1 starts at timestep 1000; expected at most 999, the "
                                "last trained one");
    cr_assert_eq(il_scheduler_start(d, 999, &timesteps, &count, &e), IL_OK);
    scope = figures_scope(false, false);
    cr_assert_null(il_scheduler_step(scope, d, network(scope, 0), 1000, first_latents(scope)));
    il_scope_status(scope, &e);
    cr_assert_str_eq(e.message, "timestep 1000 is out of range; expected 0 to 999");
    il_scope_close(scope);
    il_scheduler_free(d);
    scratch_remove(&s);
}
