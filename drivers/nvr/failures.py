"""Tells one recording that does not come from a recorder that is gone."""

import httpx2 as httpx

from drivers.nvr.records import Recorder
from gateway.device import DeviceUnavailable

IN_A_ROW = 3
"""So many lines that break one after the other are no longer the fault of single recordings."""

Failure = DeviceUnavailable | httpx.HTTPError | httpx.StreamError | httpx.InvalidURL
LINE_FAILURES = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL)
FAILURES = (DeviceUnavailable, *LINE_FAILURES)
NO_LINE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Failures:
    def __init__(self) -> None:
        self.in_a_row = 0

    def of_one(self, recorder: Recorder, error: Failure) -> str:
        """Why one recording or search was not given. Raises when it is the recorder that does not answer."""
        if isinstance(error, DeviceUnavailable):
            why = answered(error)
            self.in_a_row = 0
            return why
        if isinstance(error, NO_LINE):
            raise error
        recorder.clock()
        self.in_a_row += 1
        return str(error) or type(error).__name__

    def came(self) -> None:
        self.in_a_row = 0

    def end_if_too_many(self, why: str) -> None:
        """Raises DeviceUnavailable; what has failed by now is last in line at the next try."""
        if self.in_a_row >= IN_A_ROW:
            self.in_a_row = 0
            raise DeviceUnavailable("nvr.away", error=why)


def answered(error: DeviceUnavailable) -> str:
    """What the recorder says of this one thing. Raises `error` if it is not about one thing."""
    code, facts = error.reason["code"], error.reason["facts"]
    match code:
        case "nvr.other_answer":
            return str(facts["status"])
        case "nvr.refuses_user" if facts["status"] == "403":
            return "403"
        case "nvr.unreadable":
            return f"{facts['what']}: {facts['told']}"
    raise error
