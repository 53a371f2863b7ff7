/* script.cpp - runs TorchScript modules and shares their tensors with a state. */
#include <ATen/Context.h>
#include <ATen/core/jit_type.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <cstring>
#include <memory>
#include <string>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <unistd.h>
#include <unordered_set>
#include <vector>
#include <inpaintlab/script.h>
#include "base/file.h"
#include "torch/bundle.h"
#include "torch/counting.hpp"
#include "torch/parallel.hpp"
#include "torch/result.hpp"
#include "torch/shim.hpp"
#include "torch/state.hpp"

struct il_script {
    std::string path;
    torch::jit::Module module;
    const il_state *state = nullptr; /* that shares its tensors; lent */
};

int il_script_open(il_script **out, const char *path, il_device device, il_err *e)
{
    il_err why = {};
    int fd = -1;
    uint64_t size = 0;
    int rc = il_file_open(&fd, &size, path, IL_FILE_ANY, e); /* libtorch would wait for a pipe */
    if (rc != IL_OK)
        return rc;
    rc = il_script_check(fd, size, &why);
    close(fd);
    if (rc == IL_OK)
        rc = shim::guard(&why, "libtorch", [&] {
            auto m = std::make_unique<il_script>();
            m->path = path;
            m->module = torch::jit::load(path, shim::device(device));
            *out = m.release();
        });
    if (rc == IL_OK)
        return IL_OK;
    if (rc != IL_ETORCH && rc != IL_EFORMAT)
        return il_fail(e, rc, "%s: %s", path, why.message);
    bool other = strstr(why.message, "constants.pkl: file not found"); /* which every module has */
    return il_fail(
        e, IL_EFORMAT, "%s: is not a TorchScript module (save one with torch.jit.script(model).save(…)): %s", path,
        other ? "it is another zip archive; the model exported takes those of torch.export.save" : why.message);
}

void il_script_free(il_script *m)
{
    delete m;
}

namespace
{

/* One tensor under its state-dict name. A tensor that two names share is trained once. */
void share(il_state *st, const std::string &name, const at::Tensor &value, bool trainable,
           std::unordered_set<const void *> *seen, const std::string &path)
{
    if (!seen->insert(value.unsafeGetTensorImpl()).second)
        trainable = false;
    std::unique_ptr<il_tensor> t(shim::wrap(nullptr, value));
    il_err err = {};
    TORCH_CHECK(il_state_share(st, name.c_str(), t.get(), trainable, &err) == IL_OK, path, ": ", err.message);
}

} // namespace

int il_script_state(il_script *m, il_state *st, il_err *e)
{
    return shim::guard(e, "TorchScript", [&] {
        std::unordered_set<const void *> seen;
        for (const auto &part : m->module.named_modules()) {
            std::string prefix = part.name.empty() ? "" : part.name + ".";
            for (const auto &p : part.value.named_parameters(false))
                share(st, prefix + p.name, p.value, p.value.requires_grad(), &seen, m->path);
            for (const auto &b : part.value.named_buffers(false))
                share(st, prefix + b.name, b.value, false, &seen, m->path);
        }
        m->state = st;
    });
}

namespace
{

/* (1,2,64,64) */
std::string shape_of(const at::Tensor &t)
{
    std::string text = "(";
    for (int64_t i = 0; i < t.dim(); i++)
        text += (i ? "," : "") + std::to_string(t.size(i));
    return text + ")";
}

foreign::result outline(const std::string &name, const c10::IValue &value, std::vector<at::Tensor> *tensors);

void add_entries(foreign::result *r, const c10::IValue &value, std::vector<at::Tensor> *tensors)
{
    using kind = foreign::result::kind;
    auto add = [&](const std::string &name, const c10::IValue &x) { r->entries.push_back(outline(name, x, tensors)); };
    if (value.isGenericDict()) {
        r->is = kind::dict;
        for (const auto &x : value.toGenericDict())
            add(x.key().isString() ? x.key().toStringRef() : "?", x.value());
    } else if (value.isTuple()) {
        const auto &values = value.toTupleRef().elements();
        auto type = value.type();
        auto schema = type->expectRef<c10::TupleType>().schema(); /* a named tuple has one */
        r->is = kind::tuple;
        for (size_t i = 0; i < values.size(); i++)
            add(schema ? schema->arguments()[i].name() : "", values[i]);
    } else if (value.isList()) {
        r->is = kind::list;
        for (const c10::IValue &x : value.toListRef())
            add("", x);
    }
}

foreign::result outline(const std::string &name, const c10::IValue &value, std::vector<at::Tensor> *tensors)
{
    foreign::result r;
    r.name = name;
    if (value.isTensor()) {
        r.is = foreign::result::kind::tensor;
        r.text = shape_of(value.toTensor());
        r.number = tensors->size();
        tensors->push_back(value.toTensor());
    } else {
        r.text = value.tagKind();
        add_entries(&r, value, tensors);
    }
    return r;
}

} // namespace

namespace
{

void hold(const il_script *m, const torch::jit::Module &module)
{
    const auto held = shim::held_norms(m->state);
    for (const auto &part : module.named_modules())
        if (held.count(part.name) && part.value.hasattr("training"))
            torch::jit::Module(part.value).train(false);
}

void set_mode(const il_script *m, torch::jit::Module module, bool training)
{
    if (!module.hasattr("training")) /* torch.jit.freeze leaves none */
        return;
    if (module.is_training() != training)
        module.train(training);
    if (training && m->state && !m->state->frozen.empty())
        hold(m, module);
}

c10::IValue run(il_scope *s, const il_script *m, std::vector<c10::IValue> inputs)
{
    /* The optimising executor changes its kernels after the first calls: a resumed run would differ. */
    torch::jit::GraphOptimizerEnabledGuard plain(false);
    c10::AutoGradMode mode(shim::records(s));
    shim::counting count(s, m->state);
    torch::jit::Module module = m->module; /* a handle */
    set_mode(m, module, s->opts.training);
    shim::refuse_share(s);
    if (s->opts.training) /* its dropout draws from libtorch's own generators */
        at::manual_seed(shim::next_seed(s));
    return module.forward(std::move(inputs));
}

} // namespace

