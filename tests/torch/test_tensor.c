#include <math.h>
#include <string.h>
#include <inpaintlab/tensor.h>
#include "base/score_bins.h"
#include "support/ops.h"
#include "torch/counts.h"

/* The sanitizer would otherwise end the program where an allocation cannot be had. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* ---- every operation against PyTorch ---- */

OP(add, il_add(s, a[0], a[1]))
OP(sub, il_sub(s, a[0], a[1]))
OP(mul, il_mul(s, a[0], a[1]))
OP(div, il_div(s, a[0], a[1]))
OP(affine, il_affine(s, a[0], -2.5, 0.75))
OP(pow, il_pow(s, a[0], 1.7))
OP(clamp, il_clamp(s, a[0], -0.5, 1))
OP(lerp, il_lerp(s, a[0], a[1], a[2]))
OP(sigmoid, il_sigmoid(s, a[0]))
OP(tanh, il_tanh(s, a[0]))
OP(relu, il_relu(s, a[0]))
OP(relu_, il_relu_(s, il_affine(s, a[0], 1, 0)))
OP(silu, il_silu(s, a[0]))
OP(greater, il_greater(s, a[0], 0.25))
OP(mean, il_mean(s, a[0]))
OP(sum, il_sum(s, a[0]))
OP(sum_to, il_sum_to(s, a[0], 2))
OP(amin_to, il_amin_to(s, a[0], 1))
OP(amax_to, il_amax_to(s, a[0], 2))
OP(reshape, il_reshape(s, a[0], 2, (int64_t[]){ 3, -1 }))
OP(permute, il_permute(s, a[0], 3, (int[]){ 2, 0, 1 }))
OP(cat, il_cat(s, a, 2, 1))
OP(slice, il_slice(s, a[0], 2, 2, 5))
OP(to_f16, il_to(s, il_to(s, a[0], IL_DTYPE_F16), IL_DTYPE_F32))
OP(detach, il_mul(s, il_detach(s, a[0]), a[1]))
OP(conv2d, il_conv2d(s, a[0], a[1], a[2], (il_conv_geometry){ .stride = 2, .padding = 1 }))
OP(conv2d_dilated, il_conv2d(s, a[0], a[1], NULL, (il_conv_geometry){ .padding = 2, .dilation = 2, .groups = 2 }))
OP(conv_transpose2d, il_conv_transpose2d(s, a[0], a[1], a[2], (il_conv_geometry){ .stride = 2 }))
OP(batch_norm, il_batch_norm(s, a[0], a[1], a[2], a[3], a[4], a[5]))
OP(max_pool2d, il_max_pool2d(s, a[0], 3, 2, 1))
OP(upsample_bilinear, il_upsample_bilinear(s, a[0], 7, 5))
OP(upsample_nearest, il_upsample_nearest(s, a[0], 7, 5))
OP(pixel_shuffle, il_pixel_shuffle(s, a[0], 2))
OP(bce_logits, il_bce_logits(s, a[0], a[1]))
OP(confusion, il_confusion(s, a[0], a[1], NULL))

static const struct ops_row ops[] = {
    ROW(add),
    ROW(sub),
    ROW(mul),
    ROW(div),
    ROW(affine),
    ROW(pow),
    ROW(clamp),
    ROW(lerp),
    ROW(sigmoid),
    ROW(tanh),
    ROW(relu),
    ROW(relu_),
    ROW(silu),
    ROW(greater),
    ROW(mean),
    ROW(sum),
    ROW(sum_to),
    ROW(amin_to),
    ROW(amax_to),
    ROW(reshape),
    ROW(permute),
    ROW(cat),
    ROW(slice),
    ROW(to_f16),
    ROW(detach),
    ROW(conv2d),
    ROW(conv2d_dilated),
    ROW(conv_transpose2d),
    ROW(batch_norm),
    { "batch_norm_training", op_batch_norm },
    ROW(max_pool2d),
    ROW(upsample_bilinear),
    ROW(upsample_nearest),
    ROW(pixel_shuffle),
    ROW(bce_logits),
    ROW(confusion),
};
Test(tensor, operations_as_pytorch)
{
    ops_check("tensor_figures.json", ops, sizeof ops / sizeof *ops);
}

