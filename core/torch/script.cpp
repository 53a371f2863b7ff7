/* script.cpp - runs TorchScript modules and shares their tensors with a state. */
#include <cstring>
#include <memory>
#include <string>
#include <unordered_set>
#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <inpaintlab/state.h>
#include "shim.hpp"

struct il_script {
    std::string path;
    torch::jit::Module module;
};

int il_script_open(il_script **out, const char *path, il_device device, il_err *e)
{
    il_err why = {};
    int rc = shim::guard(&why, "libtorch", [&] {
        auto m = std::make_unique<il_script>();
        m->path = path;
        m->module = torch::jit::load(path, shim::device(device));
        *out = m.release();
    });
    if (rc == IL_OK)
        return IL_OK;
    if (strstr(why.message, "open file") != nullptr)
        return il_fail(e, IL_EIO, "%s: cannot be opened", path);
    if (rc != IL_ETORCH)
        return il_fail(e, rc, "%s: %s", path, why.message);
    return il_fail(e, IL_EFORMAT, "%s: is no TorchScript module (save one with torch.jit.script(model).save(…)): %s", path,
                   why.message);
}

void il_script_free(il_script *m)
{
    delete m;
}

namespace {

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
    });
}

namespace {

/* The output, or the "out" entry of a dict, or the first of a tuple or list. */
at::Tensor pick(const c10::IValue &result)
{
    if (result.isTensor())
        return result.toTensor();
    if (result.isGenericDict()) {
        for (const auto &x : result.toGenericDict())
            if (x.key().isString() && x.key().toStringRef() == "out" && x.value().isTensor())
                return x.value().toTensor();
        TORCH_CHECK(false, "forward gives a dict without a tensor \"out\"");
    }
    if (result.isTuple() && !result.toTupleRef().elements().empty())
        return pick(result.toTupleRef().elements()[0]);
    if (result.isTensorList() && !result.toTensorList().empty())
        return result.toTensorList().get(0);
    if (result.isList() && !result.toListRef().empty())
        return pick(result.toListRef()[0]);
    TORCH_CHECK(false, "forward gives ", result.tagKind(), ", expected a tensor, or a dict, tuple or list of them");
}

} // namespace

il_tensor *il_script_forward(il_scope *s, const il_script *m, il_tensor *x)
{
    il_err err = {};
    if (il_scope_status(s, &err) != IL_OK)
        return nullptr;
    if (!m || !x)
        return il_scope_fail(s, IL_ETORCH, "TorchScript: the input is missing");
    il_tensor *out = nullptr;
    shim::guard(&err, m->path.c_str(), [&] {
        /* The optimising executor changes its kernels after the first calls: a resumed run would differ. */
        torch::jit::GraphOptimizerEnabledGuard plain(false);
        c10::AutoGradMode mode(shim::records(s));
        torch::jit::Module module = m->module; /* a handle */
        if (module.hasattr("training") && module.is_training() != s->opts.training) /* frozen ones have none */
            module.train(s->opts.training);
        if (s->opts.training) /* its dropout draws from libtorch's own generators */
            at::manual_seed(shim::next_seed(s));
        out = shim::wrap(s, pick(module.forward({ x->value })));
    });
    if (err.code != IL_OK)
        shim::fail(s, err);
    return out;
}
