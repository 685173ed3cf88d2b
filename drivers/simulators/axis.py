"""A body-worn system's controller: signs in, tells users and cameras, brings recordings (twin).

python -m drivers.simulators.axis http://127.0.0.1:8891 --user evidence --key KEY --clip clip.mkv
"""

import argparse
import http.client
import json
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from drivers.simulators.fault_forms import only
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Cut, WrongPassword
from drivers.simulators.timetable import tell

USER = "5a1b0a9e-7c7e-4f6e-9b0e-0d6f3f6a1c01"


class Rejected(Exception):
    """400: the controller gives it up as "not transferred"."""


@dataclass
class Controller:
    """Comes again after 503, 507 and a lost connection, as a controller does; 400 it takes for never."""

    address: str
    user: str
    key: str
    patience_s: float = 30.0
    context: ssl.SSLContext | None = None
    token: str = ""
    root: str = ""
    cut: int | None = None
    """After so many bytes of the next longer object the line ends, once."""
    was_cut: bool = False
    answers: list[tuple[str, str, int]] = field(default_factory=list)

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        where = urlsplit(self.address)
        assert where.hostname
        if where.scheme == "https":
            line: http.client.HTTPConnection = http.client.HTTPSConnection(
                where.hostname, where.port, timeout=30, context=self.context
            )
        else:
            line = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
        try:
            if self.cut is not None and body and len(body) > self.cut:
                self.leave(line, method, path, dict(headers or {}), body)
            line.request(method, path, body=body, headers=dict(headers or {}))
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        self.answers.append((method, path, answer.status))
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def leave(
        self, line: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> None:
        """In the middle of an object. Raises ConnectionAbortedError, as a line that ends does."""
        at, self.cut, self.was_cut = self.cut, None, True
        line.putrequest(method, path)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            line.putheader(name, value)
        line.endheaders(body[:at])
        raise ConnectionAbortedError

    def sign_in(self) -> None:
        shown = {"X-Auth-User": self.user, "X-Auth-Key": self.key}
        status, headers, _ = self.call("GET", "/auth/v1.0", shown)
        if status != 200:
            raise PermissionError(f"sign-in: {status}")
        self.token, self.root = headers["x-auth-token"], urlsplit(headers["x-storage-url"]).path

    def send(self, method: str, path: str, meta: Mapping[str, str] | None = None, body: bytes = b"") -> int:
        """Until it is taken. Raises Rejected, TimeoutError."""
        kind = "Container" if "/" not in path else "Object"
        headers = {f"X-{kind}-Meta-{name}": quote(value) for name, value in (meta or {}).items()}
        deadline = time.monotonic() + self.patience_s
        while time.monotonic() < deadline:
            try:
                if not self.token:
                    self.sign_in()
                target = f"{self.root}/{quote(path)}"
                status, _, _ = self.call(method, target, headers | {"X-Auth-Token": self.token}, body)
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 401:
                self.token = ""
            elif 200 <= status < 300:
                return status
            elif status in (400, 402, 403):
                raise Rejected(f"{path}: {status}")
            time.sleep(0.1)
        raise TimeoutError(path)

    def know(self, user: str, name: str, number: str) -> None:
        self.send("PUT", "Users")
        self.send("PUT", f"Users/{user}", {"Name": name, "UserID": number, "Active": "True"})

    def recording(
        self, serial: str, started: datetime, clips: Mapping[str, bytes], *, user: str = USER,
        others: Mapping[str, bytes] | None = None, last_word: bool = True,
    ) -> str:  # fmt: skip
        """Bring one recording; returns its container's name once `Complete` was answered."""
        name = f"{user}_{serial}_{started.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        told = {
            "ContainerName": name, "BWCSerialNumber": serial, "UserID": user, "TriggerOn": "Button",
            "TimeZone": "Asia/Shanghai", "BWCModel": "W101", "Status": "Transferring",
        }  # fmt: skip
        self.send("PUT", name, told)
        for clip, content in clips.items():
            meta = {"StartTimeISO": started.astimezone(UTC).isoformat(), "ContainerType": clip[-3:]}
            self.send("PUT", f"{name}/{clip}", meta, content)
        for other, content in (others or {}).items():
            self.send("PUT", f"{name}/{other}", {}, content)
        if last_word:
            self.send("POST", name, {"Status": "Complete"})
        return name

    def capabilities(self) -> dict[str, dict[str, bool]]:
        if not self.token:
            self.sign_in()
        told = {"X-Auth-Token": self.token}
        _, _, content = self.call("GET", f"{self.root}/System/Capabilities.json", told)
        read: dict[str, dict[str, bool]] = json.loads(content)
        return read


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.axis", description=__doc__)
    parser.add_argument("address", help="`url` of the driver: http://127.0.0.1:8891")
    parser.add_argument("--user", default="evidence", help="(evidence)")
    parser.add_argument("--key", required=True, help="the driver's `api_key`")
    parser.add_argument("--ca", type=Path, help="whose certificates are trusted, with https")
    parser.add_argument("--serial", default="B8A44F000001", help="the camera's (B8A44F000001)")
    parser.add_argument("--officer", default="000001", help="the number entered for the account")
    parser.add_argument("--clip", type=Path, required=True, help="the file that is brought")
    add_to(parser, Cut, WrongPassword)
    asked = parser.parse_args(arguments)
    faults = given(parser, asked).everybody
    key = asked.key + ("?" if only(faults, WrongPassword) else "")
    context = ssl.create_default_context(cafile=str(asked.ca)) if asked.ca else None
    controller = Controller(asked.address, asked.user, key, context=context)
    if cut := only(faults, Cut):
        controller.cut = cut.at
    started = datetime.now(UTC)
    name = f"{started:%Y%m%d_%H%M%S}_ab12{asked.clip.suffix}"
    try:
        controller.sign_in()
        controller.know(USER, "twin", asked.officer)
        tell(controller.recording(asked.serial, started, {name: asked.clip.read_bytes()}))
        if cut:
            tell("cut, and brought again" if controller.was_cut else "never cut: it is too short")
    except (OSError, Rejected) as no:
        parser.error(f"not brought: {no}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