Test(tensor, addition_in_place)
{
    enum { N = 6 };
    float sum[N], in_place[N], old[N];
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, NULL, &e), IL_OK);
    il_tensor *a = il_randn(s, 1, 0, 2, (int64_t[]){ 2, 3 }), *b = il_randn(s, 2, 0, 1, (int64_t[]){ 3 });
    il_tensor *c = il_add(s, a, b);
    cr_assert_eq(il_read_f32(c, sum, N, &e), IL_OK);
    il_tensor *d = il_add_(s, a, b);
    cr_assert_eq(il_read_f32(d, in_place, N, &e), IL_OK);
    cr_assert_eq(il_read_f32(a, old, N, &e), IL_OK);
    cr_expect_arr_eq(in_place, sum, sizeof sum);
    cr_expect_arr_eq(old, sum, sizeof sum);
    cr_expect_null(il_add_(s, b, a), "the shape of b cannot hold the sum");
    cr_expect_neq(il_scope_status(s, &e), IL_OK);
    il_scope_close(s);
}

Test(tensor, confusion_counts_are_integers)
{
    il_scope *s = figures_scope(false, false);
    float logit[] = { 2, -2, 2, -2 }, target[] = { 1, 0.1f, 0, 0 };
    int64_t shape[] = { 1, 1, 2, 2 }, counts[4] = { 0 };
    il_tensor *t = il_confusion(s, il_from_f32(s, logit, 4, shape), il_from_f32(s, target, 4, shape), NULL);
    cr_assert_eq(il_dtype_of(t), IL_DTYPE_I64);
    cr_assert_eq(il_read_i64(t, counts, 4, NULL), IL_OK);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(counts[i], 1, "count %d is %lld", i, (long long)counts[i]);
    il_scope_close(s);
}

/* The bins, and that bins from IL_SCORE_HALF on are what il_confusion predicts, also where a logit lies on an edge. */
Test(tensor, histogram_bins_are_half_open_and_agree_with_confusion)
{
    enum { N = 2, SIDE = 128, PIXELS = SIDE * SIDE };
    static float logit[N * PIXELS], target[N * PIXELS];
    static int64_t bins[N][2][IL_SCORE_BINS], wanted[N][2][IL_SCORE_BINS];
    int64_t shape[] = { N, 1, SIDE, SIDE }, counts[N][4];
    unsigned noise = 5;
    const float odd[] = { 0, -0.0f, 1e-8f, -1e-8f, 1e-6f, 200, -200, INFINITY, -INFINITY, NAN, 88, -104 };
    for (int i = 0; i < N * PIXELS; i++) {
        noise = noise * 1664525u + 1013904223u;
        logit[i] = i % PIXELS < 12 ? odd[i % PIXELS]
                   : i % 3         ? (float)il_score_edge((int)((noise >> 8) % (IL_SCORE_BINS - 1)) + 1)
                                   : (float)((noise >> 9) % 20001) / 1000 - 10;
        target[i] = (noise >> 5) % 3 ? 0 : 0.25f;
    }
    il_scope *s = figures_scope(false, false);
    il_tensor *x = il_from_f32(s, logit, 4, shape), *y = il_from_f32(s, target, 4, shape),
              *h = il_histogram(s, x, y, NULL);
    cr_assert_eq(il_dtype_of(h), IL_DTYPE_I64);
    cr_assert_eq(il_read_i64(h, &bins[0][0][0], N * 2 * IL_SCORE_BINS, NULL), IL_OK);
    cr_assert_eq(il_read_i64(il_confusion(s, x, y, NULL), &counts[0][0], N * 4, NULL), IL_OK);

    int on_edge = 0;
    for (int i = 0; i < N * PIXELS; i++) {
        int bin = 0;
        while (bin < IL_SCORE_BINS - 1 && (double)logit[i] > il_score_edge(bin + 1)) /* NAN stays in bin 0 */
            bin++;
        on_edge += (double)logit[i] == il_score_edge(bin + 1);
        wanted[i / PIXELS][target[i] > 0 ? 0 : 1][bin]++;
    }
    cr_assert_gt(on_edge, 4);
    cr_assert_eq(memcmp(bins, wanted, sizeof bins), 0);
    for (int n = 0; n < N; n++) {
        int64_t above[2] = { 0 }, all[2] = { 0 };
        for (int b = 0; b < IL_SCORE_BINS; b++)
            for (int side = 0; side < 2; side++) {
                all[side] += bins[n][side][b];
                above[side] += b >= IL_SCORE_HALF ? bins[n][side][b] : 0;
            }
        cr_assert(above[0] == counts[n][0] && above[1] == counts[n][1]);
        cr_assert(all[0] == counts[n][0] + counts[n][2] && all[1] == counts[n][1] + counts[n][3]);
    }
    il_scope_close(s);
}

