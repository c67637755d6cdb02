"""ObsPy's FDSN client with limits: on time, on size, and on what is parsed.

ObsPy's own download has a time limit for each read of the socket only, and none on size.
"""

from __future__ import annotations

import io
import os
import queue
import threading
import time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request

from obspy.clients.fdsn import Client

from ..errors import InputError, first_line
from ..io import xml

#: Environment variables of the user's name and password, which come from nowhere else.
USER, PASSWORD = "OBB_FDSN_USER", "OBB_FDSN_PASSWORD"
#: HTTP codes of passing troubles, after which the request is sent again.
_AGAIN = (429, 500, 502, 503, 504)
_CHUNK = 64 * 1024


class BoundedClient(Client):
    """A client that bounds the time and the size of each answer.

    :param address: URL, or a name that ObsPy knows (``"EARTHSCOPE"``, ``"INGV"``, ...).
    :param timeout: s that one answer may take as a whole.
    :param largest: bytes of one answer.
    :param pauses: s to wait before each further try.
    :raises InputError: for an address that is none, or holds a name and a password.
    """

    def __init__(
        self,
        address: str,
        timeout: float = 60.0,
        largest: int = 256 * 1024**2,
        pauses: tuple[float, ...] = (2.0, 10.0),
    ):
        check_address(address)
        self.largest, self.pauses = largest, pauses
        try:
            # Without discovery, which has no limits of its own.
            super().__init__(
                address, user=os.environ.get(USER), password=os.environ.get(PASSWORD),
                timeout=timeout, _discover_services=False,
            )  # fmt: skip
        except Exception as error:  # ValueError for an unknown name
            raise InputError(f"{address} is no FDSN service: {first_line(error)}") from error

    def _download(self, url: str, *args: Any, data: Any = None, **kwargs: Any) -> io.BytesIO:
        """Instead of ObsPy's: one answer in memory."""
        for pause in (*self.pauses, None):
            code, answer = self._answer(url, data)
            if code not in _AGAIN or pause is None:
                break
            time.sleep(pause)
        if code == 204 or code == 404:
            raise InputError(f"{self.base_url} has no data for this request.")
        if code != 200:
            reason = first_line(answer.decode("utf-8", "replace")) if answer else "no reason"
            raise InputError(f"{self.base_url} answered {code}: {reason}")
        if answer.lstrip()[:1] == b"<":
            return xml.checked(answer, f"The answer of {self.base_url}")
        return io.BytesIO(answer)

    def _answer(self, url: str, data: Any) -> tuple[int, bytes]:
        """HTTP code and body; in a thread, since a trickle of bytes meets any socket's timeout."""
        results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        stop = threading.Event()
        thread = threading.Thread(target=self._fetch, args=(url, data, results, stop), daemon=True)
        thread.start()
        try:
            result = results.get(timeout=self.timeout)
        except queue.Empty:
            stop.set()
            raise InputError(
                f"{self.base_url} did not answer within {self.timeout:g} s (--timeout)."
            ) from None
        if isinstance(result, InputError):
            raise result
        if isinstance(result, Exception):
            raise InputError(f"{self.base_url} cannot be reached: {_reason(result)}") from result
        return result

    def _fetch(self, url: str, data: Any, results: Any, stop: threading.Event) -> None:
        try:
            request = Request(url, data=data, headers=dict(self.request_headers))
            try:
                response = self._url_opener.open(request, timeout=self.timeout)
            except HTTPError as error:
                results.put((error.code, error.read(2000)))
                return
            with response:
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise InputError(f"{self.base_url} compressed its answer, unasked.")
                parts: list[bytes] = []
                size = 0
                while not stop.is_set():
                    part = response.read1(_CHUNK)
                    if not part:
                        results.put((response.getcode(), b"".join(parts)))
                        return
                    parts.append(part)
                    size += len(part)
                    if size > self.largest:
                        raise InputError(
                            f"{self.base_url} answered with more than {self.largest >> 20} MiB."
                        )
        except Exception as error:  # urllib and http.client raise OSError, HTTPException, ...
            results.put(error)


def check_address(address: str) -> None:
    """Refuse names and passwords in addresses, which would land in provenance and logs.

    :raises InputError: if there are any, or it is no address.
    """
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InputError("The address of the FDSN service is none.") from error
    if "@" in address or parts.username or parts.password or parts.query:
        raise InputError(
            "The address of an FDSN service may not hold a name, a password or a query. Put name "
            f"and password into the environment: {USER} and {PASSWORD}."
        )


def _reason(error: Exception) -> str:
    return first_line(str(error.reason) if isinstance(error, URLError) else error)
