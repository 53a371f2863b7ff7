/* test_result.cpp - which tensor of a foreign model's result counts, for all doors. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include "torch/result.hpp"

namespace
{

using foreign::result;
using kind = result::kind;

result tensor(const char *name, size_t number, const char *shape)
{
    result r;
    r.is = kind::tensor;
    r.name = name;
    r.number = number;
    r.text = shape;
    return r;
}

result other(const char *name, const char *what)
{
    result r;
    r.name = name;
    r.text = what;
    return r;
}

result holder(kind is, std::vector<result> entries)
{
    result r;
    r.is = is;
    r.entries = std::move(entries);
    return r;
}

void gives(int line, const result &r, const char *output, size_t number)
{
    size_t found = 999;
    try {
        found = foreign::choose(r, output);
    } catch (const std::runtime_error &x) {
        fprintf(stderr, "%s\n", x.what());
    }
    if (found == number)
        return;
    fprintf(stderr, "%s:%d: `output: %s` is tensor %zu; expected %zu\n", __FILE__, line, output, found, number);
    exit(1);
}

void refuses(int line, const result &r, const char *output, const char *says)
{
    std::string said = "nothing";
    try {
        foreign::choose(r, output);
    } catch (const std::runtime_error &x) {
        said = x.what();
    }
    if (said == says)
        return;
    fprintf(stderr, "%s:%d: `output: %s` said '%s'; expected '%s'\n", __FILE__, line, output, said.c_str(), says);
    exit(1);
}

#define GIVES(r, output, number) gives(__LINE__, r, output, number)
#define REFUSES(r, output, says) refuses(__LINE__, r, output, says)

} // namespace

int main()
{
    result one = tensor("", 3, "(1,1,8,8)"), aux = tensor("aux", 0, "(1,2,8,8)"), out = tensor("out", 1, "(1,1,8,8)");
    GIVES(one, "", 3);
    GIVES(one, "0", 3);
    REFUSES(one, "mask", "forward gives a tensor (1,1,8,8); `output: mask` names no tensor of it");
    REFUSES(one, "1", "forward gives a tensor (1,1,8,8); `output: 1` names no tensor of it");
    REFUSES(other("", "int"), "", "forward gives int; expected a tensor, or a dict, tuple or list of them");

    result usual = holder(kind::dict, { aux, out }), odd = holder(kind::dict, { other("loss", "NoneType"), aux });
    GIVES(usual, "", 1);
    GIVES(usual, "aux", 0);
    GIVES(usual, "0", 0);
    REFUSES(usual, "2", "forward gives a dict of aux (1,2,8,8), out (1,1,8,8); `output: 2` names no tensor of it");
    REFUSES(
        odd, "",
        "forward gives a dict of loss NoneType, aux (1,2,8,8); expected a tensor \"out\", or `output` to name another");
    REFUSES(odd, "loss", "forward gives a dict of loss NoneType, aux (1,2,8,8); `output: loss` names no tensor of it");
    GIVES(odd, "1", 0);
    GIVES(holder(kind::dict, { tensor("1", 7, ""), out }), "1", 7); /* a name goes before a number */
    REFUSES(holder(kind::dict, { tensor("a", 0, ""), tensor("b", 1, "") }), "",
            "forward gives a dict of a, b; expected a tensor \"out\", or `output` to name another");

    result pair = holder(kind::tuple, { aux, out }), nested = holder(kind::list, { usual, one });
    GIVES(pair, "", 0); /* named, but a tuple: its first */
    GIVES(pair, "out", 1);
    GIVES(nested, "", 1);
    GIVES(nested, "1", 3);
    REFUSES(nested, "0", "forward gives a list of dict, (1,1,8,8); `output: 0` names no tensor of it");
    REFUSES(
        holder(kind::tuple, { odd, one }), "",
        "forward gives a dict of loss NoneType, aux (1,2,8,8); expected a tensor \"out\", or `output` to name another");
    REFUSES(holder(kind::tuple, {}), "", "forward gives a tuple; expected a tensor, or a dict, tuple or list of them");
    REFUSES(holder(kind::tuple, { tensor("", 0, ""), tensor("", 1, "") }), "2",
            "forward gives a tuple of 0, 1; `output: 2` names no tensor of it");
    return 0;
}
