/* python_step FILE CALL SEED OUT [FREEZE] - a model in Python in this program: its logits in testing, one training step of the loss mean(y^2),
 * and what that leaves; FREEZE: a pattern of tensors. Prints "NAME COUNT" of each tensor and writes their float32 values to OUT. python_step.py compares them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/python.h>
#include <inpaintlab/tensor.h>

enum { N = 2, SIDE = 24, VALUES = N * 3 * SIDE * SIDE };

static FILE *out;

static void end(const il_err *e)
{
    fprintf(stderr, "%s\n", e->message);
    exit(1);
}

static void tell(const char *name, const il_tensor *t)
{
    il_err e = { 0 };
    size_t count = (size_t)il_numel(t);
    float *values = calloc(count + 1, sizeof *values);
    int64_t whole = 0;
    int rc = IL_OK;
    if (!values)
        exit(1);
    if (il_dtype_of(t) == IL_DTYPE_I64) {
        rc = il_read_i64(t, &whole, 1, &e);
        values[0] = (float)whole;
    } else {
        rc = il_read_f32(t, values, count, &e);
    }
    if (rc)
        end(&e);
    printf("%s %zu\n", name, count);
    fwrite(values, sizeof *values, count, out);
    free(values);
}

static il_tensor *forward(il_scope **s, il_python *m, bool training, uint64_t seed)
{
    float x[VALUES];
    il_err e = { 0 };
    for (int i = 0; i < VALUES; i++)
        x[i] = (float)(i * 7919 % 1000) / 1000;
    if (il_scope_open(s, IL_OPTS(il_scope_opts, .training = training, .seed = seed), &e))
        end(&e);
    il_tensor *image = il_to_order(*s, il_from_f32(*s, x, 4, (int64_t[]){ N, 3, SIDE, SIDE }), IL_ORDER_NHWC);
    il_tensor *y = il_python_output(*s, m, image, "");
    if (il_scope_status(*s, &e))
        end(&e);
    return y;
}

int main(int argc, char **argv)
{
    il_err e = { 0 };
    il_state *st = NULL;
    il_python *m = NULL;
    il_scope *s = NULL;
    if (argc < 5 || argc > 6 || !(out = fopen(argv[4], "wb")))
        return 2;
    uint64_t seed = strtoull(argv[3], NULL, 10);
    if (il_state_new(&st, (il_device){ IL_DEVICE_CPU, 0 }, seed, &e) || il_python_open(&m, argv[1], argv[2], st, &e))
        end(&e);
    size_t frozen = 0;
    if (argc == 6 && il_state_freeze(&frozen, st, argv[5], &e))
        end(&e);
    tell("testing", forward(&s, m, false, seed));
    il_scope_close(s);
    il_tensor *y = forward(&s, m, true, seed);
    tell("training", y);
    if (il_backward(s, il_mean(s, il_mul(s, y, y)), &e))
        end(&e);
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry x = il_state_at(st, i);
        tell(x.name, x.tensor);
        if (x.trainable)
            tell("its gradient", il_grad(s, x.tensor));
    }
    if (il_scope_status(s, &e))
        end(&e);
    il_scope_close(s);
    il_state_free(st);
    il_python_free(m);
    return fclose(out) != 0;
}
