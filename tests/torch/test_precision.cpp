/* test_precision.cpp - what convolutions and products on a device may round, asked of libtorch itself: the operations get tensors
 * without data, and an observer sees their arguments. What steps in half precision do to the optimiser. Runs with the stub driver, whose GPU has no bfloat16. */
#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/all.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/isfinite.h>
#include <ATen/record_function.h>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/state.h>
#include <inpaintlab/tensor.h>
#include <inpaintlab/weights.h>
#include "torch/rules.h"
#include "torch/shim.hpp"

namespace
{

#define EXPECT(good)                                                                                                   \
    do {                                                                                                               \
        if (!(good)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #good);                                                 \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

const il_device gpu = { IL_DEVICE_CUDA, 0 };

struct {
    bool convolution, searches, convolution_rounds, product, product_rounds;
    size_t taken_back; /* counts of steps, in one operation */
} seen;

std::unique_ptr<at::ObserverContext> look(const at::RecordFunction &f)
{
    enum { BENCHMARK = 9, ALLOW_TF32 = 12 };
    if (strcmp(f.name(), "aten::_convolution") == 0) {
        seen.convolution = true;
        seen.searches = f.inputs()[BENCHMARK].toBool();
        seen.convolution_rounds = f.inputs()[ALLOW_TF32].toBool();
    }
    if (strcmp(f.name(), "aten::linear") == 0) {
        seen.product = true;
        seen.product_rounds = !at::NoTF32Guard::should_disable_tf32() && at::globalContext().allowTF32CuBLAS();
    }
    if (strcmp(f.name(), "aten::_foreach_sub_") == 0)
        seen.taken_back = f.inputs()[0].toTensorVector().size();
    return nullptr;
}

/* work(scope) in a scope of its own, or in an exact one within it. */
template <class F> void in_scope(il_precision precision, bool training, bool exact, F work)
{
    il_scope_opts o = {};
    o.size = sizeof o;
    o.device = gpu;
    o.precision = precision;
    o.training = training;
    il_scope *s = nullptr;
    EXPECT(il_scope_open(&s, &o, nullptr) == IL_OK);
    il_scope *within = exact ? il_scope_nest_exact(s) : il_scope_nest(s);
    work(within);
    il_scope_close(within);
    il_scope_close(s);
}

/* A convolution, which fails for want of data when it has been seen, and a product. */
void compute(il_precision precision, bool training, bool exact)
{
    il_tensor x, weight, row;
    x.value = at::empty({ 1, 3, 8, 8 }, at::kMeta);
    weight.value = at::empty({ 3, 3, 1, 1 }, at::kMeta);
    row.value = at::empty({ 4, 4 }, at::kMeta);
    seen = {};
    in_scope(precision, training, exact, [&](il_scope *s) { il_conv2d(s, &x, &weight, nullptr, {}); });
    in_scope(precision, training, exact, [&](il_scope *s) { il_linear(s, &row, &row, nullptr); });
    EXPECT(seen.convolution);
    EXPECT(seen.product);
}

void rounding_follows_the_scope()
{
    EXPECT(il_torch_rules(gpu, IL_PRECISION_TF32, false, nullptr) == IL_OK);
    compute(IL_PRECISION_TF32, true, false);
    EXPECT(seen.convolution_rounds && seen.product_rounds);
    compute(IL_PRECISION_TF32, true, true); /* the noise residual */
    EXPECT(!seen.convolution_rounds && !seen.product_rounds);
    compute(IL_PRECISION_FP32, false, false); /* a generator on a loader's thread */
    EXPECT(!seen.convolution_rounds && !seen.product_rounds);
    EXPECT(il_torch_rules(gpu, IL_PRECISION_FP32, false, nullptr) == IL_OK);
    EXPECT(!at::globalContext().allowTF32CuDNN() && !at::globalContext().allowTF32CuBLAS());
}

/* A scope that a loader's thread opens changes nothing for the step that runs beside it. */
void scopes_leave_the_rules_alone()
{
    EXPECT(il_torch_rules(gpu, IL_PRECISION_TF32, false, nullptr) == IL_OK);
    std::thread([] { compute(IL_PRECISION_FP32, false, false); }).join();
    EXPECT(at::globalContext().allowTF32CuDNN() && at::globalContext().allowTF32CuBLAS());
}

void algorithms_are_searched_for_in_training()
{
    EXPECT(il_torch_rules(gpu, IL_PRECISION_FP32, false, nullptr) == IL_OK);
    compute(IL_PRECISION_FP32, true, false);
    EXPECT(seen.searches);
    compute(IL_PRECISION_FP32, false, false);
    EXPECT(!seen.searches);
    EXPECT(il_torch_rules(gpu, IL_PRECISION_FP32, true, nullptr) ==
           IL_OK); /* detect, with whatever a TorchScript model does */
    EXPECT(!at::globalContext().benchmarkCuDNN());
}

void bfloat16_is_refused_where_there_is_none()
{
    il_err e = {};
    EXPECT(il_torch_rules(gpu, IL_PRECISION_BF16, false, &e) == IL_EDEVICE);
    EXPECT(strstr(e.message, "bf16: Stub 0 ") && strstr(e.message, "7.5") && strstr(e.message, "use fp16"));
    EXPECT(il_torch_rules(gpu, IL_PRECISION_FP16, false, &e) == IL_OK);
    il_state *generator = nullptr; /* its weights are of that type */
    EXPECT(il_state_new(&generator, gpu, 1, &e) == IL_OK);
    il_state_dtype(generator, IL_DTYPE_F16);
    EXPECT(il_state_status(generator, &e) == IL_OK);
    il_state_dtype(generator, IL_DTYPE_BF16);
    EXPECT(il_state_status(generator, &e) == IL_EDEVICE && strstr(e.message, "use fp16"));
    il_state_free(generator);
}

/* float16: gradients that overflow change nothing, and the count of steps is taken back for all parameters by one operation,
 * however many there are. Which precision is computed in does not matter to it, so the CPU shows it. */
void a_step_that_overflows_did_not_happen()
{
    enum { COUNT = 3 };
    static const char *const names[COUNT] = { "a.weight", "b.weight", "c.weight" };
    const int64_t shape[] = { 4 };
    il_state *st = nullptr;
    il_adam *adam = nullptr;
    il_bundle *b = nullptr;
    il_adam_opts o = {};
    o.size = sizeof o;
    o.lr = 0.1;
    o.scaling = true;
    EXPECT(il_state_new(&st, { IL_DEVICE_CPU, 0 }, 1, nullptr) == IL_OK);
    for (const char *name : names)
        il_state_param(st, name, IL_INIT_ONES, 0, 1, shape);
    EXPECT(il_state_status(st, nullptr) == IL_OK && il_adam_new(&adam, st, &o, nullptr) == IL_OK);
    for (double gradient : { 1.0, (double)INFINITY }) {
        for (const char *name : names) {
            at::Tensor &value = il_state_find(st, name)->value;
            value.mutable_grad() = at::full_like(value, gradient, value.options().requires_grad(false));
        }
        seen = {};
        EXPECT(il_adam_step(adam, nullptr) == IL_OK);
    }
    EXPECT(seen.taken_back == COUNT);
    EXPECT(il_bundle_new(&b, nullptr) == IL_OK && il_adam_save(adam, b, nullptr, nullptr) == IL_OK);
    for (const char *name : names) {
        EXPECT(il_bundle_find(b, (std::string(name) + ".step").c_str())->value.item<float>() == 1);
        EXPECT(at::all(at::isfinite(il_state_find(st, name)->value)).item<bool>());
    }
    il_bundle_free(b);
    il_adam_free(adam);
    il_state_free(st);
}

} // namespace

int main()
{
    at::addGlobalCallback(at::RecordFunctionCallback(look).needsInputs(true).scopes({ at::RecordScope::FUNCTION }));
    rounding_follows_the_scope();
    scopes_leave_the_rules_alone();
    algorithms_are_searched_for_in_training();
    bfloat16_is_refused_where_there_is_none();
    a_step_that_overflows_did_not_happen();
    return 0;
}
