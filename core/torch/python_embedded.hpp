/* python_embedded.hpp - what the shim asks of libinpaintlab_python.so, which holds Python and the half of libtorch that is written for it. */
#ifndef IL_TORCH_PYTHON_EMBEDDED_HPP
#define IL_TORCH_PYTHON_EMBEDDED_HPP

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <exception>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace python
{

/* An exception of Python in one line: "mymodels.py:12: ValueError: …". */
struct failure : std::exception {
    std::string line;
    explicit failure(std::string text) : line(std::move(text))
    {
    }
    const char *what() const noexcept override
    {
        return line.c_str();
    }
};

struct named {
    std::string name;
    at::Tensor value;
    bool trainable;
};

struct choice {
    const char *file, *call;
    at::Device device;
    uint64_t seed; /* of the initial values */
};

struct forward {
    const char *output;
    bool training;
    std::unordered_set<std::string> held; /* submodules that are evaluated in training too */
    uint64_t seed;                        /* of this call's random numbers */
};

/* All throw `failure`. None is called by two threads at once, and none by a thread that holds Python's lock. */
struct model {
    virtual ~model() = default;
    virtual std::vector<named> tensors() = 0;
    virtual std::vector<std::string> imported() = 0;
    virtual at::Tensor run(const at::Tensor &x, const forward &how) = 0;
    /* Buffers that run has set anew, by their index in tensors(). */
    virtual std::vector<std::pair<size_t, at::Tensor>> replaced() = 0;
};

/* The symbols of libinpaintlab_python.so. `pending` takes the exception that a backward pass left in this thread: false when there
 * is none. */
using open_model = model *(const choice &what);
using take_pending = bool(std::string *line);
const char open_model_name[] = "il_python_open_model";
const char take_pending_name[] = "il_python_take_pending";

/* The same in the shim, where the library may not be loaded. */
bool pending(std::string *line);

} // namespace python

#endif
