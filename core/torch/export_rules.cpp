/* export_rules.cpp - what vision models are made of, and nothing else. Each operator here checks its arguments before it touches
 * memory, and works on nothing but its tensors: no files, no other processes, no devices, no views that strides of the file define.
 * Those that trust their callers (as_strided, native_batch_norm, the _scaled_dot_product_... family, unsafe_..., out=) are absent
 * for that reason; so is what hands a tensor another storage or shape in place, as those of the weights must keep theirs. */
#include <algorithm>
#include <string>
#include "torch/export_rules.hpp"

namespace exported
{

namespace
{

/* Words between spaces. By name, all overloads but those with out=; "index.Tensor": that one only. */
const std::string_view plain =
    /* layers */
    " conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution linear addmm mm bmm"
    " baddbmm matmul einsum outer batch_norm instance_norm group_norm layer_norm rms_norm embedding"
    " scaled_dot_product_attention pixel_shuffle pixel_unshuffle channel_shuffle im2col col2im"
    /* pooling, resizing, borders */
    " max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d"
    " adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d upsample_nearest1d upsample_nearest2d"
    " upsample_nearest3d _upsample_nearest_exact2d upsample_linear1d upsample_bilinear2d upsample_bicubic2d"
    " upsample_trilinear3d _upsample_bilinear2d_aa _upsample_bicubic2d_aa grid_sampler affine_grid_generator"
    " pad constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d"
    /* activations */
    " softmax log_softmax softplus softsign log_sigmoid prelu glu hardshrink softshrink"
    /* shapes */
    " view view_as reshape reshape_as permute transpose t swapaxes swapdims movedim moveaxis flatten unflatten"
    " squeeze unsqueeze expand expand_as broadcast_to broadcast_tensors repeat tile repeat_interleave.self_int"
    " cat concat concatenate stack split split_with_sizes chunk tensor_split unbind narrow slice select"
    " index_select index.Tensor gather take_along_dim flip roll rot90 ravel unfold diagonal contiguous clone"
    " alias detach to _to_copy type_as lift_fresh_copy lift_fresh where slice_scatter select_scatter meshgrid"
    " numpy_T mT atleast_1d atleast_2d"
    /* reductions and comparisons */
    " sum mean var std var_mean std_mean prod cumsum max min amax amin argmax argmin norm linalg_vector_norm"
    " logsumexp all any topk sort maximum minimum eq ne lt le gt ge isnan isinf isfinite cdist"
    " cosine_similarity"
    /* spectra */
    " fft_fft fft_ifft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_fftshift fft_ifftshift real imag angle"
    " complex polar view_as_real view_as_complex"
    /* new tensors */
    " zeros ones full empty arange linspace eye scalar_tensor zeros_like ones_like full_like empty_like"
    " new_zeros new_ones new_full new_empty rand randn rand_like randn_like"
    " ";

/* The same with a form in place, "relu_". Those keep shape, type and storage. */
const std::string_view elementwise =
    " add sub subtract rsub mul multiply div divide true_divide floor_divide remainder fmod neg abs pow"
    " float_power sqrt rsqrt square reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan"
    " atan2 sinh cosh tanh erf floor ceil round trunc frac sign clamp clamp_min clamp_max clip lerp addcmul"
    " addcdiv nan_to_num logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor"
    " bitwise_not masked_fill fill zero copy relu relu6 leaky_relu elu selu celu gelu silu mish sigmoid"
    " hardsigmoid hardswish hardtanh threshold dropout feature_dropout alpha_dropout feature_alpha_dropout"
    " bernoulli uniform normal tril triu"
    " ";

const std::string_view python = " __and__ __or__ __xor__ "; /* of bool tensors */

bool has(std::string_view list, std::string_view name)
{
    return name.find(' ') == std::string_view::npos &&
           list.find(" " + std::string(name) + " ") != std::string_view::npos;
}

const mode modes[] = {
    { "batch_norm", "training", "running_mean" },
    { "instance_norm", "use_input_stats", "running_mean" },
    { "dropout", "train", "" },
    { "dropout_", "train", "" },
    { "feature_dropout", "train", "" },
    { "feature_dropout_", "train", "" },
    { "alpha_dropout", "train", "" },
    { "alpha_dropout_", "train", "" },
    { "feature_alpha_dropout", "train", "" },
    { "feature_alpha_dropout_", "train", "" },
    { "scaled_dot_product_attention", "dropout_p", "" },
};

} // namespace

bool allowed(std::string_view name, std::string_view overload)
{
    if (has(plain, name) || has(elementwise, name) || has(python, name))
        return true;
    if (!overload.empty() && has(plain, std::string(name) + "." + std::string(overload)))
        return true;
    return name.ends_with('_') && has(elementwise, name.substr(0, name.size() - 1));
}

const mode *find_mode(std::string_view name)
{
    const auto *found = std::ranges::find(modes, name, &mode::name);
    return found == std::end(modes) ? nullptr : found;
}

bool draws(std::string_view name)
{
    return has(" rand randn rand_like randn_like bernoulli bernoulli_ uniform_ normal_ normal uniform ", name);
}

bool leaves_unset(std::string_view name)
{
    return has(" empty empty_like new_empty ", name);
}

bool scales(std::string_view name)
{
    return name.find("upsample_") != std::string_view::npos;
}

} // namespace exported
