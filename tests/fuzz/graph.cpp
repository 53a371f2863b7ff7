/* graph.cpp - files of torch.export up to where libtorch would compute: archive, graph, lists of tensors, the operators and arguments of
 * each node, the parts that can be computed twice. An input is an archive, or what is worth changing in one: see pt2.h. */
#include <string>
#include <string_view>
#include "fuzz.h"
#include "pt2.h"
#include "torch/export_archive.hpp"
#include "torch/export_guards.hpp"
#include "torch/export_program.hpp"

namespace
{

void compile(const exported::graph &g)
{
    const int64_t sizes[] = { 2, 3, 64, 96 };
    for (const std::string &guard : g.guards)
        if (exported::guard_holds(guard, sizes) && exported::guard_shown(guard).empty())
            abort();
    exported::program p = exported::compile(g, at::kCPU);
    size_t steps = 0;
    for (const exported::part &x : exported::divide(p, g)) {
        if (x.first != steps || x.end <= x.first)
            abort();
        steps = x.end;
    }
    if (steps != p.steps.size())
        abort();
}

void read_archive(const char *path)
{
    exported::archive a(path);
    for (const auto &[name, r] : a.weights())
        exported::extent_of(r, a.find_weight(r.path).bytes);
    for (const auto &[name, r] : a.constants())
        exported::extent_of(r, a.find_constant(r.path).bytes);
    compile(a.read_graph());
}

void read_parts(std::string_view data)
{
    size_t json, weights = pt2_weights(&json, reinterpret_cast<const uint8_t *>(data.data()), data.size());
    if (weights < data.size())
        for (const auto &[name, r] : exported::read_records(data.substr(weights)))
            exported::extent_of(r, 1 << 14);
    compile(exported::read_graph(data.substr(0, json)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = {};
    if (size > 1 << 19)
        return 0;
    try {
        if (size > 1 && data[0] == 'P')
            read_archive(fuzz_file("net.pt2", data, size));
        else
            read_parts({ reinterpret_cast<const char *>(data), size });
    } catch (const exported::broken &x) {
        fuzz_told(il_fail(&e, IL_EFORMAT, "%s", x.what()), &e);
    } catch (const exported::failed &x) {
        fuzz_told(x.err.code, &x.err);
    } catch (const std::exception &) { /* libtorch's, which the shim puts into words */
    }
    return 0;
}
