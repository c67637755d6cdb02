"""Errors that a user can mend. The command line prints exactly these, as one line.

A message says what was given, what is allowed and what to do.
"""

#: Characters of a message.
_LONGEST = 4000


class BroadbandError(Exception):
    """The parent of all errors raised on purpose by this package."""


class InputError(BroadbandError, ValueError):
    """A stream, a file or an argument that cannot be used as it is."""

    def __str__(self) -> str:
        """One line, and nothing that steers a terminal: messages quote what strangers wrote."""
        text = super().__str__()[:_LONGEST]
        return "".join(
            char if char.isprintable() else " " if char.isspace() else "?" for char in text
        )


class NoWaveforms(InputError):
    """A file that is of no known waveform format, empty or compressed."""


class UnknownStation(InputError, KeyError):
    """A station that an ensemble does not have; a KeyError too, as of a mapping."""

    def __str__(self) -> str:
        """The message, not its repr, which is what KeyError shows."""
        return str(InputError(*self.args))


class MethodError(BroadbandError):
    """A translation method that is unknown, cannot be loaded or breaks the contract."""


class TrainingError(BroadbandError):
    """Training cannot go on."""


class InputWarning(UserWarning):
    """Something of an input that was assumed, chosen or left aside; archive runs keep a list."""


def first_line(error: BaseException | Warning | str) -> str:
    """What somebody else's error says, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