Test(tensor, histogram_refuses_other_shapes)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *a = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 1, 2, 2 });
    il_tensor *b = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 1, 2, 3 });
    cr_assert_null(il_histogram(s, a, b, NULL));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert(strstr(e.message, "histogram: (1,1,2,2) and (1,1,2,3)"), "%s", e.message);
    il_scope_close(s);
}

/* ---- dropout ---- */

static void dropped(float out[1000], bool training, uint64_t seed)
{
    il_scope *s = NULL, *inner;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = training, .seed = seed), NULL), IL_OK);
    il_tensor *x = il_full(s, 3, IL_DTYPE_F32, 1, (int64_t[]){ 500 });
    cr_assert_eq(il_read_f32(il_dropout(s, x, 0.25), out, 500, NULL), IL_OK);
    inner = il_scope_nest(s);
    cr_assert_eq(il_read_f32(il_dropout(inner, x, 0.25), out + 500, 500, NULL), IL_OK);
    il_scope_close(inner);
    il_scope_close(s);
}

Test(tensor, dropout)
{
    float a[1000], b[1000];
    int zeros = 0;
    dropped(a, true, 7);
    for (int i = 0; i < 1000; i++) {
        cr_assert(a[i] == 0 || a[i] == 4, "%g", (double)a[i]);
        zeros += a[i] == 0;
    }
    cr_assert(zeros > 190 && zeros < 310, "%d of 1000 dropped", zeros);
    cr_assert_neq(memcmp(a, a + 500, sizeof a / 2), 0, "a nested scope repeats its parent's random numbers");
    dropped(b, true, 7);
    cr_assert_eq(memcmp(a, b, sizeof a), 0, "equal seeds differ");
    dropped(b, true, 8);
    cr_assert_neq(memcmp(a, b, sizeof a), 0, "other seeds agree");
    dropped(b, false, 7);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(b[i], 3);
}

/* In half precision 1 / (1 - p) itself would be rounded, by up to 0.4 %: each value would be off to the same side. */
Test(tensor, dropout_in_half_precision)
{
    enum { N = 128 };
    float data[N], half[N], expected[N];
    int kept = 0;
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = true, .seed = 3), NULL), IL_OK);
    for (int i = 0; i < N; i++)
        data[i] = 1 + (float)i / N; /* in bfloat16 as they are */
    il_tensor *x = il_from_f32(s, data, 1, (int64_t[]){ N });
    il_tensor *y = il_dropout(s, il_to(s, x, IL_DTYPE_BF16), 0.1);
    il_tensor *nearest = il_to(s, il_to(s, il_affine(s, x, 1 / 0.9, 0), IL_DTYPE_BF16), IL_DTYPE_F32);
    cr_assert_eq(il_read_f32(y, half, N, NULL), IL_OK);
    cr_assert_eq(il_read_f32(nearest, expected, N, NULL), IL_OK);
    for (int i = 0; i < N; i++) {
        cr_assert(half[i] == 0 || half[i] == expected[i], "%g: %g, expected %g", (double)data[i], (double)half[i],
                  (double)expected[i]);
        kept += half[i] != 0;
    }
    cr_assert_gt(kept, N / 2);
    il_scope_close(s);
}

