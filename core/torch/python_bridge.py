"""Runs inside the program's own Python: finds the PyTorch that the program computes with, loads a model from a file, calls it.

python_embedded.cpp calls `start` once, then `Model`, `Model.tensors`, `Model.imported`, `Model.run` and `explain`."""
import collections.abc
import dataclasses
import gc
import importlib.util
import os
import random
import site
import sys
import traceback
import types
import warnings

INSTALLED = ("site-packages", "dist-packages")


class Refusal(Exception):
    """What is wrong, in a line that stands by itself."""


# ---- once ----


def environment_folder():
    """The packages of the environment that the user has chosen, or None."""
    for variable in ("INPAINTLAB_PYTHON", "VIRTUAL_ENV"):
        chosen = os.environ.get(variable)
        if not chosen:
            continue
        root = os.path.dirname(os.path.dirname(chosen)) if os.path.isfile(chosen) else chosen
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        folder = os.path.join(root, "lib", version, "site-packages")
        if os.path.isdir(folder):
            return folder
        raise Refusal(f"{variable}: {chosen} is no environment of {version}, which this program was built with: "
                      f"there is no {folder}")
    return None


def same_libtorch(one, other):
    """Some installers link single files rather than folders."""
    paths = [os.path.join(folder, "lib", "libc10.so") for folder in (one, other)]
    return all(map(os.path.exists, paths)) and os.path.samefile(*paths)


def start(torch_folder):
    """torch_folder: where the package `torch` lies whose libtorch this process has loaded."""
    sys.stdout = sys.stderr  # the program's own output is often JSON
    sys.stdin = open(os.devnull, encoding="utf-8")
    chosen = environment_folder()
    for folder in filter(None, (chosen, os.path.dirname(torch_folder))):
        site.addsitedir(folder)
    site.main()
    found = importlib.util.find_spec("torch")
    other = os.path.dirname(found.origin) if found and found.origin else None
    if not other or not same_libtorch(other, torch_folder):
        raise Refusal(f"Python finds PyTorch in {other}, but this program computes with {torch_folder}; build it with "
                      f"TORCH_DIR={other}, or choose another environment (VIRTUAL_ENV, INPAINTLAB_PYTHON, PYTHONPATH)")
    try:
        with warnings.catch_warnings():  # of packages that it can do without
            warnings.simplefilter("ignore")
            import torch  # noqa: F401
    except ImportError as e:
        raise Refusal(f"Python cannot import PyTorch from {torch_folder}: {said(e)}; build with the PyTorch that you use "
                      "in Python, as plugins/README.md says") from e


def package_folders():
    """Where Python's own modules lie, and where an installer has put packages."""
    yield os.path.dirname(os.__file__)
    for folder in sys.path:
        if os.path.isdir(folder) and any(name.endswith(".dist-info") for name in os.listdir(folder)):
            yield folder


# ---- exceptions ----


def said(e):
    """ "ValueError: the reason" on one line."""
    return ": ".join(filter(None, (type(e).__name__, " ".join(str(e).split()))))


def explain(e, model=None):
    """One line, which ends with what Python says: "mymodels.py:12: ValueError: ..."."""
    if isinstance(e, Refusal):
        return str(e)
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(e.__traceback__)]
    if isinstance(e, SyntaxError) and e.filename:
        e, places = type(e)(e.msg), places + [(e.filename, e.lineno)]
    if model:  # not those in packages, which the user did not write
        places = [place for place in places if place[0] == model.call_name or model.owns(place[0])]
    where = f"{model.file}" if model else "Python"
    if places:
        path, line = places[-1]
        where = path if model and path == model.call_name else f"{shown(path, model)}:{line}"
    return f"{where}: {said(e)}"


def shown(path, model):
    """A path as the user would write it, beside the model's file as the grid names it."""
    if not model or not model.owns(path):
        return path
    return os.path.join(os.path.dirname(model.file), os.path.relpath(os.path.realpath(path), model.folder))


# ---- what a model returns ----


def size(value):
    import torch
    return "(" + ",".join(map(str, value.shape)) + ")" if isinstance(value, torch.Tensor) else type(value).__name__


def entries(result):
    """(name or None, value) of each; None when there are none."""
    if isinstance(result, collections.abc.Mapping):
        return [(key if isinstance(key, str) else None, value) for key, value in result.items()]
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return [(field.name, getattr(result, field.name)) for field in dataclasses.fields(result)]
    if isinstance(result, (tuple, list)):
        names = getattr(result, "_fields", None) or [None] * len(result)
        return list(zip(names, result))
    return None


def describe(result):
    held = entries(result)
    if held is None:
        return size(result)
    kind = "a list" if isinstance(result, list) else "a tuple" if isinstance(result, tuple) else "a dict"
    return f"{kind} of " + ", ".join((name + " " if name else "") + size(value) for name, value in held)


