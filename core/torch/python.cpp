/* python.cpp - models in Python: loads libinpaintlab_python.so when the first is opened, and shares their tensors with a state. */
#include <ATen/Context.h>
#include <atomic>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <memory>
#include <string>
#include <unistd.h>
#include <unordered_set>
#include <vector>
#include <inpaintlab/python.h>
#include "base/file.h"
#include "torch/counting.hpp"
#include "torch/gpu.hpp"
#include "torch/parallel.hpp"
#include "torch/python_embedded.hpp"
#include "torch/shim.hpp"
#include "torch/state.hpp"

struct il_python {
    std::string file;
    il_state *state;  /* lent */
    size_t first = 0; /* of its tensors there */
    std::unique_ptr<python::model> model;
    std::vector<std::string> imported;
    std::vector<const char *> names; /* of imported */
};

namespace
{

std::atomic<python::take_pending *> pending_of;

std::string why_not_loaded()
{
    const char *reason = dlerror();
    std::string why(reason ? reason : "");
    if (why.find("libinpaintlab_python.so: cannot open") != std::string::npos)
        return "this build has no Python: install python3-dev, then configure and build again";
    return "Python cannot be started: " + why +
           "; build with the PyTorch that you use in Python, as plugins/README.md says";
}

python::open_model *library()
{
    void *loaded = gpu::beside("libinpaintlab_python.so"); /* never unloaded: Python has threads */
    if (!loaded)
        throw python::failure(why_not_loaded());
    pending_of = reinterpret_cast<python::take_pending *>(dlsym(loaded, python::take_pending_name));
    auto open = reinterpret_cast<python::open_model *>(dlsym(loaded, python::open_model_name));
    TORCH_CHECK(open && pending_of, "libinpaintlab_python.so is from another build of inpaintlab");
    return open;
}

/* As shim::guard; what Python says names its file itself. */
template <class F> int guard(il_err *e, const char *file, F body)
{
    il_err err = {};
    int rc = shim::guard(&err, file, [&] {
        try {
            body();
        } catch (const python::failure &x) {
            il_fail(&err, IL_ETORCH, "%s", x.what());
        }
    });
    rc = rc == IL_OK ? err.code : rc;
    return rc == IL_OK ? rc : il_fail(e, rc, "%s", err.message);
}

/* A buffer need not be changed in place: the state follows. */
void follow(il_python *m)
{
    for (auto &[i, value] : m->model->replaced())
        il_state_at(m->state, m->first + i).tensor->value = value.detach();
}

/* A tensor that two names share is trained once. */
void share(il_state *st, const std::vector<python::named> &tensors)
{
    std::unordered_set<const void *> seen;
    for (const python::named &x : tensors) {
        bool first = seen.insert(x.value.unsafeGetTensorImpl()).second;
        il_dtype known;
        if (!shim::dtype(&known, x.value.scalar_type()))
            throw python::failure(x.name + ": tensors of the type " + c10::toString(x.value.scalar_type()) +
                                  " are not supported; register it with persistent=False if it never changes");
        std::unique_ptr<il_tensor> t(shim::wrap(nullptr, x.value));
        il_err err = {};
        TORCH_CHECK(il_state_share(st, x.name.c_str(), t.get(), x.trainable && first, &err) == IL_OK, err.message);
    }
}

} // namespace

bool python::pending(std::string *line)
{
    take_pending *ask = pending_of;
    return ask && ask(line);
}

int il_python_open(il_python **out, const char *file, const char *call, il_state *st, il_err *e)
{
    int fd = -1;
    uint64_t size = 0;
    int rc = il_file_open(&fd, &size, file, IL_FILE_ANY, e); /* Python would wait for a pipe */
    if (rc != IL_OK)
        return rc;
    close(fd);
    return guard(e, file, [&] {
        auto m = std::make_unique<il_python>();
        m->file = file;
        m->state = st;
        m->model.reset(library()({ file, call, shim::device(st->device), st->seed }));
        m->first = il_state_count(st);
        share(st, m->model->tensors());
        *out = m.release();
    });
}

void il_python_free(il_python *m)
{
    delete m;
}

il_tensor *il_python_output(il_scope *s, il_python *m, il_tensor *x, const char *output)
{
    il_err err = {};
    if (il_scope_status(s, &err) != IL_OK)
        return nullptr;
    if (!m || !x)
        return il_scope_fail(s, IL_ETORCH, "Python: the input is missing");
    il_tensor *out = nullptr;
    guard(&err, m->file.c_str(), [&] {
        shim::refuse_share(s);
        c10::AutoGradMode mode(shim::records(s));
        shim::casting half(s);
        shim::counting count(s, m->state);
        uint64_t seed = shim::next_seed(s);
        at::manual_seed(seed);
        python::forward how = { s->opts.training, {}, seed };
        if (how.training)
            how.held = shim::held_norms(m->state);
        /* in the order that PyTorch's own loaders give, which a view() in the model may rely on */
        python::returned y = m->model->run(x->value.contiguous(), how);
        out = shim::wrap(s, y.tensors[foreign::choose(y.result, output)]);
        follow(m);
    });
    if (err.code != IL_OK)
        shim::fail(s, err);
    return out;
}

int il_python_imported(const char *const **out, size_t *count, il_python *m, il_err *e)
{
    return guard(e, m->file.c_str(), [&] {
        m->imported = m->model->imported();
        m->names.clear();
        for (const std::string &name : m->imported)
            m->names.push_back(name.c_str());
        *out = m->names.data();
        *count = m->names.size();
    });
}
