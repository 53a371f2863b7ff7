#include <string.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/script.h>
#include <inpaintlab/state.h>
#include "support/figures.h"

#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)
#define FILES TEST_DATA "/weights/"

static il_script *open_script(const char *path)
{
    il_err e = { 0 };
    il_script *m = NULL;
    OK(il_script_open(&m, path, (il_device){ IL_DEVICE_CPU, 0 }, &e));
    return m;
}

static il_tensor *ones(il_scope *s, int channels)
{
    return il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ 1, channels, 2, 2 });
}

/* conv: 3 * 0.5 + 0.25 = 1.75; norm in evaluation divides by sqrt(1 + 1e-5). */
Test(script, a_dict_gives_its_out)
{
    il_err e = { 0 };
    float out[4];
    il_script *m = open_script(FILES "script_dict.pt");
    il_scope *s = figures_scope(false, false);
    il_tensor *y = il_script_forward(s, m, ones(s, 3));
    OK(il_scope_status(s, &e));
    cr_assert_eq(il_dim(y, 1), 1);
    OK(il_read_f32(y, out, 4, &e));
    cr_assert_float_eq(out[3], 1.75 / sqrt(1 + 1e-5), 1e-6);
    il_scope_close(s);
    il_script_free(m);
    il_script_free(NULL);
}

Test(script, a_tuple_gives_its_first)
{
    il_err e = { 0 };
    float out[4];
    il_script *m = open_script(FILES "script_pair.pt");
    il_scope *s = figures_scope(false, false);
    il_tensor *y = il_script_forward(s, m, ones(s, 3));
    OK(il_scope_status(s, &e));
    OK(il_read_f32(y, out, 4, &e));
    cr_assert_eq(out[0], 2);
    il_scope_close(s);
    il_script_free(m);
}

Test(script, its_tensors_are_shared_and_train)
{
    static const char *const names[] = { "conv.weight",
                                         "conv.bias",
                                         "norm.weight",
                                         "norm.bias",
                                         "norm.running_mean",
                                         "norm.running_var",
                                         "norm.num_batches_tracked" };
    il_err e = { 0 };
    float weight[6];
    int64_t tracked = 0;
    il_state *st = NULL;
    il_adam *adam = NULL;
    il_script *m = open_script(FILES "script_dict.pt");
    OK(il_state_new(&st, (il_device){ IL_DEVICE_CPU, 0 }, 0, &e));
    OK(il_script_state(m, st, &e));
    cr_assert_eq(il_state_count(st), 7);
    for (size_t i = 0; i < 7; i++) {
        cr_assert_str_eq(il_state_at(st, i).name, names[i]);
        cr_assert_eq(il_state_at(st, i).trainable, i < 4);
    }
    OK(il_adam_new(&adam, st, IL_OPTS(il_adam_opts, .lr = 0.125), &e));
    il_scope *s = figures_scope(true, false);
    float x[24];
    for (int i = 0; i < 24; i++)
        x[i] = (float)(i % 5);
    il_tensor *y = il_script_forward(s, m, il_from_f32(s, x, 4, (int64_t[]){ 2, 3, 2, 2 }));
    OK(il_scope_status(s, &e));
    OK(il_backward(s, il_sum(s, il_pow(s, il_affine(s, y, 1, -1), 3)), &e));
    OK(il_adam_step(adam, &e));
    il_scope_close(s);
    OK(il_read_f32(il_state_find(st, "norm.weight"), weight, 2, &e));
    cr_assert_float_eq(fabs((double)weight[0] - 1), 0.125, 1e-5, "norm.weight is %g", (double)weight[0]);
    OK(il_read_i64(il_state_find(st, "norm.num_batches_tracked"), &tracked, 1, &e));
    cr_assert_eq(tracked, 1);
    float out[4];
    s = figures_scope(false, false);
    OK(il_copy(il_state_find(st, "norm.weight"), il_full(s, 0, IL_DTYPE_F32, 1, (int64_t[]){ 2 }), &e));
    OK(il_copy(il_state_find(st, "norm.bias"), il_full(s, 9, IL_DTYPE_F32, 1, (int64_t[]){ 2 }), &e));
    OK(il_read_f32(il_script_forward(s, m, ones(s, 3)), out, 4, &e));
    cr_assert_eq(out[0], 9, "forward does not see the shared values: %g", (double)out[0]);
    il_scope_close(s);
    il_adam_free(adam);
    il_state_free(st);
    il_script_free(m);
}

