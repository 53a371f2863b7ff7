"""make.py - figures.json: event files as the Python package `tensorboard` writes them, for fixed times. Usage: make.py (beside
itself)."""
import io
import json
import pathlib
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1700000000.0
SCALARS = [(START + 12.5, 1, "loss/train", 0.6931471805599453), (START + 25.25, 2, "iou/validation", 0.0),
           (START + 1e6, 300, "test_iou/dataset2/realfake, größer", -1.5e-7), (START, 0, "x" * 200, 1e30)]

file = io.BytesIO()
writer = RecordWriter(file)
writer.write(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())
for time, step, tag, value in SCALARS:
    one = Event(wall_time=time, step=step)
    one.summary.value.append(Summary.Value(tag=tag, simple_value=value))
    writer.write(one.SerializeToString())
figures = {"start": START, "scalars": [list(s) for s in SCALARS], "file": file.getvalue().hex(),
           "crc": [[text, crc32c(text.encode())] for text in ("", "a", "123456789", "inpaintlab")]}
pathlib.Path(__file__).with_name("figures.json").write_text(json.dumps(figures, indent=1) + "\n")
