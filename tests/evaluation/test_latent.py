import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from obb_cli.main import obb

from obspy_broadband.data.pairs import Pairs
from obspy_broadband.data.simulated import Population, simulate
from obspy_broadband.data.store import Store
from obspy_broadband.errors import InputError
from obspy_broadband.evaluation.latent import (
    STEPS,
    Latent,
    common_code_distance,
    embeddings,
    encode_records,
    normality,
    principal,
    traverse,
)
from obspy_broadband.training import selection
from obspy_broadband.training.options import resolve
from obspy_broadband.training.trainer import train

spec = importlib.util.spec_from_file_location(
    "codes_tests", Path(__file__).parents[1] / "method" / "test_latent.py"
)
others = importlib.util.module_from_spec(spec)
spec.loader.exec_module(others)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    simulate(Population(records=60, per_event=2), folder)
    return Store(folder)


@pytest.fixture(scope="module")
def pairs(store):
    return Pairs(store, store.select("train", "mps2", 0.5, after_p_s=30.0)[:12])


class Fake:
    """A method of which only the names of codes are asked."""

    normal = {"style": (3,)}  # noqa: RUF012
    common = "content"


def latent_of(**codes):
    return Latent({tuple(key.split("__")): value for key, value in codes.items()}, None, None)


def test_normal_codes_pass_the_test_and_others_do_not():
    values = np.random.default_rng(0).normal(size=(400, 3))
    values[:, 1] *= 2.0
    values[:, 2] += 1.0
    table = normality(latent_of(style__broadband=values), Fake())
    assert list(table["dimension"]) == [0, 1, 2]
    assert table["p"][0] > 1e-3
    assert (table["p"][1:] < 1e-6).all()
    assert table["standard_deviation"][1] == pytest.approx(2.0, rel=0.1)


def test_common_codes_of_a_record_are_nearer_than_those_of_others():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(30, 8))
    near = common_code_distance(
        latent_of(content__low=base, content__broadband=base + 0.1 * rng.normal(size=base.shape)),
        Fake(),
    )
    assert near["distance"] == pytest.approx(0.1 / np.sqrt(2), rel=0.2)
    assert near["nearest"] == 1.0
    others_codes = common_code_distance(
        latent_of(content__low=base, content__broadband=rng.normal(size=base.shape)), Fake()
    )
    assert others_codes["distance"] == pytest.approx(1.0, rel=0.15)
    assert others_codes["nearest"] < 0.3


def test_the_first_direction_is_that_of_the_largest_spread():
    values = np.random.default_rng(0).normal(size=(200, 4)) * (1.0, 5.0, 1.0, 1.0)
    directions, share = principal(values)
    assert abs(directions[1, 0]) > 0.98
    assert share[0] > 0.8
    assert share.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["factorized", "2020", "bicyclegan", "must"])
def test_records_are_encoded_whatever_codes_a_method_has(name, pairs):
    method = others.tiny(name)
    found = encode_records(method, pairs)
    assert {len(one) for one in found.codes.values()} == {12}
    assert set(found.scores["way"]) >= {"rebuilt_broadband", "translated_broadband"}
    assert found.scores[["EG", "PG"]].stack().between(0, 10).all()
    made = traverse(method, pairs, 0, found)
    assert made.shape == (len(STEPS), 3, 4096)
    assert np.isfinite(made).all()


def test_too_few_codes_are_refused():
    with pytest.raises(InputError, match="10 are needed"):
        embeddings(np.zeros((5, 3)))


def test_points_that_belong_together_stay_together():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=(20, 6)), rng.normal(size=(20, 6)) + 8.0])
    for name, place in embeddings(values).items():
        first, second = place[:20], place[20:]
        apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
        assert apart > 2 * max(first.std(), second.std()), name


def test_the_command_leaves_tables_and_figures(store, tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    from obb_plugins.must import MUST

    monkeypatch.setattr(selection, "_MIN_WINDOWS", 64)
    torch.manual_seed(0)
    asked = {"width": 2, "features": 8, "style": 5, "level_steps": 5, "training.steps": 1}
    asked |= {"training.batch": 2, "training.validation_records": 2, "training.validation_draws": 1}
    options, training = resolve(MUST, None, None, asked)
    weights = train("must", MUST, options, training, store.folder, tmp_path / "run")
    out = tmp_path / "codes"
    arguments = ["latent", "-m", "must", "--weights", str(weights.path), "--data"]
    arguments += [str(store.folder), "--split", "train", "--limit", "12", "-o", str(out)]
    done = CliRunner().invoke(obb, arguments)
    assert done.exit_code == 0, done.output
    made = {path.name for path in out.iterdir()}
    assert made >= {"normality.csv", "passages.csv", "summary.json", "codes.npz"}
    assert made >= {"embedding-style.png", "embedding-content.png", "distributions.png"}
    summary = json.loads((out / "summary.json").read_text())
    assert summary["records"] == 12
    assert 0 <= summary["common_code"]["nearest"] <= 1
    with np.load(out / "codes.npz", allow_pickle=False) as codes:
        assert codes["style_broadband"].shape == (12, 5)
    refused = CliRunner().invoke(obb, [*arguments[:1], "-m", "stochastic", *arguments[3:]])
    assert refused.exit_code == 1
