"""Weights of methods: tensors in ``<method>/<name>.safetensors``, all about them in ``<name>.json``
beside it.

Loading runs no code: safetensors holds numbers only, and the card is JSON. Folders are searched in
this order: those that ``$OBB_WEIGHTS`` names, the user's (:func:`user_folder`, where :func:`add`
puts a run's weights), the package's own (``obb_weights``). Of two sets with one name the first
counts: what a user added goes before what ships.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT, VERSION = "obspy_broadband.weights", 1
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
#: Numbers from which a tensor is worth halving, and the names of those that must stay exact.
_LARGE, _EXACT = 1000, ("level.", "predictor.")
#: What a card must say.
REQUIRED = ("method", "options", "data", "protocol", "metrics")


@dataclass(frozen=True)
class Weights:
    """A set of weights, found but not loaded.

    :param method: the method's name.
    :param name: of the set.
    :param card: what the JSON file holds.
    :param path: of the safetensors file.
    """

    method: str
    name: str
    card: Mapping[str, Any]
    path: Path

    def verify(self) -> None:
        """Compare the file with the card.

        :raises InputError: if the file is missing, cut off or another one.
        """
        if not self.path.is_file():
            raise InputError(f"{self.path} is missing beside its card.")
        found = _checksum(self.path)
        if found != self.card["sha256"]:
            raise InputError(
                f"{self.path} is damaged or not the file of its card: its SHA-256 begins with "
                f"{found[:12]}, the card says {str(self.card['sha256'])[:12]}. Copy both again."
            )

    def load(self) -> dict[str, Tensor]:
        """The tensors by name, after verifying.

        :raises InputError: see :meth:`verify`.
        """
        from safetensors.torch import load_file

        self.verify()
        try:
            return load_file(self.path)
        except Exception as error:  # safetensors raises its own errors for a damaged header
            raise InputError(f"{self.path} is no safetensors file: {error}") from error


def folders() -> list[Path]:
    """Where weights are searched for, in this order."""
    named = [Path(part) for part in os.environ.get("OBB_WEIGHTS", "").split(os.pathsep) if part]
    package = find_spec("obb_weights")
    own = [Path(place) for place in (package.submodule_search_locations or [])] if package else []
    return [*named, user_folder(), *own]


def user_folder() -> Path:
    """Where :func:`add` puts weights: below ``$XDG_CACHE_HOME``, or ``~/.cache``."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "obspy_broadband" / "weights"


def everything() -> Iterator[tuple[Weights, bool]]:
    """All sets of weights, and whether each is the one that its name stands for: of two with one
    name, the one that is found first is used. Cards that cannot be read are left out.
    """
    seen = set()
    for folder in dict.fromkeys(folders()):
        for path in sorted(folder.glob("*/*.json")) if folder.is_dir() else []:
            key = (path.parent.name, path.stem)
            try:
                found = read_card(path)
            except InputError:
                continue
            yield found, key not in seen
            seen.add(key)


def available() -> Iterator[Weights]:
    """The sets of weights that names stand for; see :func:`everything`."""
    return (found for found, used in everything() if used)


def find(method: str, name: str | None = None) -> Weights:
    """One set of weights.

    :param method: the method's name.
    :param name: of the set, or the path of a card or a safetensors file; default: "default", or the
        only one.
    :raises InputError: if there is none, naming those that there are.
    """
    if name is not None and (os.sep in name or name.endswith((".json", ".safetensors"))):
        found = read_card(Path(name).with_suffix(".json"))
        if found.method != method:
            raise InputError(f"{name} holds weights of {found.method}, not of {method}.")
        return found
    known = [one for one in available() if one.method == method]
    for one in known:
        if one.name == (name or "default") or (name is None and len(known) == 1):
            return _not_behind_a_damaged_one(one)
    there = ", ".join(one.name for one in known) or "none"
    places = ", ".join(str(folder) for folder in folders())
    raise InputError(
        f"No weights {name or 'default'!r} for {method}; there are: {there}. Searched: {places}. "
        "Name a folder that has them in $OBB_WEIGHTS."
    )


def _not_behind_a_damaged_one(found: Weights) -> Weights:
    """See that no card that would go before it is merely unreadable.

    :raises InputError: for such a card.
    """
    for folder in folders():
        card = folder / found.method / f"{found.name}.json"
        if card.is_file():
            read_card(card)
            break
    return found


