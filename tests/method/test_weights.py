import json
from pathlib import Path

import numpy as np
import obb_weights
import pytest
import torch
from click.testing import CliRunner
from obb_cli.main import obb

from obspy_broadband import methods
from obspy_broadband.durable import checksum
from obspy_broadband.errors import InputError
from obspy_broadband.method import weights
from obspy_broadband.method.registry import create, load
from obspy_broadband.testing import low_frequency_batch

CARD = {
    "method": "whisper",
    "options": {"width": 4},
    "data": [{"source": "made up", "licence": "none", "attribution": "the tests"}],
    "protocol": "clean",
    "metrics": {"crps": 0.5},
}


@pytest.fixture
def tensors():
    return {"a.weight": torch.randn(3, 4), "b": torch.arange(5.0, dtype=torch.bfloat16)}


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("OBB_WEIGHTS", str(tmp_path / "mine"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def saved(tmp_path, tensors):
    return weights.save(tmp_path / "mine", "default", tensors, CARD)


def test_what_is_saved_is_found_and_loaded(saved, tensors):
    stored = weights.find("whisper")
    loaded = stored.load()
    assert set(loaded) == set(tensors)
    assert all(torch.equal(loaded[name], tensors[name]) for name in tensors)
    assert stored.card["metrics"] == {"crps": 0.5}
    assert stored.card["parameters"] == 17
    assert len(stored.card["sha256"]) == 64


def test_whoever_may_read_the_card_may_read_the_weights(saved):
    card = saved.path.with_suffix(".json")
    assert saved.path.stat().st_mode == card.stat().st_mode


def test_the_first_folder_counts_and_names_choose(tmp_path, saved, tensors):
    cache = tmp_path / "cache" / "obspy_broadband" / "weights"
    weights.save(cache, "default", tensors, CARD | {"metrics": {"crps": 9.0}})
    weights.save(cache, "large", tensors, CARD)
    assert weights.find("whisper").card["metrics"]["crps"] == 0.5
    assert weights.find("whisper", "large").name == "large"
    assert [
        stored.name for stored in weights.available() if stored.path.is_relative_to(tmp_path)
    ] == [
        "default",
        "large",
    ]
    assert weights.find("whisper", str(saved.path)).path == saved.path


def test_what_is_not_there_is_said(saved):
    with pytest.raises(InputError, match=r"'tiny' for whisper; there are: default"):
        weights.find("whisper", "tiny")
    with pytest.raises(InputError, match="there are: none"):
        weights.find("whistle")
    with pytest.raises(InputError, match="of whisper, not of whistle"):
        weights.find("whistle", str(saved.path))


def test_damaged_files_are_refused(saved):
    content = bytearray(saved.path.read_bytes())
    content[-3] ^= 1
    saved.path.write_bytes(content)
    with pytest.raises(InputError, match="damaged or not the file of its card"):
        weights.find("whisper").load()
    saved.path.unlink()
    with pytest.raises(InputError, match="missing"):
        weights.find("whisper").load()


def test_a_pickle_in_disguise_is_not_opened(saved, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    torch.save(Bomb(), saved.path)
    card = json.loads(saved.path.with_suffix(".json").read_text())
    card["sha256"] = checksum(saved.path)["sha256"]
    saved.path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="no safetensors"):
        weights.find("whisper").load()
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "not a card"),
        ({"format_version": 99}, "later version"),
        ({"data": None}, "does not say data"),
    ],
)
def test_foreign_newer_and_poor_cards_are_refused(saved, change, message):
    path = saved.path.with_suffix(".json")
    card = json.loads(path.read_text()) | change
    path.write_text(json.dumps({key: value for key, value in card.items() if value is not None}))
    with pytest.raises(InputError, match=message):
        weights.read_card(path)
    assert saved.path not in [stored.path for stored in weights.available()]
    path.write_text("{")
    with pytest.raises(InputError, match="no card"):
        weights.read_card(path)


def test_names_cannot_leave_the_folder(tmp_path, tensors):
    with pytest.raises(InputError, match="no name"):
        weights.save(tmp_path, "../evil", tensors, CARD)
    with pytest.raises(InputError, match="no name"):
        weights.save(tmp_path, "x", tensors, CARD | {"method": "../../evil"})
    with pytest.raises(InputError, match="does not say protocol"):
        weights.save(tmp_path, "x", tensors, {k: v for k, v in CARD.items() if k != "protocol"})


def test_the_commands(saved):
    run = lambda *words: CliRunner().invoke(obb, ["weights", *words])  # noqa: E731
    assert "whisper" in run("list").output
    assert '"protocol": "clean"' in run("show", "whisper").output
    assert "as its card says" in run("verify").output
    saved.path.write_bytes(b"rubbish")
    done = run("verify", "whisper")
    assert done.exit_code == 1
    assert "damaged" in done.output


def test_a_runs_weights_are_found_once_they_are_added(tmp_path, tensors):
    weights.save(tmp_path / "run" / "weights", "default", tensors, CARD)
    with pytest.raises(InputError, match="No weights"):
        weights.find("whisper")
    done = CliRunner().invoke(obb, ["weights", "add", str(tmp_path / "run"), "--name", "aegean"])
    assert done.exit_code == 0, done.output
    stored = weights.find("whisper")
    assert stored.name == "aegean"
    assert stored.path.is_relative_to(tmp_path / "cache")
    assert all(torch.equal(value, tensors[name]) for name, value in stored.load().items())
    again = CliRunner().invoke(obb, ["weights", "add", str(tmp_path / "run"), "--name", "aegean"])
    assert again.exit_code == 1
    assert "already" in again.output