/* ---- assignment ---- */

Test(tensor, assign)
{
    il_err e = { 0 };
    float data[] = { 1, 2, 3, 4, 5, 6 }, out[6];
    int64_t values[6];
    il_scope *s = figures_scope(false, false);
    il_tensor *from = il_from_f32(s, data, 4, (int64_t[]){ 2, 3, 1, 1 });
    il_tensor *same = il_full(s, 0, IL_DTYPE_F32, 2, (int64_t[]){ 2, 3 }),
              *other = il_full(s, 0, IL_DTYPE_I64, 1, (int64_t[]){ 6 });
    cr_assert_eq(il_assign(same, from, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_assign(other, from, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_ndim(same), 2);
    cr_assert_eq(il_dim(same, 1), 3);
    cr_assert_eq(il_dtype_of(other), IL_DTYPE_I64);
    cr_assert_eq(il_copy(from, il_full(s, 7, IL_DTYPE_F32, 4, (int64_t[]){ 2, 3, 1, 1 }), &e), IL_OK);
    cr_assert_eq(il_read_f32(same, out, 6, &e), IL_OK);
    cr_assert_eq(il_read_i64(other, values, 6, &e), IL_OK);
    for (int i = 0; i < 6; i++) {
        cr_assert_eq(out[i], 7, "memory is not shared: %g", (double)out[i]);
        cr_assert_eq(values[i], i + 1);
    }
    cr_assert_eq(il_assign(il_full(s, 0, IL_DTYPE_F32, 1, (int64_t[]){ 5 }), from, &e), IL_ETORCH);
    cr_assert_not_null(strstr(e.message, "shape (2,3,1,1) does not fit (5)"), "%s", e.message);
    cr_assert_eq(il_require_grad(same, &e), IL_OK);
    cr_assert_eq(il_assign(same, from, &e), IL_ETORCH);
    cr_assert_eq(il_assign(NULL, from, &e), IL_ETORCH);
    cr_assert_eq(il_assign(from, NULL, &e), IL_ETORCH);
    il_scope_close(s);
}

/* ---- scopes ---- */

static il_tensor *numbers(il_scope *s, int n)
{
    float data[] = { 1, 2, 3, 4, 5, 6 };
    return il_from_f32(s, data, 1, (int64_t[]){ n });
}

Test(scope, keeps_the_first_error_and_null_gives_null)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *bad = il_add(s, numbers(s, 2), numbers(s, 3));
    cr_assert_null(bad);
    cr_assert_null(il_relu(s, bad));
    cr_assert_null(il_mul(s, bad, numbers(s, 2)));
    cr_assert_null(il_scope_fail(s, IL_EDATA, "a later error"));
    cr_assert_null(numbers(s, 2), "a failed scope does no more work");
    cr_assert_null(il_scope_nest(s));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert_eq(strncmp(e.message, "add: (2) and (3): ", 18), 0, "%s", e.message);
    cr_assert_null(strchr(e.message, '\n'));
    cr_assert_eq(il_backward(s, bad, &e), IL_ETORCH);
    il_scope_close(s);
}

Test(scope, a_null_without_a_reason_is_an_error)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    cr_assert_null(il_conv2d(s, numbers(s, 2), NULL, NULL, (il_conv_geometry){ 0 }));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert_str_eq(e.message, "conv2d: operand 2 is missing");
    il_scope_close(s);
    cr_assert_null(il_relu(NULL, NULL));
    cr_assert_eq(il_scope_status(NULL, &e), IL_ENOMEM);
    il_scope_close(NULL);
    il_tensor_free(NULL);
}

Test(scope, messages_name_operation_and_shapes)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *x = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 2, 3, 8, 8 });
    il_tensor *w = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 4, 5, 3, 3 });
    cr_assert_null(il_conv2d(s, x, w, NULL, (il_conv_geometry){ 0 }));
    il_scope_status(s, &e);
    cr_assert_eq(strncmp(e.message, "conv2d: (2,3,8,8) with weight (4,5,3,3): Given groups=1", 54), 0, "%s", e.message);
    il_scope_close(s);
}

