/* pt2.h - inputs that stand for a file of torch.export: a model.json, and behind a line "--" the list of weights. */
#ifndef IL_FUZZ_PT2_H
#define IL_FUZZ_PT2_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "json_mutate.h"

/* Where the list of weights begins; `size` where there is none. *json: what the model.json takes. */
static inline size_t pt2_weights(size_t *json, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i++)
        if (memcmp(data + i, "\n--\n", 4) == 0) {
            *json = i;
            return i + 4;
        }
    *json = size;
    return size;
}

#ifdef IL_FUZZER

#ifdef __cplusplus
extern "C" {
#endif
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* Three times of four as JSON, mostly the graph; archives and the rest as libFuzzer does. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const char *const words[] = {
        "as_tensor",
        "as_tensors",
        "as_int",
        "as_ints",
        "as_float",
        "as_floats",
        "as_bool",
        "as_bools",
        "as_none",
        "as_string",
        "as_sym_int",
        "as_sym_ints",
        "as_sym_float",
        "as_sym_bool",
        "as_name",
        "as_optional_tensors",
        "as_scalar_type",
        "as_device",
        "as_memory_format",
        "as_layout",
        "parameter",
        "buffer",
        "tensor_constant",
        "user_input",
        "user_output",
        "buffer_mutation",
        "Infinity",
        "NaN",
        "builtins.dict",
        "builtins.tuple",
        "_operator.mul",
        "_operator.floordiv",
        "_operator.mod",
        "_operator.pow",
        "_operator.lshift",
        "math.trunc",
        "torch.sym_max",
        "torch.sym_ite",
        "torch.ops.aten.sym_numel.default",
        "torch.ops.aten._assert_scalar.default",
        "torch.ops.aten.batch_norm.default",
        "torch.ops.aten.instance_norm.default",
        "torch.ops.aten.dropout.default",
        "torch.ops.aten.bernoulli_.float",
        "torch.ops.aten.floor.default",
        "torch.ops.aten.rand.default",
        "torch.ops.aten.add.Tensor",
        "torch.ops.aten.mul_.Scalar",
        "torch.ops.aten.view.default",
        "torch.ops.aten.cat.default",
        "torch.ops.aten.split.Tensor",
        "torch.ops.aten.index.Tensor",
        "torch.ops.aten.max.dim",
        "torch.ops.aten.zeros.default",
        "torch.ops.aten.empty_like.default",
        "torch.ops.aten.pad.default",
        "torch.ops.aten.upsample_bilinear2d.vec",
        "torch.ops.aten.scaled_dot_product_attention.default",
        "torch.ops.aten.copy_.default",
        "torch.ops.aten.to.dtype",
        "Symbol('s1', positive=True, integer=True)",
        "Mul(Integer(8), Symbol('s1', integer=True))",
        "Add(Integer(-1), Integer(3))",
    };
    static uint8_t text[1 << 20];
    size_t json, weights = pt2_weights(&json, data, size);
    bool second = seed % 16 == 1 && weights < size;
    size_t from = second ? weights : 0, length = second ? size - weights : json, rest = size - length;
    if (size < 2 || size > most || data[0] == 'P' || seed % 4 == 0 || rest >= most || most > sizeof text)
        return LLVMFuzzerMutate(data, size, most);
    memcpy(text, data + from, length);
    size_t made = json_mutate(text, length, most - rest, seed, words, sizeof words / sizeof *words);
    if (!made)
        return LLVMFuzzerMutate(data, size, most);
    memmove(data + from + made, data + from + length, size - from - length);
    memcpy(data + from, text, made);
    return rest + made;
}
#ifdef __cplusplus
}
#endif

#endif
#endif
