"""What the numbers of a trace are: the unit is known or asked for, never guessed.

:func:`units_of` is the one place that decides. It takes, in this order: the argument, what ObsPy
did to the trace since it was read (``stats.processing``), what a reader or another toolkit noted in
``stats``, the fixed units of a format, and the instrument response of what is in counts. Whole
numbers without any of these are counts and are refused; other numbers are assumed to be m/s².
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from obspy import Inventory, Trace

from ..errors import InputError, InputWarning, first_line
from .headers import header_number, header_part
from .orientation import names_both_ends
from .units import COUNT_NAMES, IN_COUNTS, Units, parse_units

#: A peak that no record of an earthquake has, m/s²; what exceeds it is in another unit.
LARGEST_ACCELERATION = 50.0
#: The quantity that SAC's header field idep names. SAC's own unit is nm, which few programs keep.
_SAC_IDEP: dict[float | None, str] = {6: "displacement", 7: "velocity", 8: "acceleration"}
_SAC_VOLTS = 50
#: Channels that SW4 and OpenSWPC give to velocity.
_VELOCITY_CHANNEL = re.compile(r"V([xyz]|ew|ns|up)$", re.IGNORECASE)
#: Units of formats of ObsPy's that have one unit only.
_FORMAT_UNITS = {"CYBERSHAKE": "cm/s"}  # obspy/io/cybershake/docs/cybershake_format.txt
_CALIB_IS_PHYSICAL = ("KNET", "KINEMETRICS_EVT")
#: The unit of the trace header of SEG-Y revision 1, bytes 203-204.
_SEGY = {5: "m", 6: "m/s", 7: "m/s**2"}


def to_acceleration(
    trace: Trace, units: str | None = None, inventory: Inventory | None = None
) -> tuple[np.ndarray, Units]:
    """Acceleration in m/s², and the units that the trace was read in.

    Displacement and velocity are differentiated, the response of counts is removed. The trace's
    samples may be changed.

    :param units: of the trace, if the user says so.
    :param inventory: instrument responses, for counts alone.
    :raises InputError: for numbers of which it is not known what they are.
    """
    trace_units = units_of(trace, units)
    if trace_units is IN_COUNTS:
        return _remove_response(trace, inventory), trace_units
    data = np.asarray(trace.data, dtype=float) * trace_units.factor
    if trace_units.assumed:
        _refuse_absurd(trace)
    if trace_units.order < 2:
        from ..signal.integration import differentiate

        for _ in range(2 - trace_units.order):
            data = differentiate(data, trace.stats.sampling_rate)
    return data, trace_units


def _refuse_absurd(trace: Trace) -> None:
    """:raises InputError: for numbers that are assumed to be m/s² and are too large for it."""
    peak = float(np.abs(trace.data).max()) if len(trace.data) else 0.0
    if peak > LARGEST_ACCELERATION:
        raise InputError(
            f"Nothing says what the numbers of {trace.id} are, and they reach {peak:.3g}, too much "
            "for m/s². Pass units= (--units): 'cm/s**2', 'gal', ..., or 'counts' with the "
            "inventory that has the response."
        )


def units_to_write(trace: Trace, format: str) -> Units:
    """The units of a trace that is to be written as motion.

    :param format: for messages.
    :raises InputError: for counts, and for what is not known and too large for m/s².
    """
    trace_units = units_of(trace)
    if trace_units is IN_COUNTS:
        raise InputError(
            f"{trace.id} is in counts as far as is known, and {format} holds motion. Remove the "
            "response first, or note in stats.units what the numbers are."
        )
    if trace_units.assumed:
        _refuse_absurd(trace)
        warnings.warn(
            f"Nothing says what the numbers are that are written as {format}: taken for "
            "acceleration in m/s². Note their unit in stats.units to say it.",
            InputWarning,
            stacklevel=4,
        )
    return trace_units


def units_of(trace: Trace, units: str | None = None) -> Units:
    """The units of a trace, by the order of precedence in this module's docstring.

    :raises InputError: if they are contradictory, or their quantity is known and the unit is not.
    """
    if units:
        argument = parse_units(units)
        is_counts = str(trace.stats.get("units", "")).strip().lower() in COUNT_NAMES
        has_physical_calib = _calib_is_physical(trace) and float(trace.stats.calib) != 1.0
        if (
            (is_counts or has_physical_calib)
            and argument is not IN_COUNTS
            and _is_integer(trace.data)
        ):
            raise InputError(
                f"{trace.id} is in counts, as its reader says, and not in {units}. Leave units= "
                "(--units) out"
                + ("." if has_physical_calib else ", and pass an inventory with its response.")
            )
        if has_physical_calib and argument is IN_COUNTS:
            return _physical_calib(trace) or argument
        _warn_if_sac_differs(trace, argument)
        return argument
    header_units = _header_units(trace)
    processed = _units_after_processing(trace, header_units)
    resolved = processed or header_units
    if resolved is None:
        _refuse_sac(trace)
        resolved = _physical_calib(trace)
    if resolved is not None:
        return resolved
    if _is_integer(trace.data):
        return IN_COUNTS
    is_instaseis_sac = str(header_part(trace.stats, "sac").get("kuser0", "")).strip() == "InstSeis"
    if "instaseis" in trace.stats or is_instaseis_sac:
        raise InputError(
            f"{trace.id} comes from Instaseis, which gives displacement, velocity or acceleration "
            "by its kind=. Pass the same word as units= ('displacement' is its default)."
        )
    return Units("m/s**2", 1.0, 2, assumed=True)


def _header_units(trace: Trace) -> Units | None:
    """Units that a reader or another toolkit noted in ``stats``; None without."""
    stats = trace.stats
    for place, text in (
        ("stats.units", stats.get("units")),
        ("stats.unit", stats.get("unit")),
        ("stats.standard.units", header_part(stats, "standard").get("units")),  # gmprocess
        ("stats.ascii.unit", header_part(stats, "ascii").get("unit")),  # ObsPy's SLIST and TSPAIR
        ("its format", _FORMAT_UNITS.get(stats.get("_format", ""))),
        ("its SEG-Y header", _segy_units(stats)),
    ):
        if isinstance(text, str) and text.strip():
            try:
                return parse_units(text)
            except InputError as error:
                if place == "stats.ascii.unit":  # any text may stand there
                    continue
                raise InputError(
                    f"{trace.id}: {place} says {text!r}, which is no unit of ground motion. "
                    "Pass units= (--units)."
                ) from error
    return None


def _segy_units(stats: Any) -> str | None:
    header = header_part(stats, "segy").get("trace_header")
    return _SEGY.get(getattr(header, "trace_value_measurement_unit", 0))


def _refuse_sac(trace: Trace) -> None:
    """Ask for the unit where SAC's header names a quantity, or a simulation's components.

    :raises InputError: if it names a quantity, whose unit is not known, or if the components are a
        simulation's (X, Y, Z; EW, NS, UP): SW4 writes displacement or velocity without idep.
    """
    sac = header_part(trace.stats, "sac")
    quantity = _SAC_IDEP.get(header_number(sac.get("idep")))
    if sac.get("idep") == _SAC_VOLTS:
        raise InputError(
            f"The SAC header of {trace.id} says that it is in volts (idep). Remove the response, "
            "and pass units= (--units) with what it is then."
        )
    if quantity is None:
        component = trace.stats.channel[-1:].upper()
        simulated = component in ("X", "Y") or (component == "Z" and sac.get("cmpinc") == 180.0)
        if sac and (simulated or names_both_ends(trace.stats)) and not _is_integer(trace.data):
            raise InputError(
                f"The SAC header of {trace.id}, named as simulations name components, does not say "
                "what its numbers are. Pass units= (--units): 'm', 'm/s', ... (SW4: 'm', and 'm/s' "
                "of files with a v in their names)."
            )
        return
    per = {"displacement": "", "velocity": "/s", "acceleration": "/s**2"}[quantity]
    raise InputError(
        f"The SAC header of {trace.id} says {quantity} (idep), but not its unit: SAC's own is "
        f"nm{per}, many programs write m{per}. Pass units= (--units): 'nm{per}' or 'm{per}'."
    )


def _warn_if_sac_differs(trace: Trace, argument: Units) -> None:
    """Warn where SAC's idep, or SW4's channel (Vx, Vew, ...), names another quantity."""
    sac = header_part(trace.stats, "sac")
    quantity = _SAC_IDEP.get(header_number(sac.get("idep")))
    if sac and quantity is None and _VELOCITY_CHANNEL.match(trace.stats.channel):
        quantity = "velocity"
    if quantity is not None and argument.order not in (-1, parse_units(quantity).order):
        warnings.warn(
            f"{trace.stats.station}: units= says {argument.name}, but the SAC header says "
            f"{quantity}. units= is taken.",
            InputWarning,
            stacklevel=5,
        )


def _calib_is_physical(trace: Trace) -> bool:
    return trace.stats.get("_format") in _CALIB_IS_PHYSICAL or "knet" in trace.stats


def _physical_calib(trace: Trace) -> Units | None:
    """Counts of formats whose ``stats.calib`` is m/s² a count.

    K-NET, KiK-net (obspy/io/nied) and Kinemetrics (obspy/io/kinemetrics).

    :raises InputError: if it cannot be told whether calib was applied.
    """
    stats = trace.stats
    if not _calib_is_physical(trace):
        return None
    calib = float(stats.calib)
    if calib == 1.0:
        return Units("m/s**2", 1.0, 2)
    counts = Units(f"counts of {calib:g} m/s**2", calib, 2)
    if _is_integer(trace.data):
        return counts
    # obspy.read(apply_calib=True) leaves no other mark than the size of the numbers.
    peak = float(np.ptp(trace.data)) / 2.0
    largest = (header_number(header_part(stats, "knet").get("accmax")) or 0.0) * 0.01  # gal
    if not (peak > 0 and largest > 0 and calib > 0):
        raise InputError(
            f"{trace.id} has a calib of {calib:g} m/s² a count, and it cannot be told whether it "
            "was applied. Pass units= (--units) with what the numbers are now."
        )
    applied = abs(np.log(peak / largest)) < abs(np.log(peak * calib / largest))
    return Units("m/s**2", 1.0, 2) if applied else counts


_STEP = re.compile(r"^ObsPy [^:]*: (\w+)\((.*)\)\s*$", re.DOTALL)
_OUTPUT = {"ACC": 2, "VEL": 1, "DISP": 0}


def _units_after_processing(trace: Trace, header_units: Units | None) -> Units | None:
    """Units that follow from ObsPy's notes in ``stats.processing``; None without such notes.

    :raises InputError: for a trace whose unit got lost, or whose notes contradict each other.
    """
    lines = [str(line) for line in trace.stats.get("processing") or []]
    own_lines = [number for number, line in enumerate(lines) if line.startswith("obspy_broadband")]
    lines = lines[own_lines[-1] + 1 :] if own_lines else lines
    order: int | None = None
    step = ""
    for line in lines:
        match = _STEP.match(line)
        name, arguments = match.groups() if match else ("", "")
        if name == "remove_response":
            output = re.search(r"output='(\w+)'", arguments)
            order = _OUTPUT.get(output.group(1) if output else "VEL")
            step = "" if order is not None else name
        elif name in ("differentiate", "integrate"):
            if order is None:
                step = step or name
            else:
                order += 1 if name == "differentiate" else -1
        elif name in ("normalize", "remove_sensitivity", "simulate"):
            order, step = None, name
    if order is not None:
        if not 0 <= order <= 2:
            raise InputError(
                f"{trace.id} is no displacement, velocity or acceleration any more: "
                "stats.processing says how often it was integrated or differentiated."
            )
        processed = Units(("m", "m/s", "m/s**2")[order], 1.0, order)
        if (
            header_units is None
            or header_units is IN_COUNTS
            or (header_units.factor, header_units.order) == (1.0, order)
        ):
            return processed
        raise InputError(
            f"{trace.id}: stats.processing says {processed.name}, but its header says "
            f"{header_units.name}. Pass units= (--units) with what the numbers are now."
        )
    had_units = header_units is not None or _calib_is_physical(trace)
    if step and (had_units or step not in ("differentiate", "integrate")):
        raise InputError(
            f"{trace.id} went through {step}() (stats.processing), after which its unit is not "
            "known. Pass units= (--units) with what the numbers are now."
        )
    return None


def _is_integer(data: np.ndarray) -> bool:
    """Whether all samples are whole numbers, as counts are (whatever type they are kept in)."""
    if np.issubdtype(data.dtype, np.integer):
        return True
    samples = np.ma.getdata(data)
    samples = samples[np.isfinite(samples)]
    return bool(samples.size) and all(
        bool((part == np.rint(part)).all()) for part in (samples[:100], samples)
    )


def _remove_response(trace: Trace, inventory: Inventory | None) -> np.ndarray:
    """:raises InputError: if there is no response."""
    if inventory is None and "response" not in trace.stats:
        description = (
            f"holds whole numbers ({trace.data.dtype}), which are counts of an instrument as far "
            "as is known"
            if _is_integer(trace.data)
            else "is in counts of an instrument"
        )
        raise InputError(
            f"{trace.id} {description}. Pass inventory= (--inventory) with its response, or units= "
            "(--units) with what they are."
        )
    try:
        trace.remove_response(inventory=inventory, output="ACC")
    except Exception as error:  # ObsPy raises bare ValueError, Exception, evalresp errors
        raise InputError(
            f"{trace.id} is in counts, and its response cannot be removed: "
            f"{first_line(error).rstrip('.')}. "
            "Pass an inventory with the response of this channel at this time, or remove it "
            "yourself and pass units= (--units)."
        ) from error
    return trace.data
