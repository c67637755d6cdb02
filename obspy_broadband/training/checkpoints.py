"""The folder of a training: options, log, checkpoint, validation figures, weights.

::

    RUN/
        options.toml          all options, resolved; valid input of another training
        log.jsonl             a line for every logged step and every validation
        checkpoint.pt         everything needed to go on
        validation/*.png      the same few records at every validation
        weights/METHOD/*      the best weights and their card
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..durable import replace_file, write_file
from ..errors import InputError
from ..method.contract import Batch

VERSION = 1


class TrainingFolder:
    """Files of a training; only the first of several processes writes.

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

        :raises InputError: if the folder holds a training, or anything else that has a card.
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
        """Make the folder and write its options."""
        if not self.writes:
            return
        (self.folder / "validation").mkdir(parents=True, exist_ok=True)
        write_file(self.folder / "options.toml", options_toml.encode())

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
        if self.writes:
            for part in self.folder.glob(".*.part"):  # left by a process that was killed
                part.unlink(missing_ok=True)
        if self.writes and self.log_path.exists():
            lines = []
            for line in self.log_path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= state["step"]:
                        lines.append(line + "\n")
                except (ValueError, KeyError):  # a line cut short by a kill
                    break
            write_file(self.log_path, "".join(lines).encode())
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint in one step: at any moment there is a whole one."""
        if self.writes:
            with replace_file(self.checkpoint_path) as part:
                torch.save({"version": VERSION, **state}, part)

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

    def save_batch(self, batch: Batch, step: int, process: int, records: list[str]) -> Path:
        """Save a batch whose loss is not finite, with the names of its records."""
        from safetensors.torch import save

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"not-finite-step-{step}-process-{process}.safetensors"
        names = ("low_frequency", "broadband", "scale", "corner")
        tensors = {name: getattr(batch, name).detach().cpu().contiguous() for name in names}
        write_file(path, save(tensors, metadata={"records": ", ".join(records)}))
        return path

    def _tensorboard(self) -> Any:
        if self._board is None:
            try:
                from torch.utils.tensorboard import SummaryWriter

                self._board = SummaryWriter(str(self.folder / "tensorboard"))
            except ImportError:
                self._board = False
        return self._board
