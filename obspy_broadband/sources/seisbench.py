"""SeisBench data sets by name or folder, and raw STEAD files, as a source: a record is an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core import AttribDict

from ..errors import InputError
from ..method.contract import Scenario
from ..records.station_data import StationData
from .metadata import Metadata
from .source import Item, Source

if TYPE_CHECKING:  # it imports pandas
    from .buckets import Bucket

_UNITS = {
    "mps2": "m/s**2", "m/s**2": "m/s**2", "mps": "m/s", "m/s": "m/s", "m": "m",
    "cmps2": "cm/s**2", "gal": "gal",
}  # fmt: skip


@dataclass(frozen=True)
class SeisBenchSource(Source):
    """The records of a data set in physical units. Those in counts are skipped.

    :param name: see :func:`obspy_broadband.sources.buckets.open_data_set`.
    """

    kind: ClassVar[str] = "SeisBench"
    name: str
    metadata: Metadata = field(default_factory=Metadata)

    def buckets(self) -> list[Bucket]:
        """The buckets of the data set, for reading many records at once.

        :raises InputError: if there is no such data set, or it is damaged.
        """
        from .buckets import open_data_set

        return open_data_set(self.name)

    def items(self) -> Iterator[Item]:
        """See :meth:`obspy_broadband.sources.source.Source.items`."""
        from .buckets import columns_of

        self.metadata.check()
        buckets = self.buckets()
        if not buckets:
            raise InputError(f"{self.name} holds no record.")
        for bucket in buckets:
            table = columns_of(bucket)
            raw = bucket.metadata.reset_index(drop=True)
            for (_, columns), (_, row) in zip(table.iterrows(), raw.iterrows()):
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
                        "station": columns["station"],
                        "start": columns["start"],
                        "rate": columns["rate"],
                        "units": columns["unit"],
                        **{name: _number(columns[name]) for name in Scenario.ranges},
                    },
                )

    def read(self, item: Item) -> StationData:
        """See :meth:`obspy_broadband.sources.source.Source.read`."""
        row = item.locator
        units = _UNITS.get(row["units"])
        if units is None:
            raise InputError(
                f"{item.key} is in {row['units'] or 'unknown units'}; only records in physical "
                f"units ({', '.join(_UNITS)}) can be enriched."
            )
        motion = _motion(row)
        try:
            start = UTCDateTime(row["start"]) if row["start"] else UTCDateTime(0)
            rate = float(row["rate"])
        except Exception as error:  # UTCDateTime raises TypeError, ValueError, ...
            raise InputError(f"{item.key} has no start {row['start']!r} or no rate.") from error
        if not 0 < rate < float("inf"):
            raise InputError(f"{item.key} has the sampling rate {rate}.")
        network, _, station = row["station"].partition(".")
        scenario = Scenario(**{name: row[name] for name in Scenario.ranges})
        stream = Stream()
        for code, samples in zip("ZNE", motion):
            header = {
                "network": network, "station": station or "X", "location": row["location"],
                "channel": (row["channel"] or "HX")[:2] + code, "sampling_rate": rate,
                "starttime": start, "units": units,
            }  # fmt: skip
            if row["latitude"] is not None and row["longitude"] is not None:
                header["coordinates"] = AttribDict(
                    latitude=row["latitude"], longitude=row["longitude"], elevation=0.0
                )
            for name in Scenario.ranges:
                if row[name] is not None:
                    header[name] = row[name]
            stream.append(Trace(np.array(samples, dtype=float), header))
        data = self.metadata.complete(stream)
        scenarios = {f"{network}.{station or 'X'}": scenario, **data.scenarios}
        return StationData(data.stream, data.inventory, data.event, scenarios)

    @property
    def label(self) -> str:
        """See :attr:`obspy_broadband.sources.source.Source.label`."""
        return self.name

    def describe(self) -> dict[str, Any]:
        """See :meth:`obspy_broadband.sources.source.Source.describe`."""
        return {"kind": self.kind, "name": self.name, "metadata": self.metadata.describe()}


def _motion(row: Mapping[str, Any]) -> np.ndarray:
    """(3, samples), Z, N, E.

    :param row: the locator of an item.
    """
    import pandas as pd

    from .buckets import Bucket, read_bucket

    metadata = pd.DataFrame(
        {
            "trace_name": [row["trace"]],
            "_row": [row["row"] or 0],
            "_samples": [np.nan if row["samples"] is None else row["samples"]],
        }
    )
    bucket = Bucket("", Path(row["file"]), row["bucket"], metadata, row["order"])
    (motion,) = read_bucket(bucket, metadata)
    if motion.ndim != 2 or motion.shape[0] != 3 or motion.shape[1] < 2:
        raise InputError(f"{row['trace']} has the shape {motion.shape}; (3, samples) is needed.")
    return motion


def _number(value: Any) -> float | int | None:
    if value is None or not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
