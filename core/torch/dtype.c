/* dtype.c - the types of tensors, which can be told without libtorch. */
#include <inpaintlab/tensor.h>

size_t il_dtype_size(il_dtype dtype)
{
    static const size_t size[] = { [IL_DTYPE_F32] = 4,  [IL_DTYPE_F64] = 8, [IL_DTYPE_F16] = 2,
                                   [IL_DTYPE_BF16] = 2, [IL_DTYPE_I64] = 8, [IL_DTYPE_U8] = 1 };
    return dtype >= IL_DTYPE_F32 && dtype <= IL_DTYPE_U8 ? size[dtype] : 0;
}
