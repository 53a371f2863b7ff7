/* export_number.hpp - arithmetic of sizes, as an exported graph writes it: Python's rules, without Python's long numbers. */
#ifndef IL_TORCH_EXPORT_NUMBER_HPP
#define IL_TORCH_EXPORT_NUMBER_HPP

#include <cstdint>
#include <span>
#include <string>
#include <variant>

namespace exported
{

using number = std::variant<int64_t, double, bool>;

/* Throw std::domain_error when a result is no number or too large. */
int64_t whole_of(const number &n);
double real_of(const number &n);
bool flag_of(const number &n);

/* An operation by its target: "_operator.mul", "math.trunc", "torch.sym_max"; nullptr: unknown. */
struct operation {
    const char *target;
    size_t operands;
    number (*compute)(std::span<const number> of);
};
const operation *find_operation(const std::string &target);

} // namespace exported

#endif
