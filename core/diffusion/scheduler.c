/* scheduler.c - PNDM's linear multistep part and DDIM without noise: timesteps, coefficients, steps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diffusion/options.h"
#include "diffusion/scheduler.h"

enum spacing { LEADING, LINSPACE, TRAILING };
enum { PAST = 4, MOST_TRAINED = 1000000 };

struct il_scheduler {
    bool ddim, v, clip, ends_at_one;
    double clip_range;
    enum spacing spacing;
    int trained, offset;
    float *alphas; /* cumulative products, one for each trained timestep */
    int steps;     /* 0: not started */
    int64_t *timesteps;
    size_t count;
    int done;              /* PNDM: number of steps since the start */
    il_tensor *past[PAST]; /* earlier outputs, newest first */
    size_t npast;
    il_tensor *first; /* the latents of the first step, which PNDM takes twice */
};

static const char *const names[] = { "pndm", "ddim", NULL };
static const char *const classes[] = { "PNDMScheduler", "DDIMScheduler", NULL };

/* ---- configuration ---- */

/* torch.linspace in float32: computed from both ends towards the middle. */
static float between(float start, float end, int n, int i)
{
    float step = n > 1 ? (end - start) / (float)(n - 1) : 0;
    return i < n / 2 || n == 1 ? start + step * (float)i : end - step * (float)(n - 1 - i);
}

static int fill_alphas(il_scheduler *d, double start, double end, bool scaled, il_err *e)
{
    d->alphas = malloc((size_t)d->trained * sizeof *d->alphas);
    if (!d->alphas)
        return il_fail_oom(e);
    double product = 1; /* like torch.cumprod: accumulated in double, rounded when stored */
    for (int i = 0; i < d->trained; i++) {
        float beta = scaled ? between((float)sqrt(start), (float)sqrt(end), d->trained, i)
                            : between((float)start, (float)end, d->trained, i);
        if (scaled)
            beta *= beta;
        product *= 1 - beta;
        d->alphas[i] = (float)product;
    }
    return IL_OK;
}

/* Keys whose defaults differ between the two schedulers. */
static void read_class_options(il_scheduler *d, il_options *c)
{
    static const il_options_rule rules[] = { { "thresholding", "[false]" },
                                             { "rescale_betas_zero_snr", "[false]" },
                                             { NULL, NULL } };
    d->ends_at_one = il_options_bool(c, "set_alpha_to_one", d->ddim);
    if (!d->ddim) /* skip_prk_steps is ignored, since diffusers' pipelines override it too */
        return;
    il_options_check(c, rules);
    d->clip = il_options_bool(c, "clip_sample", true);
    d->clip_range = il_options_real(c, "clip_sample_range", 1);
    if (d->clip_range <= 0)
        il_options_refuse(c, "clip_sample_range", "a number above 0");
}

static int read_options(il_scheduler *d, il_options *c, il_err *e)
{
    static const char *const schedules[] = { "linear", "scaled_linear", NULL };
    static const char *const predictions[] = { "epsilon", "v_prediction", NULL };
    static const char *const spacings[] = { "leading", "linspace", "trailing", NULL };
    static const il_options_rule rules[] = { { "trained_betas", "[null]" }, { NULL, NULL } };
    d->trained = il_options_int(c, "num_train_timesteps", (il_options_range){ 1000, 1, MOST_TRAINED });
    d->offset = il_options_int(c, "steps_offset", (il_options_range){ 0, 0, MOST_TRAINED });
    d->v = il_options_choice(c, "prediction_type", predictions, 0) == 1;
    d->spacing = (enum spacing)il_options_choice(c, "timestep_spacing", spacings, LEADING);
    il_options_check(c, rules);
    read_class_options(d, c);
    const bool scaled = il_options_choice(c, "beta_schedule", schedules, 0) == 1;
    const double start = il_options_real(c, "beta_start", 0.0001), end = il_options_real(c, "beta_end", 0.02);
    if (!(start > 0 && start < 1))
        il_options_refuse(c, "beta_start", "a number between 0 and 1");
    if (!(end > 0 && end < 1))
        il_options_refuse(c, "beta_end", "a number between 0 and 1");
    int rc = il_options_status(c, e);
    return rc ? rc : fill_alphas(d, start, end, scaled, e);
}

