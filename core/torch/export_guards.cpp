/* export_guards.cpp - evaluates guards_code: Python's comparisons of whole numbers, with and, or, not, max and min. */
#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include "torch/export_graph.hpp"
#include "torch/export_guards.hpp"
#include "torch/export_number.hpp"

namespace exported
{

namespace
{

/* Reads and computes at once; throws std::domain_error where it cannot. */
class evaluator
{
  public:
    evaluator(std::string_view text, std::span<const int64_t> of) : rest(text), sizes(of)
    {
    }
    bool all();

  private:
    std::string_view rest;
    std::span<const int64_t> sizes;
    int depth = 0;

    [[noreturn]] static void unknown();
    void skip();
    bool word(std::string_view w);
    void expect(std::string_view w);
    static int64_t compute(const char *operation, int64_t a, int64_t b);
    int64_t either();
    int64_t both();
    int64_t negation();
    int64_t comparison();
    int64_t sum();
    int64_t product();
    int64_t value();
    int64_t extreme(bool largest);
    int64_t size();
    int64_t digits();
};

void evaluator::unknown()
{
    throw std::domain_error("another form");
}

void evaluator::skip()
{
    while (rest.starts_with(' '))
        rest.remove_prefix(1);
}

bool evaluator::word(std::string_view w)
{
    skip();
    bool is = rest.starts_with(w);
    rest.remove_prefix(is ? w.size() : 0);
    return is;
}

void evaluator::expect(std::string_view w)
{
    if (!word(w))
        unknown();
}

int64_t evaluator::compute(const char *operation, int64_t a, int64_t b)
{
    return whole_of(find_operation(operation)->compute(std::array{ number{ a }, number{ b } }));
}

bool evaluator::all()
{
    bool holds = either() != 0;
    skip();
    if (!rest.empty())
        unknown();
    return holds;
}

int64_t evaluator::either()
{
    int64_t a = both();
    while (word("or ")) {
        int64_t b = both();
        a = a || b;
    }
    return a;
}

int64_t evaluator::both()
{
    int64_t a = negation();
    while (word("and ")) {
        int64_t b = negation();
        a = a && b;
    }
    return a;
}

int64_t evaluator::negation()
{
    bool turned = false;
    while (word("not "))
        turned = !turned;
    int64_t a = comparison();
    return turned ? !a : a;
}

/* Of several in a row each must hold: 2 <= a < 8. */
int64_t evaluator::comparison()
{
    static const std::string_view signs[] = { "==", "!=", "<=", ">=", "<", ">" };
    int64_t a = sum();
    bool any = false, holds = true;
    for (const std::string_view *sign = signs; sign != std::end(signs);) {
        if (!word(*sign)) {
            sign++;
            continue;
        }
        int64_t b = sum();
        const bool results[] = { a == b, a != b, a <= b, a >= b, a<b, a> b };
        holds = holds && results[sign - signs];
        any = true;
        a = b;
        sign = signs;
    }
    return any ? holds : a;
}

int64_t evaluator::sum()
{
    int64_t a = product();
    for (;;) {
        if (word("+"))
            a = compute("_operator.add", a, product());
        else if (word("-"))
            a = compute("_operator.sub", a, product());
        else
            return a;
    }
}

int64_t evaluator::product()
{
    int64_t a = value();
    for (;;) {
        skip();
        if (rest.starts_with("**"))
            unknown();
        if (word("//"))
            a = compute("_operator.floordiv", a, value());
        else if (word("*"))
            a = compute("_operator.mul", a, value());
        else if (word("%"))
            a = compute("_operator.mod", a, value());
        else
            return a;
    }
}

int64_t evaluator::value()
{
    if (++depth > 64)
        unknown();
    int64_t a;
    if (word("-")) {
        a = compute("_operator.sub", 0, value());
    } else if (word("(")) {
        a = either();
        expect(")");
    } else if (word("max(")) {
        a = extreme(true);
    } else if (word("min(")) {
        a = extreme(false);
    } else if (word("L[")) {
        a = size();
    } else {
        a = digits();
    }
    depth--;
    return a;
}

int64_t evaluator::extreme(bool largest)
{
    int64_t a = either();
    while (word(",")) {
        int64_t b = either();
        a = largest ? std::max(a, b) : std::min(a, b);
    }
    expect(")");
    return a;
}

/* 'image'].size()[2], of the only input there is. */
int64_t evaluator::size()
{
    size_t end = rest.find("].size()[");
    if (end == std::string_view::npos || rest.substr(0, end).find('[') != std::string_view::npos)
        unknown();
    rest.remove_prefix(end + std::string_view("].size()[").size());
    int64_t side = digits();
    expect("]");
    if (static_cast<uint64_t>(side) >= sizes.size())
        unknown();
    return sizes[static_cast<size_t>(side)];
}

int64_t evaluator::digits()
{
    int64_t n = 0;
    skip();
    auto end = std::from_chars(rest.data(), rest.data() + rest.size(), n);
    if (end.ec != std::errc() || n < 0)
        unknown();
    rest.remove_prefix(static_cast<size_t>(end.ptr - rest.data()));
    return n;
}

} // namespace

std::optional<bool> guard_holds(std::string_view guard, std::span<const int64_t> sizes)
{
    try {
        return evaluator(guard, sizes).all();
    } catch (const std::domain_error &) {
        return std::nullopt;
    }
}

std::string guard_shown(std::string_view guard)
{
    static const std::array<std::pair<std::string_view, std::string_view>, 4> names = { { { ".size()[0]", "batch" },
                                                                                          { ".size()[1]", "channels" },
                                                                                          { ".size()[2]", "height" },
                                                                                          { ".size()[3]", "width" } } };
    std::string text(guard);
    for (auto [from, to] : names)
        for (size_t at; (at = text.find(from)) != std::string::npos;) {
            size_t start = text.rfind("L[", at);
            if (start == std::string::npos)
                return shown(guard);
            text.replace(start, at + from.size() - start, to);
        }
    return shown(text);
}

} // namespace exported
