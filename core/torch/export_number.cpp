/* export_number.cpp - what Python's operator, math and torch.sym_* functions give. */
#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include "torch/export_number.hpp"

namespace exported
{

namespace
{

[[noreturn]] void too_large()
{
    throw std::domain_error("a size is too large, or is divided by 0");
}

bool is_real(const number &n)
{
    return std::holds_alternative<double>(n);
}

bool is_real(std::span<const number> n)
{
    return is_real(n[0]) || is_real(n[1]);
}

int64_t from_real(double x)
{
    if (!(std::fabs(x) < 9e18))
        too_large();
    return static_cast<int64_t>(x);
}

} // namespace

int64_t whole_of(const number &n)
{
    if (const bool *b = std::get_if<bool>(&n))
        return *b;
    if (const double *x = std::get_if<double>(&n)) {
        if (*x != std::floor(*x))
            throw std::domain_error("a size is not a whole number");
        return from_real(*x);
    }
    return std::get<int64_t>(n);
}

double real_of(const number &n)
{
    return is_real(n) ? std::get<double>(n) : static_cast<double>(whole_of(n));
}

bool flag_of(const number &n)
{
    return real_of(n) != 0;
}

namespace
{

using operands = std::span<const number>;

number add(operands n)
{
    int64_t sum;
    if (is_real(n))
        return real_of(n[0]) + real_of(n[1]);
    if (__builtin_add_overflow(whole_of(n[0]), whole_of(n[1]), &sum))
        too_large();
    return sum;
}

number subtract(operands n)
{
    int64_t rest;
    if (is_real(n))
        return real_of(n[0]) - real_of(n[1]);
    if (__builtin_sub_overflow(whole_of(n[0]), whole_of(n[1]), &rest))
        too_large();
    return rest;
}

number multiply(operands n)
{
    int64_t product;
    if (is_real(n))
        return real_of(n[0]) * real_of(n[1]);
    if (__builtin_mul_overflow(whole_of(n[0]), whole_of(n[1]), &product))
        too_large();
    return product;
}

number divide(operands n)
{
    double by = real_of(n[1]);
    if (by == 0)
        too_large();
    return real_of(n[0]) / by;
}

/* Rounded down, also below 0. */
number floor_divide(operands n)
{
    if (is_real(n))
        return std::floor(std::get<double>(divide(n)));
    int64_t a = whole_of(n[0]), b = whole_of(n[1]);
    if (b == 0 || (b == -1 && a == INT64_MIN))
        too_large();
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* The sign is the divisor's. */
number modulo(operands n)
{
    if (is_real(n))
        return subtract(std::array{ n[0], multiply(std::array{ floor_divide(n), n[1] }) });
    int64_t a = whole_of(n[0]), b = whole_of(n[1]);
    if (b == 0)
        too_large();
    if (b == -1)
        return int64_t{ 0 };
    int64_t rest = a % b;
    return rest + (rest != 0 && (rest < 0) != (b < 0) ? b : 0);
}

number power(operands n)
{
    int64_t exponent = is_real(n) ? -1 : whole_of(n[1]);
    if (exponent < 0 || exponent > 64)
        return std::pow(real_of(n[0]), real_of(n[1]));
    number product = int64_t{ 1 };
    while (exponent-- > 0)
        product = multiply(std::array{ product, n[0] });
    return product;
}

number shift_left(operands n)
{
    int64_t by = whole_of(n[1]);
    if (by < 0 || by > 62)
        too_large();
    return multiply(std::array{ n[0], number{ int64_t{ 1 } << by } });
}

number shift_right(operands n)
{
    int64_t by = whole_of(n[1]);
    if (by < 0)
        too_large();
    return whole_of(n[0]) >> std::min<int64_t>(by, 63);
}

number both(operands n)
{
    if (std::holds_alternative<bool>(n[0]))
        return flag_of(n[0]) && flag_of(n[1]);
    return whole_of(n[0]) & whole_of(n[1]);
}

number either(operands n)
{
    if (std::holds_alternative<bool>(n[0]))
        return flag_of(n[0]) || flag_of(n[1]);
    return whole_of(n[0]) | whole_of(n[1]);
}

bool less(const number &a, const number &b)
{
    return is_real(a) || is_real(b) ? real_of(a) < real_of(b) : whole_of(a) < whole_of(b);
}

bool equal(const number &a, const number &b)
{
    return is_real(a) || is_real(b) ? real_of(a) == real_of(b) : whole_of(a) == whole_of(b);
}

const operation table[] = {
    { "_operator.add", 2, add },
    { "_operator.sub", 2, subtract },
    { "_operator.mul", 2, multiply },
    { "_operator.truediv", 2, divide },
    { "_operator.floordiv", 2, floor_divide },
    { "_operator.mod", 2, modulo },
    { "_operator.pow", 2, power },
    { "_operator.lshift", 2, shift_left },
    { "_operator.rshift", 2, shift_right },
    { "_operator.and_", 2, both },
    { "_operator.or_", 2, either },
    { "_operator.neg", 1,
      [](operands n) {
          return subtract(std::array{ number{ int64_t{ 0 } }, n[0] });
      } },
    { "_operator.pos", 1, [](operands n) { return n[0]; } },
    { "_operator.eq", 2, [](operands n) { return number{ equal(n[0], n[1]) }; } },
    { "_operator.ne", 2, [](operands n) { return number{ !equal(n[0], n[1]) }; } },
    { "_operator.lt", 2, [](operands n) { return number{ less(n[0], n[1]) }; } },
    { "_operator.gt", 2, [](operands n) { return number{ less(n[1], n[0]) }; } },
    { "_operator.le", 2, [](operands n) { return number{ less(n[0], n[1]) || equal(n[0], n[1]) }; } },
    { "_operator.ge", 2, [](operands n) { return number{ less(n[1], n[0]) || equal(n[0], n[1]) }; } },
    { "math.trunc", 1, [](operands n) { return number{ is_real(n[0]) ? from_real(real_of(n[0])) : whole_of(n[0]) }; } },
    { "torch.sym_int", 1,
      [](operands n) { return number{ is_real(n[0]) ? from_real(real_of(n[0])) : whole_of(n[0]) }; } },
    { "torch.sym_float", 1, [](operands n) { return number{ real_of(n[0]) }; } },
    { "torch.sym_not", 1, [](operands n) { return number{ !flag_of(n[0]) }; } },
    { "torch.sym_ite", 3, [](operands n) { return flag_of(n[0]) ? n[1] : n[2]; } },
    { "torch.sym_max", 2, [](operands n) { return less(n[0], n[1]) ? n[1] : n[0]; } },
    { "torch.sym_min", 2, [](operands n) { return less(n[1], n[0]) ? n[1] : n[0]; } },
    { "torch.sym_sqrt", 1, [](operands n) { return number{ std::sqrt(real_of(n[0])) }; } },
};

} // namespace

const operation *find_operation(const std::string &target)
{
    const auto *found = std::ranges::find_if(table, [&](const operation &o) { return target == o.target; });
    return found == std::end(table) ? nullptr : found;
}

} // namespace exported
