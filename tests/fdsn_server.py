"""A small FDSN service on this machine, honest or not."""

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from obspy import Catalog, UTCDateTime
from obspy.core.event import Event, Magnitude, Origin
from obspy.core.inventory import Channel, Inventory, Network, Response, Station

EVENT = UTCDateTime(2019, 11, 11, 10, 52, 45)


def catalog(times=(EVENT,), magnitude=4.9):
    return Catalog(
        [
            Event(
                origins=[Origin(time=time, latitude=44.5, longitude=4.6, depth=1000.0)],
                magnitudes=[Magnitude(mag=magnitude)],
            )
            for time in times
        ]
    )


def inventory(stream, responses=True):
    response = Response.from_paz([], [], 1000.0, input_units="M/S**2", output_units="COUNTS")
    networks = {}
    for trace in stream:
        place = {"latitude": 44.6 + 0.1 * len(networks), "longitude": 4.7, "elevation": 0.0}
        stats = trace.stats
        station = networks.setdefault(
            (stats.network, stats.station), Station(stats.station, channels=[], **place)
        )
        station.channels.append(
            Channel(
                stats.channel, stats.location, depth=0.0, sample_rate=stats.sampling_rate,
                response=response if responses else None, **place,
            )
        )  # fmt: skip
    codes = sorted({network for network, _ in networks})
    return Inventory(
        [
            Network(code, stations=[sta for (net, _), sta in networks.items() if net == code])
            for code in codes
        ],
        source="test",
    )


class Service:
    """Use as a context manager; ``url`` is its address.

    :param stream: what it has.
    :param behave: called with (handler, service name) before every answer; true if it has answered.
    """

    def __init__(self, stream, behave=lambda handler, name: False):
        self.stream, self.behave, self.requests = stream, behave, []
        self.over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                name = parts.path.split("/")[2]
                asked = {key: value[0] for key, value in parse_qs(parts.query).items()}
                service.requests.append((name, asked, dict(self.headers)))
                if not service.behave(self, name):
                    self.send(getattr(service, name)(asked))

            def send(self, body, code=200, **headers):
                self.send_response(code if body or code != 200 else 204)
                self.send_header("Content-Length", str(len(body)))
                for key, value in headers.items():
                    self.send_header(key.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def event(self, asked):
        body = io.BytesIO()
        catalog().write(body, format="QUAKEML")
        return body.getvalue()

    def station(self, asked):
        chosen = self.stream.select(
            network=asked.get("network", "*"), station=asked.get("station", "*")
        )
        if not chosen:
            return b""
        body = io.BytesIO()
        inventory(chosen, asked["level"] == "response").write(body, format="STATIONXML")
        return body.getvalue()

    def dataselect(self, asked):
        chosen = self.stream.select(network=asked["network"], station=asked["station"]).slice(
            UTCDateTime(asked["starttime"]), UTCDateTime(asked["endtime"])
        )
        body = io.BytesIO()
        if chosen:
            chosen.write(body, format="MSEED")
        return body.getvalue()


def trickle(service):
    """A byte now and then, for ever: every socket is content."""

    def behave(handler, name):
        if name != "dataselect":
            return False
        handler.send_response(200)
        handler.end_headers()
        while not service().over.is_set():
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)
        return True

    return behave
