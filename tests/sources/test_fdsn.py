"""An FDSN service on loopback: what it has comes, and what it does to us is one message."""

import json
import pickle

import numpy as np
import pytest
from fdsn_server import EVENT, Service, catalog, trickle
from obspy import Stream

import obspy_broadband
from obspy_broadband.errors import InputError
from obspy_broadband.sources.channel_selection import ChannelSelection
from obspy_broadband.sources.fdsn import FDSNSource
from obspy_broadband.sources.fdsn_client import PASSWORD, USER
from obspy_broadband.sources.metadata import Metadata
from obspy_broadband.sources.time_windows import TimeSelection


@pytest.fixture
def records(simulation):
    stream = simulation(stations=("AAA", "BBB"), duration=60)
    for trace in stream:
        trace.data = (trace.data * 1000.0).astype(np.float32)  # "counts", gain 1000
    return stream


@pytest.fixture
def service(records):
    with Service(records) as running:
        yield running


def source(url, **settings):
    settings = {"times": TimeSelection(EVENT, EVENT + 50), "timeout": 60.0, "pauses": ()} | settings
    return FDSNSource(url, **settings)


def test_a_window_of_every_station(service):
    fdsn = source(service.url)
    items = list(fdsn.items())
    assert [item.key for item in items] == ["XX.AAA@20191111T105245", "XX.BBB@20191111T105245"]
    json.dumps([item.locator for item in items])
    loaded = pickle.loads(pickle.dumps(fdsn)).read(items[1])
    assert sorted(trace.id for trace in loaded.stream) == [f"XX.BBB..HX{code}" for code in "ENZ"]
    assert all(trace.stats.endtime <= EVENT + 50 for trace in loaded.stream)
    # Counts with their response become m/s².
    ensemble = obspy_broadband.enrich(loaded.stream, n=1, seed=1, inventory=loaded.inventory)
    assert np.abs(ensemble.low_frequency[0].data).max() < 1.0


def test_windows_around_events_of_a_file(service, tmp_path):
    catalog((EVENT, EVENT - 86400)).write(str(tmp_path / "events.xml"), format="QUAKEML")
    fdsn = source(
        service.url,
        times=TimeSelection(before=0.0, after=40.0),
        metadata=Metadata(events=str(tmp_path / "events.xml")),
    )
    items = list(fdsn.items())
    assert len(items) == 4
    assert items[0].locator["start"] < items[2].locator["start"]
    with pytest.raises(InputError, match="no data"):
        fdsn.read(items[0])
    event = fdsn.read(items[2]).event
    assert (event.magnitudes[0].mag, event.origins[0].depth) == (4.9, 1000.0)


def test_events_of_the_service_and_stations_near_them(service):
    times = TimeSelection(EVENT - 100, EVENT + 100, before=0.0, after=40.0)
    near = source(service.url, times=times, min_magnitude=4.0, within_km=15.0)
    assert [item.key for item in near.items()] == ["XX.AAA@20191111T105245"]
    assert ("event", "4.0") in [
        (name, query.get("minmagnitude")) for name, query, _ in service.requests
    ]


def test_codes_are_asked_for(service):
    list(source(service.url, channels=ChannelSelection(network="XX", station="A*")).items())
    assert service.requests[-1][1]["station"] == "A*"
    with pytest.raises(InputError, match="station is"):
        ChannelSelection(station="../../etc")


def first(fdsn):
    return fdsn.read(next(fdsn.items()))


def test_a_service_that_trickles_or_stalls_is_left(records):
    with Service(records) as running:
        item = next(source(running.url).items())
        for behave in (
            trickle(lambda: running),
            lambda handler, name: running.over.wait() or True,
        ):
            running.behave = behave
            with pytest.raises(InputError, match=r"did not answer within 0\.4 s|timed out"):
                source(running.url, timeout=0.4).read(item)


