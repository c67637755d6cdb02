"""At least 2,000 mangled files over all readers; see fuzz.py."""

import json
import subprocess
import sys
from pathlib import Path

COUNT = 2040


def test_mangled_files_are_refused_or_read():
    """In a process of its own: a crash, a hang and memory are seen, too."""
    script = Path(__file__).with_name("fuzz.py")
    done = subprocess.run(
        [sys.executable, str(script), "--count", str(COUNT), "--seed", "5"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    assert told["formats"] >= 17
    assert told["read"] + told["refused"] == COUNT
    # Some mangled files must still be read, or the reader would not have been reached.
    assert told["read"] > 50
