"""CMTSOLUTION of SPECFEM3D Cartesian (src/specfem3D/get_cmt.f90), with latorUTM and longorUTM.

The two are degrees, or y and x in m where the UTM projection is suppressed; the position in the
first line is often in m, too. ObsPy reads neither.
"""

from __future__ import annotations

import io
import re

from obspy import Catalog, read_events

#: Source, date and time, then latitude, longitude and depth of the first line.
_FIRST = re.compile(r"^(\s*\S+?\s*\d{4}(?:\s+\S+){5})\s+(\S+)\s+(\S+)\s+(\S+)")
_PLACE = {
    name: re.compile(rf"^\s*{key}\s*:\s*(\S+)", re.M)
    for name, key in (("latitude", "latorUTM"), ("longitude", "longorUTM"))
}


def is_cartesian(data: bytes) -> bool:
    """Whether a file has SPECFEM3D Cartesian's keys."""
    return b"latorUTM" in data[:4096]


def read(data: bytes) -> Catalog:
    """The event, without latitude and longitude where the file has them in m.

    :raises Exception: whatever ObsPy raises for a file that is none.
    """
    text = data.decode("utf-8", "replace").lstrip(
        "\r\n"
    )  # a leading blank of line 1 is part of the format
    degrees = {}
    for name, pattern in _PLACE.items():
        match = pattern.search(text)
        degrees[name] = float(match.group(1).upper().replace("D", "E")) if match else 1e9
    on_earth = abs(degrees["latitude"]) <= 90.0 and abs(degrees["longitude"]) <= 180.0
    for name, pattern in _PLACE.items():
        text = pattern.sub(f"{name}: {degrees[name] if on_earth else 0.0}", text)
    first_line, _, body = text.partition("\n")
    first_line = _FIRST.sub(r"\1 0.0 0.0 0.0", first_line)  # ObsPy needs a position on Earth
    catalog = read_events(io.BytesIO(f"{first_line}\n{body}".encode()), format="CMTSOLUTION")
    for event in catalog:
        centroid = event.preferred_origin()
        event.origins = [centroid]  # the other one is that of the first line
        if not on_earth:
            centroid.latitude = centroid.longitude = None
    return catalog