Test(scope, nested_errors_reach_the_parent)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(true, false), *inner = il_scope_nest(s);
    cr_assert(il_scope_training(inner));
    il_scope_fail(inner, IL_EDATA, "picture %d", 3);
    il_scope_close(inner);
    cr_assert_eq(il_scope_status(s, &e), IL_EDATA);
    cr_assert_str_eq(e.message, "picture 3");
    il_scope_close(s);
}

Test(scope, keep_lift_and_adopt)
{
    il_err e = { 0 };
    float out[2] = { 0 };
    il_scope *s = figures_scope(false, false), *inner = il_scope_nest(s);
    il_tensor *lifted = il_lift(inner, numbers(inner, 2)), *kept = il_keep(inner, numbers(inner, 2));
    numbers(inner, 2);
    il_tensor *parents = numbers(s, 2);
    cr_assert_eq(il_lift(inner, parents), parents);
    il_scope_close(inner);
    cr_assert_eq(il_read_f32(lifted, out, 2, &e), IL_OK, "%s", e.message);
    cr_assert_eq(out[1], 2);
    il_scope_close(s);
    cr_assert_eq(il_read_f32(kept, out, 2, &e), IL_OK, "%s", e.message);
    cr_assert_eq(out[1], 2);
    s = figures_scope(false, false);
    cr_assert_eq(il_adopt(s, kept), kept);
    cr_assert_null(il_keep(s, NULL));
    cr_assert_null(il_lift(s, NULL));
    cr_assert_null(il_adopt(s, NULL));
    il_scope_close(s);
}

/* ---- data in and out ---- */

Test(tensor, counts_are_checked)
{
    il_err e = { 0 };
    float out[4];
    int64_t whole[2];
    il_scope *s = figures_scope(false, false);
    il_tensor *t = numbers(s, 3);
    cr_assert_eq(il_read_f32(t, out, 4, &e), IL_ETORCH);
    cr_assert_str_eq(e.message, "read: tensor (3) has 3 elements, not 4");
    cr_assert_eq(il_read_i64(t, whole, 2, &e), IL_ETORCH);
    cr_assert_eq(il_read_bytes(t, out, 11, &e), IL_ETORCH);
    cr_assert_eq(il_read_bytes(t, out, 12, &e), IL_OK);
    cr_assert_eq(out[2], 3);
    cr_assert_eq(il_read_f32(NULL, out, 0, &e), IL_ETORCH);
    il_scope_close(s);
}