il_tensor *il_script_forward(il_scope *s, const il_script *m, il_tensor *x)
{
    return il_script_output(s, m, x, "");
}

il_tensor *il_script_output(il_scope *s, const il_script *m, il_tensor *x, const char *output)
{
    il_err err = {};
    if (il_scope_status(s, &err) != IL_OK)
        return nullptr;
    if (!m || !x)
        return il_scope_fail(s, IL_ETORCH, "TorchScript: the input is missing");
    il_tensor *out = nullptr;
    shim::guard(&err, m->path.c_str(), [&] {
        c10::IValue result = run(s, m, { x->value });
        std::vector<at::Tensor> tensors;
        size_t chosen = foreign::choose(outline("", result, &tensors), output);
        out = shim::wrap(s, tensors[chosen]);
    });
    if (err.code != IL_OK)
        shim::fail(s, err);
    return out;
}

namespace
{

/* Is an input of the node a constant that is true? */
bool is_set(const torch::jit::Node *node, size_t input)
{
    auto value = torch::jit::toIValue(node->input(input));
    return value && value->isBool() && value->toBool();
}

bool trains(const torch::jit::Node *node)
{
    static const char *const dropouts[] = { "aten::dropout", "aten::feature_dropout", "aten::alpha_dropout" };
    const char *kind = node->kind().toQualString();
    for (const char *name : dropouts)
        if (strcmp(kind, name) == 0)
            return is_set(node, 2);
    if (strcmp(kind, "aten::batch_norm") == 0 || strcmp(kind, "aten::instance_norm") == 0)
        return is_set(node, 5);
    for (const torch::jit::Block *block : node->blocks())
        for (const torch::jit::Node *inner : block->nodes())
            if (trains(inner))
                return true;
    return false;
}

} // namespace

int il_script_fixed_training(bool *out, const il_script *m, il_err *e)
{
    return shim::guard(e, m->path.c_str(), [&] {
        auto graph = m->module.get_method("forward").graph()->copy();
        torch::jit::Inline(*graph);
        bool found = false;
        for (const torch::jit::Node *node : graph->nodes())
            found = found || trains(node);
        *out = found;
    });
}

int il_script_inputs(int *out, const il_script *m, il_err *e)
{
    return shim::guard(e, m->path.c_str(), [&] {
        *out = (int)m->module.get_method("forward").function().getSchema().arguments().size() - 1; /* self */
    });
}

namespace
{

/* Entry i of a tuple or list, or the one of that name of a dict or named tuple. */
c10::IValue entry(const c10::IValue &result, const char *key, size_t i)
{
    if (result.isGenericDict()) {
        for (const auto &x : result.toGenericDict())
            if (x.key().isString() && x.key().toStringRef() == key)
                return x.value();
        TORCH_CHECK(false, "forward gives a dict without \"", key, "\"");
    }
    if (result.isTuple()) {
        const auto &values = result.toTupleRef().elements();
        auto type = result.type();
        auto schema = type->expectRef<c10::TupleType>().schema(); /* a named tuple has one */
        if (schema)
            for (size_t k = 0; k < values.size(); k++)
                if (schema->arguments()[k].name() == key)
                    return values[k];
        TORCH_CHECK(i < values.size(), "forward gives a tuple of ", values.size(), ", expected \"", key,
                    "\" as number ", i + 1);
        return values[i];
    }
    if (result.isList()) {
        auto values = result.toListRef();
        TORCH_CHECK(i < values.size(), "forward gives a list of ", values.size(), ", expected \"", key, "\" as number ",
                    i + 1);
        return values[i];
    }
    TORCH_CHECK(result.isTensor() && i == 0, "forward gives ", result.tagKind(), ", expected \"", key,
                "\" in a dict, tuple or list");
    return result;
}

} // namespace

int il_script_call(il_scope *s, const il_script *m, il_tensor *const *inputs, int ninputs, const char *const *keys,
                   il_tensor **out, int nout, il_err *e)
{
    int rc = il_scope_status(s, e);
    if (rc != IL_OK)
        return rc;
    il_err err = {};
    shim::guard(&err, m->path.c_str(), [&] {
        std::vector<c10::IValue> values;
        for (int i = 0; i < ninputs; i++) {
            TORCH_CHECK(inputs[i], "input ", i + 1, " is missing");
            values.emplace_back(inputs[i]->value);
        }
        c10::IValue result = run(s, m, std::move(values));
        std::vector<at::Tensor> found;
        for (int i = 0; i < nout; i++) {
            c10::IValue one = entry(result, keys[i], (size_t)i);
            TORCH_CHECK(one.isTensor(), "forward gives ", one.tagKind(), " as \"", keys[i], "\", expected a tensor");
            found.push_back(one.toTensor());
        }
        std::vector<il_tensor *> wrapped;
        for (const auto &t : found)
            wrapped.push_back(shim::wrap(s, t));
        std::copy(wrapped.begin(), wrapped.end(), out);
    });
    if (err.code == IL_OK)
        return IL_OK;
    shim::fail(s, err);
    return il_fail(e, err.code, "%s", err.message);
}
