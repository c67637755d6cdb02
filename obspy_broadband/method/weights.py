"""Weights of methods: tensors in ``<method>/<name>.safetensors``, their card in ``<name>.json``.

Loading runs no code: safetensors holds tensors only, and the card is JSON. Folders are searched in
this order: those that ``$OBB_WEIGHTS`` names, the user's (:func:`user_folder`, where :func:`add`
puts a run's weights), the package's own (``obb_weights``). Of two sets of one name the first is
used: a user's goes before the one that ships.
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
from ..durable import checksum, write_file
from ..errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT, VERSION = "obspy_broadband.weights", 1
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
#: Least size of tensors that are stored in 16 bits, and prefixes of those that never are.
_LARGE, _EXACT = 1000, ("level.", "predictor.")
#: Keys that a card must have.
REQUIRED = ("method", "options", "data", "protocol", "metrics")


@dataclass(frozen=True)
class Weights:
    """A set of weights on disk.

    :param method: the method's name.
    :param name: of the set.
    :param card: content of the JSON file.
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
        sha256 = str(checksum(self.path)["sha256"])
        if sha256 != self.card["sha256"]:
            raise InputError(
                f"{self.path} is damaged or not the file of its card: its SHA-256 begins with "
                f"{sha256[:12]}, the card says {str(self.card['sha256'])[:12]}. Copy both again."
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
    """All sets of weights, and whether each is the one that its name stands for.

    Of two sets of one name the first is used. Cards that cannot be read are left out.
    """
    listed = set()
    for folder in dict.fromkeys(folders()):
        for path in sorted(folder.glob("*/*.json")) if folder.is_dir() else []:
            key = (path.parent.name, path.stem)
            try:
                weights = read_card(path)
            except InputError:
                continue
            yield weights, key not in listed
            listed.add(key)


def available() -> Iterator[Weights]:
    """The sets of weights that names stand for; see :func:`everything`."""
    return (weights for weights, used in everything() if used)


def find(method: str, name: str | None = None) -> Weights:
    """One set of weights.

    :param method: the method's name.
    :param name: of the set, or the path of a card or a safetensors file; default: "default", or the
        only one.
    :raises InputError: if there is none, naming those that there are.
    """
    if name is not None and (os.sep in name or name.endswith((".json", ".safetensors"))):
        weights = read_card(Path(name).with_suffix(".json"))
        if weights.method != method:
            raise InputError(f"{name} holds weights of {weights.method}, not of {method}.")
        return weights
    sets = [weights for weights in available() if weights.method == method]
    for weights in sets:
        if weights.name == (name or "default") or (name is None and len(sets) == 1):
            _check_preceding_card(weights)
            return weights
    there = ", ".join(weights.name for weights in sets) or "none"
    places = ", ".join(str(folder) for folder in folders())
    raise InputError(
        f"No weights {name or 'default'!r} for {method}; there are: {there}. Searched: {places}. "
        "Name a folder that has them in $OBB_WEIGHTS."
    )


def _check_preceding_card(weights: Weights) -> None:
    """Refuse to fall back on these weights where a card that goes before theirs is damaged.

    :raises InputError: for such a card.
    """
    for folder in folders():
        card = folder / weights.method / f"{weights.name}.json"
        if card.is_file():
            read_card(card)
            break


def read_card(path: Path) -> Weights:
    """The weights of a card, which is checked.

    :raises InputError: if it is missing, no card, of a later version, or lacks a key.
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
    """Write weights and their card below ``folder/<method>/``, each file atomically, the card last.

    :param card: at least ``method``, ``options``, ``data`` (sources, licences, attributions),
        ``protocol`` and ``metrics``; versions and the checksum are added.
    :raises InputError: for a name that is no plain file name, or a card that lacks a key.
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
    # As bytes: safetensors' own writer leaves a file that only its owner may read.
    content = to_bytes({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
    write_file(path, content)
    whole = {
        "format": FORMAT,
        "format_version": VERSION,
        **card,
        "sha256": hashlib.sha256(content).hexdigest(),
        "parameters": int(sum(value.numel() for value in tensors.values())),
        "software": {
            "obspy_broadband": __version__,
            "torch": version("torch"),
            "python": platform.python_version(),
        },
    }
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
    :param half: large tensors in 16 bits, but for those of the level's regression, whose
        covariances need 32.
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
    weights = read_card(path.with_suffix(".json"))
    place = Path(folder) if folder is not None else user_folder()
    if (place / weights.method / f"{name}.json").exists() and not overwrite:
        raise InputError(
            f"{place} has weights {name!r} of {weights.method} already; choose another name or "
            "--overwrite."
        )
    tensors = weights.load()
    if half:
        tensors = {
            key: value.half() if value.numel() >= _LARGE and not key.startswith(_EXACT) else value
            for key, value in tensors.items()
        }
    precision = {"precision": "float16 where large"} if half else {}
    return save(place, name, tensors, {**weights.card, **precision})


def remove(method: str, name: str | None = None) -> tuple[Path, Weights | None]:
    """Remove weights that :func:`add` put into the user's folder; what ships stays.

    :param name: of the set; default: the only one that the user has of the method, or "default".
    :return: the file that was removed, and the weights that the name stands for now, if any.
    :raises InputError: if the user has no such weights, naming those that there are.
    """
    if not _NAME.match(method):
        raise InputError(f"{method!r} is no method's name.")
    place = user_folder() / method
    names = sorted(path.stem for path in place.glob("*.json"))
    if name is None:
        name = names[0] if len(names) == 1 else "default"
    if name not in names:
        others = _sets(method, name)
        stays = f" {others[0].path} lies in another folder and stays." if others else ""
        raise InputError(
            f"{place} has no weights {name!r}; there are: {', '.join(names) or 'none'}.{stays}"
        )
    path = place / f"{name}.safetensors"
    path.with_suffix(".json").unlink()  # first, so that no card is left without its weights
    path.unlink(missing_ok=True)
    return path, next(iter(_sets(method, name)), None)


def _sets(method: str, name: str) -> list[Weights]:
    return [weights for weights in available() if (weights.method, weights.name) == (method, name)]


def note(weights: Weights, **entries: Any) -> Weights:
    """Add entries to the card of weights, which stay as they are.

    :param entries: replace those of the same keys.
    """
    return _write_card(weights.path, {**weights.card, **entries})


def _write_card(path: Path, card: Mapping[str, Any]) -> Weights:
    text = json.dumps(card, indent=1, ensure_ascii=False)
    write_file(path.with_suffix(".json"), text.encode())
    return read_card(path.with_suffix(".json"))
