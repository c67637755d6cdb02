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

from ..errors import InputError

FORMATS = ("GSE1", "GSE2")
_LONGEST = 82
_PRINTABLE = re.compile(rb"[ -~]*\r?")


def read_traces(path: Path, format: str, **options: Any) -> Stream:
    """Read one file.

    :raises InputError: for lines that are too long or hold other bytes than text.
    """
    stream = Stream()
    for trace in _traces(path.read_bytes()):
        _, *lines = trace.split(b"\n")
        if lines and lines[0].startswith(b"STA2"):  # a header, which ObsPy reads by itself
            del lines[0]
        if any(len(line) >= _LONGEST or not _PRINTABLE.fullmatch(line) for line in lines):
            raise InputError(f"{path} is damaged: {format} has lines of 80 printable characters.")
        if not any(line.startswith(b"DAT") for line in lines):
            raise InputError(f"{path} is damaged: it has no DAT line.")
        stream += read(io.BytesIO(trace), format=format, check_compression=False, **options)
    return stream


def _traces(data: bytes) -> list[bytes]:
    """The parts that begin with ``WID``."""
    begins = [match.start() for match in re.finditer(rb"^WID", data, re.M)]
    return [data[first:last] for first, last in zip(begins, [*begins[1:], len(data)])]
