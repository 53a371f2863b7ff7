"""Writes broken and hostile copies of unet.pt2 to a folder, for tests/cli/cases/broken/exported.test.

usage: python3 break.py FOLDER   (no torch needed)"""
import copy
import json
import pathlib
import sys
import zipfile

HERE = pathlib.Path(__file__).parent
OUT = pathlib.Path(sys.argv[1])
MODEL, WEIGHTS = "net/models/model.json", "net/data/weights/model_weights_config.json"


def read():
    with zipfile.ZipFile(HERE / "unet.pt2") as z:
        return {i.filename: z.read(i) for i in z.infolist()}


def write(name, entries):
    with zipfile.ZipFile(OUT / f"{name}.pt2", "w", zipfile.ZIP_STORED) as z:
        for path, data in entries.items():
            z.writestr(zipfile.ZipInfo(path), data)


def graph_case(name, change):
    """change(model) in place."""
    entries = copy.deepcopy(whole)
    model = json.loads(entries[MODEL])
    change(model)
    entries[MODEL] = json.dumps(model).encode()
    write(name, entries)


def weight_case(name, change):
    """change(record of first.weight) in place."""
    entries = copy.deepcopy(whole)
    config = json.loads(entries[WEIGHTS])
    change(config["config"]["first.weight"])
    entries[WEIGHTS] = json.dumps(config).encode()
    write(name, entries)


def nodes(model):
    return model["graph_module"]["graph"]["nodes"]


def node(model, part):
    return next(n for n in nodes(model) if part in n["target"])


def argument(model, part, name):
    return next(a for a in node(model, part)["inputs"] if a["name"] == name)


def call(target, **arguments):
    """A node of its own before all others, whose result nothing needs."""
    def change(model):
        inputs = [{"name": k, "arg": v, "kind": 1} for k, v in arguments.items()]
        nodes(model).insert(0, {"target": target, "inputs": inputs, "outputs": [{"as_tensor": {"name": "evil"}}], "metadata": {},
                                "name": "evil"})
    return change


def set_argument(part, name, value):
    def change(model):
        argument(model, part, name)["arg"] = value
    return change


def resize(**changes):
    def change(record):
        record["tensor_meta"].update(changes)
    return change


def ints(*values):
    return [{"as_int": v} for v in values]


whole = read()
image = {"as_tensor": {"name": "image"}}
OUT.mkdir(parents=True, exist_ok=True)
raw = (HERE / "unet.pt2").read_bytes()

