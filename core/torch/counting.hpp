/* counting.hpp - the work of operators that libtorch calls by itself, as those of models made elsewhere: see flops.cpp. */
#ifndef IL_TORCH_COUNTING_HPP
#define IL_TORCH_COUNTING_HPP

#include <memory>
#include <inpaintlab/state.h>

namespace shim
{

/* While it lives, what this thread's operators compute is counted, where s counts. st (nullptr allowed) holds the weights. */
struct observer;
class counting
{
  public:
    counting(const il_scope *s, const il_state *st);
    ~counting();
    counting(const counting &) = delete;
    counting &operator=(const counting &) = delete;

  private:
    std::unique_ptr<observer> o;
};

} // namespace shim

#endif
