"""The columns of SEM3D's captors: which quantities there are, in which order, and which are read.

From COMMON/constants.F90 (OUT_VAR_NAMES, OUT_VAR_DIMS_3D) and SRC/Capteur.f90 of SEM3D.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ..errors import InputError

#: What a run may be asked for, in the order of its columns: names, and numbers of components.
COMPONENTS = {
    **{"EnergyP": 1, "EnergyS": 1, "Eps Vol": 1, "Displ": 3, "Veloc": 3, "Accel": 3},
    **{"Pressure": 1, "Eps Dev": 6, "Stress Dev": 6, "Tot_Energy": 5, "Eps Dev Pl": 6},
    **{"DUDX": 9, "GradLambda": 3, "GradMu": 3},
}
#: SEM3D's name of a quantity, and its unit. The first that is there is read.
QUANTITIES = {
    "acceleration": ("Accel", "m/s**2"),
    "velocity": ("Veloc", "m/s"),
    "displacement": ("Displ", "m"),
}
#: What a run is asked for that does not say.
DEFAULT = {"Displ", "Veloc", "Accel", "Pressure"}
TIME = "Time"
WIDTH = 10  #: characters of a name; two of the component follow

#: Of every column: its quantity and component.
Names = list[tuple[str, str]]


def decoded(path: Any, entries: Sequence[bytes]) -> Names:
    """Names of all columns, as ``Variables`` has them.

    :param entries: of 12 bytes.
    :raises InputError: if the first is not the time.
    """
    texts = [bytes(entry).decode("ascii", "replace") for entry in entries]
    names = [(text[:WIDTH].strip(), text[WIDTH:].strip()) for text in texts]
    if not names or names[0] != (TIME, "1"):
        have = ", ".join(dict.fromkeys(name for name, _ in names)) or "empty"
        raise InputError(
            f"{path}: the variables are {have}; SEM3D's begin with {TIME}, which is missing."
        )
    return names


def named(variables: str | Sequence[str]) -> Names:
    """Names of all columns, the time first.

    :param variables: SEM3D's names, or "acceleration", "velocity", "displacement"; in one text,
        with commas between them.
    :raises InputError: for a name that is neither.
    """
    words = {name.lower(): name for name in COMPONENTS}
    words |= {quantity: name for quantity, (name, _) in QUANTITIES.items()}
    names = [(TIME, "1")]
    for given in variables.split(",") if isinstance(variables, str) else variables:
        name = words.get(str(given).strip().lower())
        if name is None:
            raise InputError(
                f"variables has {given!r}; known are {', '.join([*COMPONENTS, *QUANTITIES])}."
            )
        names += [(name, str(number + 1)) for number in range(COMPONENTS[name])]
    return names


def choose(path: Any, names: Names, quantity: str | None) -> tuple[slice, str]:
    """Columns of the three components of a quantity, and its unit.

    :param quantity: None takes the first of acceleration, velocity, displacement that is there.
    :raises InputError: if it is not there.
    """
    found = _motion(names, quantity)
    if found is None:
        have = ", ".join(dict.fromkeys(name for name, _ in names if name != TIME)) or "none"
        raise InputError(
            f"{path} has no three components of {quantity or ', '.join(QUANTITIES)}; its variables "
            f"are {have}. SEM3D writes acc, vel and dis if out_variables in input.spec asks for "
            "them."
        )
    first, units = found
    return slice(first, first + 3), units


def choose_by_width(path: Any, width: int, quantity: str | None) -> tuple[slice, str]:
    """The same, where nothing but the number of columns is known.

    :raises InputError: unless all sets of variables that make so many columns agree.
    """
    found = {_motion(named(names), quantity) for names in _sets(width, quantity)}
    if len(found) != 1 or None in found:
        raise InputError(f"{path} has {width} columns and no names. {possible(width, quantity)}")
    ((first, units),) = found  # type: ignore[misc]
    return slice(first, first + 3), units


def possible(width: int, quantity: str | None = None) -> str:
    """What the columns may be, for a message."""
    sets = _sets(width, quantity)
    if not sets:
        return f"No set of SEM3D's variables makes {width} columns."
    listed = " or ".join(f"variables={','.join(names)!r}" for names in sets[:4])
    return (
        f"Say what they are by variables= (--read variables=); {len(sets)} sets are possible, e.g. "
        f"{listed}."
    )


def _motion(names: Names, quantity: str | None) -> tuple[int, str] | None:
    for chosen in (quantity,) if quantity else QUANTITIES:
        name, units = QUANTITIES[chosen]
        wanted = [(name, component) for component in ("1", "2", "3")]
        for first in range(len(names) - 2):
            if names[first : first + 3] == wanted:
                return first, units
    return None


def _sets(width: int, quantity: str | None) -> list[tuple[str, ...]]:
    """What a run may have been asked for, SEM3D's default and parts of it first."""
    wanted = {QUANTITIES[quantity][0]} if quantity else set()
    found = [
        names
        for count in range(1, len(COMPONENTS) + 1)
        for names in combinations(COMPONENTS, count)
        if 1 + sum(COMPONENTS[name] for name in names) == width and wanted <= set(names)
    ]
    return sorted(found, key=lambda names: (len(set(names) - DEFAULT), len(names)))
