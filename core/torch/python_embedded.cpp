/* python_embedded.cpp - libinpaintlab_python.so: Python in this process. What can be said in Python is in python_bridge.py. */
#include <Python.h>
#include <c10/util/Exception.h>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <string>
#include <torch/csrc/autograd/python_variable.h>
#include <unistd.h>
#include <vector>
#include "torch/python_embedded.hpp"

extern "C" const char il_embedded_python_bridge[];

namespace
{

/* ---- objects of Python ---- */

/* Python's lock, which is held only here: the autograd engine and libtorch's destructors take it themselves. */
class lock
{
    PyGILState_STATE state = PyGILState_Ensure();

  public:
    lock() = default;
    ~lock()
    {
        PyGILState_Release(state);
    }
    lock(const lock &) = delete;
    lock &operator=(const lock &) = delete;
};

struct dropped {
    void operator()(PyObject *o) const
    {
        Py_DECREF(o);
    }
};
using object = std::unique_ptr<PyObject, dropped>;

PyObject *bridge; /* the module python_bridge, for ever */

std::string text_of(PyObject *o)
{
    const char *text = o ? PyUnicode_AsUTF8(o) : nullptr;
    if (!text)
        PyErr_Clear();
    return text ? text : "an exception that has no text";
}

struct told {
    std::string line;
    bool memory; /* a device's is full */
};

/* Takes the exception that is set. model may be NULL. */
told take_exception(PyObject *model)
{
    PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (value && trace)
        PyException_SetTraceback(value, trace);
    object held[] = { object(type), object(value), object(trace) };
    bool memory = type && strstr(reinterpret_cast<PyTypeObject *>(type)->tp_name, "OutOfMemoryError");
    object line(bridge && value ? PyObject_CallMethod(bridge, "explain", "OO", value, model ? model : Py_None)
                                : nullptr);
    if (!line && value) {
        PyErr_Clear();
        line.reset(PyObject_Str(value));
    }
    return { text_of(line.get()), memory };
}

[[noreturn]] void fail(PyObject *model)
{
    told what = take_exception(model);
    TORCH_CHECK_WITH(OutOfMemoryError, !what.memory, what.line); /* which the shim tells with its remedy */
    throw python::failure(what.line);
}

object checked(PyObject *result, PyObject *model = nullptr)
{
    if (!result)
        fail(model);
    return object(result);
}

object set_of(const std::unordered_set<std::string> &names)
{
    object set = checked(PySet_New(nullptr));
    for (const std::string &name : names)
        if (PySet_Add(set.get(), checked(PyUnicode_FromString(name.c_str())).get()))
            fail(nullptr);
    return set;
}

/* ---- the start ---- */

/* The file that holds what stands at an address, by the name that it was loaded by. */
std::string file_of(const void *address)
{
    Dl_info where;
    if (!dladdr(address, &where) || !where.dli_fname)
        throw python::failure("Python: the libraries of this process cannot be found");
    return where.dli_fname;
}

std::string parent(const std::string &path)
{
    size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/* Where Python's standard library lies: beside the library that is loaded, whatever PATH says. "": left to Python. */
std::string home_of(const std::string &library)
{
    char real[PATH_MAX];
    if (!realpath(library.c_str(), real))
        return "";
    const std::string landmark = "/lib/python" + std::to_string(PY_MAJOR_VERSION) + "." +
                                 std::to_string(PY_MINOR_VERSION) + "/os.py";
    for (std::string folder = parent(real); !folder.empty(); folder = parent(folder))
        if (access((folder + landmark).c_str(), R_OK) == 0)
            return folder;
    return "";
}

void need(PyStatus status)
{
    if (PyStatus_Exception(status))
        throw python::failure(std::string("Python cannot be started: ") +
                              (status.err_msg ? status.err_msg : "no reason given"));
}

void set(PyConfig *config, wchar_t **member, const std::string &value)
{
    need(PyConfig_SetBytesString(config, member, value.c_str()));
}

struct cleared {
    void operator()(PyConfig *config) const
    {
        PyConfig_Clear(config);
    }
};

/* No signals (Ctrl-C is the program's), no locale, no .pyc beside the user's files, and sets that are always in the same order. */
void initialize(const std::string &library)
{
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
    before.configure_locale = before.coerce_c_locale = before.parse_argv = 0;
    before.utf8_mode = 1;
    need(Py_PreInitialize(&before));
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    std::unique_ptr<PyConfig, cleared> end(&config);
    config.install_signal_handlers = config.parse_argv = config.write_bytecode = config.configure_c_stdio = 0;
    config.site_import = 0; /* python_bridge.py does so, in its order */
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    std::string home = home_of(library), program = home + "/bin/python" + std::to_string(PY_MAJOR_VERSION);
    if (!home.empty() && !getenv("PYTHONHOME"))
        set(&config, &config.home, home);
    if (!home.empty() && access(program.c_str(), X_OK) == 0)
        set(&config, &config.executable, program);
    need(Py_InitializeFromConfig(&config));
}

void start_bridge()
{
    object code = checked(Py_CompileString(il_embedded_python_bridge, "python_bridge.py", Py_file_input));
    bridge = checked(PyImport_ExecCodeModule("inpaintlab_python_bridge", code.get())).release();
    std::string torch = parent(parent(file_of(reinterpret_cast<const void *>(&c10::GetExceptionString))));
    checked(PyObject_CallMethod(bridge, "start", "s", torch.c_str()));
}

/* Once; what went wrong then is told each time. Afterwards this thread does not hold the lock. */
void start()
{
    static bool tried;
    static std::string refusal;
    if (!tried) {
        tried = true;
        try {
            std::string library = file_of(reinterpret_cast<const void *>(&Py_InitializeFromConfig));
            /* packages' own libraries look for Python's functions among those that all see */
            dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
            initialize(library);
            start_bridge();
        } catch (const python::failure &x) {
            refusal = x.line;
        }
        if (Py_IsInitialized())
            PyEval_SaveThread();
    }
    if (!refusal.empty())
        throw python::failure(refusal);
}

/* ---- a model ---- */

class embedded : public python::model
{
    object self; /* the bridge's Model */

    object call(const char *method)
    {
        return checked(PyObject_CallMethod(self.get(), method, nullptr), self.get());
    }

    /* What a method lists, each read by `read`. */
    template <class T, class F> std::vector<T> listed(const char *method, F read)
    {
        object list = call(method);
        std::vector<T> out;
        for (Py_ssize_t i = 0; i < PyList_Size(list.get()); i++)
            out.push_back(read(PyList_GetItem(list.get(), i)));
        return out;
    }

  public:
    explicit embedded(const python::choice &what)
    {
        lock held;
        object device(checked(PyUnicode_FromString(what.device.str().c_str())));
        self = checked(PyObject_CallMethod(bridge, "Model", "ssOK", what.file, what.call, device.get(), what.seed));
        try {
            call("load");
        } catch (...) {
            close();
            throw;
        }
    }
    ~embedded() override
    {
        lock held;
        close();
    }
    embedded(const embedded &) = delete;
    embedded &operator=(const embedded &) = delete;

    std::vector<python::named> tensors() override
    {
        lock held;
        return listed<python::named>("tensors", [](PyObject *x) -> python::named {
            return { text_of(PyTuple_GetItem(x, 0)), THPVariable_Unpack(PyTuple_GetItem(x, 1)),
                     PyObject_IsTrue(PyTuple_GetItem(x, 2)) == 1 };
        });
    }

    std::vector<std::string> imported() override
    {
        lock held;
        return listed<std::string>("imported", text_of);
    }

    std::vector<std::pair<size_t, at::Tensor>> replaced() override
    {
        lock held;
        return listed<std::pair<size_t, at::Tensor>>("replaced", [](PyObject *x) {
            return std::pair(PyLong_AsSize_t(PyTuple_GetItem(x, 0)), THPVariable_Unpack(PyTuple_GetItem(x, 1)));
        });
    }

    at::Tensor run(const at::Tensor &x, const python::forward &how) override
    {
        lock held;
        PyErr_Clear(); /* what a failed backward pass left */
        object input = checked(THPVariable_Wrap(x), self.get());
        object y = checked(PyObject_CallMethod(self.get(), "run", "OsOOK", input.get(), how.output,
                                               how.training ? Py_True : Py_False, set_of(how.held).get(), how.seed),
                           self.get());
        return THPVariable_Unpack(y.get());
    }

  private:
    void close()
    {
        if (self && !object(PyObject_CallMethod(self.get(), "close", nullptr)))
            PyErr_Clear();
        self.reset();
    }
};

} // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED python::model *il_python_open_model(const python::choice &what)
{
    start();
    return new embedded(what);
}

EXPORTED bool il_python_take_pending(std::string *line)
{
    if (!bridge)
        return false;
    lock held;
    if (!PyErr_Occurred())
        return false;
    *line = take_exception(nullptr).line;
    return true;
}