def read_card(path: Path) -> Weights:
    """A card, checked.

    :raises InputError: if it is missing, none, of a later version, or lacks something.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"There is no {path}.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no card of weights: {error}") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise InputError(f"{path} is not a card of obspy-broadband's weights.")
    if not isinstance(card.get("format_version"), int) or card["format_version"] > VERSION:
        raise InputError(
            f"{path} was written by a later version of obspy-broadband (format "
            f"{card.get('format_version')}, {VERSION} is known here); update to use it."
        )
    missing = [key for key in (*REQUIRED, "sha256") if key not in card]
    if missing:
        raise InputError(f"{path} does not say {', '.join(missing)}.")
    return Weights(str(card["method"]), path.stem, card, path.with_suffix(".safetensors"))


def save(
    folder: str | Path, name: str, tensors: Mapping[str, Tensor], card: Mapping[str, Any]
) -> Weights:
    """Write weights and their card below ``folder/<method>/``, each in one step, the card last.

    :param card: at least ``method``, ``options``, ``data`` (sources, licences, attributions),
        ``protocol`` and ``metrics``; versions and the checksum are added.
    :raises InputError: for a name that is no plain file name, or a card that lacks something.
    """
    from safetensors.torch import save as to_bytes

    missing = [key for key in REQUIRED if key not in card]
    if missing:
        raise InputError(f"The card of {name!r} does not say {', '.join(missing)}.")
    for word in (name, str(card["method"])):
        if not _NAME.match(word):
            raise InputError(f"{word!r} is no name: use letters, digits, '.', '_' and '-'.")
    place = Path(folder) / str(card["method"])
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.safetensors"
    part = path.with_suffix(".safetensors.part")
    # Its own way to a file would leave one that nobody else may read.
    part.write_bytes(
        to_bytes({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
    )
    whole = {
        "format": FORMAT,
        "format_version": VERSION,
        **card,
        "sha256": _checksum(part),
        "parameters": int(sum(value.numel() for value in tensors.values())),
        "software": {
            "obspy_broadband": __version__,
            "torch": version("torch"),
            "python": platform.python_version(),
        },
    }
    part.replace(path)
    return _write_card(path, whole)


def add(
    source: str | Path,
    name: str = "default",
    folder: str | Path | None = None,
    half: bool = False,
    overwrite: bool = False,
) -> Weights:
    """Copy a run's weights to where they are found by name.

    :param source: a run's folder, a card or a safetensors file.
    :param folder: default: :func:`user_folder`.
    :param half: large tensors in 16 bits, half the size. What is fitted in closed form (the level)
        stays as it is: covariances do not bear it.
    :param overwrite: replace weights of that name.
    :raises InputError: if there is not one set of weights in a run, or the name is taken.
    """
    path = Path(source)
    if path.is_dir():
        cards = sorted(path.glob("weights/*/*.json"))
        if len(cards) != 1:
            raise InputError(
                f"{path} holds {len(cards)} sets of weights; name the card of the one you mean."
                if cards
                else f"{path} is no training: it has no weights/METHOD/NAME.json."
            )
        path = cards[0]
    found = read_card(path.with_suffix(".json"))
    place = Path(folder) if folder is not None else user_folder()
    if (place / found.method / f"{name}.json").exists() and not overwrite:
        raise InputError(
            f"{place} has weights {name!r} of {found.method} already; choose another name or "
            "--overwrite."
        )
    tensors = found.load()
    if half:
        tensors = {
            key: value.half() if value.numel() >= _LARGE and not key.startswith(_EXACT) else value
            for key, value in tensors.items()
        }
    precision = {"precision": "float16 where large"} if half else {}
    return save(place, name, tensors, {**found.card, **precision})


def remove(method: str, name: str | None = None) -> tuple[Path, Weights | None]:
    """Remove weights that :func:`add` put into the user's folder; what ships stays.

    :param name: of the set; default: the only one that the user has of the method, or "default".
    :return: the file that was removed, and the weights that the name stands for now, if any.
    :raises InputError: if the user has no such weights, naming those that there are.
    """
    if not _NAME.match(method):
        raise InputError(f"{method!r} is no method's name.")
    place = user_folder() / method
    mine = sorted(path.stem for path in place.glob("*.json"))
    if name is None:
        name = mine[0] if len(mine) == 1 else "default"
    if name not in mine:
        others = [one for one in available() if (one.method, one.name) == (method, name)]
        stays = f" {others[0].path} lies in another folder and stays." if others else ""
        raise InputError(
            f"{place} has no weights {name!r}; there are: {', '.join(mine) or 'none'}.{stays}"
        )
    path = place / f"{name}.safetensors"
    path.with_suffix(".json").unlink()  # the card last written goes first: no card, no weights
    path.unlink(missing_ok=True)
    left = next((one for one in available() if (one.method, one.name) == (method, name)), None)
    return path, left


def note(found: Weights, **said: Any) -> Weights:
    """Write into a card what was learned of its weights later; they stay as they are.

    :param said: replaces what the card said by these names.
    """
    return _write_card(found.path, {**found.card, **said})


def _write_card(path: Path, card: Mapping[str, Any]) -> Weights:
    text = json.dumps(card, indent=1, ensure_ascii=False)
    part = path.with_suffix(".json.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path.with_suffix(".json"))
    return read_card(path.with_suffix(".json"))


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
