/* test_cuda_graph.c - recorded and replayed work: on the CPU, where a replay computes anew, and on every GPU. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <inpaintlab/optimizer.h>
#include "torch/cuda_graph.h"
#include "torch/fold.h"

/* A convolution with batch norm and dropout, and a step of Adam. */
struct net {
    il_state *state;
    il_tensor *weight, *gain, *bias, *mean, *var, *scale;
    il_adam *adam;
    il_device device;
    uint64_t seed;
    int bodies; /* runs of the body */
};

static void open_net(struct net *n, il_device device)
{
    il_err e = { 0 };
    *n = (struct net){ .device = device };
    cr_assert_eq(il_state_new(&n->state, device, 3, &e), IL_OK);
    n->weight = il_state_param(n->state, "weight", IL_INIT_KAIMING_UNIFORM, 0, 4, (int64_t[]){ 2, 3, 3, 3 });
    n->gain = il_state_param(n->state, "gain", IL_INIT_ONES, 0, 1, (int64_t[]){ 2 });
    n->bias = il_state_param(n->state, "bias", IL_INIT_ZEROS, 0, 1, (int64_t[]){ 2 });
    n->mean = il_state_buffer(n->state, "mean", IL_DTYPE_F32, 0, 1, (int64_t[]){ 2 });
    n->var = il_state_buffer(n->state, "var", IL_DTYPE_F32, 1, 1, (int64_t[]){ 2 });
    cr_assert_eq(il_state_status(n->state, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_adam_new(&n->adam, n->state, IL_OPTS(il_adam_opts, .lr = 0.01), &e), IL_OK);
}

static void close_net(struct net *n)
{
    il_adam_free(n->adam);
    il_state_free(n->state);
}

static int body(void *context, il_scope *outer, il_tensor *const in[], il_tensor *out[], il_err *e)
{
    struct net *n = context;
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = n->device, .training = true, .seed = n->seed), e);
    if (rc)
        return rc;
    n->bodies++;
    il_tensor *y = il_conv2d(s, in[0], n->weight, NULL, (il_conv_geometry){ .padding = 1 });
    y = il_dropout(s, il_batch_norm(s, y, n->gain, n->bias, n->mean, n->var, NULL), 0.5);
    il_tensor *loss = il_mean(s, il_mul(s, y, y));
    rc = il_backward(s, loss, e);
    if (!rc)
        out[0] = il_adopt(outer, il_keep(s, il_detach(s, loss)));
    if (!rc)
        rc = il_scope_status(s, e);
    il_scope_close(s);
    return rc ? rc : il_adam_step(n->adam, e);
}

/* A step on n pictures; its loss. g NULL: computed without one. */
static float step(struct net *n, il_cuda_graph *g, int pictures, uint64_t seed)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    il_tensor *out[1] = { NULL };
    float loss = NAN;
    n->seed = seed;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .device = n->device), &e), IL_OK);
    il_tensor *in[] = { il_randn(s, 40 + seed, 0, 4, (int64_t[]){ pictures, 3, 8, 8 }) };
    const il_cuda_graph_work work = {
        .body = body, .context = n, .in = in, .ins = 1, .out = out, .outs = 1, .seed = seed, .state = n->state
    };
    int rc = g ? il_cuda_graph_run(g, s, &work, &e) : body(n, s, in, out, &e);
    cr_assert_eq(rc, IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(out[0], &loss, 1, &e), IL_OK, "%s", e.message);
    il_scope_close(s);
    return loss;
}

/* What evaluation gives now: it keeps weights folded until something tells that they changed. */
static float evaluate(struct net *n)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    float value = NAN;
    const il_fold fold = { .weight = n->gain, .bias = n->bias, .mean = n->mean, .var = n->var };
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .device = n->device), &e), IL_OK);
    il_tensor *x = il_randn(s, 7, 0, 4, (int64_t[]){ 1, 3, 8, 8 });
    il_tensor *y = il_conv2d_folded(s, x, n->weight, NULL, fold, (il_conv_geometry){ .padding = 1 });
    y = il_mean(s, y);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(y, &value, 1, &e), IL_OK);
    il_scope_close(s);
    return value;
}

