"""Training, validation and test parts: no event and no sequence in two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..errors import InputError

SPLITS = ("train", "dev", "test")
_SHARES = (0.8, 0.9, 1.0)


def assign_splits(groups: Sequence[str], own_splits: Sequence[str | None]) -> list[str]:
    """A split for each record.

    A data set's own split is kept; the rest is assigned by a hash of the group, so that it does not
    depend on what else is in the store.

    :param groups: sequence (or event) of each record.
    :param own_splits: the data set's own split of each record, or None.
    :raises InputError: if a group stands in two splits.
    """
    splits: dict[str, str] = {}
    for group, split in zip(groups, own_splits):
        if split is not None and split not in SPLITS:
            raise InputError(f"The split {split!r} of {group} is none of {', '.join(SPLITS)}.")
        if split is not None and splits.setdefault(group, split) != split:
            raise InputError(
                f"{group} stands in {splits[group]} and in {split}: a method would be tested on "
                "what it was "
                "trained on. Give each sequence one split, or leave the column out."
            )
    return [splits.get(group) or hashed_split(group) for group in groups]


def hashed_split(group: str) -> str:
    """80 % train, 10 % dev, 10 % test, by name."""
    digest = hashlib.blake2b(group.encode(), digest_size=8).digest()
    position = int.from_bytes(digest, "big") / 2**64
    return next(split for split, share in zip(SPLITS, _SHARES) if position < share)


def assert_disjoint(groups: Sequence[str], splits: Sequence[str]) -> None:
    """Refuse a table in which a group stands in two splits.

    :raises InputError: naming the group.
    """
    first: dict[str, str] = {}
    for group, split in zip(groups, splits):
        if first.setdefault(group, split) != split:
            raise InputError(f"{group} stands in {first[group]} and in {split}.")
