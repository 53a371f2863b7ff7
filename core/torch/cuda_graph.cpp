/* cuda_graph.cpp - implements graph.h: when to compute, record and replay, whatever records. */
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty_like.h>
#include <array>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <mutex>
#include <string>
#include <vector>
#include "torch/cuda_graph.h"
#include "torch/cuda_graph.hpp"
#include "torch/gpu.hpp"
#include "torch/shim.hpp"

namespace
{

enum { WARM_UPS = 3 };

thread_local const at::Generator *current;

/* Names the generator of what is recorded, while it lives. A cast of a weight that autocast kept from before would be missing
 * in the recording, and one that it keeps from the recording has not been computed. */
struct recording_here {
    explicit recording_here(const at::Generator &random)
    {
        shim::forget_casts();
        current = &random;
    }
    ~recording_here()
    {
        current = nullptr;
        shim::forget_casts();
    }
};

/* Every replay is a computation, by the rules of a recording. */
struct repeated : graph::recorder {
    std::function<void()> body;
    repeated()
    {
        random = at::detail::createCPUGenerator();
    }
    void record(const std::function<void()> &what) override
    {
        body = what;
    }
    void replay(uint64_t seed) override
    {
        {
            std::lock_guard<std::mutex> lock(random.mutex());
            random.set_current_seed(seed);
        }
        body();
    }
};

} // namespace

const at::Generator *graph::recording()
{
    return current;
}

struct il_cuda_graph {
    il_device device = {};
    std::unique_ptr<graph::recorder> recorder;
    std::vector<at::Tensor> in, out;          /* what the recorded work reads and writes */
    const il_cuda_graph_work *work = nullptr; /* of the call under way */
    int computed = 0;                         /* times in a row with inputs of the same shapes */
    bool recorded = false;
    size_t replays = 0;
    std::string refusal;
};

namespace
{

bool same_shapes(const std::vector<at::Tensor> &kept, const il_cuda_graph_work *w)
{
    if (kept.size() != static_cast<size_t>(w->ins))
        return false;
    for (size_t i = 0; i < kept.size(); i++)
        if (kept[i].sizes() != w->in[i]->value.sizes())
            return false;
    return true;
}

/* The body on the tensors that stay; its results become, or go into, those that stay. */
void compute_kept(il_cuda_graph *g)
{
    il_scope_opts opts = {};
    opts.device = g->device;
    shim::scope s = shim::open_scope(opts);
    std::array<il_tensor *, IL_GRAPH_MOST> in = {}, out = {};
    il_err err = {};
    for (size_t i = 0; i < g->in.size(); i++)
        in[i] = shim::wrap(s.get(), g->in[i]);
    int rc = g->work->body(g->work->context, s.get(), in.data(), out.data(), &err);
    TORCH_CHECK(rc == IL_OK, err.message);
    g->out.resize(static_cast<size_t>(g->work->outs));
    for (size_t i = 0; i < g->out.size(); i++)
        g->out[i] = out[i]->value;
}

/* What takes seeds of its own is not recorded: a replay would repeat them. That is told before a recording fails for it. */
int compute(il_cuda_graph *g, il_scope *s, il_err *e)
{
    const il_cuda_graph_work *w = g->work;
    uint64_t taken = shim::seeds_taken();
    int rc = w->body(w->context, s, w->in, w->out, e);
    if (shim::seeds_taken() != taken)
        il_cuda_graph_give_up(
            g, "it takes random numbers of several seeds (train.recompute, or dropout of a model of TorchScript,"
               " torch.export or Python)");
    return rc;
}

void record(il_cuda_graph *g)
{
    try {
        g->recorder->record([g] {
            recording_here now(g->recorder->random);
            compute_kept(g);
        });
        g->recorded = true;
    } catch (...) {
        il_err err = {};
        shim::caught(&err, "recording", true);
        il_cuda_graph_give_up(g, err.message);
        for (size_t i = 0; i < il_state_count(g->work->state); i++)
            il_state_at(g->work->state, i).tensor->value.mutable_grad() = at::Tensor();
    }
}

/* Nothing but this tells whoever keeps something computed from them. */
void mark_changed(const il_state *st)
{
    for (size_t i = 0; i < il_state_count(st); i++)
        il_state_at(st, i).tensor->changes++;
}

void replay(il_cuda_graph *g, il_scope *s)
{
    const il_cuda_graph_work *w = g->work;
    for (int i = 0; i < w->ins; i++)
        g->in[static_cast<size_t>(i)].copy_(w->in[i]->value, /*non_blocking=*/true);
    g->recorder->replay(w->seed);
    mark_changed(w->state);
    for (int i = 0; i < w->outs; i++)
        w->out[i] = shim::wrap(s, g->out[static_cast<size_t>(i)].clone());
    g->replays++;
}

/* Counts, and keeps copies of the inputs when the next run is to be recorded. */
bool ready_to_record(il_cuda_graph *g)
{
    const il_cuda_graph_work *w = g->work;
    if (!g->refusal.empty())
        return false;
    bool same = same_shapes(g->in, w);
    g->computed = same ? g->computed + 1 : 1;
    if (!same) {
        g->in.clear();
        for (int i = 0; i < w->ins; i++)
            g->in.push_back(at::empty_like(w->in[i]->value));
    }
    return g->computed > WARM_UPS;
}

graph::recorder *recorder_for(il_device device)
{
    if (device.kind == IL_DEVICE_CPU)
        return new repeated;
    void *library = gpu::beside("libinpaintlab_graph.so");
    auto make = library ? reinterpret_cast<graph::make_recorder *>(dlsym(library, graph::make_recorder_name)) : nullptr;
    TORCH_CHECK(make,
                "libinpaintlab_graph.so is not there or does not fit this libtorch; build where libtorch has CUDA");
    return make(device.index);
}

} // namespace

int il_cuda_graph_new(il_cuda_graph **out, il_device device, il_err *e)
{
    int rc = shim::guard(e, "CUDA graphs", [&] {
        auto g = std::make_unique<il_cuda_graph>();
        g->device = device;
        g->recorder.reset(recorder_for(device));
        *out = g.release();
    });
    return rc == IL_ETORCH ? (e->code = IL_EDEVICE) : rc;
}

void il_cuda_graph_free(il_cuda_graph *g)
{
    delete g;
}

int il_cuda_graph_run(il_cuda_graph *g, il_scope *s, const il_cuda_graph_work *w, il_err *e)
{
    if (w->ins > IL_GRAPH_MOST || w->outs > IL_GRAPH_MOST)
        return il_fail(e, IL_ETORCH, "a graph has at most %d input and output tensors", IL_GRAPH_MOST);
    if (il_scope_status(s, e) != IL_OK)
        return e->code;
    int rc = IL_OK;
    int guarded = shim::guard(e, "replaying", true, [&] {
        g->work = w;
        if (!g->recorded && ready_to_record(g))
            record(g);
        if (g->recorded && same_shapes(g->in, w))
            replay(g, s);
        else
            rc = compute(g, s, e);
    });
    return guarded != IL_OK ? guarded : rc;
}

void il_cuda_graph_give_up(il_cuda_graph *g, const char *why)
{
    shim::guard(nullptr, "graph", [&] {
        g->refusal = why;
        g->recorded = false;
        g->in.clear();
        g->out.clear();
    });
}

size_t il_cuda_graph_replays(const il_cuda_graph *g)
{
    return g->replays;
}

const char *il_cuda_graph_refusal(const il_cuda_graph *g)
{
    return g->refusal.empty() ? nullptr : g->refusal.c_str();
}
