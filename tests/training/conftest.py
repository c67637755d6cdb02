"""Few windows to prepare a method with: enough for tiny networks."""

import pytest

from obspy_broadband.training import selection

#: In place of 2048, of which most of a tiny training's time would go into making windows.
FEW_WINDOWS = 64


@pytest.fixture(autouse=True, scope="module")
def few_windows():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_MIN_WINDOWS", FEW_WINDOWS)
        yield
