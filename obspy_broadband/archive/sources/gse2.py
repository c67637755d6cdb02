"""GSE1 and GSE2, read trace by trace.

ObsPy (1.5) hands lines of any length to a C decoder with a buffer of 83 bytes, so that a damaged
file ends the process or worse. Here no line that could overrun it gets there.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from obspy import Stream, read

from ...errors import InputError

FORMATS = ("GSE1", "GSE2")
_LONGEST = 82


def read_traces(path: Path, format: str, **options: Any) -> Stream:
    """Read one file.

    :raises InputError: for lines that are too long.
    """
    stream = Stream()
    for trace in _traces(path.read_bytes()):
        lines = trace.split(b"\n")
        data = next((at for at, line in enumerate(lines) if line.startswith(b"DAT")), len(lines))
        if any(len(line) >= _LONGEST for line in lines[data:]):
            raise InputError(f"{path} is damaged: {format} has lines of 80 characters.")
        stream += read(io.BytesIO(trace), format=format, check_compression=False, **options)
    return stream


def _traces(data: bytes) -> list[bytes]:
    """The parts that begin with ``WID``."""
    begins = [found.start() for found in re.finditer(rb"^WID", data, re.M)]
    return [data[first:last] for first, last in zip(begins, [*begins[1:], len(data)])]