/* In training: what the module's batch norm tracks, with its statistics frozen or not; and the rest of it trains. */
Test(script, frozen_statistics_stay_and_are_used)
{
    il_err e = { 0 };
    float x[24], tested[8], trained[8], mean[2];
    size_t matched = 0;
    il_state *st = NULL;
    il_script *m = open_script(FILES "script_dict.pt");
    OK(il_state_new(&st, (il_device){ IL_DEVICE_CPU, 0 }, 0, &e));
    OK(il_script_state(m, st, &e));
    cr_expect_null(il_state_initial(st), "all of its tensors are the module's");
    for (int i = 0; i < 24; i++)
        x[i] = (float)(i % 5);
    OK(il_state_freeze(&matched, st, "norm.*", &e));
    cr_expect_eq(matched, 5);
    for (int training = 0; training < 2; training++) {
        il_scope *s = figures_scope(training, false);
        il_tensor *y = il_script_forward(s, m, il_from_f32(s, x, 4, (int64_t[]){ 2, 3, 2, 2 }));
        OK(il_scope_status(s, &e));
        cr_assert_eq(il_numel(y) >= 8, true);
        OK(il_read_f32(il_slice(s, il_reshape(s, y, 1, (int64_t[]){ il_numel(y) }), 0, 0, 8),
                       training ? trained : tested, 8, &e));
        if (training) {
            OK(il_backward(s, il_sum(s, y), &e));
            cr_expect_null(il_grad(s, il_state_find(st, "norm.weight")));
            cr_expect_not_null(il_grad(s, il_state_find(st, "conv.weight")));
        }
        il_scope_close(s);
    }
    OK(il_read_f32(il_state_find(st, "norm.running_mean"), mean, 2, &e));
    cr_expect(mean[0] == 0 && mean[1] == 0, "%g %g", (double)mean[0], (double)mean[1]);
    cr_expect_eq(memcmp(tested, trained, sizeof tested), 0);
    il_state_free(st);
    il_script_free(m);
}

static void drop(const il_script *m, float out[64], bool training, uint64_t seed)
{
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = training, .seed = seed), NULL), IL_OK);
    il_tensor *x = il_full(s, 1, IL_DTYPE_F32, 1, (int64_t[]){ 64 });
    cr_assert_eq(il_read_f32(il_script_forward(s, m, x), out, 64, NULL), IL_OK);
    il_scope_close(s);
}

Test(script, dropout_follows_the_scope)
{
    float a[64], b[64];
    il_script *m = open_script(FILES "script_drop.pt");
    drop(m, a, true, 3);
    drop(m, b, true, 3);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    drop(m, b, true, 4);
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
    drop(m, b, false, 3);
    for (int i = 0; i < 64; i++)
        cr_assert_eq(b[i], 1);
    il_script_free(m);
}

