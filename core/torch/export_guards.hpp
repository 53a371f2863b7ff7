/* export_guards.hpp - what an exported graph assumes of the input's sizes: comparisons that the module made, as they turned out. */
#ifndef IL_TORCH_EXPORT_GUARDS_HPP
#define IL_TORCH_EXPORT_GUARDS_HPP

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace exported
{

/* Whether "L['image'].size()[2] // 8 == 31" holds for these sizes; nothing where it is of another form or its numbers are too large. */
std::optional<bool> guard_holds(std::string_view guard, std::span<const int64_t> sizes);

/* "height // 8 == 31" */
std::string guard_shown(std::string_view guard);

} // namespace exported

#endif
