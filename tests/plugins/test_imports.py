"""Drawing needs neither what trains a network nor what reads data sets."""

import subprocess
import sys

PROBE = """
import sys
import numpy as np
import obspy_broadband
from obspy_broadband.method.registry import load
from obspy_broadband.testing import low_frequency_batch

heavy = {"lightning", "lightning_fabric", "pytorch_lightning", "seisbench", "pandas", "h5py"}
for name, registration in obspy_broadband.methods().items():
    if not registration.target.startswith("obb_plugins."):
        continue
    method_class = load(name)
    preset = getattr(method_class, "presets", {}).get("small", {})
    options = {key: value for key, value in preset.items() if not key.startswith("training.")}
    method = method_class(method_class.configure(options))
    method.realize(low_frequency_batch(method, rows=1), np.zeros((1, 1), np.uint64))
    print(name, *sorted({module.split(".")[0] for module in sys.modules} & heavy))
"""


def test_drawing_imports_nothing_that_training_needs():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) >= 8
    assert [line for line in lines if " " in line] == []  # a method, and what is imported with it
