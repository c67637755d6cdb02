"""Tables of a run, in the order of its items, written while the run goes on."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..durable import replace_file, sync, write_file
from ..errors import InputError

if TYPE_CHECKING:
    from ..ensemble.ensemble import Ensemble

MEASURES, PARQUET, SKIPPED = "measures.csv", "measures.parquet", "skipped.csv"
WARNINGS = "warnings.csv"
#: Formats of the table of measures.
KINDS = ("csv", "parquet", "none")
_INDEX = ("item", "station", "realization")


@lru_cache(maxsize=1)
def measure_names() -> tuple[str, ...]:
    """Columns of measures: those of three components, some empty for records of one component."""
    from ..ensemble.measures import PERIODS
    from ..signal.intensity import measures

    impulse = np.zeros((3, 64))
    impulse[:, 8] = 1.0
    return tuple(measures(impulse, 100.0, PERIODS))


def write_measures(ensemble: Ensemble, key: str, path: Path) -> None:
    """The rows of one item, without a heading."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a worker has no terminal
        measured = ensemble.intensity_measures()
    table = measured.reindex(columns=list(measure_names()))
    rows = table.reset_index().assign(item=_printable(key))
    content = rows[[*_INDEX, *measure_names()]].to_csv(index=False, header=False)
    write_file(path, content.encode("utf-8", "backslashreplace"))


class MeasuresTable:
    """``measures.csv``; every coordinator writes it anew from the rows of the finished items.

    :param path: of the table.
    :param parts: the folder of the items' rows.
    """

    def __init__(self, path: Path, parts: Path):
        self._parts, self._path = parts, path
        self._file = open(path, "wb")  # noqa: SIM115
        self._file.write((",".join([*_INDEX, *measure_names()]) + "\n").encode())

    def add(self, name: str) -> None:
        """Append the rows of an item.

        :param name: of the item's files.
        """
        self._file.write((self._parts / f"{name}.csv").read_bytes())
        self._file.flush()

    def close(self) -> None:
        """Close the table and flush it to the disk."""
        self._file.close()
        sync(self._path)


def check_measures(kind: str) -> None:
    """See that a table of measures can be written.

    :raises InputError: for an unknown kind, or Parquet without pyarrow.
    """
    if kind not in KINDS:
        raise InputError(f"There is no table of measures {kind!r}; known are {', '.join(KINDS)}.")
    if kind == "parquet" and find_spec("pyarrow") is None:
        raise InputError("Parquet needs pyarrow, which is not installed: pip install pyarrow.")


def write_parquet(table: Path, path: Path) -> None:
    """The finished CSV as Parquet with types: strings, int64, float64; batch by batch."""
    import pyarrow as pa
    from pyarrow.csv import ConvertOptions, ParseOptions, open_csv
    from pyarrow.parquet import ParquetWriter

    fields = [("item", pa.string()), ("station", pa.string()), ("realization", pa.int64())]
    schema = pa.schema(fields + [(name, pa.float64()) for name in measure_names()])
    parse = ParseOptions(newlines_in_values=True)
    convert = ConvertOptions(column_types=schema, null_values=[""])  # texts stay texts
    with (
        replace_file(path) as part,
        open_csv(table, parse_options=parse, convert_options=convert) as batches,
        ParquetWriter(part, schema) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)


def write_skipped(skips: Iterable[tuple[str, str, str]], path: Path) -> None:
    """``skipped.csv``: item, record (none for a whole item), reason."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("item", "record", "reason"))
    writer.writerows(skips)
    write_file(path, text.getvalue().encode("utf-8", "backslashreplace"))


def write_warnings(warnings: Iterable[tuple[str, str]], path: Path) -> None:
    """``warnings.csv``: item, and what was assumed or chosen of its input."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("item", "warning"))
    writer.writerows(warnings)
    write_file(path, text.getvalue().encode("utf-8", "backslashreplace"))


def _printable(key: str) -> str:
    return key.encode("utf-8", "backslashreplace").decode()
