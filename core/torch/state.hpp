/* state.hpp - what a state holds, for those who work on all its tensors. */
#ifndef IL_TORCH_STATE_HPP
#define IL_TORCH_STATE_HPP

#include <ATen/core/Tensor.h>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include <inpaintlab/state.h>

struct il_state {
    struct entry {
        std::string name;
        il_tensor *tensor;
        bool trainable, shared;
    };
    struct held {
        size_t entry;
        at::Tensor value;
    };
    il_device device = {};
    il_dtype dtype = IL_DTYPE_F32; /* of the parameters to come */
    uint64_t seed = 0;
    std::vector<entry> entries;
    std::vector<held> frozen; /* buffers, with the values that they keep */
    std::unordered_map<std::string, size_t> index;
    il_err error = {};
    std::string warning;
};

namespace shim
{

/* "encoder.bn1" of each batch norm whose running mean and variance are both frozen: in training too it normalises by them. */
std::unordered_set<std::string> held_norms(const il_state *st);

} // namespace shim

#endif