def words_of(*words):
    done = CliRunner().invoke(obb, ["weights", *words])
    return done.exit_code, done.output


def test_what_a_user_added_is_used_instead_of_what_ships_until_it_is_removed(tmp_path, tensors):
    ships = weights.find("pix2pix")
    weights.save(tmp_path / "run" / "weights", "default", tensors, CARD | {"method": "pix2pix"})
    code, output = words_of("add", str(tmp_path / "run"))
    added = weights.find("pix2pix")
    assert added.path == weights.user_folder() / "pix2pix" / "default.safetensors"
    assert code == 0
    assert "From now on method='pix2pix' uses it." in output
    assert f"Hidden by it: {ships.path}" in output
    lines = [line for line in words_of("list")[1].splitlines() if " pix2pix " in line]
    assert [(line.split()[0], line.split()[-1]) for line in lines] == [
        ("used", str(added.path)),
        ("hidden", str(ships.path)),
    ]
    assert len([stored for stored in weights.available() if stored.method == "pix2pix"]) == 1

    code, output = words_of("remove", "pix2pix")
    assert code == 0
    assert output.splitlines() == [
        f"removed {added.path}",
        f"From now on pix2pix default is {ships.path}",
    ]
    assert weights.find("pix2pix").path == ships.path
    code, output = words_of("remove", "pix2pix")
    assert code == 1
    assert f"{ships.path} lies in another folder and stays" in output
    ships.verify()


def test_only_a_users_own_weights_are_removed(tmp_path, saved, tensors):
    with pytest.raises(InputError, match="lies in another folder"):
        weights.remove("whisper")  # of $OBB_WEIGHTS
    for name in ("aegean", "etna"):
        weights.save(weights.user_folder(), name, tensors, CARD)
    with pytest.raises(InputError, match="there are: aegean, etna"):
        weights.remove("whisper")
    weights.remove("whisper", "etna")
    path, left = weights.remove("whisper")
    assert (path.stem, left) == ("aegean", None)
    with pytest.raises(InputError, match="no method's name"):
        weights.remove("../../mine/whisper")
    assert saved.path.exists()


def test_weights_that_are_added_in_vain_are_told(tmp_path, saved, tensors):
    weights.save(tmp_path / "run" / "weights", "default", tensors, CARD)
    assert f"{saved.path} goes before it" in words_of("add", str(tmp_path / "run"))[1]
    elsewhere = ("add", str(tmp_path / "run"), "--to", str(tmp_path / "elsewhere"))
    assert "not used by its name" in words_of(*elsewhere)[1]


def test_nothing_else_is_used_where_a_users_card_is_damaged(tensors):
    added = weights.save(weights.user_folder(), "default", tensors, CARD | {"method": "pix2pix"})
    added.path.with_suffix(".json").write_text("{")
    with pytest.raises(InputError, match="no card"):
        weights.find("pix2pix")


def test_the_provenance_names_the_weights_by_their_checksum(simulation):
    """Not by their place: the bytes of a run are the same on every machine."""
    ensemble = simulation(duration=20).enrich("pix2pix", n=1, seed=1, magnitude=5, distance=30)
    noted = ensemble.provenance["weights"]
    assert noted["sha256"] == weights.find("pix2pix").card["sha256"]
    assert set(noted) <= {"name", "sha256", "level_spread"}


def test_halved_weights_keep_what_must_be_exact(tmp_path):
    tensors = {
        "net.weight": torch.randn(40, 40),
        "net.bias": torch.randn(40),
        "level.predictor.covariance": torch.randn(40, 40),
    }
    weights.save(tmp_path / "run" / "weights", "default", tensors, CARD)
    halved = weights.add(tmp_path / "run", half=True, folder=tmp_path / "mine")
    loaded = halved.load()
    assert loaded["net.weight"].dtype == torch.float16
    assert torch.allclose(loaded["net.weight"].float(), tensors["net.weight"], rtol=1e-3)
    for name in ("net.bias", "level.predictor.covariance"):
        assert torch.equal(loaded[name], tensors[name])
    assert halved.card["precision"] == "float16 where large"
    assert halved.card["parameters"] == 40 * 40 * 2 + 40


def test_a_run_without_weights_is_told(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(InputError, match="is no training"):
        weights.add(tmp_path / "run")


SHIPPED = [
    trained
    for trained in weights.available()
    if trained.path.is_relative_to(Path(obb_weights.__file__).parent)
]


def test_every_trained_method_ships_and_fits_a_repository():
    assert {trained.method for trained in SHIPPED} == {
        name for name in methods() if load(name).trainable
    }
    assert sum(trained.path.stat().st_size for trained in SHIPPED) < 64 * 1024**2


@pytest.mark.parametrize("trained", SHIPPED, ids=lambda trained: f"{trained.method}-{trained.name}")
def test_what_ships_loads_draws_and_says_what_it_learned_from(trained):
    trained.verify()
    method = create(trained.method, {}, weights=str(trained.path))
    drawn = method.realize(low_frequency_batch(method, rows=1), np.arange(2, dtype=np.uint64)[None])
    assert np.isfinite(drawn).all()
    assert trained.card["data"]["records"] > 0
    assert trained.card["data"]["licences"]
    assert trained.card["data"]["attributions"]
    assert trained.card["ranges"]
