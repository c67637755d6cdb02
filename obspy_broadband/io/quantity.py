"""Quantities of motion that programs write beside each other, and their SI units."""

from __future__ import annotations

from ..errors import InputError

#: Unit by quantity, in the order of preference where a file or a folder has several.
UNITS = {"acceleration": "m/s**2", "velocity": "m/s", "displacement": "m"}


def check_quantity(quantity: str | None) -> None:
    """Check that a quantity is one of :data:`UNITS`, or None.

    :raises InputError: if it is not.
    """
    if quantity is not None and quantity not in UNITS:
        raise InputError(
            f"quantity is {quantity!r} (--read quantity=); it must be one of {', '.join(UNITS)}."
        )
