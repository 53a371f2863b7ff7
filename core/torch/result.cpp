/* result.cpp - which tensor of a foreign model's result counts. */
#include <stdexcept>
#include "torch/result.hpp"

namespace foreign
{

namespace
{

using kind = result::kind;

const char *word(kind k)
{
    return k == kind::dict ? "dict" : k == kind::tuple ? "tuple" : k == kind::list ? "list" : "tensor";
}

/* "(1,2,64,64)", "NoneType", "tuple" */
std::string what(const result &r)
{
    return r.is == kind::tensor || r.is == kind::other ? r.text : word(r.is);
}

/* "a dict of logits (1,1,64,64), aux (1,3,64,64)" */
std::string describe(const result &r)
{
    if (r.is == kind::other)
        return r.text;
    std::string text = std::string("a ") + word(r.is);
    if (r.is == kind::tensor)
        return r.text.empty() ? text : text + " " + r.text;
    for (size_t i = 0; i < r.entries.size(); i++) {
        const result &x = r.entries[i];
        std::string name = x.name.empty() && what(x).empty() ? std::to_string(i) : x.name;
        text += (i ? ", " : " of ") + name + (name.empty() || what(x).empty() ? "" : " ") + what(x);
    }
    return text;
}

const result *entry(const result &r, const std::string &wanted)
{
    for (const result &x : r.entries)
        if (x.name == wanted)
            return &x;
    bool number = wanted.find_first_not_of("0123456789") == std::string::npos && wanted.size() < 6;
    size_t i = number ? std::stoul(wanted) : r.entries.size();
    return i < r.entries.size() ? &r.entries[i] : nullptr;
}

[[noreturn]] void refuse(const result &r, const std::string &output)
{
    const char *expected = r.is == kind::dict ? "expected a tensor \"out\", or `output` to name another"
                                              : "expected a tensor, or a dict, tuple or list of them";
    throw std::runtime_error("forward gives " + describe(r) + "; " +
                             (output.empty() ? expected : "`output: " + output + "` names no tensor of it"));
}

} // namespace

size_t choose(const result &r, const std::string &output)
{
    const result *at = &r;
    while (output.empty() && (at->is == kind::tuple || at->is == kind::list) && !at->entries.empty())
        at = &at->entries[0];
    const result *found = at->is != kind::tensor            ? entry(*at, output.empty() ? "out" : output)
                          : output.empty() || output == "0" ? at
                                                            : nullptr;
    if (!found || found->is != kind::tensor)
        refuse(*at, output);
    return found->number;
}

} // namespace foreign