def test_an_endless_answer_is_cut_off(records):
    def endless(handler, name):
        if name != "dataselect":
            return False
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(10_000):
                handler.wfile.write(b"\0" * 65536)
        except OSError:
            pass
        return True

    with Service(records, endless) as running, pytest.raises(InputError, match="more than 2 MiB"):
        first(source(running.url, largest=2 * 1024**2))


def test_rubbish_is_one_message(records):
    rng = np.random.default_rng(1)
    xml = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    for rubbish in (b"", b"x" * 1000, rng.bytes(5000), b"<html>busy</html>", xml, b"<a"):
        for broken in ("dataselect", "station"):

            def answers(handler, name, rubbish=rubbish, broken=broken):
                if name == broken:
                    handler.send(rubbish)
                return name == broken

            with Service(records, answers) as running, pytest.raises(InputError) as caught:
                first(source(running.url))
            assert "root:" not in str(caught.value)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "headers", "message"),
    [
        (302, {"Location": "file:///etc/hostname"}, "answered 302"),
        (200, {"Content_Encoding": "gzip"}, "compressed its answer"),
    ],
)
def test_detours_are_refused(records, code, headers, message):
    def leads_away(handler, name):
        if name == "dataselect":
            handler.send(b"x" * 100, code, **headers)
        return name == "dataselect"

    with Service(records, leads_away) as running, pytest.raises(InputError, match=message):
        first(source(running.url))


@pytest.mark.parametrize("code", [400, 401, 403, 413, 500, 503])
def test_a_refusal_is_one_message(records, code):
    def refuses(handler, name):
        handler.send(b"for a\nreason", code)
        return True

    with Service(records, refuses) as running, pytest.raises(InputError, match=f"{code}: for a$"):
        first(source(running.url))


def test_what_was_refused_for_the_moment_is_asked_again(records):
    with Service(records) as running:
        busy = iter([True, False, True, False, False])

        def at_times(handler, name):
            return next(busy) and (handler.send(b"busy", 503) or True)

        running.behave = at_times
        assert len(first(source(running.url, pauses=(0.0, 0.0))).stream) == 3


def test_other_stations_than_asked_for_are_no_answer(service, records):
    service.dataselect = lambda query: type(service).dataselect(
        service, {**query, "station": "BBB"}
    )
    with pytest.raises(InputError, match="no data between"):
        first(source(service.url))


def test_a_gap_is_refused_when_enriching(service, records):
    trace = records[0]
    hole = trace.slice(endtime=trace.stats.starttime + 20), trace.slice(trace.stats.starttime + 25)
    service.stream = Stream([*hole, *records[1:]])
    loaded = first(source(service.url))
    with pytest.raises(InputError, match="gap"):
        obspy_broadband.enrich(loaded.stream, n=1, seed=1, inventory=loaded.inventory)


def test_no_service_is_one_message(records):
    with Service(records) as running:
        url = running.url
    with pytest.raises(InputError, match="cannot be reached"):
        list(source(url).items())
    for address in ("nowhere", "file:///etc/passwd", "ftp://127.0.0.1", ""):
        with pytest.raises(InputError):
            list(source(address).items())


def test_credentials_land_nowhere(service, monkeypatch, caplog, capsys):
    monkeypatch.setenv(USER, "jane")
    monkeypatch.setenv(PASSWORD, "s3cret")
    fdsn = source(service.url)
    items = list(fdsn.items())
    fdsn.read(items[0])
    assert service.requests[-2][0] == "dataselect"
    written = (
        pickle.dumps(fdsn), json.dumps(fdsn.describe()).encode(), repr(fdsn).encode(),
        json.dumps([item.locator for item in items]).encode(), caplog.text.encode(),
        *(text.encode() for text in capsys.readouterr()),
    )  # fmt: skip
    service.behave = lambda handler, name: handler.send(b"no", 403) or True
    with pytest.raises(InputError) as caught:
        fdsn.read(items[0])
    for text in (*written, str(caught.value).encode()):
        assert b"s3cret" not in text
        assert b"jane" not in text
    with pytest.raises(InputError, match="environment") as caught:
        source("http://jane:s3cret@127.0.0.1/")
    assert "s3cret" not in str(caught.value)
