"""SeisBench data sets by name or folder, and raw STEAD files; a record is an item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict

from ..errors import InputError
from ..method.contract import Scenario
from ..records.station_data import StationData
from .metadata import Metadata
from .source import Item, Source

_UNITS = {
    "mps2": "m/s**2", "m/s**2": "m/s**2", "mps": "m/s", "m/s": "m/s", "m": "m",
    "cmps2": "cm/s**2", "gal": "gal",
}  # fmt: skip


@dataclass(frozen=True)
class SeisBenchSource(Source):
    """The records of a data set in physical units. Those in counts are skipped.

    :param name: a data set's name, or a folder, as for ``obb data prepare``.
    """

    kind: ClassVar[str] = "SeisBench"
    name: str
    metadata: Metadata = field(default_factory=Metadata)

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.sources.source.Source.items`."""
        from ..data.buckets import open_source
        from ..data.metadata import columns_of

        self.metadata.check()
        found = False
        for bucket in open_source(self.name):
            table = columns_of(bucket)
            raw = bucket.metadata.reset_index(drop=True)
            for (_, known), (_, row) in zip(table.iterrows(), raw.iterrows()):
                found = True
                yield Item(
                    f"{bucket.source}/{bucket.waveforms.stem}/{row['trace_name']}",
                    {
                        "file": str(bucket.waveforms.resolve()),
                        "bucket": bucket.key,
                        "order": bucket.order,
                        "row": _number(row.get("_row")),
                        "samples": _number(row.get("_samples")),
                        "trace": str(row["trace_name"]),
                        "channel": _text(row.get("trace_channel")),
                        "location": _text(row.get("station_location_code")),
                        "latitude": _number(row.get("station_latitude_deg")),
                        "longitude": _number(row.get("station_longitude_deg")),
                        "station": known["station"],
                        "start": known["start"],
                        "rate": known["rate"],
                        "units": known["unit"],
                        **{name: _number(known[name]) for name in Scenario.ranges},
                    },
                )
        if not found:
            raise InputError(f"{self.name} holds no record.")

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        where = item.where
        units = _UNITS.get(where["units"])
        if units is None:
            raise InputError(
                f"{item.key} is in {where['units'] or 'unknown units'}; only records in physical "
                f"units ({', '.join(_UNITS)}) can be enriched."
            )
        motion = _motion(where)
        try:
            start = UTCDateTime(where["start"]) if where["start"] else UTCDateTime(0)
            rate = float(where["rate"])
        except Exception as error:  # UTCDateTime raises TypeError, ValueError, ...
            raise InputError(f"{item.key} has no start {where['start']!r} or no rate.") from error
        if not 0 < rate < float("inf"):
            raise InputError(f"{item.key} has the sampling rate {rate}.")
        network, _, station = where["station"].partition(".")
        known = Scenario(**{name: where[name] for name in Scenario.ranges})
        stream = Stream()
        for code, data in zip("ZNE", motion):
            header = {
                "network": network, "station": station or "X", "location": where["location"],
                "channel": (where["channel"] or "HX")[:2] + code, "sampling_rate": rate,
                "starttime": start, "units": units,
            }  # fmt: skip
            if where["latitude"] is not None and where["longitude"] is not None:
                header["coordinates"] = AttribDict(
                    latitude=where["latitude"], longitude=where["longitude"], elevation=0.0
                )
            for name in Scenario.ranges:
                if where[name] is not None:
                    header[name] = where[name]
            stream.append(Trace(np.array(data, dtype=float), header))
        loaded = self.metadata.complete(stream)
        scenarios = {f"{network}.{station or 'X'}": known, **loaded.scenarios}
        return StationData(loaded.stream, loaded.inventory, loaded.event, scenarios)

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {"kind": self.kind, "name": self.name, "metadata": self.metadata.describe()}


def _motion(where: Any) -> np.ndarray:
    """(3, samples), Z, N, E."""
    import pandas as pd

    from ..data.buckets import Bucket, read_bucket

    row = pd.DataFrame(
        {
            "trace_name": [where["trace"]],
            "_row": [where["row"] or 0],
            "_samples": [np.nan if where["samples"] is None else where["samples"]],
        }
    )
    bucket = Bucket("", Path(where["file"]), where["bucket"], row, where["order"])
    (motion,) = read_bucket(bucket, row)
    if motion.ndim != 2 or motion.shape[0] != 3 or motion.shape[1] < 2:
        raise InputError(f"{where['trace']} has the shape {motion.shape}; (3, samples) is needed.")
    return motion


def _number(value: Any) -> float | int | None:
    if value is None or not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
