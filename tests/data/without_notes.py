"""Rewrites TorchScript files without their debugging notes, which hold paths and source lines of the machine.

usage: python without_notes.py FILE...
"""
import io
import pathlib
import sys
import zipfile


def strip(path):
    small = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(small, "w") as target:
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_STORED)
    pathlib.Path(path).write_bytes(small.getvalue())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        strip(name)