/* The same bits, but for the sums of a GPU, whose order is not fixed. */
static bool equal(float a, float b, il_device device)
{
    return a == b || (device.kind == IL_DEVICE_CUDA && fabsf(a - b) <= 1e-4f * fabsf(a));
}

/* Every step of both, and what evaluation gives between them. */
static void compare_on(il_device device, const int *pictures, int steps, int give_up_after, size_t replays)
{
    struct net plain, replayed;
    il_cuda_graph *g = NULL;
    il_err e = { 0 };
    open_net(&plain, device);
    open_net(&replayed, device);
    cr_assert_eq(il_cuda_graph_new(&g, device, &e), IL_OK, "%s", e.message);
    for (int i = 0; i < steps; i++) {
        if (i == give_up_after)
            il_cuda_graph_give_up(g, "a test");
        float a = step(&plain, NULL, pictures[i], (uint64_t)i), b = step(&replayed, g, pictures[i], (uint64_t)i);
        cr_expect(equal(a, b, device), "step %d: loss %.9g, replayed %.9g", i, (double)a, (double)b);
        a = evaluate(&plain);
        b = evaluate(&replayed);
        cr_expect(equal(a, b, device), "after step %d: %.9g, replayed %.9g", i, (double)a, (double)b);
    }
    if (device.kind == IL_DEVICE_CPU)
        cr_expect_eq(replayed.bodies, steps);
    cr_expect_eq(il_cuda_graph_replays(g), replays, "%s", il_cuda_graph_refusal(g) ? il_cuda_graph_refusal(g) : "");
    il_cuda_graph_free(g);
    close_net(&replayed);
    close_net(&plain);
}

static void compare(const int *pictures, int steps, int give_up_after, size_t replays)
{
    compare_on((il_device){ 0 }, pictures, steps, give_up_after, replays);
}

/* With dropout: on the second GPU, its random numbers must not come from the first one's memory. */
Test(graph, on_every_gpu)
{
    char name[] = "cuda:0";
    il_device gpu;
    for (; name[5] < '8' && il_device_parse(&gpu, name, NULL) == IL_OK; name[5]++) {
        compare_on(gpu, (int[]){ 2, 2, 2, 2, 2, 2 }, 6, -1, 3);
        compare_on(gpu, (int[]){ 2, 2, 2, 2, 1, 2, 1 }, 7, -1, 2);
        compare_on(gpu, (int[]){ 2, 2, 2, 2, 2, 2 }, 6, 5, 2);
    }
    if (name[5] == '0')
        cr_skip_test("no GPU");
}

Test(graph, computes_three_times_then_replays)
{
    compare((int[]){ 2, 2, 2, 2, 2, 2 }, 6, -1, 3);
}

Test(graph, batches_of_other_sizes_are_computed)
{
    compare((int[]){ 2, 2, 2, 2, 1, 2, 1 }, 7, -1, 2);
    compare((int[]){ 2, 2, 1, 2, 2, 2, 2 }, 7, -1, 1); /* three in a row come first */
}

Test(graph, what_cannot_be_recorded_is_computed)
{
    compare((int[]){ 2, 2, 2, 2, 2, 2 }, 6, 2, 0);
    compare((int[]){ 2, 2, 2, 2, 2, 2 }, 6, 5, 2);
}

/* ---- random numbers of several seeds ---- */

static il_tensor *block(il_scope *s, const void *self, il_tensor *x)
{
    const struct net *n = self;
    return il_dropout(s, il_conv2d(s, x, n->weight, NULL, (il_conv_geometry){ .padding = 1 }), 0.5);
}

/* Takes them from the run `bodies` of the net on. */
static int recomputing(void *context, il_scope *outer, il_tensor *const in[], il_tensor *out[], il_err *e)
{
    struct net *n = context;
    il_scope *s = NULL;
    bool recompute = n->bodies-- <= 0;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .training = true, .recompute = recompute, .seed = 1), e);
    if (rc)
        return rc;
    il_tensor *first = il_mul(s, in[0], n->scale);
    il_tensor *loss = il_mean(s, il_recompute(s, block, n, first));
    rc = il_backward(s, loss, e);
    if (!rc)
        out[0] = il_adopt(outer, il_keep(s, il_detach(s, loss)));
    il_scope_close(s);
    return rc;
}

