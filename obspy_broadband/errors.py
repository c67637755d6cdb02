"""What can go wrong that a user can mend. The command line prints exactly these as one line.

A message says what was given, what is allowed and what to do.
"""


class BroadbandError(Exception):
    """The parent of all errors raised on purpose by this package."""


class InputError(BroadbandError, ValueError):
    """A stream, a file or an argument that cannot be used as it is."""


class MethodError(BroadbandError):
    """A translation method that is unknown, cannot be loaded or breaks the contract."""


class TrainingError(BroadbandError):
    """Training cannot go on."""


def first_line(error: BaseException | Warning | str) -> str:
    """What somebody else's error says, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
