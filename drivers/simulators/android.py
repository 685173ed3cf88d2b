"""Twins of Android recorders at their TCP port: `recorder.json` as for DV16, `recording`, `clock_ahead_s`,
`hangs` (takes what it is told and never answers).

The port is a real one on loopback; where a real recorder's is brought by `adb forward`, the twin is dialled.
"""

import json
import socketserver
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from drivers.links.e12 import Command
from drivers.links.recorder import Identity, encode
from drivers.simulators.dv16 import Dv16Twin


class AndroidTwin(Dv16Twin):
    """What both kinds share: the state, and a clock that is wrong until it is set."""

    def heard(self, name: str, **more: object) -> None:
        state = self.state
        self.keep({**state, "calls": [*state.get("calls", []), name], **more})

    def clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.state.get("clock_ahead_s", 0))

    def hang(self, wire: socketserver.StreamRequestHandler) -> None:
        self.heard("HANGS")
        while wire.request.recv(4096):
            pass


class ZzxTwin(AndroidTwin):
    KEYS = ("serial", "policeNo", "policeName", "groupNo", "groupName")

    def converse(self, wire: socketserver.StreamRequestHandler) -> None:
        if self.state.get("hangs"):
            self.hang(wire)
        for line in wire.rfile:
            asked = json.loads(line)
            number = int(asked["header"]["id"])
            body = self.answer(number, asked["body"])
            told = {"header": {"version": "1.0", "id": number, "device": "TWIN"}, "body": body}
            wire.wfile.write(json.dumps(told).encode() + b"\r\n")

    def answer(self, number: int, body: dict[str, str]) -> dict[str, str]:
        state = self.state
        if number in {1, 2}:
            return {"IDCode": str(state["id_code"])}
        if body["password"] != state["password"]:
            return {"password": "false"}
        told = {"password": "true"}
        match number:
            case 3:
                return told | dict(zip(self.KEYS, state["identity"], strict=True))
            case 5:
                self.heard("SYNC_TIME", clock_ahead_s=0, set_to=body["Time"])
                return told | {"Result": "true"}
            case 6 if state.get("recording"):
                return told | {"Result": "false"}
            case 6:
                self.heard("SET_MSDC")
                self.change_mode()
                return told | {"Result": "true"}
            case 7:
                return told | {"VideoWidth": "1920", "VideoHeight": "1080"}
            case 8:
                return told | {"battery": str(state.get("battery", 80))}
            case 16:
                return told | {"Time": str(int(self.clock().timestamp())), "Result": "true"}
        return told


class E12Twin(AndroidTwin):
    def converse(self, wire: socketserver.StreamRequestHandler) -> None:
        if self.state.get("hangs"):
            self.hang(wire)
        while token := wire.request.recv(10):
            if token == Command.ECHO.encode():
                wire.request.sendall(b"E12CMDF809")
                continue
            wire.request.sendall(b"E12DATR880")
            wire.request.sendall(self.answer(Command(token.decode()), wire))

    def answer(self, command: Command, wire: socketserver.StreamRequestHandler) -> bytes:
        state = self.state
        match command:
            case Command.GET_ID_CODE:
                return str(state["id_code"]).encode()
            case Command.GET_PASSWORD:
                return str(state["password"]).encode()
            case Command.GET_IDENTITY:
                return encode(Identity(*state["identity"]))
            case Command.GET_RESOLUTION:
                return b"1920*1080"
            case Command.GET_BATTERY:
                return str(state.get("battery", 80)).encode()
            case Command.GET_TIME:
                return f"{self.clock():%Y-%m-%d %H:%M:%S}".encode()
            case Command.SET_TIME:
                self.heard("SET_TIME", clock_ahead_s=0, set_to=wire.request.recv(64).decode())
                return b"E12DATR001"
            case Command.SET_MSDC if state.get("recording"):
                return b"E12DATR010"
            case Command.SET_MSDC:
                self.heard("SET_MSDC")
                self.change_mode()
                return b"E12DATR011"
            case _:
                return b"E12DATR120"


class Port(socketserver.ThreadingTCPServer):
    """A recorder's own port, for as long as the process lives."""

    daemon_threads = True
    kinds: ClassVar[dict[str, type[ZzxTwin | E12Twin]]] = {"zzx": ZzxTwin, "e12": E12Twin}

    def __init__(self, place: Path) -> None:
        twin = self.kinds[json.loads((place / "recorder.json").read_text())["speaks"]](place)

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                if not twin.is_late():  # adb takes the call before anything listens on the recorder
                    twin.converse(self)

        super().__init__(("127.0.0.1", 0), Conversation)
        threading.Thread(target=self.serve_forever, name="recorder twin", daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return str(host), int(port)