Test(tensor, copy_converts_and_checks_the_shape)
{
    il_err e = { 0 };
    int64_t out[3] = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *to = il_full(s, 9, IL_DTYPE_I64, 1, (int64_t[]){ 3 });
    cr_assert_eq(il_copy(to, numbers(s, 3), &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_i64(to, out, 3, &e), IL_OK);
    cr_assert_eq(out[2], 3);
    cr_assert_eq(il_copy(to, numbers(s, 1), &e), IL_ETORCH);
    cr_assert_str_eq(e.message, "copy: shape (1) does not fit (3)");
    il_scope_close(s);
}

Test(tensor, types_and_sizes)
{
    static const struct {
        il_dtype dtype;
        size_t size;
    } types[] = { { IL_DTYPE_F32, 4 },  { IL_DTYPE_F64, 8 }, { IL_DTYPE_F16, 2 },
                  { IL_DTYPE_BF16, 2 }, { IL_DTYPE_I64, 8 }, { IL_DTYPE_U8, 1 } };
    il_scope *s = figures_scope(false, false);
    for (size_t i = 0; i < 6; i++) {
        float out[6];
        il_tensor *t = il_full(s, 3, types[i].dtype, 2, (int64_t[]){ 2, 3 });
        cr_assert_eq(il_dtype_of(t), types[i].dtype);
        cr_assert_eq(il_dtype_size(types[i].dtype), types[i].size);
        cr_assert_eq(il_read_f32(t, out, 6, NULL), IL_OK);
        cr_assert_eq(out[5], 3);
    }
    il_tensor *t = il_full(s, 0, IL_DTYPE_F32, 3, (int64_t[]){ 2, 3, 4 });
    cr_assert_eq(il_ndim(t), 3);
    cr_assert_eq(il_dim(t, 0), 2);
    cr_assert_eq(il_dim(t, -1), 4);
    cr_assert_eq(il_numel(t), 24);
    il_scope_close(s);
}

Test(tensor, impossible_requests_are_errors)
{
    static const int64_t negative[] = { -1 }, huge[] = { INT64_C(1) << 45 };
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    cr_assert_null(il_full(s, 0, IL_DTYPE_F32, 1, negative));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    il_scope_close(s);
    s = figures_scope(false, false);
    cr_assert_null(il_full(s, 0, IL_DTYPE_F32, 1, huge));
    cr_assert_eq(il_scope_status(s, &e), IL_EDEVICE, "%s", e.message);
    cr_assert_str_eq(e.message, "full: the host's memory is full; smaller pictures, tiles or batches need less");
    il_scope_close(s);
    s = figures_scope(true, false); /* a training has keys for that */
    cr_assert_null(il_full(s, 0, IL_DTYPE_F32, 1, huge));
    cr_assert_eq(il_scope_status(s, &e), IL_EDEVICE, "%s", e.message);
    cr_assert_str_eq(e.message,
                     "full: the host's memory is full; set `train.accumulate` or `train.recompute`, or a smaller "
                     "`batch` or `crop`");
    il_scope_close(s);
}

Test(tensor, refuses_what_cannot_be)
{
    int64_t one[] = { 1, 2, 1, 1 };
    il_err e = { 0 };
    il_scope *s = figures_scope(true, false);
    il_tensor *c = numbers(s, 2);
    cr_assert_null(il_batch_norm(s, il_full(s, 0, IL_DTYPE_F32, 4, one), c, c, c, c, NULL));
    il_scope_status(s, &e);
    cr_assert_not_null(strstr(e.message, "more than one value per channel"), "%s", e.message);
    il_scope_close(s);
    s = figures_scope(false, false);
    cr_assert_null(il_bce_logits(s, numbers(s, 2), numbers(s, 1)));
    il_scope_status(s, &e);
    cr_assert_str_eq(e.message, "bce_logits: (2) and (1): the shapes differ");
    il_scope_close(s);
}

/* ---- gradients ---- */

Test(tensor, gradients_need_a_scope_that_records)
{
    il_err e = { 0 };
    float grad[3] = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *x = il_keep(s, numbers(s, 3));
    cr_assert_eq(il_require_grad(x, &e), IL_OK);
    cr_assert_eq(il_backward(s, il_sum(s, x), &e), IL_ETORCH);
    cr_assert_null(il_grad(s, x));
    cr_assert_eq(il_scope_status(s, &e), IL_OK);
    il_scope_close(s);
    s = figures_scope(false, true);
    cr_assert_eq(il_backward(s, x, &e), IL_ETORCH);
    cr_assert_str_eq(e.message, "backward: the loss has shape (3), not ()");
    cr_assert_eq(il_backward(s, il_sum(s, il_mul(s, x, x)), &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(il_grad(s, x), grad, 3, &e), IL_OK);
    cr_assert_eq(grad[2], 6);
    il_scope_close(s);
    il_tensor_free(x);
}

/* ---- devices ---- */

Test(device, parse_and_name)
{
    static const char *const wrong[] = { "", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cpu:0" };
    il_err e = { 0 };
    il_device d = { IL_DEVICE_CUDA, 3 };
    char text[200];
    cr_assert_eq(il_device_parse(&d, "cpu", &e), IL_OK);
    cr_assert_eq(d.kind, IL_DEVICE_CPU);
    il_device_text(d, text, sizeof text);
    cr_assert_str_eq(text, "cpu");
    il_device_title(d, text, sizeof text);
    cr_assert(strlen(text) > 0);
    il_device_text((il_device){ IL_DEVICE_CUDA, 2 }, text, sizeof text);
    cr_assert_str_eq(text, "cuda:2");
    cr_assert_eq(il_device_parse(&d, "auto", &e), IL_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(il_device_parse(&d, wrong[i], &e), IL_EUSAGE, "'%s' was taken", wrong[i]);
    cr_assert_eq(il_device_parse(&d, "cuda:99", &e), IL_EDEVICE);
    cr_assert(il_torch_threads(2) == 2 && il_torch_threads(0) == 2);
    cr_assert(strtod(il_torch_version(), NULL) >= 2, "%s", il_torch_version());
}

/* ---- pixels that do not count ---- */

/* f(a)'s value and the gradient of a[0..3]. */
static float slopes(float grad[4], const float a[4], const float which[4],
                    il_tensor *(*f)(il_scope *, il_tensor *, il_tensor *))
{
    float value = NAN;
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .grad = true), &e), IL_OK, "%s", e.message);
    il_tensor *x = il_keep(s, il_from_f32(s, a, 2, (int64_t[]){ 2, 2 }));
    cr_assert_eq(il_require_grad(x, &e), IL_OK, "%s", e.message);
    il_tensor *y = f(s, x, which ? il_from_f32(s, which, 2, (int64_t[]){ 2, 2 }) : NULL);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(y, &value, 1, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_backward(s, y, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(il_grad(s, x), grad, 4, &e), IL_OK, "%s", e.message);
    il_scope_close(s);
    il_tensor_free(x);
    return value;
}

static void expect_four(const float got[4], float a, float b, float c, float d)
{
    cr_expect(got[0] == a && got[1] == b && got[2] == c && got[3] == d, "%g %g %g %g, expected %g %g %g %g", got[0],
              got[1], got[2], got[3], a, b, c, d);
}

static il_tensor *squares(il_scope *s, il_tensor *a, il_tensor *which)
{
    il_tensor *x = il_where(s, which, a, -7);
    return il_sum(s, il_mul(s, x, x));
}

/* NAN where which is 0: it must not reach a's gradient. */
static il_tensor *spoilt(il_scope *s, il_tensor *a, il_tensor *which)
{
    il_tensor *x = il_where(s, which, a, NAN);
    return il_sum(s, il_mul(s, x, x));
}

static il_tensor *mean_of(il_scope *s, il_tensor *a, il_tensor *which)
{
    return il_mean_where(s, a, which);
}

Test(tensor, where)
{
    const float a[4] = { 1, 2, 3, 4 }, which[4] = { 1, 0, 0.5f, 0 };
    float grad[4];
    cr_expect_eq(slopes(grad, a, which, squares), 1 + 49 + 9 + 49);
    expect_four(grad, 2, 0, 6, 0);
    cr_expect_eq(slopes(grad, a, NULL, squares), 30);
    expect_four(grad, 2, 4, 6, 8);
    cr_expect(isnan(slopes(grad, a, which, spoilt)));
    expect_four(grad, 2, 0, 6, 0);
}

Test(tensor, mean_where)
{
    const float a[4] = { 1, NAN, 3, INFINITY }, b[4] = { 1, 2, 3, 4 }, which[4] = { 1, 0, -2, 0 }, none[4] = { 0 };
    float grad[4];
    cr_expect_eq(slopes(grad, a, which, mean_of), 2);
    expect_four(grad, 0.5f, 0, 0.5f, 0);
    cr_expect_eq(slopes(grad, a, none, mean_of), 0);
    expect_four(grad, 0, 0, 0, 0);
    cr_expect_eq(slopes(grad, b, NULL, mean_of), 2.5f);
    expect_four(grad, 0.25f, 0.25f, 0.25f, 0.25f);
}

Test(tensor, mean_where_refuses_another_shape)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, NULL, &e), IL_OK);
    il_tensor *a = il_full(s, 1, IL_DTYPE_F32, 2, (int64_t[]){ 2, 2 }),
              *which = il_full(s, 1, IL_DTYPE_U8, 1, (int64_t[]){ 2 });
    cr_assert_null(il_mean_where(s, a, which));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert_not_null(strstr(e.message, "mean_where: (2,2) and (2): the shapes differ"), "%s", e.message);
    il_scope_close(s);
}
