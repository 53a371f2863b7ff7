/* dtype.c - the types of tensors, which can be told without libtorch. */
#include <inpaintlab/tensor.h>

size_t il_dtype_size(il_dtype dtype)
{
    static const size_t size[] = { [IL_F32] = 4, [IL_F64] = 8, [IL_F16] = 2, [IL_BF16] = 2, [IL_I64] = 8, [IL_U8] = 1 };
    return dtype >= IL_F32 && dtype <= IL_U8 ? size[dtype] : 0;
}
