/* result.hpp - what a model that was made elsewhere returns, and which tensor of it counts: one rule for TorchScript, torch.export
 * and Python. */
#ifndef IL_TORCH_RESULT_HPP
#define IL_TORCH_RESULT_HPP

#include <cstddef>
#include <string>
#include <vector>

namespace foreign
{

struct result {
    enum class kind { tensor, dict, tuple, list, other } is = kind::other; /* a class with fields is a dict */
    std::string name;                                                      /* as an entry of another; "": has none */
    std::string text;  /* a tensor's shape, "" where it is not known yet; what another thing is */
    size_t number = 0; /* which tensor it is, for whoever asks */
    std::vector<result> entries;
};

/* The number of the tensor that `output` names or numbers (from 0). "": the result itself; the entry "out" of a dict; the first of a
 * tuple or list, and so on in that. Throws std::runtime_error, which tells what there is, where that is no tensor. */
size_t choose(const result &r, const std::string &output);

} // namespace foreign

#endif
