#!/usr/bin/env python3
"""make_calls.py OUT_DIR HEADER... -- SOURCE.cpp... - how C reaches the shim, a library that is loaded when first needed.

For each function that a header declares and a source defines:
  torch_calls.h  a member of il_torch_calls, a table of function pointers
  torch_calls.c  in libinpaintlab.so: a function of the same name that calls through the table (load.h)
  torch_table.c  in libinpaintlab_torch.so: the table
A function that is forgotten or not parsed is an undefined symbol when libinpaintlab.so is linked."""
import hashlib
import pathlib
import re
import sys

DECLARATION = re.compile(r"(?P<result>[\w \n*]*?[\s*])(?P<name>il_\w+)\s*\((?P<params>[^()]*)\)\s*(IL_PRINTF\([^)]*\))?\s*$")
DEFINITION = re.compile(r"^(?!static\b)\w[\w *]*?\b(il_\w+)\(", re.M)


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def declarations(header):
    """(result, name, parameters) of each function."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", without_comments(header), flags=re.M)
    text = text.replace('extern "C" {', "")
    while re.search(r"\{[^{}]*\}", text):
        text = re.sub(r"\{[^{}]*\}", " ", text)
    for statement in re.split(r"[;}]", text):
        found = DECLARATION.match(statement.strip())
        if found and not re.match(r"typedef|static|struct\s+\w+\s*$", statement.strip()):
            params = [" ".join(p.split()) for p in found["params"].split(",")]
            yield " ".join(found["result"].split()), found["name"], [] if params == ["void"] else params


def argument(param):
    return re.search(r"(\w+)\s*(?:\[\w*\])*$", param).group(1)


def forwarder(result, name, params):
    call = f"torch->{name}({', '.join(map(argument, params))})"
    if result == "void" and len(params) == 1 and "*" in params[0]: # frees: nothing is there before libtorch is
        body = f"    const il_torch_calls *torch = il_torch_loaded();\n    if (torch)\n        {call};\n"
    elif result == "void":
        body = f"    const il_torch_calls *torch = il_torch(NULL);\n    if (torch)\n        {call};\n"
    elif result == "int" and params and params[-1] == "il_err *e":
        body = f"    const il_torch_calls *torch = il_torch(e);\n    return torch ? {call} : IL_ETORCH;\n"
    else:
        body = (f"    const il_torch_calls *torch = il_torch(NULL);\n    if (!torch)\n        return ({result}){{ 0 }};\n"
                f"    return {call};\n")
    return f"{spaced(result)}{name}({', '.join(params) or 'void'})\n{{\n{body}}}\n"


def spaced(result):
    return result if result.endswith("*") else result + " "


def write(path, text):
    """Only a change is written, so that what did not change is not compiled again."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def include_of(header):
    return re.sub(r".*/include/(.*)", r"<\1>", header) if "/include/" in header else f'"torch/{pathlib.Path(header).name}"'


def main():
    out, arguments = pathlib.Path(sys.argv[1]), sys.argv[2:]
    headers, sources = arguments[:arguments.index("--")], arguments[arguments.index("--") + 1:]
    defined = {name for s in sources for name in DEFINITION.findall(without_comments(pathlib.Path(s).read_text()))}
    calls = {d[1]: d for h in headers for d in declarations(pathlib.Path(h).read_text()) if d[1] in defined}
    for result, name, params in calls.values():
        if "..." in params:
            sys.exit(f"make_calls.py: {name}: variable arguments cannot be handed on; define it in C by way of a va_list")
    members = "".join(f"    {spaced(result)}(*{name})({', '.join(params) or 'void'});\n" for result, name, params in calls.values())
    version = hashlib.sha256(members.encode()).hexdigest()[:16]
    includes = "".join(f"#include {include_of(h)}\n" for h in headers)
    out.mkdir(parents=True, exist_ok=True)
    write(out / "torch_calls.h",
          "/* Made by make_calls.py. */\n#ifndef IL_TORCH_CALLS_H\n#define IL_TORCH_CALLS_H\n\n" + includes +
          f'\n#define IL_TORCH_CALLS_VERSION "{version}"\n\nstruct il_torch_calls {{\n    const char *version;\n{members}}};\n\n#endif\n')
    write(out / "torch_calls.c", '/* Made by make_calls.py. */\n#include "torch_calls.h"\n\n' +
          "\n".join(forwarder(*c) for c in calls.values()))
    write(out / "torch_table.c",
          '/* Made by make_calls.py. */\n#include "torch_calls.h"\n\nextern const il_torch_calls il_torch_table;\n'
          "const il_torch_calls il_torch_table = {\n    .version = IL_TORCH_CALLS_VERSION,\n" +
          "".join(f"    .{name} = {name},\n" for name in calls) + "};\n")


if __name__ == "__main__":
    main()
