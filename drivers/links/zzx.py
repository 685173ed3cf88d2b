"""Android recorders that answer lines of JSON; functions 1 to 8 are the standard's calls (devices 1.2d).

Every value of an answer is a text, `"true"` and `"false"` among them.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum

from drivers.links.recorder import Identity, number_in
from drivers.links.talk import Talk
from gateway.device import DeviceUnavailable, Refused

ANSWER_S = 5.0


class Function(IntEnum):
    """`header.id` of a question; the other ids that public code shows set things we leave alone."""

    INIT_DEVICE = 1
    GET_ID_CODE = 2
    GET_IDENTITY = 3
    WRITE_IDENTITY = 4
    SYNC_TIME = 5
    SET_MSDC = 6
    GET_RESOLUTION = 7
    GET_BATTERY = 8
    GET_TIME = 16


def wake(port: int) -> tuple[str, ...]:
    """What starts the recorder's server: a broadcast that names the port to listen on."""
    return ("am", "broadcast", "-a", "com.zzx.sdk", "--ei", "port", str(port))


class ZzxLink:
    """The password goes with every question but the first two; `identity` is where it is first told."""

    def __init__(self, wire: Talk) -> None:
        self.wire = wire
        self.password = ""

    def connect(self) -> None:
        self.ask(Function.INIT_DEVICE)

    def id_code(self) -> str:
        return self.ask(Function.GET_ID_CODE).get("IDCode", "")

    def identity(self, password: str) -> Identity:
        told = self.asked(Function.GET_IDENTITY, password)
        names = ("serial", "policeNo", "policeName", "groupNo", "groupName")
        return Identity(*(told.get(name, "").strip() for name in names))

    def write_identity(self, identity: Identity, password: str) -> None:
        self.asked(
            Function.WRITE_IDENTITY, password,
            serial=identity.serial, policeNo=identity.officer_no, policeName=identity.officer_name,
            groupNo=identity.unit_no, groupName=identity.unit_name,
        )  # fmt: skip

    def clock(self) -> datetime | None:
        said = self.asked(Function.GET_TIME, self.password).get("Time", "")
        return datetime.fromtimestamp(int(said), UTC) if said.isdecimal() and len(said) < 12 else None

    def set_clock(self, moment: datetime, password: str) -> None:
        self.obeyed(Function.SYNC_TIME, password, Time=str(int(moment.timestamp() * 1000)))

    def storage_mode(self, password: str) -> None:
        self.obeyed(Function.SET_MSDC, password)

    def resolution(self) -> tuple[int, int]:
        told = self.asked(Function.GET_RESOLUTION, self.password)
        return number_in(told.get("VideoWidth", "")), number_in(told.get("VideoHeight", ""))

    def battery(self) -> int:
        return number_in(self.asked(Function.GET_BATTERY, self.password).get("battery", ""))

    def close(self) -> None:
        self.wire.close()

    def obeyed(self, function: Function, password: str, **body: str) -> None:
        """Raises Refused("recorder.refuses"): it does not change its mode while it records."""
        if self.asked(function, password, **body).get("Result") != "true":
            raise Refused("recorder.refuses", call=function.name)

    def asked(self, function: Function, password: str, **body: str) -> Mapping[str, str]:
        """Raises Refused("recorder.wrong_password"): only for an answer that says so, they are counted."""
        told = self.ask(function, password=password, **body)
        if "password" not in told:
            raise DeviceUnavailable("recorder.no_answer", call=function.name)
        if told.get("password") != "true":
            raise Refused("recorder.wrong_password")
        self.password = password
        return told

    def ask(self, function: Function, **body: str) -> Mapping[str, str]:
        """The body of the answer to this question; a late answer to an earlier one is passed over."""
        question = {"header": {"version": "1.0", "device": "PC", "id": int(function)}, "body": body}
        self.wire.send(json.dumps(question, ensure_ascii=False).encode() + b"\n")
        for _ in range(5):
            said = self.wire.receive(lambda so_far: so_far.endswith(b"\n"), ANSWER_S)
            try:
                read = json.loads(said)
                if int(read["header"]["id"]) == function:
                    return {str(name): str(value) for name, value in read["body"].items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                break
        raise DeviceUnavailable("recorder.no_answer", call=function.name)
