/* export_rules.hpp - which operators an exported graph may call. */
#ifndef IL_TORCH_EXPORT_RULES_HPP
#define IL_TORCH_EXPORT_RULES_HPP

#include <string_view>

namespace exported
{

/* name: "conv2d", "relu_"; overload: "", "Tensor". */
bool allowed(std::string_view name, std::string_view overload);

/* Of operators that behave in training otherwise than in testing: the argument that tells them so. */
struct mode {
    std::string_view name, flag;
    std::string_view statistics; /* it follows only where this argument is given; "": always */
};
const mode *find_mode(std::string_view name);

bool draws(std::string_view name);        /* random numbers, if it does not follow a mode */
bool leaves_unset(std::string_view name); /* gives memory as it was found */
bool scales(std::string_view name);       /* takes factors from which positions are computed */

} // namespace exported

#endif
