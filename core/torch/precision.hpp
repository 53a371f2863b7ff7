/* precision.hpp - what a computation in half precision remembers: see precision.cpp. */
#ifndef IL_TORCH_PRECISION_HPP
#define IL_TORCH_PRECISION_HPP

namespace shim
{

/* While it lives no cast of a weight is remembered: one that was made where nothing is recorded has no gradient. */
class fresh_casts
{
  public:
    fresh_casts();
    ~fresh_casts();
    fresh_casts(const fresh_casts &) = delete;
    fresh_casts &operator=(const fresh_casts &) = delete;

  private:
    bool before;
};

} // namespace shim

#endif