static int choose(il_scheduler *d, il_options *c, const char *name, il_err *e)
{
    if (!*name) {
        d->ddim = il_options_choice(c, "_class_name", classes, -1) == 1;
        return il_options_status(c, e);
    }
    d->ddim = strcmp(name, names[1]) == 0;
    if (!d->ddim && strcmp(name, names[0]) != 0)
        return il_fail(e, IL_EPARAM, "scheduler '%s' is not supported; expected pndm or ddim", name);
    return IL_OK;
}

/* Takes c. */
static int open_options(il_scheduler **out, il_options *c, const char *name, il_err *e)
{
    il_scheduler *d = calloc(1, sizeof *d);
    int rc = d ? choose(d, c, name ? name : "", e) : il_fail_oom(e);
    if (!rc)
        rc = read_options(d, c, e);
    il_options_free(c);
    if (rc)
        il_scheduler_free(d);
    else
        *out = d;
    return rc;
}

int il_scheduler_open(il_scheduler **out, const char *folder, const char *name, il_err *e)
{
    il_options *c = NULL;
    int rc = il_options_open(&c, folder, "scheduler_config.json", e);
    return rc ? rc : open_options(out, c, name, e);
}

int il_scheduler_open_usual(il_scheduler **out, bool second, const char *name, il_err *e)
{
    static const char rest[] = "\"beta_start\": 0.00085, \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\", "
                               "\"clip_sample\": false, \"set_alpha_to_one\": false, \"steps_offset\": 1}";
    char text[300];
    il_options *c = NULL;
    snprintf(text, sizeof text, "{\"_class_name\": \"%s\", %s", classes[second ? 0 : 1], rest);
    int rc = il_options_parse(&c, "scheduler_config.json", text, e);
    return rc ? rc : open_options(out, c, name, e);
}

/* ---- a run ---- */

static void forget(il_scheduler *d)
{
    for (size_t i = 0; i < d->npast; i++)
        il_tensor_free(d->past[i]);
    il_tensor_free(d->first);
    d->first = NULL;
    d->npast = 0;
    d->done = 0;
}

void il_scheduler_free(il_scheduler *d)
{
    if (!d)
        return;
    forget(d);
    free(d->alphas);
    free(d->timesteps);
    free(d);
}

void il_scheduler_offset(il_scheduler *d, int offset)
{
    d->offset = offset;
}

double il_scheduler_sigma(const il_scheduler *d)
{
    (void)d;
    return 1;
}

/* The i-th timestep of DDIM, counted from the end of the run (i 0 is the smallest). */
static int64_t timestep(const il_scheduler *d, int steps, int i)
{
    const double trained = d->trained;
    if (d->spacing == LEADING)
        return (int64_t)i * (d->trained / steps) + d->offset;
    if (d->spacing == LINSPACE) /* like NumPy; halves round to even */
        return i == steps - 1 && i > 0 ? d->trained - 1
                                       : (int64_t)rint(i * ((trained - 1) / (steps > 1 ? steps - 1 : 1)));
    double step = (trained + -(trained / steps)) - trained;
    return (int64_t)rint(trained + (steps - 1 - i) * step) - 1;
}

int il_scheduler_start(il_scheduler *d, int steps, const int64_t **timesteps, size_t *count, il_err *e)
{
    if (steps < 1 || steps > d->trained)
        return il_fail(e, IL_EPARAM, "steps: %d is out of range; expected 1 to %d", steps, d->trained);
    const int64_t highest = timestep(d, steps, steps - 1);
    if (highest >= d->trained)
        return il_fail(e, IL_EPARAM,
                       "steps: %d with steps_offset %d starts at timestep %lld; expected at most %d, the "
                       "last trained one",
                       steps, d->offset, (long long)highest, d->trained - 1);
    int64_t *list = malloc(((size_t)steps + 1) * sizeof *list);
    if (!list)
        return il_fail_oom(e);
    size_t n = 0;
    for (int i = steps - 1; i >= 0; i--) {
        list[n++] = timestep(d, steps, i);
        if (!d->ddim && i == steps - 2) /* PNDM repeats its first step */
            list[n++] = timestep(d, steps, i);
    }
    free(d->timesteps);
    forget(d);
    d->timesteps = list;
    d->count = n;
    d->steps = steps;
    *timesteps = list;
    *count = n;
    return IL_OK;
}

/* ---- one step ---- */

static double alpha_at(const il_scheduler *d, int64_t t)
{
    if (t < 0)
        return d->ends_at_one ? 1 : d->alphas[0];
    return d->alphas[t < d->trained ? t : d->trained - 1];
}

