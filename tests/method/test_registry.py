import subprocess
import sys

import pytest

import obspy_broadband
from obspy_broadband.errors import InputError, MethodError
from obspy_broadband.method import registry


@pytest.fixture
def strangers(tmp_path, monkeypatch):
    """Distributions of others on sys.path, as an installer leaves them."""

    def add(distribution, name, module, code):
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        target = f"{name} = {module}:Whisper"
        (info / "entry_points.txt").write_text(f"[obspy_broadband.method]\n{target}\n")

    monkeypatch.syspath_prepend(str(tmp_path))
    return add


GOOD = """
from obspy_broadband import Method
class Whisper(Method):
    summary = citation = "None"
    def realize(self, batch, seeds):
        return batch.low_frequency[:, None]
"""


def test_the_built_in_methods_are_registered():
    registrations = obspy_broadband.methods()
    assert registrations["stochastic"].distribution == "obspy-broadband"
    assert list(registrations) == sorted(registrations)


def test_a_strangers_method_comes_through_the_same_door(strangers):
    strangers("obb-whisper", "whisper", "stranger_whisper", GOOD)
    assert obspy_broadband.methods()["whisper"].version == "1.2"
    assert registry.load("whisper").__module__ == "stranger_whisper"


@pytest.mark.parametrize(
    "code", ["import no_such_package", "1 / 0", "class Other: pass", "Whisper = 3"]
)
def test_a_broken_plugin_is_named_and_breaks_no_other(strangers, code):
    strangers("obb-broken", "broken", "obb_broken", code)
    assert "broken" in obspy_broadband.methods()
    assert registry.load("stochastic")
    with pytest.raises(MethodError, match=r"'broken' of obb-broken 1\.2"):
        registry.load("broken")


def test_two_claims_to_a_name_are_refused(strangers):
    strangers("obb-one", "whisper", "whisper_one", GOOD)
    strangers("obb-two", "whisper", "whisper_two", GOOD)
    with pytest.raises(MethodError, match=r"obb-one 1\.2 and obb-two 1\.2"):
        registry.load("whisper")


def test_a_made_method_takes_no_more_options(noise):
    assert registry.create(noise, {}) is noise
    with pytest.raises(MethodError, match="made already"):
        registry.create(noise, {"level": 2})


def test_an_option_that_does_not_exist_names_those_that_do(strangers):
    strangers("obb-whisper", "whisper", "stranger_whisper", GOOD)
    with pytest.raises(InputError, match="Method 'whisper': Unknown option 'loud'"):
        registry.create("whisper", {"loud": True})


def test_listing_methods_imports_none_of_them():
    code = (
        "import sys, obspy_broadband; obspy_broadband.methods(); "
        "sys.exit(any(name.startswith('obb_plugins') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
