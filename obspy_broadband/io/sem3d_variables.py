"""The columns of SEM3D's captors: the quantities, their order, and the choice of those to read.

From COMMON/constants.F90 (OUT_VAR_NAMES, OUT_VAR_DIMS_3D) and SRC/Capteur.f90 of SEM3D.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ..errors import InputError

#: Quantities that a run may write, in the order of its columns, and their numbers of components.
COMPONENTS = {
    **{"EnergyP": 1, "EnergyS": 1, "Eps Vol": 1, "Displ": 3, "Veloc": 3, "Accel": 3},
    **{"Pressure": 1, "Eps Dev": 6, "Stress Dev": 6, "Tot_Energy": 5, "Eps Dev Pl": 6},
    **{"DUDX": 9, "GradLambda": 3, "GradMu": 3},
}
#: SEM3D's name of a quantity and its unit, in the order of preference.
QUANTITIES = {
    "acceleration": ("Accel", "m/s**2"),
    "velocity": ("Veloc", "m/s"),
    "displacement": ("Displ", "m"),
}
#: Quantities of a run whose input names none.
DEFAULT = {"Displ", "Veloc", "Accel", "Pressure"}
TIME = "Time"
WIDTH = 10  #: characters of a name; two of the component follow

#: Quantity and component of every column.
Names = list[tuple[str, str]]


def decode_names(path: Any, entries: Sequence[bytes]) -> Names:
    """Names of all columns, as ``Variables`` has them.

    :param entries: of 12 bytes.
    :raises InputError: if the first is not the time.
    """
    texts = [bytes(entry).decode("ascii", "replace") for entry in entries]
    names = [(text[:WIDTH].strip(), text[WIDTH:].strip()) for text in texts]
    if not names or names[0] != (TIME, "1"):
        present = ", ".join(dict.fromkeys(name for name, _ in names)) or "empty"
        raise InputError(
            f"{path}: the variables are {present}; SEM3D's begin with {TIME}, which is missing."
        )
    return names


def column_names(variables: str | Sequence[str]) -> Names:
    """Names of the columns that a run with these variables writes, the time first.

    :param variables: SEM3D's names, or "acceleration", "velocity", "displacement"; in one text,
        with commas between them.
    :raises InputError: for another name.
    """
    words = {name.lower(): name for name in COMPONENTS}
    words |= {quantity: name for quantity, (name, _) in QUANTITIES.items()}
    names = [(TIME, "1")]
    for variable in variables.split(",") if isinstance(variables, str) else variables:
        name = words.get(str(variable).strip().lower())
        if name is None:
            raise InputError(
                f"variables has {variable!r}; known are {', '.join([*COMPONENTS, *QUANTITIES])}."
            )
        names += [(name, str(number + 1)) for number in range(COMPONENTS[name])]
    return names


def choose(path: Any, names: Names, quantity: str | None) -> tuple[slice, str]:
    """Columns of the three components of a quantity, and its unit.

    :param quantity: None for the first of acceleration, velocity, displacement among the names.
    :raises InputError: if it is not among them.
    """
    motion = _motion(names, quantity)
    if motion is None:
        present = ", ".join(dict.fromkeys(name for name, _ in names if name != TIME)) or "none"
        raise InputError(
            f"{path} has no three components of {quantity or ', '.join(QUANTITIES)}; its variables "
            f"are {present}. SEM3D writes acc, vel and dis if out_variables in input.spec asks for "
            "them."
        )
    first, units = motion
    return slice(first, first + 3), units


def choose_by_width(path: Any, width: int, quantity: str | None) -> tuple[slice, str]:
    """:func:`choose` where only the number of columns is known.

    :raises InputError: unless all sets of variables with that number of columns agree.
    """
    motions = {_motion(column_names(names), quantity) for names in _sets(width, quantity)}
    if len(motions) != 1 or None in motions:
        hint = possible_variables(width, quantity)
        raise InputError(f"{path} has {width} columns and no names. {hint}")
    ((first, units),) = motions  # type: ignore[misc]
    return slice(first, first + 3), units


def possible_variables(width: int, quantity: str | None = None) -> str:
    """The sets of variables with that number of columns, for a message."""
    sets = _sets(width, quantity)
    if not sets:
        return f"No set of SEM3D's variables makes {width} columns."
    listing = " or ".join(f"variables={','.join(names)!r}" for names in sets[:4])
    return (
        f"Say what they are by variables= (--read variables=); {len(sets)} sets are possible, e.g. "
        f"{listing}."
    )


def _motion(names: Names, quantity: str | None) -> tuple[int, str] | None:
    """First column and unit of a quantity's three components; None without them."""
    for candidate in (quantity,) if quantity else QUANTITIES:
        name, units = QUANTITIES[candidate]
        components = [(name, component) for component in ("1", "2", "3")]
        for first in range(len(names) - 2):
            if names[first : first + 3] == components:
                return first, units
    return None


def _sets(width: int, quantity: str | None) -> list[tuple[str, ...]]:
    """Sets of variables with ``width`` columns, SEM3D's default and parts of it first."""
    required = {QUANTITIES[quantity][0]} if quantity else set()
    sets = [
        names
        for count in range(1, len(COMPONENTS) + 1)
        for names in combinations(COMPONENTS, count)
        if 1 + sum(COMPONENTS[name] for name in names) == width and required <= set(names)
    ]
    return sorted(sets, key=lambda names: (len(set(names) - DEFAULT), len(names)))
