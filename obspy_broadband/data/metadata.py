"""What is known of the records of a bucket, in the store's own names, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .buckets import Bucket
from .store import SAMPLING_RATE

if TYPE_CHECKING:
    from .prepare import Settings


def columns_of(bucket: Bucket) -> pd.DataFrame:
    """Metadata by SeisBench's names -> columns of the store; what is missing is NaN or "".

    ``rate`` and ``quantity`` are for cleaning and are not kept.
    """
    raw = bucket.metadata

    def number(name: str) -> pd.Series:
        if name not in raw:
            return pd.Series(np.nan, index=raw.index, dtype=float)
        return pd.to_numeric(raw[name], errors="coerce").astype(float)

    def text(name: str, default: str = "") -> pd.Series:
        if name not in raw:
            return pd.Series(default, index=raw.index, dtype=object)
        return raw[name].astype(object).where(raw[name].notna(), default).astype(str)

    def first_known(*candidates: pd.Series) -> pd.Series:
        found = candidates[0]
        for candidate in candidates[1:]:
            found = found.where(found != "", candidate)
        return found

    depth = number("source_depth_km")
    # Hypocentral, from the epicentral distance and the depth where it is not given.
    distance = number("path_hyp_distance_km")
    distance = distance.fillna(np.hypot(number("path_ep_distance_km"), depth.fillna(0.0)))
    name = first_known(text("trace_name_original"), text("trace_name"))
    record = bucket.source + ":" + name
    event = first_known(text("source_id"), text("source_origin_time"), record)
    table = pd.DataFrame(
        {
            "record": record,
            "source": text("dataset_source", bucket.source),
            "event": event,
            "sequence": first_known(text("source_sequence"), event),
            "station": text("station_network_code") + "." + text("station_code"),
            "split": text("split"),
            "unit": text("trace_unit", "counts"),
            "quantity": text("trace_quantity_original"),
            "start": text("trace_start_time"),
            "licence": text("licence"),
            "attribution": text("attribution"),
            "magnitude": number("source_magnitude"),
            "distance_km": distance,
            "depth_km": depth,
            "vs30_m_s": number("station_vs30_m_s"),
            "rate": number("trace_sampling_rate_hz").fillna(SAMPLING_RATE),
            "p_sample": number("trace_p_arrival_sample"),
            "s_sample": number("trace_s_arrival_sample"),
        }
    )
    return table.reset_index(drop=True)


def unwanted(table: pd.DataFrame, settings: Settings) -> list[str | None]:
    """Why each record is left out, or None; what is not known is left out, too."""
    reasons = pd.Series([None] * len(table), dtype=object)
    # The first reason stays.
    if settings.max_distance_km is not None:
        reasons[~(table["distance_km"] <= settings.max_distance_km)] = "distance"
    if settings.min_magnitude is not None:
        reasons[~(table["magnitude"] >= settings.min_magnitude)] = "magnitude"
    reasons[~table["unit"].isin(settings.units.split(","))] = "unit"
    return reasons.tolist()
