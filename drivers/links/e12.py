"""Recorders of the E12 family: ten-character tokens over TCP, answers without any end mark (devices 1.2d).

The password is read out of the recorder and compared here, as its own host software does: no protection.
Some firmware answers SetMSDC by starting an FTP server instead of a disk; that is not pulled, the bay says
that the recorder did not come back.
"""

from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from drivers.links.recorder import Identity, decode, encode, number_in
from drivers.links.talk import Talk
from gateway.device import DeviceUnavailable, Refused

BUSY = b"E12DATR880"
"""Sent at once for every command; the answer itself follows."""
RESULT = b"E12DATR"
ANSWER_S = 5.0
TIME = "%Y-%m-%d %H:%M:%S"


class Command(StrEnum):
    SET_TIME = "E12CMDS003"
    GET_IDENTITY = "E12CMDS004"
    WRITE_IDENTITY = "E12CMDS005"
    GET_RESOLUTION = "E12CMDS006"
    GET_BATTERY = "E12CMDS007"
    SET_MSDC = "E12CMDS008"
    GET_ID_CODE = "E12CMDS009"
    GET_PASSWORD = "E12CMDS010"  # noqa: S105
    GET_TIME = "E12CMDN030"
    ECHO = "E12CMDF808"


DONE = {
    Command.SET_TIME: b"E12DATR001",
    Command.WRITE_IDENTITY: b"E12DATR021",
    Command.SET_MSDC: b"E12DATR011",
    Command.ECHO: b"E12CMDF809",
}
TOKEN = len(BUSY)
IDENTITY = 89


class E12Link:
    def __init__(self, wire: Talk) -> None:
        self.wire = wire

    def connect(self) -> None:
        """The recorder never sees Init_Device (its host answers that itself): this is its echo."""
        self.wire.send(Command.ECHO.encode())
        self.expect(Command.ECHO)

    def id_code(self) -> str:
        return self.read(Command.GET_ID_CODE)

    def identity(self, password: str) -> Identity:
        self.check(password)
        self.begin(Command.GET_IDENTITY)
        said = self.wire.receive(
            lambda so_far: len(so_far) >= (TOKEN if so_far.startswith(RESULT) else IDENTITY), ANSWER_S
        )
        if said.startswith(RESULT):
            raise Refused("recorder.refuses", call=Command.GET_IDENTITY.name)
        return decode(said)

    def write_identity(self, identity: Identity, password: str) -> None:
        self.check(password)
        self.begin(Command.WRITE_IDENTITY)
        self.wire.send(encode(identity))
        self.expect(Command.WRITE_IDENTITY)

    def clock(self) -> datetime | None:
        try:
            return datetime.strptime(self.read(Command.GET_TIME), TIME)
        except (ValueError, Refused):
            return None

    def set_clock(self, moment: datetime, password: str) -> None:
        self.check(password)
        self.begin(Command.SET_TIME)
        self.wire.send(f"{moment:{TIME}}".encode())
        self.expect(Command.SET_TIME)

    def storage_mode(self, password: str) -> None:
        self.check(password)
        self.begin(Command.SET_MSDC)
        # it may leave the bus before it answers: whether it obeyed shows by its coming back
        with suppress(DeviceUnavailable):
            self.expect(Command.SET_MSDC)

    def resolution(self) -> tuple[int, int]:
        width, _, height = self.read(Command.GET_RESOLUTION).partition("*")
        return number_in(width), number_in(height)

    def battery(self) -> int:
        return number_in(self.read(Command.GET_BATTERY))

    def close(self) -> None:
        self.wire.close()

    def check(self, password: str) -> None:
        """Raises Refused("recorder.wrong_password")."""
        if self.read(Command.GET_PASSWORD) != password:
            raise Refused("recorder.wrong_password")

    def begin(self, command: Command) -> None:
        self.wire.send(command.encode())
        said = self.wire.receive(lambda so_far: len(so_far) >= TOKEN, ANSWER_S)
        if said != BUSY:
            raise DeviceUnavailable("recorder.no_answer", call=command.name)

    def read(self, command: Command) -> str:
        """A text ends with a pause, not a mark. Raises Refused if the recorder says that it failed."""
        self.begin(command)
        said = self.wire.receive(lambda _: False, timeout_s=ANSWER_S)
        if said.startswith(RESULT):
            raise Refused("recorder.refuses", call=command.name)
        return said.decode("gbk", "replace").strip("\0 \r\n")

    def expect(self, command: Command) -> None:
        if self.wire.receive(lambda so_far: len(so_far) >= TOKEN, ANSWER_S) != DONE[command]:
            raise Refused("recorder.refuses", call=command.name)
