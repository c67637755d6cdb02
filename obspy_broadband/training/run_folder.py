"""The folder of a run.

::

    RUN/
        options.toml          what was asked for, resolved; valid input again
        log.jsonl             a line for every logged step and every validation
        checkpoint.pt         everything needed to go on
        validation/*.png      the same few records at every validation
        weights/METHOD/*      the best weights and their card
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from ..method.contract import Batch

VERSION = 1


class RunFolder:
    """Files of a run; only the first of several processes writes.

    :param folder: made if need be.
    :param writes: whether this process writes.
    """

    def __init__(self, folder: str | Path, writes: bool = True):
        self.folder, self.writes = Path(folder), writes
        self.log_path = self.folder / "log.jsonl"
        self.checkpoint_path = self.folder / "checkpoint.pt"
        self._board: Any = None

    def assert_new(self) -> None:
        """See that nothing is overwritten.

        :raises InputError: if there is a run already.
        """
        if self.checkpoint_path.exists() or self.log_path.exists():
            raise InputError(
                f"{self.folder} holds a run already; go on with --resume, or choose another name."
            )
        for card in ("run.json", "ensemble.json", "store.json"):
            if (self.folder / card).exists():
                raise InputError(
                    f"{self.folder} holds something else already (its {card} says so); choose "
                    "another name."
                )

    def start(self, options_toml: str) -> None:
        """Begin anew."""
        if not self.writes:
            return
        (self.folder / "validation").mkdir(parents=True, exist_ok=True)
        replace(self.folder / "options.toml", options_toml.encode())

    def restore(self, device: torch.device) -> dict[str, Any]:
        """The last checkpoint; lines of the log after it are taken back.

        :raises InputError: if there is none, or it cannot be used.
        """
        if not self.checkpoint_path.is_file():
            raise InputError(f"{self.folder} holds no checkpoint to resume from.")
        try:
            state = torch.load(self.checkpoint_path, map_location=device, weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            raise InputError(f"{self.checkpoint_path} is damaged: {error}") from error
        if state.get("version") != VERSION:
            raise InputError(f"{self.checkpoint_path} was made by another version; start anew.")
        if self.writes and self.log_path.exists():
            kept = []
            for line in self.log_path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= state["step"]:
                        kept.append(line + "\n")
                except (ValueError, KeyError):  # a line cut short by a kill
                    break
            replace(self.log_path, "".join(kept).encode())
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Write a checkpoint in one step: at any moment there is a whole one."""
        if not self.writes:
            return
        part = self.checkpoint_path.with_suffix(".part")
        with open(part, "wb") as file:
            torch.save({"version": VERSION, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.checkpoint_path)

    def log(self, line: Mapping[str, Any]) -> None:
        """Add a line to the log, and to TensorBoard if it is installed."""
        if not self.writes:
            return
        with open(self.log_path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        board = self._tensorboard()
        if board:
            for name, value in line.items():
                if isinstance(value, (int, float)) and name != "step":
                    board.add_scalar(name, value, line["step"])

    def keep_batch(self, batch: Batch, step: int, process: int, records: list[str]) -> Path:
        """Save a batch that did harm, with the names of its records."""
        from safetensors.torch import save_file

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"not-finite-step-{step}-process-{process}.safetensors"
        names = ("low_frequency", "broadband", "scale", "corner")
        kept = {name: getattr(batch, name).detach().cpu().contiguous() for name in names}
        save_file(kept, path, metadata={"records": ", ".join(records)})
        return path

    def _tensorboard(self) -> Any:
        if self._board is None:
            try:
                from torch.utils.tensorboard import SummaryWriter

                self._board = SummaryWriter(str(self.folder / "tensorboard"))
            except ImportError:
                self._board = False
        return self._board


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
