import pytest
from obb_plugins.pix2pix import Pix2Pix

from obspy_broadband.errors import InputError
from obspy_broadband.training.options import TrainingOptions, read_toml, resolve, to_toml


def test_later_sources_win():
    options, training = resolve(Pix2Pix, "small", {"width": 8}, {"training.batch": 4, "depth": 5})
    assert (options.width, options.depth, options.spectrogram) == (8, 5, 0.1)
    assert training.batch == 4
    assert training.lr_generator == 4e-4  # the paper's


def test_the_published_preset_is_the_published_network():
    options, training = resolve(Pix2Pix, "thesis")
    assert (options.width, options.depth, options.dropout) == (64, 8, 0.35)
    assert (training.lr_generator, training.lr_discriminator) == (4e-4, 1e-5)


def test_the_resolved_options_are_valid_input_again(tmp_path):
    options, training = resolve(Pix2Pix, "small", None, {"training.steps": 7, "noise": True})
    path = tmp_path / "options.toml"
    path.write_text(to_toml({"method": "pix2pix", "data": "a store"}, options, training))
    assert resolve(Pix2Pix, None, read_toml(path)) == (options, training)
    assert read_toml(path, table="run") == {"method": "pix2pix", "data": "a store"}


def test_the_thesis_protocol_leaves_no_level_to_predict():
    assert resolve(Pix2Pix, "small", None, {"training.protocol": "thesis"})[0].level == "given"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"training.step": 3}, "Did you mean training.steps"),
        ({"widht": 3}, "Did you mean width"),
        ({"training.steps": "many"}, "must be int"),
        ({"training.steps": True}, "must be int"),
        ({"training.batch": 0}, "1 or more"),
        ({"training.schedule": "linear"}, "constant, multiplicative, cyclic, cosine"),
        ({"training.corner_lowest": 6.0}, "must rise"),
    ],
)
def test_what_cannot_be_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        resolve(Pix2Pix, None, None, settings)


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(InputError, match="thesis, small"):
        resolve(Pix2Pix, "medium")


def test_schedules():
    def rates(schedule, **more):
        options = TrainingOptions(steps=101, schedule=schedule, schedule_end=0.1, **more)
        return [options.rate(step) for step in (0, 50, 100)]

    assert rates("constant") == [1.0, 1.0, 1.0]
    assert rates("multiplicative") == pytest.approx([1.0, 0.1**0.5, 0.1])
    assert rates("cosine") == pytest.approx([1.0, 0.55, 0.1])
    assert rates("cyclic", cycle=100) == pytest.approx([0.1, 1.0, 0.1])
    assert TrainingOptions(warmup=3).rate(0) == 0.25
