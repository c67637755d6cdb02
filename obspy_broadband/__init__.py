"""Ensembles of broadband ground-motion records from low-frequency earthquake simulations.

Importing this package gives every ObsPy Stream and Trace two methods, ``enrich`` and ``broadband``.
"""

from obspy import Stream as _Stream
from obspy import Trace as _Trace

from . import _moved
from ._version import __version__
from .enrich import broadband, enrich
from .ensemble.ensemble import Ensemble
from .errors import BroadbandError, InputError, MethodError
from .generate import generate
from .method.contract import Batch, Method, Scenario
from .method.registry import methods
from .records.record import Record

_moved.install()

# ObsPy has plugin groups for formats but none for methods of Stream and Trace.
_Stream.enrich = _Trace.enrich = enrich
_Stream.broadband = _Trace.broadband = broadband

__all__ = [
    "Batch",
    "BroadbandError",
    "Ensemble",
    "InputError",
    "Method",
    "MethodError",
    "Record",
    "Scenario",
    "__version__",
    "broadband",
    "enrich",
    "generate",
    "methods",
]