def pick(result, output):
    """The tensor named `output`, or numbered so; with "" the result, its "out" or, of a tuple or list, the first."""
    import torch
    if isinstance(result, torch.Tensor) and output in ("", "0"):
        return result
    held = entries(result)
    if held is None:
        raise Refusal(f"forward gives {describe(result)}; " + (f"`output: {output}` names no tensor of it" if output else
                                                               "expected a tensor, or a dict, tuple or list of them"))
    named = not isinstance(result, (tuple, list))
    if not output and not named and held:
        return pick(held[0][1], "")
    wanted = output or "out"
    for i, (name, value) in enumerate(held):
        if isinstance(value, torch.Tensor) and (name == wanted or output == str(i)):
            return value
    raise Refusal(f"forward gives {describe(result)}; " + (f"`output: {output}` names no tensor of it" if output else
                                                           'expected a tensor "out", or `output` to name another'))


# ---- models ----


def seed_all(seed):
    """What a model may draw from besides PyTorch's own generators, which the program seeds."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


class Model:
    """A module, and the modules of Python beside its file: another file's may have the same names."""

    active = None  # whose neighbours sys.modules has

    def __init__(self, file, call, device, seed):
        self.file, self.device, self.network, self.mode, self.neighbours = file, device, None, None, {}
        self.path = os.path.abspath(file)
        self.folder = os.path.dirname(os.path.realpath(file))
        self.call, self.call_name, self.seed = call, f"call `{call}`", seed

    def owns(self, path):
        real = os.path.realpath(path)
        inside = real.startswith(os.path.join(self.folder, ""))
        return os.path.isabs(path) and inside and not any(part in INSTALLED for part in real[len(self.folder):].split(os.sep))

    def local(self):
        """The modules that were imported from beside the file."""
        return {name: module for name, module in sys.modules.items()
                if isinstance(getattr(module, "__file__", None), str) and self.owns(module.__file__)}

    def enter(self):
        """Makes `import` find what lies beside this file, and not beside the last one."""
        if Model.active is self:
            return
        if Model.active:
            Model.active.leave()
        sys.path.insert(0, self.folder)
        sys.modules.update(self.neighbours)
        sys.argv = [self.file]
        Model.active = self

    def leave(self):
        self.neighbours = self.local()
        for name in self.neighbours:
            del sys.modules[name]
        sys.path.remove(self.folder)
        Model.active = None

    def close(self):
        if Model.active is self:
            self.leave()
        self.network = self.neighbours = None
        gc.collect()  # modules and their functions refer to each other

    def load(self):
        import torch
        self.enter()
        self.before = set(sys.modules)
        importlib.invalidate_caches()
        torch.manual_seed(self.seed)
        seed_all(self.seed)
        name = os.path.splitext(os.path.basename(self.file))[0]
        module = types.ModuleType(name if name not in sys.modules else "model_" + name)
        module.__file__ = self.path
        sys.modules[module.__name__] = module
        with open(self.path, "rb") as file:  # never from __pycache__, which may be older by less than a second
            exec(compile(file.read(), self.path, "exec", dont_inherit=True), module.__dict__)
        network = eval(compile(self.call, self.call_name, "eval", dont_inherit=True), module.__dict__)
        if not isinstance(network, torch.nn.Module):
            kind = f"the class {network.__name__}" if isinstance(network, type) else f"an object of type {type(network).__name__}"
            raise Refusal(f"{self.call_name} gives {kind}; expected a torch.nn.Module")
        self.network = network.to(self.device)

    def tensors(self):
        """(name, tensor, whether it is trained) as in a state dict; remembers where each stands."""
        import torch
        found, self.places = [], []
        for prefix, part in self.network.named_modules(remove_duplicate=False):
            for kind, values in (("parameter", part._parameters), ("buffer", part._buffers)):
                for name, value in values.items():
                    full = prefix + ("." if prefix else "") + name
                    if value is None or kind == "buffer" and name in part._non_persistent_buffers_set:
                        continue
                    if isinstance(value, torch.nn.parameter.UninitializedTensorMixin):
                        raise Refusal(f"{self.file}: {full} has no size before the first call; call the module once where it is made")
                    found.append((full, value, kind == "parameter" and value.requires_grad))
                    self.places.append([full, kind, values, name, value])
        return found

    def replaced(self):
        """(index in tensors, tensor) of each buffer that `forward` has set anew since the last time."""
        found = []
        for i, place in enumerate(self.places):
            full, kind, values, name, value = place
            new = values.get(name)
            if new is value:
                continue
            if kind == "parameter" or new is None or new.shape != value.shape or new.dtype != value.dtype:
                raise Refusal(f"{self.file}: forward replaces the {kind} {full}; it must keep parameters, and the sizes and types of "
                              "buffers")
            place[4] = new
            found.append((i, new))
        return found

    def imported(self):
        """Files that this model brought in and that belong to no installed package."""
        fixed = [os.path.join(os.path.realpath(folder), "") for folder in package_folders()]
        new = [getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name not in self.before]
        real = {os.path.realpath(path) for path in new if isinstance(path, str)}
        return sorted(path for path in real if self.owns(path)
                      or not any(part in INSTALLED for part in path.split(os.sep)) and not path.startswith(tuple(fixed)))

    def run(self, x, output, training, held, seed):
        """held: names of batch norms that are evaluated in training too."""
        self.enter()
        seed_all(seed)
        if self.mode != (training, held):
            self.network.train(training)
            for name in held:
                self.network.get_submodule(name).eval()
            self.mode = training, held
        try:
            return pick(self.network(x), output)
        except Refusal as e:
            raise Refusal(f"{self.file}: {e}") from e
