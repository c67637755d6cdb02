import numpy as np
import pytest
import torch
from obb_plugins.seismoalice_2020 import STAGES, OriginalSeismoALICE

from obspy_broadband.errors import InputError
from obspy_broadband.method.conditions import CONDITIONS
from obspy_broadband.method.contract import Batch
from obspy_broadband.nn.conditions import Conditions
from obspy_broadband.testing import check_method, low_frequency_batch
from obspy_broadband.training.check import training_problems
from obspy_broadband.training.step import generator_state

TINY = {"width": 2, "code": 2, "bridge": 1, "features": 8, "level_steps": 5}


def tiny(stage="hybrid", seed=0):
    torch.manual_seed(seed)
    return OriginalSeismoALICE(OriginalSeismoALICE.configure(TINY | {"stage": stage}))


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_keeps_the_contract(stage):
    check_method(OriginalSeismoALICE, **TINY, stage=stage)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_moves_its_own_networks_alone(stage):
    method = tiny(stage)
    moves = {name.split(".")[0] for name in trained_parameters(method)}
    kinds = {name.split(".")[1] for name in trained_parameters(method)}
    if stage == "hybrid":
        assert moves == {"bridges"}
        assert kinds == {"low", "broadband"}
    else:
        assert moves == {"encoders", "widen", "decoders"}
        assert kinds == {stage}
    batch = low_frequency_batch(method, rows=2)
    noise = np.random.default_rng(0).normal(0, 0.3, batch.low_frequency.shape)
    values = {"broadband": batch.low_frequency + noise}
    values |= {
        name: getattr(batch, name) for name in ("low_frequency", "scale", "corner", "starts")
    }
    assert training_problems(method, Batch(scenarios=batch.scenarios, **values)) == []


def test_all_stages_have_the_same_weights_so_that_each_starts_from_the_last():
    states = [generator_state(tiny(stage)) for stage in STAGES]
    shapes = [{name: value.shape for name, value in state.items()} for state in states]
    assert shapes[0] == shapes[1] == shapes[2]


def test_signals_go_through_their_own_code_and_translations_over_the_bridge():
    method = tiny().eval()
    conditions = Conditions.from_vector(torch.zeros(1, CONDITIONS))
    signal = torch.randn(1, 3, 4096)
    of_low, of_record = method.encode(signal, "low"), method.encode(signal, "broadband")
    rebuilt = method.decode({**of_low, **of_record}, "broadband", conditions)
    before = method.decode(of_low, "broadband", conditions)
    with torch.no_grad():
        for parameter in method.bridges.parameters():
            parameter.mul_(3.0)
    assert torch.equal(method.decode({**of_low, **of_record}, "broadband", conditions), rebuilt)
    assert not torch.equal(method.decode(of_low, "broadband", conditions), before)


def test_only_the_last_stage_chooses_weights_by_its_translations():
    assert [tiny(stage).keep for stage in STAGES] == ["last", "last", "best"]


def test_the_first_stages_weights_translate_nothing():
    class Trained:
        path = "run/weights/default.json"
        card = {"options": {"stage": "low"}}  # noqa: RUF012

    method = tiny("low")
    method.weights = Trained()
    batch = low_frequency_batch(method, rows=1)
    with pytest.raises(InputError, match="stage 'low'"):
        method.realize(batch, np.zeros((1, 1), dtype=np.uint64))


def test_an_unknown_stage_is_refused():
    with pytest.raises(InputError, match="low, broadband, hybrid"):
        OriginalSeismoALICE.configure({"stage": "first"})


def trained_parameters(method):
    return [
        name
        for name, parameter in method.named_parameters()
        if parameter.requires_grad and "discriminators" not in name
    ]