/* What five runs return, the first `before` of which take no seeds of their own. */
static void run_recomputing(int codes[5], il_err *e, il_cuda_graph *g, int before)
{
    struct net n;
    open_net(&n, (il_device){ 0 });
    n.scale = il_state_param(n.state, "scale", IL_INIT_ONES, 0, 1, (int64_t[]){ 1 });
    n.bodies = before;
    for (int i = 0; i < 5; i++) {
        il_scope *s = NULL;
        il_tensor *out[1] = { NULL };
        cr_assert_eq(il_scope_open(&s, NULL, e), IL_OK);
        il_tensor *in[] = { il_randn(s, 1, 0, 4, (int64_t[]){ 1, 3, 8, 8 }) };
        const il_cuda_graph_work w = {
            .body = recomputing, .context = &n, .in = in, .ins = 1, .out = out, .outs = 1, .seed = 1, .state = n.state
        };
        codes[i] = il_cuda_graph_run(g, s, &w, e);
        il_scope_close(s);
    }
    close_net(&n);
}

Test(graph, several_seeds_are_refused_before_anything_is_recorded)
{
    il_cuda_graph *g = NULL;
    il_err e = { 0 };
    int codes[5];
    cr_assert_eq(il_cuda_graph_new(&g, (il_device){ 0 }, &e), IL_OK);
    run_recomputing(codes, &e, g, 0);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(codes[i], IL_OK, "run %d: %s", i, e.message);
    cr_expect_eq(il_cuda_graph_replays(g), 0);
    cr_assert_not_null(il_cuda_graph_refusal(g));
    cr_expect_not_null(strstr(il_cuda_graph_refusal(g), "train.recompute"), "%s", il_cuda_graph_refusal(g));
    il_cuda_graph_free(g);
}

/* The error comes by way of the scope, which is closed; an exception through the body would leave it open. */
Test(graph, several_seeds_within_a_recording_are_an_error_of_the_operation)
{
    il_cuda_graph *g = NULL;
    il_err e = { 0 };
    int codes[5];
    cr_assert_eq(il_cuda_graph_new(&g, (il_device){ 0 }, &e), IL_OK);
    run_recomputing(codes, &e, g, 3);
    cr_expect_eq(codes[2], IL_OK);
    cr_expect_eq(codes[4], IL_ETORCH);
    cr_expect_not_null(strstr(e.message, "recompute: (1,3,8,8): random numbers"), "%s", e.message);
    il_cuda_graph_free(g);
}

static int failing(void *context, il_scope *s, il_tensor *const in[], il_tensor *out[], il_err *e)
{
    (void)context;
    (void)s;
    (void)in;
    (void)out;
    return il_fail(e, IL_ETORCH, "this body fails");
}

Test(graph, a_failing_body_fails)
{
    struct net n;
    il_cuda_graph *g = NULL;
    il_scope *s = NULL;
    il_err e = { 0 };
    il_tensor *out[1] = { NULL };
    open_net(&n, (il_device){ 0 });
    cr_assert_eq(il_cuda_graph_new(&g, (il_device){ 0 }, &e), IL_OK);
    cr_assert_eq(il_scope_open(&s, NULL, &e), IL_OK);
    il_tensor *in[] = { il_randn(s, 1, 0, 1, (int64_t[]){ 4 }) };
    const il_cuda_graph_work work = { .body = failing, .in = in, .ins = 1, .out = out, .outs = 1, .state = n.state };
    for (int i = 0; i < 5; i++) { /* computed and replayed */
        e = (il_err){ 0 };
        cr_expect_eq(il_cuda_graph_run(g, s, &work, &e), IL_ETORCH);
        cr_expect_not_null(strstr(e.message, "this body fails"), "%s", e.message);
    }
    il_scope_close(s);
    il_cuda_graph_free(g);
    close_net(&n);
}

Test(graph, without_a_gpu_there_is_no_recorder_for_it)
{
    il_device gpu;
    il_cuda_graph *g = NULL;
    il_err e = { 0 };
    if (il_device_parse(&gpu, "cuda", &e) == IL_OK)
        cr_skip("there is a GPU");
    cr_expect_eq(il_cuda_graph_new(&g, (il_device){ IL_DEVICE_CUDA, 0 }, &e), IL_EDEVICE);
    cr_expect_not_null(strstr(e.message, "CUDA graphs"), "%s", e.message);
    cr_expect_null(g);
}