Test(script, refused_files)
{
    static const struct {
        const char *path;
        int code;
        const char *part;
    } cases[] = {
        { FILES "absent.pt", IL_EIO, "cannot open " FILES "absent.pt: No such file or directory" },
        { FILES "zip.pth", IL_EFORMAT, FILES "zip.pth: is not a TorchScript module (save one with torch.jit.script" },
        { FILES "legacy.pth", IL_EFORMAT, FILES "legacy.pth: is not a TorchScript module" },
        { FILES "../make_weight_files.py", IL_EFORMAT, "make_weight_files.py: is not a TorchScript module" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_script *m = NULL;
        cr_assert_eq(il_script_open(&m, cases[i].path, (il_device){ IL_DEVICE_CPU, 0 }, &e), cases[i].code, "%s",
                     e.message);
        cr_assert_not_null(strstr(e.message, cases[i].part), "%s", e.message);
        cr_assert_null(strchr(e.message, '\n'), "%s", e.message);
        cr_assert_null(m);
    }
}

Test(script, forward_errors_are_one_line)
{
    static const struct {
        const char *path;
        int channels;
        const char *part;
    } cases[] = {
        { FILES "script_text.pt", 3, "script_text.pt: forward gives String, expected a tensor" },
        { FILES "script_dict.pt", 4, "script_dict.pt: Given groups=1, weight of size [2, 3, 1, 1]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_script *m = open_script(cases[i].path);
        il_scope *s = figures_scope(false, false);
        cr_assert_null(il_script_forward(s, m, ones(s, cases[i].channels)));
        cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
        cr_assert_not_null(strstr(e.message, cases[i].part), "%s", e.message);
        cr_assert_null(strchr(e.message, '\n'), "%s", e.message);
        il_scope_close(s);
        il_script_free(m);
    }
}

static const char *const parts[] = { "sum", "difference" };

static int call(il_scope *s, const char *path, il_tensor *out[2], int ninputs, const char *const *keys, il_err *e)
{
    il_script *m = open_script(path);
    il_tensor *inputs[] = { il_full(s, 5, IL_DTYPE_F32, 1, (int64_t[]){ 2 }),
                            il_full(s, 3, IL_DTYPE_F32, 1, (int64_t[]){ 2 }) };
    int rc = il_script_call(s, m, inputs, ninputs, keys, out, 2, e);
    il_script_free(m);
    return rc;
}

Test(script, call_finds_its_outputs)
{
    static const char *const files[] = { FILES "script_call_dict.pt", FILES "script_call_tuple.pt",
                                         FILES "script_call_named.pt", FILES "script_call_list.pt",
                                         FILES "script_call_traced.pt" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        il_err e = { 0 };
        il_tensor *out[2] = { 0 };
        float sum[2], difference[2];
        int inputs = 0;
        il_script *m = open_script(files[i]);
        OK(il_script_inputs(&inputs, m, &e));
        cr_expect_eq(inputs, 2, "%s: %d inputs", files[i], inputs);
        il_script_free(m);
        il_scope *s = figures_scope(false, false);
        cr_assert_eq(call(s, files[i], out, 2, parts, &e), IL_OK, "%s", e.message);
        OK(il_read_f32(out[0], sum, 2, &e));
        OK(il_read_f32(out[1], difference, 2, &e));
        cr_expect(sum[1] == 8 && difference[1] == 2, "%s: %g and %g", files[i], (double)sum[1], (double)difference[1]);
        il_scope_close(s);
    }
}

Test(script, call_errors_are_one_line)
{
    static const char *const absent[] = { "sum", "product" };
    static const struct {
        const char *path;
        const char *const *keys;
        int ninputs;
        const char *part;
    } cases[] = {
        { FILES "script_call_dict.pt", absent, 2, "script_call_dict.pt: forward gives a dict without \"product\"" },
        { FILES "script_call_mixed.pt", parts, 2, "forward gives Int as \"difference\", expected a tensor" },
        { FILES "script_call_text.pt", parts, 2, "forward gives String, expected \"sum\" in a dict, tuple or list" },
        { FILES "script_call_tuple.pt", parts, 1, "script_call_tuple.pt: forward() is missing value for argument 'b'" },
        { FILES "script_drop.pt", parts, 1, "script_drop.pt: forward gives Tensor, expected \"difference\" in a dict" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 }, kept = { 0 };
        il_tensor *out[2] = { 0 };
        il_scope *s = figures_scope(false, false);
        cr_expect_eq(call(s, cases[i].path, out, cases[i].ninputs, cases[i].keys, &e), IL_ETORCH);
        cr_expect(strstr(e.message, cases[i].part), "%s", e.message);
        cr_expect_null(strchr(e.message, '\n'), "%s", e.message);
        cr_expect(!out[0] && !out[1]);
        cr_expect_eq(il_scope_status(s, &kept), IL_ETORCH);
        cr_expect_str_eq(kept.message, e.message);
        cr_expect_eq(call(s, FILES "script_call_dict.pt", out, 2, parts, &e), IL_ETORCH, "a failed scope goes on");
        il_scope_close(s);
    }
}

Test(script, call_names_a_missing_input)
{
    il_err e = { 0 };
    il_tensor *out[2] = { 0 };
    il_script *m = open_script(FILES "script_call_dict.pt");
    il_scope *s = figures_scope(false, false);
    cr_expect_eq(
        il_script_call(s, m, (il_tensor *[]){ il_full(s, 1, IL_DTYPE_F32, 0, NULL), NULL }, 2, parts, out, 2, &e),
        IL_ETORCH);
    cr_expect(strstr(e.message, "input 2 is missing"), "%s", e.message);
    il_scope_close(s);
    il_script_free(m);
}