/* x * a + y * b */
static il_tensor *mix(il_scope *s, il_tensor *x, double a, il_tensor *y, double b)
{
    return il_add(s, il_affine(s, x, a, 0), il_affine(s, y, b, 0));
}

/* Equation 12 of the DDIM paper with sigma 0. */
static il_tensor *ddim_step(il_scope *s, const il_scheduler *d, il_tensor *output, int64_t t, il_tensor *latents)
{
    const double alpha = alpha_at(d, t), next = alpha_at(d, t - d->trained / d->steps);
    const double a = sqrt(alpha), b = sqrt(1 - alpha);
    il_tensor *clean = d->v ? mix(s, latents, a, output, -b) : mix(s, latents, 1 / a, output, -b / a);
    il_tensor *noise = d->v ? mix(s, output, a, latents, b) : output;
    if (d->clip)
        clean = il_clamp(s, clean, -d->clip_range, d->clip_range);
    return mix(s, clean, sqrt(next), noise, sqrt(1 - next));
}

/* Equation 9 of the PNDM paper. */
static il_tensor *transfer(il_scope *s, const il_scheduler *d, il_tensor *output, int64_t t, int64_t to,
                           il_tensor *latents)
{
    const double alpha = alpha_at(d, t), next = alpha_at(d, to);
    const double denominator = alpha * sqrt(1 - next) + sqrt(alpha * (1 - alpha) * next);
    if (d->v)
        output = mix(s, output, sqrt(alpha), latents, sqrt(1 - alpha));
    if (denominator == 0) /* from 1 to 1: nothing changes */
        return il_detach(s, latents);
    return mix(s, latents, sqrt(next / alpha), output, -(next - alpha) / denominator);
}

static il_tensor *keep(il_scope *s, il_tensor *t)
{
    return il_keep(s, il_detach(s, t));
}

/* Adds an output as the newest. False: the scope has an error. */
static bool remember(il_scope *s, il_scheduler *d, il_tensor *output)
{
    il_tensor *kept = keep(s, output);
    if (!kept)
        return false;
    if (d->npast == PAST)
        il_tensor_free(d->past[--d->npast]);
    for (size_t i = d->npast++; i > 0; i--)
        d->past[i] = d->past[i - 1];
    d->past[0] = kept;
    return true;
}

/* The Adams-Bashforth combination of the stored outputs. */
static il_tensor *multistep(il_scope *s, const il_scheduler *d)
{
    static const double weights[PAST][PAST] = { { 1 },
                                                { 3.0 / 2, -1.0 / 2 },
                                                { 23.0 / 12, -16.0 / 12, 5.0 / 12 },
                                                { 55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24 } };
    const double *w = weights[d->npast - 1];
    il_tensor *sum = il_affine(s, d->past[0], w[0], 0);
    for (size_t i = 1; i < d->npast; i++)
        sum = il_add(s, sum, il_affine(s, d->past[i], w[i], 0));
    return sum;
}

static il_tensor *pndm_step(il_scope *s, il_scheduler *d, il_tensor *output, int64_t t, il_tensor *latents)
{
    const int64_t stride = d->trained / d->steps;
    const int call = d->done++;
    if (call == 1 && d->first) { /* the first step again, with the mean of the outputs at both ends */
        il_tensor *start = il_adopt(s, d->first);
        d->first = NULL;
        return transfer(s, d, mix(s, output, 0.5, d->past[0], 0.5), t + stride, t, start);
    }
    if (!remember(s, d, output))
        return NULL;
    if (call == 0)
        d->first = keep(s, latents);
    return transfer(s, d, multistep(s, d), t, t - stride, latents);
}

il_tensor *il_scheduler_step(il_scope *s, il_scheduler *d, il_tensor *output, int64_t timestep, il_tensor *latents)
{
    if (!output || !latents)
        return NULL;
    if (!d->steps)
        return il_scope_fail(s, IL_EPARAM, "the scheduler must be started before a step");
    if (timestep < 0 || timestep >= d->trained)
        return il_scope_fail(s, IL_EPARAM, "timestep %lld is out of range; expected 0 to %d", (long long)timestep,
                             d->trained - 1);
    return d->ddim ? ddim_step(s, d, output, timestep, latents) : pndm_step(s, d, output, timestep, latents);
}
