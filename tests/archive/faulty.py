"""Sources for tests: a folder of records, some of which are told by their names to do harm; streams.

Imported by workers, too: tests put this folder on ``sys.path``.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from obspy import read

from obspy_broadband.errors import InputError
from obspy_broadband.records.station_data import StationData
from obspy_broadband.sources.source import Item, Source


@dataclass(frozen=True)
class Records(Source):
    """Every miniSEED file of a folder is an item.

    "poison" in a name kills its worker, "hang" never ends, "bad" is refused, "huge" needs a hundred
    GB, "odd" fails in a way that the contract forbids.

    :param delay: seconds that every item takes beside its computation.
    """

    folder: str
    delay: float = 0.0
    kind = "records"

    def items(self):
        paths = sorted(Path(self.folder).glob("*.mseed"))
        if not paths:
            raise InputError(f"{self.folder} holds no records.")
        for path in paths:
            yield Item(path.name, {"name": path.name}, path.stat().st_size)

    def read(self, item):
        name = item.locator["name"]
        time.sleep(self.delay)
        if "poison" in name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in name:
            time.sleep(1e6)
        if "bad" in name:
            raise InputError(f"{name} is bad.")
        if "odd" in name:
            raise RuntimeError(f"{name} is odd\nand says so at length")
        if "huge" in name:
            np.ones((100, 1 << 27)).sum()
        try:
            return StationData(read(str(Path(self.folder, name)), format="MSEED"))
        except Exception as error:
            raise InputError(f"{name} cannot be read: {error}") from error

    def describe(self):
        return {"folder": self.folder}


class Deadly(Records):
    """Kills whoever unpickles it: no worker can begin."""

    def __setstate__(self, state):
        os.kill(os.getpid(), signal.SIGKILL)


class Streams(Source):
    """Streams that are given, an item each, of one event."""

    kind = "streams"

    def __init__(self, streams, event=None):
        self.streams, self.event = streams, event

    def items(self):
        return (Item(key) for key in self.streams)

    def read(self, item):
        return StationData(self.streams[item.key], event=self.event)

    def describe(self):
        return {}