# ---- the archive ----
(OUT / "empty.pt2").write_bytes(b"")
(OUT / "text.pt2").write_bytes(b"not a model at all\n")
(OUT / "cut.pt2").write_bytes(raw[:len(raw) // 2])
(OUT / "cut-end.pt2").write_bytes(raw[:-30])
(OUT / "flipped.pt2").write_bytes(raw.replace(b'"schema_version"', b'"schema_versiom"', 1))
write("no-graph", {k: v for k, v in whole.items() if k != MODEL})
write("two-graphs", {**whole, "net/models/other.json": whole[MODEL]})
write("no-weight", {k: v for k, v in whole.items() if not k.endswith("weight_0")})
write("no-list", {k: v for k, v in whole.items() if k != WEIGHTS})
write("big-endian", {**whole, "net/byteorder": b"big"})
write("other-format", {**whole, "net/archive_format": b"pt3"})
write("old", {"serialized_exported_program.json": b"{}", "serialized_state_dict.pt": b""})
write("no-json", {**whole, MODEL: b"{\"graph_module\": "})
write("deep", {**whole, MODEL: b"[" * 100000})
with zipfile.ZipFile(OUT / "packed.pt2", "w", zipfile.ZIP_DEFLATED) as z:
    for path, data in whole.items():
        z.writestr(path, data)

# ---- the graph ----
graph_case("schema-9", lambda m: m["schema_version"].update(major=9))
graph_case("no-signature", lambda m: m["graph_module"].pop("signature"))
graph_case("file-access", call("torch.ops.aten.from_file.default", filename={"as_string": "/etc/passwd"}, shared={"as_bool": True},
                               size={"as_int": 100}))
graph_case("own-operator", call("torch.ops.evil.run.default", self=image))
graph_case("python", call("os.system", command={"as_string": "touch evil"}))
graph_case("strides", call("torch.ops.aten.as_strided.default", self=image, size={"as_ints": [1 << 20]}, stride={"as_ints": [1]}))
graph_case("unchecked", call("torch.ops.aten.native_batch_norm.default", input=image))
graph_case("out", call("torch.ops.aten.add.out", self=image, other=image, out=image))
graph_case("storage", call("torch.ops.aten.set_.source_Tensor", self=image, source=image))
graph_case("resize", call("torch.ops.aten.resize_.default", self=image, size={"as_ints": [1 << 40]}))
graph_case("reshape-in-place", call("torch.ops.aten.transpose_.default", self={"as_tensor": {"name": "p_first_weight"}},
                                    dim0={"as_int": 0}, dim1={"as_int": 1}))
graph_case("weight-in-place", call("torch.ops.aten.mul_.Scalar", self={"as_tensor": {"name": "p_first_weight"}},
                                   other={"as_int": 2}))
graph_case("subgraph", call("torch.ops.higher_order.cond", pred={"as_bool": True}))
graph_case("no-overload", call("torch.ops.aten.relu.Evil", self=image))
graph_case("circle", set_argument("conv2d", "input", {"as_tensor": {"name": "batch_norm"}}))
graph_case("twice", lambda m: node(m, "relu")["outputs"].__setitem__(0, {"as_tensor": {"name": "image"}}))
graph_case("missing-argument", lambda m: node(m, "conv2d")["inputs"].pop(1))
graph_case("unknown-argument", lambda m: node(m, "conv2d")["inputs"].append({"name": "evil", "arg": {"as_int": 1}}))
graph_case("wrong-kind", set_argument("conv2d", "stride", {"as_string": "wide"}))
graph_case("number-for-tensor", set_argument("conv2d", "weight", {"as_none": True}))
graph_case("two-results", lambda m: node(m, "relu")["outputs"].append({"as_tensor": {"name": "second"}}))
graph_case("unknown-type", call("torch.ops.aten.zeros.default", size={"as_ints": [1]}, dtype={"as_scalar_type": 99}))
graph_case("huge", call("torch.ops.aten.zeros.default", size={"as_ints": [1 << 40, 1 << 40]}))
graph_case("large", call("torch.ops.aten.zeros.default", size={"as_ints": [1 << 33, 4]}))
graph_case("scale", set_argument("upsample_bilinear2d", "scale_factors", {"as_floats": [1e-30, 1e300]}))
graph_case("zero-stride", set_argument("conv2d", "stride", {"as_ints": [0, 0]}))
graph_case("wrong-shape", set_argument("conv2d", "weight", {"as_tensor": {"name": "p_side_weight"}}))
graph_case("statistics", set_argument("batch_norm", "running_mean", {"as_tensor": {"name": "b_norm2_running_mean"}}))
graph_case("division", lambda m: nodes(m).insert(0, {
    "target": "_operator.floordiv", "inputs": [{"name": "a", "arg": {"as_int": 1}}, {"name": "b", "arg": {"as_int": 0}}],
    "outputs": [{"as_sym_int": {"as_name": "evil"}}], "metadata": {}}))
graph_case("overflow", lambda m: nodes(m).insert(0, {
    "target": "_operator.mul", "inputs": [{"name": "a", "arg": {"as_int": 1 << 62}}, {"name": "b", "arg": {"as_int": 4}}],
    "outputs": [{"as_sym_int": {"as_name": "evil"}}], "metadata": {}}))
graph_case("constant-result", lambda m: nodes(m).insert(0, {
    "target": "torch.ops.aten.sym_size.int", "inputs": [{"name": "self", "arg": image}, {"name": "dim", "arg": {"as_int": 3}}],
    "outputs": [{"as_sym_int": {"as_int": 1536}}], "metadata": {}}))
graph_case("no-image", lambda m: m["graph_module"]["signature"]["input_specs"].pop())
graph_case("escape", lambda m: node(m, "relu").update(target="torch.ops.aten.\u001b[31mred.default"))
graph_case("mutation", lambda m: m["graph_module"]["signature"]["output_specs"].insert(
    0, {"buffer_mutation": {"arg": {"name": "conv2d"}, "buffer_name": "norm1.running_mean"}}))

H, W = "L['image'].size()[2]", "L['image'].size()[3]"
graph_case("guard", lambda m: m.update(guards_code=[f"2 <= {W} < 99 and not ({H} % 2 == 1 or max(1, {H} - {W}) < 1)", f"{H} ** 2 < 0",
                                                    f"-(-3) * {H} // 2 != 96"]))

# ---- the weights ----
weight_case("pickled", lambda r: r.update(use_pickle=True))
weight_case("elsewhere", lambda r: r.update(path_name="../../../../etc/passwd"))
weight_case("offset", resize(storage_offset={"as_int": 1 << 60}))
weight_case("beyond", resize(strides=ints(1 << 40, 9, 3, 1)))
weight_case("spread", resize(sizes=ints(1 << 40, 3, 3, 3), strides=ints(0, 9, 3, 1)))
weight_case("negative", resize(sizes=ints(-6, 3, 3, 3)))
weight_case("wrong-type", resize(dtype=8))
weight_case("no-type", resize(dtype=77))
weight_case("dimensions", resize(sizes=ints(*[1] * 100), strides=ints(*[1] * 100)))
